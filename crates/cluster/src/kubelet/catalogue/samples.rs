//! Images of tutorials, books and tests.

use super::web::NGINX;
use super::{AGENT, App, Base, Image, NONE, PAGE};

pub(super) static IMAGES: &[&Image] = &[
    &Image {
        repositories: &[
            "registry.k8s.io/pause",
            "k8s.gcr.io/pause",
            "gcr.io/google_containers/pause",
            "docker.io/kubernetes/pause",
            "registry.k8s.io/e2e-test-images/pause",
        ],
        tags: &["{latest,1.0,2.0,go}", "3.{0..10}", "3.{0..10}.{0..2}"],
        size: 320_000,
        base: Base::Scratch,
        app: App::Pause,
        entrypoint: &["/pause"],
        memory_mi: 1,
        start_ms: 0,
        cpu_milli: 0,
        ..NONE
    },
    &Image {
        repositories: &["docker.io/library/hello-world"],
        tags: &["latest", "linux"],
        size: 2_400,
        base: Base::Scratch,
        app: App::HelloWorld,
        cmd: &["/hello"],
        memory_mi: 1,
        ..NONE
    },
    &Image {
        repositories: &["docker.io/sebcontents/cozserver"],
        tags: &["latest", "{1,2}.0"],
        size: 330_000_000,
        app: App::Hello {
            text: "Hello World!",
            version: "",
        },
        ports: &[8080],
        start_ms: 500,
        memory_mi: 45,
        ..NONE
    },
    &Image {
        repositories: &[
            "docker.io/sebcontents/client",
            "docker.io/sebcontents/part1",
        ],
        size: 180_000_000,
        ports: &[80],
        ..PAGE
    },
    &Image {
        repositories: &[
            "docker.io/sysnet4admin/echo-hname",
            "docker.io/sysnet4admin/echo-ip",
            "docker.io/sysnet4admin/chk-info",
            "docker.io/sysnet4admin/net-tools",
        ],
        tags: &["latest"],
        app: App::Hostname,
        ..NGINX
    },
    &Image {
        repositories: &[
            "docker.io/sysnet4admin/sleepy",
            "docker.io/sysnet4admin/net-tools-ifn",
        ],
        tags: &["latest"],
        size: 3_000_000,
        base: Base::Alpine,
        app: App::Agent,
        on_term: None,
        ..NONE
    },
    &Image {
        repositories: &[
            "registry.k8s.io/serve_hostname",
            "k8s.gcr.io/serve_hostname",
            "gcr.io/google_containers/serve_hostname",
        ],
        app: App::Hostname,
        base: Base::Scratch,
        entrypoint: &["/serve_hostname"],
        ports: &[9376],
        size: 6_000_000,
        ..NONE
    },
    &Image {
        repositories: &[
            "registry.k8s.io/echoserver",
            "k8s.gcr.io/echoserver",
            "gcr.io/google_containers/echoserver",
            "registry.k8s.io/e2e-test-images/echoserver",
            "us-docker.pkg.dev/k8s-minikube/test-artifacts/echoserver",
            "gcr.io/k8s-minikube/echoserver",
            "docker.io/kicbase/echo-server",
            "docker.io/ealen/echo-server",
            "registry.k8s.io/ingress-nginx/e2e-test-echo",
        ],
        tags: &[
            "latest",
            "1.{0..10}",
            "2.{2..5}",
            "v1.2.9",
            "0.{3..9}.{0..9}",
        ],
        size: 43_000_000,
        app: App::Echo,
        ports: &[8080],
        boot: &[],
        ..NGINX
    },
    &HELLO,
    &Image {
        tags: &["2.0"],
        app: App::Hello {
            text: "Hello, world!",
            version: "2.0.0",
        },
        ..HELLO
    },
    &Image {
        repositories: &[
            "gcr.io/google-samples/node-hello",
            "docker.io/gcr/node-hello",
            "gcr.io/hello-minikube-zero-install/hello-node",
        ],
        app: App::Hello {
            text: "Hello Kubernetes!",
            version: "",
        },
        tags: &["*"],
        size: 260_000_000,
        base: Base::Debian,
        ..HELLO
    },
    &Image {
        repositories: &[
            "gcr.io/google-samples/kubernetes-bootcamp",
            "docker.io/jocatalin/kubernetes-bootcamp",
        ],
        tags: &["v1"],
        app: App::Hello {
            text: "Hello Kubernetes bootcamp!",
            version: "v=1",
        },
        base: Base::Debian,
        size: 82_000_000,
        boot: &[
            "Kubernetes Bootcamp App Started At: the start of the container | Running On:  this pod",
            "",
        ],
        ..HELLO
    },
    &Image {
        repositories: &[
            "gcr.io/google-samples/kubernetes-bootcamp",
            "docker.io/jocatalin/kubernetes-bootcamp",
        ],
        tags: &["v2", "latest"],
        app: App::Hello {
            text: "Hello Kubernetes bootcamp!",
            version: "v=2",
        },
        base: Base::Debian,
        size: 82_000_000,
        ..HELLO
    },
    &Image {
        repositories: &["docker.io/traefik/whoami", "docker.io/containous/whoami"],
        tags: &["latest", "v1.{8..11}*"],
        base: Base::Scratch,
        app: App::Whoami,
        on_term: Some(2),
        entrypoint: &["/whoami"],
        ports: &[80],
        size: 2_700_000,
        memory_mi: 3,
        ..NONE
    },
    &Image {
        repositories: &["docker.io/hashicorp/http-echo"],
        tags: &["latest", "alpine", "0.2.{1..3}", "1.0", "1.0.0"],
        base: Base::Scratch,
        app: App::HttpEcho,
        entrypoint: &["/http-echo"],
        ports: &[5678],
        size: 3_000_000,
        memory_mi: 3,
        ..NONE
    },
    &Image {
        repositories: &[
            "registry.k8s.io/e2e-test-images/agnhost",
            "k8s.gcr.io/e2e-test-images/agnhost",
        ],
        tags: &["2.{10..59}"],
        base: Base::Alpine,
        app: App::Agnhost,
        on_term: Some(2),
        entrypoint: &["/agnhost"],
        cmd: &["pause"],
        size: 52_000_000,
        memory_mi: 10,
        ..NONE
    },
    &Image {
        repositories: &[
            "ghcr.io/stefanprodan/podinfo",
            "docker.io/stefanprodan/podinfo",
        ],
        base: Base::Alpine,
        app: App::Podinfo,
        entrypoint: &["./podinfo"],
        ports: &[9898, 9797, 9999],
        size: 30_000_000,
        memory_mi: 20,
        ..NONE
    },
    &Image {
        repositories: &["gcr.io/kuar-demo/kuard-amd64", "docker.io/kuard/kuard"],
        tags: &["{blue,green,purple,1,2,3}"],
        base: Base::Alpine,
        app: App::Kuard,
        on_term: Some(2),
        entrypoint: &["/kuard"],
        ports: &[8080],
        size: 11_000_000,
        ..NONE
    },
    &Image {
        repositories: &[
            "docker.io/vish/stress",
            "docker.io/polinux/stress",
            "docker.io/progrium/stress",
            "docker.io/polinux/stress-ng",
        ],
        size: 5_000_000,
        app: App::Stress,
        base: Base::Alpine,
        entrypoint: &["stress"],
        ..NONE
    },
    &Image {
        repositories: &[
            "gcr.io/google_samples/gb-frontend",
            "gcr.io/google-samples/gb-frontend",
            "us-docker.pkg.dev/google-samples/containers/gke/gb-frontend",
            "registry.k8s.io/guestbook",
        ],
        app: App::Guestbook,
        cmd: &["apache2-foreground"],
        ports: &[80],
        request_us: 2_000,
        ..PAGE
    },
    &Image {
        repositories: &[
            "registry.istio.io/release/examples-bookinfo-productpage-v1",
            "registry.istio.io/release/examples-bookinfo-details-v1",
            "registry.istio.io/release/examples-bookinfo-ratings-v1",
            "registry.istio.io/release/examples-bookinfo-ratings-v2",
            "registry.istio.io/release/examples-bookinfo-reviews-v1",
            "registry.istio.io/release/examples-bookinfo-reviews-v2",
            "registry.istio.io/release/examples-bookinfo-reviews-v3",
            "docker.io/istio/examples-bookinfo-productpage-v1",
            "docker.io/istio/examples-bookinfo-details-v1",
            "docker.io/istio/examples-bookinfo-ratings-v1",
            "docker.io/istio/examples-bookinfo-reviews-v1",
            "docker.io/istio/examples-bookinfo-reviews-v2",
            "docker.io/istio/examples-bookinfo-reviews-v3",
        ],
        ports: &[9080],
        ..PAGE
    },
    &Image {
        repositories: &[
            "docker.io/dockersamples/examplevotingapp_vote",
            "docker.io/dockersamples/examplevotingapp_result",
            "docker.io/kodekloud/webapp-color",
            "docker.io/kodekloud/examplevotingapp_vote",
            "docker.io/kodekloud/examplevotingapp_result",
        ],
        ports: &[80, 8080],
        ..PAGE
    },
    &Image {
        repositories: &[
            "docker.io/dockersamples/examplevotingapp_worker",
            "docker.io/kodekloud/examplevotingapp_worker",
            "docker.io/dockercoins/worker",
        ],
        ..AGENT
    },
    &Image {
        repositories: &[
            "docker.io/dockercoins/rng",
            "docker.io/dockercoins/hasher",
            "docker.io/dockercoins/webui",
            "docker.io/weaveworksdemos/front-end",
        ],
        ports: &[80],
        ..PAGE
    },
];

const HELLO: Image = Image {
    repositories: &[
        "gcr.io/google-samples/hello-app",
        "us-docker.pkg.dev/google-samples/containers/gke/hello-app",
    ],
    tags: &["1.0"],
    size: 13_000_000,
    base: Base::Alpine,
    app: App::Hello {
        text: "Hello, world!",
        version: "1.0.0",
    },
    entrypoint: &["/hello-app"],
    on_term: Some(2),
    ports: &[8080],
    ..NONE
};
