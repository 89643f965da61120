//! What an image and the runtime lay out before anything is mounted: programs, `/etc/hosts`, `/etc/resolv.conf`.

use super::super::catalogue::{App, Base, Image};
use super::super::programs;
use super::super::run::{NodeRun, PodRun};
use crate::Cluster;
use crate::ip;
use machinery::{Object, Value};
use shell::Fs;
use std::rc::Rc;

/// What an image and the runtime lay out before anything is mounted.
pub(super) fn base_files(
    cluster: &Cluster,
    pod: &Object,
    run: &PodRun,
    image: &'static Image,
) -> Fs {
    let known = cluster.kubelets.bases.get(&image_key(image));
    let mut fs = known.map_or_else(|| image_files(image), |fs| (**fs).clone());
    fs.set_now(run.since);
    let host = hostname(pod);
    let ip = ip::text(run.ip);
    let mut put = |path: &str, text: &str| {
        let _ = fs.install(path, text);
    };
    put("/etc/hostname", &format!("{host}\n"));
    let mut hosts = format!(
        "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n{ip}\t{host}\n"
    );
    for alias in pod.spec().get("hostAliases").items() {
        let names: Vec<&str> = alias
            .get("hostnames")
            .items()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        hosts.push_str(&format!(
            "\n# Entries added by HostAliases.\n{}\t{}\n",
            alias.text("ip"),
            names.join("\t")
        ));
    }
    put("/etc/hosts", &hosts);
    put("/etc/resolv.conf", &resolv_conf(pod));
    fs
}

/// The host name of a pod: its own, or its name.
pub fn hostname(pod: &Object) -> String {
    let sub = pod.text("spec.subdomain");
    if pod.at("spec.setHostnameAsFQDN").as_bool() == Some(true) && !sub.is_empty() {
        let own = match pod.text("spec.hostname") {
            "" => pod.name(),
            name => name,
        };
        return format!("{own}.{sub}.{}.svc.cluster.local", pod.namespace());
    }
    match pod.text("spec.hostname") {
        _ if pod.at("spec.hostNetwork").as_bool() == Some(true) => {
            pod.text("spec.nodeName").to_string()
        }
        "" => pod.name().to_string(),
        name => name.to_string(),
    }
}

/// The resolver's file by `dnsPolicy` and `dnsConfig`.
fn resolv_conf(pod: &Object) -> String {
    let policy = pod.text("spec.dnsPolicy");
    let host = pod.at("spec.hostNetwork").as_bool() == Some(true);
    let cluster_first =
        policy == "ClusterFirstWithHostNet" || !host && matches!(policy, "" | "ClusterFirst");
    let config = pod.at("spec.dnsConfig");
    let texts = |key: &str| -> Vec<String> {
        let all = config.get(key).items().iter().filter_map(Value::as_str);
        all.map(str::to_string).collect()
    };
    let (mut search, mut servers, mut options) = (Vec::new(), Vec::new(), Vec::new());
    if cluster_first {
        let ns = pod.namespace();
        search = vec![
            format!("{ns}.svc.cluster.local"),
            "svc.cluster.local".to_string(),
            "cluster.local".to_string(),
        ];
        servers.push(crate::network::DNS_IP.to_string());
        options.push("ndots:5".to_string());
    } else if policy != "None" {
        // The machine's own resolver.
        servers.push("172.18.0.1".to_string());
    }
    search.extend(texts("searches"));
    servers.extend(texts("nameservers"));
    for o in config.get("options").items() {
        let name = o.text("name");
        options.retain(|known| known.split(':').next() != Some(name));
        options.push(match o.text("value") {
            "" => name.to_string(),
            value => format!("{name}:{value}"),
        });
    }
    let mut out = String::new();
    if !search.is_empty() {
        out.push_str(&format!("search {}\n", search.join(" ")));
    }
    for s in servers {
        out.push_str(&format!("nameserver {s}\n"));
    }
    if !options.is_empty() {
        out.push_str(&format!("options {}\n", options.join(" ")));
    }
    out
}

/// An image is known by its first repository and tag.
fn image_key(image: &'static Image) -> (&'static str, &'static str) {
    (
        image.repositories.first().copied().unwrap_or(""),
        image.tags.first().copied().unwrap_or(""),
    )
}

/// Lays an image's files out once, for all containers of it whose processes look at files.
pub fn warm_image(cluster: &mut Cluster, image: &'static Image) {
    let bases = &mut cluster.kubelets.bases;
    bases
        .entry(image_key(image))
        .or_insert_with(|| Rc::new(image_files(image)));
}

