//! Tables of the module above.

#[test]
fn a_literal_nests_and_an_edit_shares_what_it_does_not_touch() {
    let name = String::from("web");
    let a = value!({ "metadata": { "name": &name, "labels": { "app": "x" } }, "list": [1, { "b": [true, null] }, name.clone()] });
    assert_eq!(
        format!("{a:?}"),
        r#"{"list": [1, {"b": [true, null]}, "web"], "metadata": {"labels": {"app": "x"}, "name": "web"}}"#
    );
    let mut b = a.clone();
    b.set("metadata.labels.app", "y");
    assert!(a.get("list").same(b.get("list")) && !a.get("metadata").same(b.get("metadata")));
    assert_eq!(
        (a.text("metadata.labels.app"), b.text("metadata.labels.app")),
        ("x", "y")
    );
    assert_eq!(b.remove("metadata.labels.app").as_str(), Some("y"));
    assert!(b.at("metadata.labels").is_empty());
}
