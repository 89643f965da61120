//! Nothing that a learner can type may panic: the small languages of the machinery are fed with damaged texts.

use machinery::{
    Quantity, Selector, Value, duration, json, jsonpath, patch, schema, selector, strict,
    validate_names, yaml,
};

/// A small generator of its own: the same damage in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }
    /// The seed with a few characters changed, taken away or added.
    fn damage(&mut self, seed: &str) -> String {
        const BITS: &str = "{}[]()'\"\\.,:;?@*!=<>&|$-+_/ \n\t0129eEmkKiMa%~^#é😀\u{0}";
        let bits: Vec<char> = BITS.chars().collect();
        let mut text: Vec<char> = seed.chars().collect();
        for _ in 0..1 + self.roll(5) {
            let at = self.roll(text.len() + 1);
            match self.roll(3) {
                0 if at < text.len() => drop(text.remove(at)),
                1 if at < text.len() => text[at] = bits[self.roll(bits.len())],
                _ => text.insert(at, bits[self.roll(bits.len())]),
            }
        }
        text.into_iter().collect()
    }
}

#[test]
fn nothing_typed_panics() {
    let mut dice = Dice(7);
    let doc = json::parse(r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","labels":{"x":"1"}},"spec":{"containers":[{"name":"c","ports":[{"containerPort":80}],"resources":{"limits":{"cpu":"1"}}},{"name":"d"}],"volumes":[{"name":"v","emptyDir":{}}]}}"#).unwrap();
    let pod = schema::of("v1", "Pod").unwrap();
    for _ in 0..400 {
        for seed in [
            "{.items[*].spec.containers[?(@.name==\"c\")].ports[0:2:1]}",
            "{range .spec.containers[*]}{.name}{\"\\t\"}{..containerPort}{'\\n'}{end}",
            "{.metadata.labels['x','y']} {.metadata.labels.a\\.b}",
        ] {
            if let Ok(t) = jsonpath::Template::parse(&dice.damage(seed)) {
                let _ = t.execute(&doc, true);
                let _ = t.execute(&doc, false);
            }
        }
        let _ = Selector::parse(&dice.damage("app=web,tier in (a, b),!c,d notin (e),f>1"));
        let _ = selector::FieldSelector::parse(&dice.damage("metadata.name=a,status.phase!=b\\,c"));
        let _ = Quantity::parse(&dice.damage("1.5e3Gi")).map(|q| {
            (
                q.to_string(),
                q.add(&q).to_string(),
                q.value(),
                q.milli_value(),
                q.round_up_milli().to_string(),
            )
        });
        let _ = duration::parse(&dice.damage("1h30m1.5s-2ms"));
        let _ = validate_names::qualified_name(&dice.damage("example.com/name"));
        let _ = validate_names::parse_cidr(&dice.damage("10.0.0.0/8"));
        let _ = machinery::time::parse_rfc3339(&dice.damage("2026-11-20T09:00:00.123Z"));
        let text = dice.damage(&json::print(&doc));
        let mut values: Vec<Value> = json::parse(&text).into_iter().collect();
        values.extend(
            yaml::documents(&text)
                .into_iter()
                .filter_map(|d| d.value.ok()),
        );
        for v in values {
            let _ = strict::decode(&v, &pod);
            let made = patch::three_way_as(&doc, &v, &doc, &pod);
            if let Ok(p) = made {
                let _ = patch::apply_strategic_as(&doc, &p, &pod);
            }
            let _ = patch::apply_strategic_as(&doc, &v, &pod);
            let _ = patch::three_way_merge(&doc, &v, &doc);
            let writer = machinery::managed::Writer {
                manager: "m",
                subresource: "",
                now: 0,
            };
            let _ = machinery::managed::apply(&doc, &v, &pod, writer, true);
            let _ = machinery::managed::track(&doc, &v, &pod, writer);
            let _ = yaml::print(&v);
        }
        let ops = dice.damage(r#"[{"op":"replace","path":"/spec/containers/0/name","value":"z"},{"op":"move","from":"/spec/volumes/-","path":"/a~1b"}]"#);
        if let Ok(v) = json::parse(&ops) {
            let _ = patch::apply_json(&doc, &v);
        }
    }
}
