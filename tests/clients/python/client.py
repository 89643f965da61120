"""The official Python client against `bottleship serve`: client.py URL. Prints `all is well`, or fails where something is not."""

import sys
import threading
import time

from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import portforward, stream

configuration = client.Configuration()
configuration.host = sys.argv[1]
api_client = client.ApiClient(configuration)
core = client.CoreV1Api(api_client)
apps = client.AppsV1Api(api_client)


def refused(code, reason, act):
    """Calls, and expects a refusal; gives the exception."""
    try:
        act()
    except ApiException as e:
        import json

        assert e.status == code, (e.status, code, e.body)
        status = json.loads(e.body)
        assert status["kind"] == "Status" and status["reason"] == reason, status
        return status
    raise AssertionError(f"{reason} was expected")


def until(what, seconds=30):
    end = time.time() + seconds
    while time.time() < end:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


def deployment(name, replicas):
    labels = {"app": name}
    container = client.V1Container(
        name="nginx", image="nginx:1.27", ports=[client.V1ContainerPort(container_port=80)]
    )
    return client.V1Deployment(
        metadata=client.V1ObjectMeta(name=name),
        spec=client.V1DeploymentSpec(
            replicas=replicas,
            selector=client.V1LabelSelector(match_labels=labels),
            template=client.V1PodTemplateSpec(
                metadata=client.V1ObjectMeta(labels=labels),
                spec=client.V1PodSpec(containers=[container]),
            ),
        ),
    )


def lists_and_pages():
    assert [n.metadata.name for n in core.list_node().items] == ["node-1", "node-2", "node-3"]
    for i in range(7):
        body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name=f"c{i}", labels={"odd": str(i % 2)}), data={"i": str(i)})
        core.create_namespaced_config_map("default", body)
    refused(409, "AlreadyExists", lambda: core.create_namespaced_config_map("default", body))
    odd = core.list_namespaced_config_map("default", label_selector="odd=1")
    assert [c.metadata.name for c in odd.items] == ["c1", "c3", "c5"]
    names, token = [], None
    while True:
        page = core.list_namespaced_config_map("default", limit=3, _continue=token)
        assert len(page.items) <= 3
        names += [c.metadata.name for c in page.items]
        token = page.metadata._continue
        if not token:
            break
    assert names == [f"c{i}" for i in range(7)] + ["kube-root-ca.crt"], names
    one = core.list_namespaced_config_map("default", field_selector="metadata.name=c4")
    assert one.items[0].data == {"i": "4"}
    refused(404, "NotFound", lambda: core.read_namespaced_config_map("nope", "default"))
    tried = core.create_namespaced_config_map("default", client.V1ConfigMap(metadata=client.V1ObjectMeta(name="dry")), dry_run="All")
    assert tried.metadata.uid
    refused(404, "NotFound", lambda: core.read_namespaced_config_map("dry", "default"))
    core.delete_collection_namespaced_config_map("default", label_selector="odd=0")
    left = core.list_namespaced_config_map("default", label_selector="odd")
    assert [c.metadata.name for c in left.items] == ["c1", "c3", "c5"]


def patches():
    apps.create_namespaced_deployment("default", deployment("web", 1))
    changed = apps.patch_namespaced_deployment("web", "default", {"spec": {"replicas": 2}})
    assert changed.spec.replicas == 2 and changed.metadata.generation == 2
    image = {"spec": {"template": {"spec": {"containers": [{"name": "nginx", "image": "nginx:1.28"}]}}}}
    changed = apps.patch_namespaced_deployment("web", "default", image)
    # Strategic: the container is merged by its name, its port stays.
    assert changed.spec.template.spec.containers[0].ports[0].container_port == 80
    changed = apps.patch_namespaced_deployment("web", "default", [{"op": "replace", "path": "/spec/replicas", "value": 3}])
    assert changed.spec.replicas == 3
    stale = apps.read_namespaced_deployment("web", "default")
    apps.patch_namespaced_deployment("web", "default", {"metadata": {"labels": {"a": "b"}}})
    refused(409, "Conflict", lambda: apps.replace_namespaced_deployment("web", "default", stale))
    status = refused(422, "Invalid", lambda: apps.patch_namespaced_deployment("web", "default", {"spec": {"replicas": -1}}))
    assert status["details"]["causes"][0]["field"] == "spec.replicas", status
    assert apps.read_namespaced_deployment_scale("web", "default").spec.replicas == 3
    apps.patch_namespaced_deployment_scale("web", "default", {"spec": {"replicas": 2}})
    until(lambda: apps.read_namespaced_deployment_status("web", "default").status.ready_replicas == 2)


def watches():
    listed = core.list_namespaced_config_map("kube-public")
    events = []

    def follow():
        w = watch.Watch()
        source = w.stream(core.list_namespaced_config_map, "kube-public", resource_version=listed.metadata.resource_version, timeout_seconds=20)
        for event in source:
            events.append((event["type"], event["object"].metadata.name))
            if event["type"] == "DELETED":
                w.stop()

    thread = threading.Thread(target=follow)
    thread.start()
    time.sleep(0.3)
    core.create_namespaced_config_map("kube-public", client.V1ConfigMap(metadata=client.V1ObjectMeta(name="seen")))
    core.patch_namespaced_config_map("seen", "kube-public", {"data": {"k": "v"}})
    core.create_namespaced_config_map("default", client.V1ConfigMap(metadata=client.V1ObjectMeta(name="elsewhere")))
    core.delete_namespaced_config_map("seen", "kube-public")
    thread.join(25)
    assert events == [("ADDED", "seen"), ("MODIFIED", "seen"), ("DELETED", "seen")], events
    # A watch ends by itself when its time is over.
    began = time.time()
    kinds = [e["type"] for e in watch.Watch().stream(core.list_namespace, timeout_seconds=1)]
    assert 0.8 < time.time() - began < 5 and set(kinds) == {"ADDED"}, kinds


