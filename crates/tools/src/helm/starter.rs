//! The chart that `helm create` makes: files in the shape of upstream's starter (`helm:pkg/chartutil/create.go`), in our words.

/// A file of the starter: its name in the chart, and its text, with `<CHART>` for the chart's name.
macro_rules! starter {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../../charts/starter/", $name)))),*] };
}

const FILES: &[(&str, &str)] = starter![
    "Chart.yaml",
    "values.yaml",
    ".helmignore",
    "templates/NOTES.txt",
    "templates/_helpers.tpl",
    "templates/deployment.yaml",
    "templates/service.yaml",
    "templates/ingress.yaml",
    "templates/httproute.yaml",
    "templates/hpa.yaml",
    "templates/serviceaccount.yaml",
    "templates/tests/test-connection.yaml",
];

pub fn files(name: &str) -> Vec<(&'static str, String)> {
    let one = |(file, text): &(&'static str, &str)| (*file, text.replace("<CHART>", name));
    FILES.iter().map(one).collect()
}
