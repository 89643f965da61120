//! Images to run commands in: distributions, languages, tools of the network.

use super::{App, Base, Image, SHELL};

pub(super) static IMAGES: &[&Image] = &[
    &BUSYBOX,
    &Image {
        repositories: &["gcr.io/k8s-minikube/busybox"],
        tags: &["latest", "1.28.4-glibc"],
        ..BUSYBOX
    },
    &Image {
        repositories: &["docker.io/library/alpine"],
        tags: &["{latest,edge,3}", "3.{1..22}", "3.{1..22}.{0..12}"],
        size: 3_640_000,
        base: Base::Alpine,
        cmd: &["/bin/sh"],
        ..SHELL
    },
    &Image {
        repositories: &["docker.io/library/ubuntu"],
        tags: &[
            "{latest,rolling,noble,jammy,focal,bionic,14.04,16.04,18.04,20.04,22.04,24.04,24.10,25.04}",
        ],
        size: 29_700_000,
        cmd: &["/bin/bash"],
        ..SHELL
    },
    &Image {
        repositories: &["docker.io/library/debian"],
        tags: &[
            "{latest,stable,stable-slim,trixie,bookworm,bullseye,buster,sid,trixie-slim,bookworm-slim,bullseye-slim,buster-slim,8,9,10,11,12,13}",
        ],
        size: 48_500_000,
        cmd: &["bash"],
        ..SHELL
    },
    &Image {
        repositories: &["docker.io/library/centos"],
        tags: &["{latest,6,7,8,centos7}"],
        size: 76_000_000,
        cmd: &["/bin/bash"],
        ..SHELL
    },
    &Image {
        repositories: &[
            "docker.io/library/fedora",
            "docker.io/library/rockylinux",
            "docker.io/library/amazonlinux",
            "docker.io/library/almalinux",
        ],
        size: 66_000_000,
        cmd: &["/bin/bash"],
        ..SHELL
    },
    &Image {
        repositories: &["docker.io/library/bash"],
        size: 6_500_000,
        base: Base::Alpine,
        cmd: &["bash"],
        ..SHELL
    },
    &Image {
        repositories: &["docker.io/library/perl"],
        size: 360_000_000,
        cmd: &["perl", "-de0"],
        ..SHELL
    },
    &Image {
        repositories: &[
            "docker.io/curlimages/curl",
            "docker.io/yauritux/busybox-curl",
            "docker.io/radial/busyboxplus",
            "docker.io/byrnedo/alpine-curl",
        ],
        size: 9_400_000,
        base: Base::Alpine,
        cmd: &["sh"],
        ..SHELL
    },
    &Image {
        repositories: &[
            "docker.io/nicolaka/netshoot",
            "docker.io/praqma/network-multitool",
            "docker.io/wbitt/network-multitool",
            "docker.io/tutum/dnsutils",
            "registry.k8s.io/e2e-test-images/jessie-dnsutils",
            "gcr.io/kubernetes-e2e-test-images/dnsutils",
            "registry.k8s.io/e2e-test-images/dnsutils",
        ],
        size: 180_000_000,
        base: Base::Alpine,
        cmd: &["sleep", "infinity"],
        ..SHELL
    },
    &Image {
        repositories: &["docker.io/library/python"],
        tags: &["latest", "slim", "alpine", "2*", "3*"],
        size: 370_000_000,
        app: App::Python,
        cmd: &["python3"],
        memory_mi: 12,
        ..SHELL
    },
    &Image {
        repositories: &["docker.io/library/node"],
        tags: &["latest", "slim", "alpine", "lts*", "current*", "{6..24}*"],
        size: 390_000_000,
        app: App::Node,
        entrypoint: &["docker-entrypoint.sh"],
        cmd: &["node"],
        memory_mi: 40,
        ..SHELL
    },
    &Image {
        repositories: &["docker.io/library/golang"],
        size: 300_000_000,
        cmd: &["bash"],
        ..SHELL
    },
    &Image {
        repositories: &[
            "docker.io/library/openjdk",
            "docker.io/library/eclipse-temurin",
            "docker.io/library/maven",
            "docker.io/library/gradle",
            "docker.io/library/ruby",
            "docker.io/library/rust",
            "docker.io/library/gcc",
            "docker.io/library/docker",
        ],
        size: 300_000_000,
        cmd: &["bash"],
        ..SHELL
    },
    &Image {
        repositories: &[
            "docker.io/bitnami/kubectl",
            "docker.io/alpine/git",
            "docker.io/library/buildpack-deps",
            "docker.io/alpine/curl",
            "docker.io/alpine/socat",
            "docker.io/rancher/kubectl",
        ],
        size: 90_000_000,
        cmd: &["sh"],
        ..SHELL
    },
];

const BUSYBOX: Image = Image {
    repositories: &[
        "docker.io/library/busybox",
        "registry.k8s.io/busybox",
        "k8s.gcr.io/busybox",
        "gcr.io/google_containers/busybox",
        "gcr.io/google-containers/busybox",
    ],
    tags: &[
        "{latest,stable,musl,glibc,uclibc,1,1.24,1.27.2,unstable}",
        "1.{24..37}{,-musl,-glibc,-uclibc}",
        "1.{24..37}.{0..4}{,-musl,-glibc,-uclibc}",
    ],
    size: 2_220_000,
    base: Base::Busybox,
    cmd: &["sh"],
    ..SHELL
};
