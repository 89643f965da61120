//! What becomes a value by itself.

use super::{Map, Str, Value};
use std::rc::Rc;

impl From<bool> for Value {
    fn from(x: bool) -> Value {
        Value::Bool(x)
    }
}

impl From<i64> for Value {
    fn from(x: i64) -> Value {
        Value::Int(x)
    }
}

impl From<i32> for Value {
    fn from(x: i32) -> Value {
        Value::Int(x.into())
    }
}

impl From<usize> for Value {
    fn from(x: usize) -> Value {
        Value::Int(x as i64)
    }
}

impl From<f64> for Value {
    fn from(x: f64) -> Value {
        Value::Float(x)
    }
}

impl From<&'static str> for Value {
    fn from(x: &'static str) -> Value {
        Value::Str(Str::lit(x))
    }
}

impl From<String> for Value {
    fn from(x: String) -> Value {
        Value::Str(Str::from(x))
    }
}

impl From<&String> for Value {
    fn from(x: &String) -> Value {
        Value::Str(Str::from(x))
    }
}

impl From<Str> for Value {
    fn from(x: Str) -> Value {
        Value::Str(x)
    }
}

impl From<&Value> for Value {
    fn from(x: &Value) -> Value {
        x.clone()
    }
}

impl From<Map> for Value {
    fn from(x: Map) -> Value {
        Value::Map(Rc::new(x))
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(x: Vec<T>) -> Value {
        Value::List(Rc::new(x.into_iter().map(Into::into).collect()))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(x: Option<T>) -> Value {
        x.map_or(Value::Null, Into::into)
    }
}
