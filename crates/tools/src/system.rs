//! clear, sudo, dpkg.

use shell::Ctx;

/// A file of the internet that tutorials fetch; the content stands for the real one.
pub struct Download {
    pub host: &'static str,
    /// What its path starts with.
    pub path: &'static str,
    pub content: &'static str,
    /// The package in it, for dpkg.
    pub package: Option<&'static str>,
}

pub const DOWNLOADS: &[Download] = &[
    Download {
        host: "storage.googleapis.com",
        path: "/minikube/releases/latest/minikube_latest_amd64.deb",
        content: "bottleship package minikube\n",
        package: Some("minikube"),
    },
    Download {
        host: "storage.googleapis.com",
        path: "/minikube/releases/latest/minikube-linux-amd64",
        content: "#!/bin/sh\n# bottleship: stands for minikube\nexec minikube \"$@\"\n",
        package: None,
    },
    Download {
        host: "dl.k8s.io",
        path: "/release/stable.txt",
        content: "v1.36.2",
        package: None,
    },
    Download {
        host: "dl.k8s.io",
        path: "/release/v1.36.2/bin/linux/amd64/kubectl.sha256",
        content: "1059e610037d0b025e8b87dcf023350781c66fe07be25bbd49f9b494cc6a7f10",
        package: None,
    },
    Download {
        host: "dl.k8s.io",
        path: "/release/v1.36.2/bin/linux/amd64/kubectl",
        content: "#!/bin/sh\n# bottleship: stands for kubectl v1.36.2\nexec kubectl \"$@\"\n",
        package: None,
    },
    Download {
        host: "kind.sigs.k8s.io",
        path: "/dl/",
        content: "#!/bin/sh\n# bottleship: stands for kind\nexec kind \"$@\"\n",
        package: None,
    },
    Download {
        host: "raw.githubusercontent.com",
        path: "/helm/helm/",
        content: "echo 'helm is already installed'\n",
        package: None,
    },
];

pub async fn clear(ctx: Ctx) -> i32 {
    ctx.out("\x1b[H\x1b[2J\x1b[3J");
    0
}

pub async fn sudo(ctx: Ctx) -> i32 {
    let mut words = ctx.args.iter().skip(1).peekable();
    while let Some(flag) = words.peek().filter(|word| word.starts_with('-')) {
        let takes = matches!(flag.as_str(), "-u" | "-g" | "-h" | "-p");
        words.next();
        if takes {
            words.next();
        }
    }
    let argv: Vec<String> = words
        .skip_while(|word| is_assignment(word))
        .cloned()
        .collect();
    if argv.is_empty() {
        ctx.err("usage: sudo [-u user] command\n");
        return 1;
    }
    ctx.exec(argv).await
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

pub async fn dpkg(ctx: Ctx) -> i32 {
    let args: Vec<&str> = ctx.args.iter().skip(1).map(String::as_str).collect();
    let files = match args.as_slice() {
        ["-i" | "--install", files @ ..] if !files.is_empty() => files,
        ["-i" | "--install"] => {
            ctx.err("dpkg: error: --install needs at least one package archive file argument\n");
            return 2;
        }
        _ => {
            ctx.err("dpkg: bottleship only simulates dpkg -i FILE\n");
            return 2;
        }
    };
    for file in files {
        let path = ctx.resolve(file);
        let text = match ctx.with_fs(|fs| fs.read_text(&path)) {
            Ok(text) => text,
            Err(error) => {
                ctx.err(&format!(
                    "dpkg: error: cannot access archive '{file}': {error}\n"
                ));
                return 2;
            }
        };
        let found = DOWNLOADS
            .iter()
            .find(|known| known.content == text && known.package.is_some());
        let Some(package) = found.and_then(|known| known.package) else {
            ctx.err(&format!(
                "dpkg-deb: error: '{file}' is not a Debian format archive\ndpkg: error processing archive {file} (--install):\n dpkg-deb --control subprocess returned error exit status 2\nErrors were encountered while processing:\n {file}\n"
            ));
            return 1;
        };
        let version = crate::MINIKUBE_VERSION.trim_start_matches('v');
        ctx.out(&format!(
            "Selecting previously unselected package {package}.\nPreparing to unpack {file} ...\n"
        ));
        ctx.sleep(400).await;
        ctx.out(&format!("Unpacking {package} ({version}-0) ...\n"));
        ctx.sleep(600).await;
        ctx.out(&format!("Setting up {package} ({version}-0) ...\n"));
    }
    0
}
