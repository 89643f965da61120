//! minikube's tables: services, profiles.

use shell::Ctx;

use super::{Exposed, KUBERNETES_VERSION, Minikube};
use crate::World;

/// The table that tablewriter draws: titles in the middle, numbers to the right.
pub(super) fn table(services: &[Exposed]) -> String {
    let mut rows: Vec<[String; 4]> = Vec::new();
    for service in services {
        let open: Vec<&(String, Option<String>)> = service
            .ports
            .iter()
            .filter(|(_, url)| url.is_some())
            .collect();
        let (ports, urls) = match open.as_slice() {
            [] => ("No node port".to_owned(), String::new()),
            open => (
                open.iter()
                    .map(|(port, _)| port.clone())
                    .collect::<Vec<_>>()
                    .join(", "),
                open.iter()
                    .filter_map(|(_, url)| url.clone())
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
        };
        rows.push([service.namespace.clone(), service.name.clone(), ports, urls]);
    }
    let titles = ["NAMESPACE", "NAME", "TARGET PORT", "URL"];
    let widths: Vec<usize> = (0..4)
        .map(|at| {
            rows.iter()
                .map(|row| row[at].len())
                .chain([titles[at].len()])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let rule = widths
        .iter()
        .map(|width| "-".repeat(width + 2))
        .collect::<Vec<_>>()
        .join("|");
    let rule = format!("|{rule}|\n");
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let centred = titles
        .iter()
        .zip(&widths)
        .map(|(title, width)| format!("{title:^width$}"));
    let mut text = format!("{rule}{}{rule}", row(centred.collect()));
    for cells in &rows {
        let cells = cells
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(at, (cell, width))| match at {
                2 => format!("{cell:>width$}"),
                _ => format!("{cell:<width$}"),
            });
        text.push_str(&row(cells.collect()));
    }
    text.push_str(&rule);
    text
}

pub(super) fn profiles(ctx: &Ctx, world: &dyn World) -> i32 {
    let state = match world.minikube() {
        Minikube::Absent => {
            ctx.err("\n🤹  Exiting due to MK_USAGE_NO_PROFILE: No minikube profile was found.\n💡  Suggestion:\n\n    You can create one using 'minikube start'.\n\n");
            return 14;
        }
        Minikube::Stopped => "Stopped",
        Minikube::Running => "OK",
    };
    let ip = world.minikube_ip();
    let rule = "|----------|-----------|---------|----------------|------|---------|---------|-------|----------------|--------------------|\n";
    ctx.out(&format!(
        "{rule}| Profile  | VM Driver | Runtime |       IP       | Port | Version | Status  | Nodes | Active Profile | Active Kubecontext |\n{rule}| minikube | docker    | docker  | {ip:<14} | 8443 | {KUBERNETES_VERSION} | {state:<7} |     1 | *              | *                  |\n{rule}"
    ));
    0
}
