//! What runs beside applications: logs, metrics, builds, and Kubernetes' own components.

use super::{AGENT, App, Base, Image, PAGE};

pub(super) static IMAGES: &[&Image] = &[
    &Image {
        repositories: &[
            "docker.io/library/fluentd",
            "docker.io/fluent/fluentd",
            "docker.io/fluent/fluentd-kubernetes-daemonset",
            "quay.io/fluentd_elasticsearch/fluentd",
            "k8s.gcr.io/fluentd-gcp",
            "registry.k8s.io/fluentd-gcp",
            "gcr.io/google-containers/fluentd-elasticsearch",
            "k8s.gcr.io/fluentd-elasticsearch",
        ],
        ports: &[24224],
        memory_mi: 60,
        ..AGENT
    },
    &Image {
        repositories: &[
            "docker.io/fluent/fluent-bit",
            "cr.fluentbit.io/fluent/fluent-bit",
        ],
        base: Base::Scratch,
        ports: &[2020],
        ..AGENT
    },
    &Image {
        repositories: &[
            "docker.io/prom/node-exporter",
            "quay.io/prometheus/node-exporter",
        ],
        app: App::Page,
        ports: &[9100],
        size: 12_000_000,
        base: Base::Busybox,
        ..PAGE
    },
    &Image {
        repositories: &["docker.io/prom/prometheus", "quay.io/prometheus/prometheus"],
        ports: &[9090],
        base: Base::Busybox,
        ..PAGE
    },
    &Image {
        repositories: &["docker.io/grafana/grafana"],
        ports: &[3000],
        base: Base::Alpine,
        ..PAGE
    },
    &Image {
        repositories: &["docker.io/grafana/loki", "docker.io/grafana/promtail"],
        ports: &[3100],
        ..PAGE
    },
    &Image {
        repositories: &["docker.io/library/kibana"],
        ports: &[5601],
        ..PAGE
    },
    &Image {
        repositories: &[
            "docker.io/jenkins/jenkins",
            "docker.io/library/tomcat",
            "docker.io/library/sonarqube",
        ],
        ports: &[8080],
        memory_mi: 400,
        start_ms: 4_000,
        ..PAGE
    },
    &Image {
        repositories: &["docker.io/library/registry"],
        ports: &[5000],
        base: Base::Alpine,
        ..PAGE
    },
    &Image {
        repositories: &["docker.io/kubernetesui/dashboard"],
        ports: &[9090, 8443],
        base: Base::Scratch,
        ..PAGE
    },
    &Image {
        repositories: &["registry.k8s.io/ingress-nginx/controller"],
        app: App::Ingress,
        entrypoint: &["/usr/bin/dumb-init"],
        ports: &[80, 443, 10254],
        base: Base::Alpine,
        boot: &["NGINX Ingress controller"],
        ..PAGE
    },
    &Image {
        repositories: &["registry.k8s.io/metrics-server/metrics-server"],
        ports: &[10250],
        base: Base::Scratch,
        ..AGENT
    },
    &Image {
        repositories: &[
            "registry.k8s.io/coredns/coredns",
            "docker.io/coredns/coredns",
        ],
        ports: &[53, 8080, 8181],
        base: Base::Scratch,
        ..AGENT
    },
    &Image {
        repositories: &["registry.k8s.io/kube-apiserver"],
        ports: &[6443],
        base: Base::Scratch,
        memory_mi: 300,
        cpu_milli: 40,
        ..AGENT
    },
    &Image {
        repositories: &[
            "registry.k8s.io/kube-controller-manager",
            "registry.k8s.io/kube-scheduler",
            "registry.k8s.io/kube-proxy",
        ],
        base: Base::Scratch,
        ..AGENT
    },
    &Image {
        repositories: &[
            "ghcr.io/flannel-io/flannel",
            "docker.io/flannel/flannel",
            "docker.io/kindest/kindnetd",
            "docker.io/calico/node",
            "quay.io/calico/node",
            "quay.io/metallb/controller",
            "quay.io/metallb/speaker",
            "docker.io/sysdig/agent",
            "docker.io/newrelic/infrastructure",
            "docker.io/datadog/agent",
            "docker.io/kiwigrid/k8s-sidecar",
            "docker.io/rancher/local-path-provisioner",
            "registry.k8s.io/node-problem-detector/node-problem-detector",
            "k8s.gcr.io/node-problem-detector",
            "docker.io/envoyproxy/envoy",
            "docker.io/istio/proxyv2",
            "docker.io/istio/pilot",
        ],
        ..AGENT
    },
    &Image {
        repositories: &[
            "docker.io/hashicorp/consul",
            "docker.io/library/consul",
            "docker.io/hashicorp/vault",
            "docker.io/library/vault",
        ],
        ports: &[8500, 8200],
        base: Base::Alpine,
        ..PAGE
    },
];