def containers():
    def settled():
        pods = core.list_namespaced_pod("default", label_selector="app=web", field_selector="status.phase=Running").items
        return pods if len(pods) == 2 and not any(p.metadata.deletion_timestamp for p in pods) else None

    pod = until(settled, 60)[0]
    name = pod.metadata.name
    assert "ready for start up" in core.read_namespaced_pod_log(name, "default")
    said = stream(core.connect_get_namespaced_pod_exec, name, "default", command=["sh", "-c", "echo out; echo err >&2"], stdout=True, stderr=True)
    assert "out" in said and "err" in said, said
    talk = stream(
        core.connect_get_namespaced_pod_exec, name, "default", command=["sh"], stdin=True, stdout=True, stderr=True, _preload_content=False
    )
    talk.write_stdin("echo hello\n")
    assert talk.readline_stdout(timeout=10) == "hello"
    talk.write_stdin("exit 4\n")
    talk.run_forever(timeout=10)
    assert talk.returncode == 4, talk.returncode
    forwarded = portforward(core.connect_get_namespaced_pod_portforward, name, "default", ports="80")
    http = forwarded.socket(80)
    http.setblocking(True)
    http.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    answer = http.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 200") and "Welcome to nginx!" in answer, answer
    budget = client.V1PodDisruptionBudget(
        metadata=client.V1ObjectMeta(name="all"),
        spec=client.V1PodDisruptionBudgetSpec(min_available="100%", selector=client.V1LabelSelector(match_labels={"app": "web"})),
    )
    policy = client.PolicyV1Api(api_client)
    policy.create_namespaced_pod_disruption_budget("default", budget)
    until(lambda: policy.read_namespaced_pod_disruption_budget("all", "default").status.expected_pods == 2)
    eviction = client.V1Eviction(metadata=client.V1ObjectMeta(name=name))
    refused(429, "TooManyRequests", lambda: core.create_namespaced_pod_eviction(name, "default", eviction))
    policy.delete_namespaced_pod_disruption_budget("all", "default")
    core.create_namespaced_pod_eviction(name, "default", eviction)
    until(lambda: name not in [p.metadata.name for p in core.list_namespaced_pod("default").items], 60)


def custom_resources():
    schema = {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "required": ["size"], "properties": {"size": {"type": "integer", "minimum": 1}, "color": {"type": "string", "default": "red"}}},
            "status": {"type": "object", "properties": {"ready": {"type": "boolean"}}},
        },
    }
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "boats.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "boats", "singular": "boat", "kind": "Boat", "shortNames": ["bo"]},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}, "subresources": {"status": {}}}],
        },
    }
    utils.create_from_dict(api_client, crd)
    extensions = client.ApiextensionsV1Api(api_client)

    def established():
        found = extensions.read_custom_resource_definition("boats.example.com")
        return any(c.type == "Established" and c.status == "True" for c in found.status.conditions or [])

    until(established)
    boats = client.CustomObjectsApi(api_client)
    at = ("example.com", "v1", "default", "boats")
    made = boats.create_namespaced_custom_object(*at, {"apiVersion": "example.com/v1", "kind": "Boat", "metadata": {"name": "b"}, "spec": {"size": 3}})
    assert made["spec"] == {"size": 3, "color": "red"}, made
    bad = {"apiVersion": "example.com/v1", "kind": "Boat", "metadata": {"name": "c"}, "spec": {"size": 0}}
    refused(422, "Invalid", lambda: boats.create_namespaced_custom_object(*at, bad))
    boats.patch_namespaced_custom_object_status(*at, "b", {"status": {"ready": True}})
    kind = dynamic.DynamicClient(api_client).resources.get(api_version="example.com/v1", kind="Boat")
    assert kind.name == "boats" and kind.get(name="b", namespace="default").status.ready is True
    applied = {"apiVersion": "example.com/v1", "kind": "Boat", "metadata": {"name": "b"}, "spec": {"size": 9}}
    status = refused(409, "Conflict", lambda: kind.server_side_apply(applied, field_manager="python", namespace="default"))
    assert "conflict" in status["message"], status
    assert kind.server_side_apply(applied, field_manager="python", force_conflicts=True, namespace="default").spec.size == 9
    extensions.delete_custom_resource_definition("boats.example.com")
    until(lambda: "boats" not in [r.name for r in (client.CustomObjectsApi(api_client).api_client and extensions.list_custom_resource_definition().items)])
    refused(404, "NotFound", lambda: None if boats.list_namespaced_custom_object(*at) else None)


def who_asks():
    token = core.create_namespaced_service_account_token("default", "default", client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[])))
    other = client.Configuration()
    other.host = sys.argv[1]
    other.api_key = {"authorization": "Bearer " + token.status.token}
    mine = client.ApiClient(other)
    who = client.AuthenticationV1Api(mine).create_self_subject_review(client.V1SelfSubjectReview())
    assert who.status.user_info.username == "system:serviceaccount:default:default", who
    status = refused(403, "Forbidden", lambda: client.CoreV1Api(mine).list_namespaced_pod("default"))
    assert 'User "system:serviceaccount:default:default" cannot list resource "pods"' in status["message"], status
    other.api_key = {"authorization": "Bearer " + token.status.token[:-3] + "AAA"}
    refused(401, "Unauthorized", lambda: client.CoreV1Api(client.ApiClient(other)).list_namespaced_pod("default"))


for check in (lists_and_pages, patches, watches, containers, custom_resources, who_asks):
    print(check.__name__, flush=True)
    check()
print("all is well")
