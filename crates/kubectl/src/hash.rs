//! The hash that `create --append-hash` and kustomize's generators put behind a name: a change of content is a change of
//! name, so that pods roll. Upstream: `kubectl:pkg/util/hash`, `kustomize:api/hasher`.

use machinery::{Value, json, value};

/// The ten letters for the content of a ConfigMap or Secret. kubectl counts the name in, and missing data as null;
/// kustomize leaves the name out, and takes missing data for an empty text.
pub fn of(object: &Value, name: &str, nothing: Value) -> String {
    let kind = object.text("kind");
    let mut content = value!({
        "kind": Value::str(kind), "name": Value::str(name), "data": nothing,
    });
    for (field, always) in [
        ("data", true),
        ("binaryData", false),
        ("stringData", false),
        ("type", kind == "Secret"),
    ] {
        let v = object.get(field);
        if !v.is_null() {
            *content.field(field) = v.clone();
        } else if always && field != "data" {
            *content.field(field) = Value::from("");
        }
    }
    let bytes = codec::sha256(json::print_html(&content).as_bytes());
    let hex = bytes.iter().take(5).flat_map(|b| [b >> 4, b & 15]);
    // Hexadecimal without the digits and vowels that could make a word.
    const LETTERS: &[u8; 16] = b"gh2k456789mbcdtf";
    hex.map(|n| LETTERS[usize::from(n)] as char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_upstream_hashes_them() {
        for (object, hash) in [
            (
                value!({ "kind": "ConfigMap", "data": Value::map() }),
                "42745tchd9",
            ),
            (value!({ "kind": "ConfigMap" }), "6ct58987ht"),
            (
                value!({ "kind": "ConfigMap", "data": { "one": "" } }),
                "9g67k2htb6",
            ),
            (
                value!({ "kind": "ConfigMap", "data": { "two": "2", "one": "", "three": "3" } }),
                "f5h7t85m9b",
            ),
            (
                value!({ "kind": "Secret", "type": "my-type", "data": { "one": "" } }),
                "74bd68bm66",
            ),
        ] {
            assert_eq!(
                of(&object, "", Value::from("")),
                hash,
                "{}",
                json::print(&object)
            );
        }
    }
}
