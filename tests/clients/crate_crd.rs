//! The `kube` crate and custom resources: a kind derived from a Rust type, and the same found by discovery.

use crate::crate_kube::{refusal, with_server};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, ApiResource, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use kube::runtime::wait::{await_condition, conditions};
use kube::{CustomResource, CustomResourceExt, ResourceExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(CustomResource, Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "example.com",
    version = "v1",
    kind = "Boat",
    namespaced,
    status = "BoatStatus"
)]
#[kube(scale(
    spec_replicas_path = ".spec.masts",
    status_replicas_path = ".status.masts"
))]
struct BoatSpec {
    #[schemars(range(min = 1))]
    masts: i32,
    #[serde(default = "white")]
    color: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
struct BoatStatus {
    masts: i32,
}

fn white() -> String {
    "white".into()
}

#[test]
fn a_derived_kind_is_served() {
    with_server("kube-crd", &[], async |client| {
        let crds: Api<CustomResourceDefinition> = Api::all(client.clone());
        let apply = PatchParams::apply("test");
        crds.patch("boats.example.com", &apply, &Patch::Apply(Boat::crd()))
            .await
            .unwrap();
        await_condition(crds, "boats.example.com", conditions::is_crd_established())
            .await
            .unwrap();

        let boats: Api<Boat> = Api::default_namespaced(client.clone());
        let boat = |masts| {
            Boat::new(
                "b",
                BoatSpec {
                    masts,
                    color: "red".into(),
                },
            )
        };
        let bad = boats.create(&PostParams::default(), &boat(0)).await;
        assert_eq!(refusal(bad), (422, "Invalid".into()));
        assert_eq!(
            boats
                .create(&PostParams::default(), &boat(2))
                .await
                .unwrap()
                .spec
                .masts,
            2
        );
        let status = Patch::Merge(json!({ "status": { "masts": 2 }, "spec": { "masts": 9 } }));
        let patched = boats
            .patch_status("b", &PatchParams::default(), &status)
            .await
            .unwrap();
        assert_eq!((patched.spec.masts, patched.status.unwrap().masts), (2, 2));
        let scaled = Patch::Merge(json!({ "spec": { "replicas": 4 } }));
        boats
            .patch_scale("b", &PatchParams::default(), &scaled)
            .await
            .unwrap();

        let found = GroupVersionKind::gvk("example.com", "v1", "Boat");
        let (resource, capabilities) = kube::discovery::pinned_kind(&client, &found).await.unwrap();
        assert_eq!(resource.plural, "boats");
        assert!(
            capabilities.supports_operation("watch")
                && capabilities
                    .subresources
                    .iter()
                    .any(|(r, _)| r.plural.ends_with("scale"))
        );
        let dynamic: Api<DynamicObject> = Api::default_namespaced_with(client.clone(), &resource);
        let one = dynamic.get("b").await.unwrap();
        assert_eq!(one.data["spec"], json!({ "masts": 4, "color": "red" }));
        // What the schema defaults is there, whoever writes.
        let plain = DynamicObject::new("c", &ApiResource::from_gvk(&found))
            .data(json!({ "spec": { "masts": 1 } }));
        assert_eq!(
            dynamic
                .create(&PostParams::default(), &plain)
                .await
                .unwrap()
                .data["spec"]["color"],
            "white"
        );
        let all = boats.list(&ListParams::default()).await.unwrap();
        assert_eq!(
            all.items.iter().map(|b| b.name_any()).collect::<Vec<_>>(),
            ["b", "c"]
        );
    });
}
