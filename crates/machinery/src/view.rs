//! Typed, lazy reading of values. A view is a reference with accessors: it never fails and never writes; a missing or
//! mistyped field reads as the zero value, as in Go.
//!
//! ```ignore
//! view! { pub struct Container { name = "name": &'a str, ports = "ports": List<'a, Port>, stdin = "stdin": bool } }
//! ```

use crate::{NULL, Value};

/// What a field can be read as.
pub trait Read<'a>: Sized {
    fn read(value: &'a Value) -> Self;
}

impl<'a> Read<'a> for &'a str {
    fn read(value: &'a Value) -> &'a str {
        value.as_str().unwrap_or("")
    }
}
impl<'a> Read<'a> for i64 {
    fn read(value: &'a Value) -> i64 {
        value.as_i64().unwrap_or(0)
    }
}
impl<'a> Read<'a> for bool {
    fn read(value: &'a Value) -> bool {
        value.as_bool().unwrap_or(false)
    }
}
impl<'a> Read<'a> for &'a Value {
    fn read(value: &'a Value) -> &'a Value {
        value
    }
}
impl<'a, T: Read<'a>> Read<'a> for Option<T> {
    fn read(value: &'a Value) -> Option<T> {
        if value.is_null() {
            None
        } else {
            Some(T::read(value))
        }
    }
}
impl<'a, T: Read<'a>> Read<'a> for List<'a, T> {
    fn read(value: &'a Value) -> List<'a, T> {
        List {
            items: value.items(),
            of: std::marker::PhantomData,
        }
    }
}

/// A list read as views of its items.
pub struct List<'a, T> {
    items: &'a [Value],
    of: std::marker::PhantomData<T>,
}

impl<T> Clone for List<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for List<'_, T> {}

impl<'a, T: Read<'a>> List<'a, T> {
    pub fn iter(self) -> impl DoubleEndedIterator<Item = T> + ExactSizeIterator + use<'a, T> {
        self.items.iter().map(T::read)
    }
    pub fn len(self) -> usize {
        self.items.len()
    }
    pub fn is_empty(self) -> bool {
        self.items.is_empty()
    }
    pub fn get(self, i: usize) -> Option<T> {
        self.items.get(i).map(T::read)
    }
    pub fn first(self) -> Option<T> {
        self.get(0)
    }
}

/// A view of nothing: every field reads as zero.
pub fn nothing<'a, T: Read<'a>>() -> T {
    T::read(NULL)
}

/// Declares views. Each field is `accessor = "jsonName": Type`; `.0` is the value behind the view.
#[macro_export]
macro_rules! view {
    ($($(#[$doc:meta])* $vis:vis struct $name:ident { $($(#[$fdoc:meta])* $field:ident = $key:literal : $ty:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        $vis struct $name<'a>(pub &'a $crate::Value);
        impl<'a> $crate::view::Read<'a> for $name<'a> {
            fn read(value: &'a $crate::Value) -> Self { $name(value) }
        }
        #[allow(dead_code)]
        impl<'a> $name<'a> {
            /// The field names that this view reads, for the test that holds them against the schema.
            pub const FIELDS: &'static [&'static str] = &[$($key),*];
            $($(#[$fdoc])* pub fn $field(self) -> $ty { <$ty as $crate::view::Read<'a>>::read(self.0.get($key)) })*
        }
    )*};
}