const DEBIAN_GROUPS: &str = "root:x:0:\ndaemon:x:1:\nwww-data:x:33:\nnogroup:x:65534:\n";
const BUSYBOX_GROUPS: &str =
    "root:x:0:\ndaemon:x:1:\nwheel:x:10:root\nwww-data:x:33:\nusers:x:100:\nnobody:x:65534:\n";
const ALPINE_GROUPS: &str = "root:x:0:root\nbin:x:1:root,bin,daemon\ndaemon:x:2:root,bin,daemon\nsys:x:3:root,bin\nadm:x:4:root,daemon\ndisk:x:6:root\nwheel:x:10:root\nfloppy:x:11:root\ndialout:x:20:root\ntape:x:26:root\nvideo:x:27:root\nusers:x:100:games\nnogroup:x:65533:\nnobody:x:65534:\n";

/// What an image brings.
fn image_files(image: &Image) -> Fs {
    let mut fs = Fs::new();
    for dir in [
        "/bin",
        "/dev",
        "/etc",
        "/home",
        "/proc",
        "/root",
        "/sys",
        "/tmp",
        "/usr/bin",
        "/usr/local/bin",
        "/usr/sbin",
        "/sbin",
        "/var/log",
        "/var/run",
        "/run",
        "/opt",
        "/mnt",
        "/srv",
        "/lib",
    ] {
        let _ = fs.mkdir(dir, true);
    }
    if image.workdir != "/" {
        let _ = fs.mkdir(image.workdir, true);
    }
    let os = match image.base {
        Base::Debian => {
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n"
        }
        Base::Alpine => {
            "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.22.0\nPRETTY_NAME=\"Alpine Linux v3.22\"\n"
        }
        _ => "",
    };
    let mut put = |path: &str, text: &str| {
        let _ = fs.install(path, text);
    };
    if !os.is_empty() {
        put("/etc/os-release", os);
    }
    if image.base != Base::Scratch {
        let (more, groups) = match image.base {
            Base::Busybox => (
                "www-data:x:33:33:www-data:/var/www:/bin/false\n",
                BUSYBOX_GROUPS,
            ),
            Base::Alpine => (
                "guest:x:405:100:guest:/dev/null:/sbin/nologin\n",
                ALPINE_GROUPS,
            ),
            _ => (
                "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n",
                DEBIAN_GROUPS,
            ),
        };
        let (own, group) = match image.app {
            App::Nginx => (
                "nginx:x:101:101:nginx user:/nonexistent:/bin/false\n",
                "nginx:x:101:\n",
            ),
            App::Redis => ("redis:x:999:999::/home/redis:/bin/sh\n", "redis:x:999:\n"),
            _ => ("", ""),
        };
        let rest = "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";
        put(
            "/etc/passwd",
            &format!("root:x:0:0:root:/root:/bin/sh\n{more}{rest}{own}"),
        );
        put("/etc/group", &format!("{groups}{group}"));
    }
    for (path, text) in image.files {
        put(path, text);
    }
    for path in programs::there::paths(image) {
        let _ = fs.install(&path, "");
        let _ = fs.chmod(&path, 0o755);
    }
    fs
}

/// The files of a machine as they are now.
pub(super) fn machine_files(node: &NodeRun) -> Rc<Fs> {
    if let Some(files) = &node.files {
        return files.clone();
    }
    let mut fs = Fs::new();
    for dir in MACHINE_DIRS {
        let _ = fs.mkdir(&on_machine(dir), true);
    }
    for file in MACHINE_FILES {
        let text = match *file {
            "/etc/hostname" => format!("{}\n", node.name),
            _ => String::new(),
        };
        let _ = fs.install(&on_machine(file), text);
    }
    Rc::new(fs)
}

/// Where a path of the machine stands among its files.
pub(super) fn on_machine(path: &str) -> String {
    shell::fs::resolve("/machine", path.trim_matches('/'))
}

/// What every machine has.
const MACHINE_DIRS: &[&str] = &[
    "/",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib/modules",
    "/mnt",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/srv",
    "/sys",
    "/tmp",
    "/usr",
    "/var",
    "/var/lib",
    "/var/lib/kubelet",
    "/var/log",
    "/var/log/containers",
    "/var/log/pods",
    "/var/run",
];

const MACHINE_FILES: &[&str] = &[
    "/etc/hostname",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/machine-id",
    "/etc/resolv.conf",
];

pub(super) const MACHINE_SOCKETS: &[&str] = &[
    "/run/containerd/containerd.sock",
    "/var/run/containerd/containerd.sock",
];
