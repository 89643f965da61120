//! The built-in types as constants, made by `build.rs`.

use super::{Elem, ElemRepr, Field, ListType, Repr, Type, TypeRef};

pub struct BuiltinType {
    pub name: &'static str,
    pub atomic: bool,
    /// Sorted by name.
    pub fields: &'static [Row],
}

pub struct Row {
    pub name: &'static str,
    ty: Ty,
    flags: u8,
    extra: u8,
}

/// What few fields say; the rows share these.
pub struct Extra {
    pub go: &'static str,
    pub via: &'static str,
    pub patch: &'static str,
    pub key: &'static str,
    pub list: ListType,
    pub list_keys: &'static [&'static str],
    pub atomic: bool,
}

#[derive(Clone, Copy)]
pub enum Ty {
    Object(u16),
    List(&'static Ty),
    Map(&'static Ty),
    Str,
    Bytes,
    Int32,
    Int64,
    Number,
    Bool,
    IntOrString,
    Quantity,
    Time,
    MicroTime,
    Any,
}

const fn f(name: &'static str, ty: Ty, flags: u8, extra: u8) -> Row {
    Row {
        name,
        ty,
        flags,
        extra,
    }
}

include!(concat!(env!("OUT_DIR"), "/schema_data.rs"));

const NO_EXTRA: &Extra = &Extra {
    go: "",
    via: "",
    patch: "",
    key: "",
    list: ListType::None,
    list_keys: &[],
    atomic: false,
};

impl Row {
    pub fn field(&'static self) -> Field<'static> {
        let extra = EXTRAS.get(usize::from(self.extra)).unwrap_or(NO_EXTRA);
        Field {
            name: self.name,
            ty: self.ty.get(),
            required: self.flags & 1 != 0,
            pointer: self.flags & 2 != 0,
            always: self.flags & 4 != 0,
            omit_zero: self.flags & 8 != 0,
            via: extra.via,
            patch: extra.patch,
            merge_key: extra.key,
            list_type: extra.list,
            list_keys: extra.list_keys,
            custom_keys: &[],
            atomic: extra.atomic,
            go: extra.go,
        }
    }
}

impl Ty {
    pub fn get(&'static self) -> Type {
        match self {
            Ty::Object(i) => match TYPES.get(usize::from(*i)) {
                Some(t) => Type::Object(TypeRef(Repr::Builtin(t))),
                None => Type::Any,
            },
            Ty::List(e) => Type::List(Elem(ElemRepr::Builtin(e))),
            Ty::Map(e) => Type::Map(Elem(ElemRepr::Builtin(e))),
            Ty::Str => Type::Str,
            Ty::Bytes => Type::Bytes,
            Ty::Int32 => Type::Int32,
            Ty::Int64 => Type::Int64,
            Ty::Number => Type::Number,
            Ty::Bool => Type::Bool,
            Ty::IntOrString => Type::IntOrString,
            Ty::Quantity => Type::Quantity,
            Ty::Time => Type::Time,
            Ty::MicroTime => Type::MicroTime,
            Ty::Any => Type::Any,
        }
    }
}

pub fn kind(api_version: &str, kind: &str) -> Option<&'static BuiltinType> {
    let i = KINDS
        .binary_search_by(|(v, k, _)| (*v, *k).cmp(&(api_version, kind)))
        .ok()?;
    KINDS
        .get(i)
        .and_then(|(_, _, t)| TYPES.get(usize::from(*t)))
}

pub fn named(name: &str) -> Option<&'static BuiltinType> {
    let ends = |t: &&BuiltinType| match t.name.strip_suffix(name) {
        Some(head) => head.is_empty() || head.ends_with('.'),
        None => false,
    };
    TYPES.iter().find(ends)
}

pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    KINDS.iter().map(|(v, k, _)| (*v, *k))
}
