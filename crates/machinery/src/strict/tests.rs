//! Tables of the module above.

use super::*;
use crate::{schema, yaml};

fn run(version: &str, kind: &str, text: &str) -> String {
    let v = yaml::parse(text).unwrap();
    match decode(&v, &schema::of(version, kind).unwrap()) {
        Err(e) => e,
        Ok(d) => strict_message(&[], &d.strict).unwrap_or_else(|| json::print(&d.value)),
    }
}

#[test]
fn refusals_are_in_gos_words() {
    let check =
        |v: &str, k: &str, text: &str, want: &str| assert_eq!(run(v, k, text), want, "of {text}");
    let cannot = "json: cannot unmarshal";
    check(
        "apps/v1",
        "Deployment",
        "{spec: {replcas: 3, template: {spec: {containers: [{imgae: x}]}}}}",
        r#"strict decoding error: unknown field "spec.replcas", unknown field "spec.template.spec.containers[0].imgae""#,
    );
    check(
        "apps/v1",
        "Deployment",
        "{spec: {replicas: three, foo: 1}}",
        &format!("{cannot} string into Go struct field DeploymentSpec.spec.replicas of type int32"),
    );
    check(
        "apps/v1",
        "Deployment",
        "{spec: {template: {spec: {containers: {name: x}}}}}",
        &format!(
            "{cannot} object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container"
        ),
    );
    check(
        "apps/v1",
        "Deployment",
        "{spec: {template: {spec: {containers: [{ports: [{containerPort: http}]}]}}}}",
        &format!(
            "{cannot} string into Go struct field ContainerPort.spec.template.spec.containers.ports.containerPort of type int32"
        ),
    );
    check(
        "apps/v1",
        "Deployment",
        "{spec: {replicas: 1.5}}",
        &format!(
            "{cannot} number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"
        ),
    );
    check(
        "v1",
        "Secret",
        "{type: 5}",
        &format!("{cannot} number into Go struct field Secret.type of type v1.SecretType"),
    );
    check(
        "v1",
        "ConfigMap",
        "{data: [a]}",
        &format!("{cannot} array into Go struct field ConfigMap.data of type map[string]string"),
    );
    check(
        "v1",
        "ConfigMap",
        "{data: {a: 1}}",
        &format!("{cannot} number into Go struct field ConfigMap.data of type string"),
    );
    check(
        "v1",
        "ConfigMap",
        "{metadata: {labels: {a: true}}}",
        &format!("{cannot} bool into Go struct field ObjectMeta.metadata.labels of type string"),
    );
    check(
        "v1",
        "PersistentVolumeClaim",
        "{spec: {resources: []}}",
        &format!(
            "{cannot} array into Go struct field PersistentVolumeClaimSpec.spec.resources of type v1.VolumeResourceRequirements"
        ),
    );
    check(
        "batch/v1",
        "Job",
        "{spec: {template: x}}",
        &format!(
            "{cannot} string into Go struct field JobSpec.spec.template of type v1.PodTemplateSpec"
        ),
    );
    check(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "{spec: {podSelector: {matchLabels: []}}}",
        &format!(
            "{cannot} array into Go struct field LabelSelector.spec.podSelector.matchLabels of type map[string]string"
        ),
    );
    check(
        "networking.k8s.io/v1",
        "Ingress",
        "{spec: {rules: [{http: {paths: [{backend: {service: {port: {number: x}}}}]}}]}}",
        &format!(
            "{cannot} string into Go struct field ServiceBackendPort.spec.rules.IngressRuleValue.http.paths.backend.service.port.number of type int32"
        ),
    );
    check(
        "rbac.authorization.k8s.io/v1",
        "Role",
        "{rules: [{verbs: get}]}",
        &format!("{cannot} string into Go struct field PolicyRule.rules.verbs of type []string"),
    );
    check(
        "v1",
        "Pod",
        "{spec: {containers: [{command: [1], resources: {limits: {cpu: lots}}}]}}",
        crate::quantity::WRONG_FORMAT,
    );
    check(
        "v1",
        "Secret",
        "{data: {a: '*'}}",
        "illegal base64 data at input byte 0",
    );
    check(
        "v1",
        "Secret",
        "{data: {a: 'abc'}}",
        "illegal base64 data at input byte 0",
    );
    check(
        "v1",
        "Service",
        "{spec: {ports: [{targetPort: true}]}}",
        &format!(
            "{cannot} bool into Go struct field ServicePort.spec.ports.targetPort of type int32"
        ),
    );
    check(
        "v1",
        "Pod",
        "{metadata: {creationTimestamp: now}}",
        r#"parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006""#,
    );
    check(
        "v1",
        "Pod",
        "{spec: {restartPolicy: [1]}}",
        &format!(
            "{cannot} array into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy"
        ),
    );
    check(
        "v1",
        "Pod",
        "{spec: {containers: [{resources: {limits: 1}}]}}",
        &format!(
            "{cannot} number into Go struct field ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList"
        ),
    );
    check(
        "v1",
        "Pod",
        "{spec: {containers: [x]}}",
        &format!(
            "{cannot} string into Go struct field PodSpec.spec.containers of type v1.Container"
        ),
    );
}

#[test]
fn what_a_round_trip_leaves() {
    let check =
        |v: &str, k: &str, text: &str, want: &str| assert_eq!(run(v, k, text), want, "of {text}");
    check(
        "v1",
        "Pod",
        "{metadata: {name: a, labels: {}, creationTimestamp: null}, spec: {hostNetwork: false, nodeName: '', terminationGracePeriodSeconds: 0, containers: [{name: c, command: [], ports: null, resources: {limits: {cpu: 1000m, memory: 1.5Gi}}, securityContext: {privileged: false}}], volumes: [{name: v, emptyDir: {}}]}}",
        r#"{"metadata":{"name":"a"},"spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":"1","memory":"1536Mi"}},"securityContext":{"privileged":false}}],"terminationGracePeriodSeconds":0,"volumes":[{"emptyDir":{},"name":"v"}]},"status":{}}"#,
    );
    check(
        "apps/v1",
        "DaemonSet",
        "{}",
        r#"{"metadata":{},"spec":{"selector":null,"template":{"metadata":{},"spec":{"containers":null}},"updateStrategy":{}},"status":{"currentNumberScheduled":0,"desiredNumberScheduled":0,"numberMisscheduled":0,"numberReady":0}}"#,
    );
    check(
        "v1",
        "ConfigMap",
        "{data: {a: null, b: ''}}",
        r#"{"data":{"a":"","b":""},"metadata":{}}"#,
    );
}

#[test]
fn custom_kinds_are_pruned_only() {
    let schema = json::parse(r#"{"type":"object","properties":{"spec":{"type":"object","properties":{"legs":{"type":"integer"},"any":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}"#).unwrap();
    let t = TypeRef::of_crd("com.example.v1.Robot", &schema);
    let v = json::parse(r#"{"kind":"Robot","metadata":{"name":"r","x":1},"spec":{"legs":"two","arms":2,"any":{"b":1}}}"#).unwrap();
    let d = decode(&v, &t).unwrap();
    assert_eq!(
        json::print(&d.value),
        r#"{"kind":"Robot","metadata":{"name":"r"},"spec":{"any":{"b":1},"legs":"two"}}"#
    );
    assert_eq!(
        d.strict,
        [
            r#"unknown field "metadata.x""#,
            r#"unknown field "spec.arms""#
        ]
    );
}
