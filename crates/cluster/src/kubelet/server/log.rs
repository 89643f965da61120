//! Access logs: the line that each server writes about a request.

use super::super::catalogue::App;
use super::{Answering, target};
use machinery::time::{Millis, civil};

impl Answering<'_> {
    pub(super) fn log_line(&self, status: u16, size: usize) -> Option<String> {
        let (method, target) = (self.method(), target(self.request));
        let agent = self.header("User-Agent").unwrap_or("-");
        let at = clf(self.cluster.now);
        match self.server.image.app {
            App::Nginx | App::Hostname | App::Echo | App::Ingress => Some(format!(
                "{} - - [{at}] \"{method} {target} HTTP/1.1\" {status} {size} \"-\" \"{agent}\" \"-\"",
                self.client
            )),
            App::Apache => Some(format!(
                "{} - - [{at}] \"{method} {target} HTTP/1.1\" {status} {size}",
                self.client
            )),
            App::Wordpress | App::Guestbook => Some(format!(
                "{} - - [{at}] \"{method} {target} HTTP/1.1\" {status} {size} \"-\" \"{agent}\"",
                self.client
            )),
            App::Python => Some(format!(
                "{} - - [{}] \"{method} {target} HTTP/1.1\" {status} -",
                self.client,
                at.replacen(':', " ", 1).split(" +").next().unwrap_or("")
            )),
            App::Hello { .. } if agent.starts_with("kube-probe") => None,
            App::Hello { version, .. } if version.starts_with(|c: char| c.is_ascii_digit()) => {
                Some(format!("Serving request: {target}"))
            }
            _ => None,
        }
    }
}

/// `20/Nov/2026:09:00:00 +0000`: the time of an access log.
pub(in crate::kubelet) fn clf(t: Millis) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let s = t.div_euclid(1000);
    let (y, m, d) = civil(s.div_euclid(86_400));
    let r = s.rem_euclid(86_400);
    let month = MONTHS.get(m as usize - 1).copied().unwrap_or("");
    format!(
        "{d:02}/{month}/{y}:{:02}:{:02}:{:02} +0000",
        r / 3600,
        r / 60 % 60,
        r % 60
    )
}
