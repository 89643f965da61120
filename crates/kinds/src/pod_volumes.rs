//! Descriptions of volume sources, of pods and of PersistentVolumes: a table of titles and fields.
//! Upstream: `describeVolumes` and the `print…VolumeSource` functions of `kubectl:pkg/describe/describe.go`.

use crate::describe::{Describe, plain};
use machinery::{Object, Value};

/// How a field's value is shown.
#[derive(Clone, Copy)]
enum As {
    /// Text, "" where missing.
    Text,
    /// A number, 0 where missing.
    Number,
    /// `true` or `false`.
    Flag,
    /// Text, the given one where missing or empty.
    Or(&'static str),
    /// Texts in brackets.
    List,
    /// Texts with commas.
    Commas,
    /// The name of a secret, `nil` where there is none.
    Secret,
}
use As::{Commas, Flag, List, Number, Or, Secret, Text};

/// One kind of volume source.
struct Source {
    field: &'static str,
    /// After `Type:`.
    title: &'static str,
    rows: &'static [(&'static str, &'static str, As)],
}

const SOURCES: &[Source] = &[
    Source {
        field: "hostPath",
        title: "HostPath (bare host directory volume)",
        rows: &[("Path", "path", Text), ("HostPathType", "type", Text)],
    },
    Source {
        field: "emptyDir",
        title: "EmptyDir (a temporary directory that shares a pod's lifetime)",
        rows: &[
            ("Medium", "medium", Text),
            ("SizeLimit", "sizeLimit", Or("<unset>")),
        ],
    },
    Source {
        field: "gcePersistentDisk",
        title: "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
        rows: &[
            ("PDName", "pdName", Text),
            ("FSType", "fsType", Text),
            ("Partition", "partition", Number),
            ("ReadOnly", "readOnly", Flag),
        ],
    },
    Source {
        field: "awsElasticBlockStore",
        title: "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
        rows: &[
            ("VolumeID", "volumeID", Text),
            ("FSType", "fsType", Text),
            ("Partition", "partition", Number),
            ("ReadOnly", "readOnly", Flag),
        ],
    },
    Source {
        field: "gitRepo",
        title: "GitRepo (a volume that is pulled from git when the pod is created)",
        rows: &[
            ("Repository", "repository", Text),
            ("Revision", "revision", Text),
        ],
    },
    Source {
        field: "secret",
        title: "Secret (a volume populated by a Secret)",
        rows: &[
            ("SecretName", "secretName", Text),
            ("Optional", "optional", Flag),
        ],
    },
    Source {
        field: "configMap",
        title: "ConfigMap (a volume populated by a ConfigMap)",
        rows: &[("Name", "name", Text), ("Optional", "optional", Flag)],
    },
    Source {
        field: "nfs",
        title: "NFS (an NFS mount that lasts the lifetime of a pod)",
        rows: &[
            ("Server", "server", Text),
            ("Path", "path", Text),
            ("ReadOnly", "readOnly", Flag),
        ],
    },
    Source {
        field: "persistentVolumeClaim",
        title: "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        rows: &[
            ("ClaimName", "claimName", Text),
            ("ReadOnly", "readOnly", Flag),
        ],
    },
    Source {
        field: "local",
        title: "LocalVolume (a persistent volume backed by local storage on a node)",
        rows: &[("Path", "path", Text)],
    },
    Source {
        field: "image",
        title: "Image (a container image or OCI artifact)",
        rows: &[
            ("Reference", "reference", Text),
            ("PullPolicy", "pullPolicy", Text),
        ],
    },
    Source {
        field: "iscsi",
        title: "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
        rows: &[
            ("TargetPortal", "targetPortal", Text),
            ("IQN", "iqn", Text),
            ("Lun", "lun", Number),
            // Upstream forgets this colon.
            ("ISCSIInterface", "iscsiInterface", Or("default")),
            ("FSType", "fsType", Text),
            ("ReadOnly", "readOnly", Flag),
            ("Portals", "portals", List),
            ("DiscoveryCHAPAuth", "chapAuthDiscovery", Flag),
            ("SessionCHAPAuth", "chapAuthSession", Flag),
            ("SecretRef", "secretRef", Secret),
            ("InitiatorName", "initiatorName", Or("<none>")),
        ],
    },
    Source {
        field: "rbd",
        title: "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
        rows: &[
            ("CephMonitors", "monitors", List),
            ("RBDImage", "image", Text),
            ("FSType", "fsType", Text),
            ("RBDPool", "pool", Or("rbd")),
            ("RadosUser", "user", Or("admin")),
            ("Keyring", "keyring", Or("/etc/ceph/keyring")),
            ("SecretRef", "secretRef", Secret),
            ("ReadOnly", "readOnly", Flag),
        ],
    },
    Source {
        field: "fc",
        title: "FC (a Fibre Channel disk)",
        rows: &[
            ("TargetWWNs", "targetWWNs", Commas),
            ("LUN", "lun", Or("<none>")),
            ("FSType", "fsType", Text),
            ("ReadOnly", "readOnly", Flag),
        ],
    },
    Source {
        field: "cephfs",
        title: "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
        rows: &[
            ("Monitors", "monitors", List),
            ("Path", "path", Text),
            ("User", "user", Text),
            ("SecretFile", "secretFile", Text),
            ("SecretRef", "secretRef", Secret),
            ("ReadOnly", "readOnly", Flag),
        ],
    },
    Source {
        field: "azureDisk",
        title: "AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)",
        rows: &[
            ("DiskName", "diskName", Text),
            ("DiskURI", "diskURI", Text),
            ("Kind", "kind", Or("Shared")),
            ("FSType", "fsType", Or("ext4")),
            ("CachingMode", "cachingMode", Or("ReadWrite")),
            ("ReadOnly", "readOnly", Flag),
        ],
    },
    Source {
        field: "azureFile",
        title: "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
        rows: &[
            ("SecretName", "secretName", Text),
            ("ShareName", "shareName", Text),
            ("ReadOnly", "readOnly", Flag),
        ],
    },
    Source {
        field: "vsphereVolume",
        title: "vSphereVolume (a Persistent Disk resource in vSphere)",
        rows: &[
            ("VolumePath", "volumePath", Text),
            ("FSType", "fsType", Text),
            ("StoragePolicyName", "storagePolicyName", Text),
        ],
    },
    Source {
        field: "cinder",
        title: "Cinder (a Persistent Disk resource in OpenStack)",
        rows: &[
            ("VolumeID", "volumeID", Text),
            ("FSType", "fsType", Text),
            ("ReadOnly", "readOnly", Flag),
            ("SecretRef", "secretRef", Secret),
        ],
    },
    Source {
        field: "portworxVolume",
        title: "PortworxVolume (a Portworx Volume resource)",
        rows: &[("VolumeID", "volumeID", Text)],
    },
    Source {
        field: "glusterfs",
        title: "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
        rows: &[
            ("EndpointsName", "endpoints", Text),
            ("Path", "path", Text),
            ("ReadOnly", "readOnly", Flag),
        ],
    },
];

/// `Volumes:` of a pod or template.
pub fn volumes(d: &mut Describe, list: &Value, space: &str) {
    if list.items().is_empty() {
        d.line(0, format!("{space}Volumes:\t<none>"));
        return;
    }
    d.line(0, format!("{space}Volumes:"));
    let indent = if space.is_empty() { "" } else { " " };
    for v in list.items() {
        d.line(1, format!("{indent}{}:", v.text("name")));
        source(d, v);
    }
}

/// The source among the fields of `v`, a volume or a PersistentVolume's spec.
pub fn source(d: &mut Describe, v: &Value) {
    if let Some(s) = SOURCES.iter().find(|s| !v.get(s.field).is_null()) {
        d.line(2, format!("Type:\t{}", s.title));
        for (title, field, how) in s.rows {
            let value = v.get(s.field).get(field);
            let text = match how {
                Flag => value.as_bool().unwrap_or(false).to_string(),
                Number => value.as_i64().unwrap_or(0).to_string(),
                Or(otherwise) if value.is_empty() => otherwise.to_string(),
                Text if value.is_null() => String::new(),
                List | Commas => {
                    let texts: Vec<&str> = value.items().iter().filter_map(Value::as_str).collect();
                    match how {
                        List => format!("[{}]", texts.join(" ")),
                        _ => texts.join(", "),
                    }
                }
                Secret if value.is_null() => "nil".into(),
                Secret => format!("&LocalObjectReference{{Name:{},}}", value.text("name")),
                _ => plain(value),
            };
            let colon = if *title == "ISCSIInterface" { "" } else { ":" };
            d.line(2, format!("{title}{colon}\t{text}"));
        }
    } else if !v.get("projected").is_null() {
        projected(d, v.get("projected"));
    } else if !v.get("downwardAPI").is_null() {
        downward(d, v.get("downwardAPI"));
    } else if !v.get("csi").is_null() {
        csi(d, v.get("csi"));
    } else if !v.get("ephemeral").is_null() {
        ephemeral(d, v.at("ephemeral.volumeClaimTemplate"));
    } else {
        d.line(1, "<unknown>");
    }
}

fn projected(d: &mut Describe, p: &Value) {
    d.line(
        2,
        "Type:\tProjected (a volume that contains injected data from multiple sources)",
    );
    for s in p.get("sources").items() {
        for (key, title) in [("secret", "SecretName"), ("configMap", "ConfigMapName")] {
            if !s.get(key).is_null() {
                d.line(2, format!("{title}:\t{}", s.get(key).text("name")));
                d.line(2, format!("Optional:\t{}", s.get(key).flag("optional")));
            }
        }
        if !s.get("downwardAPI").is_null() {
            d.line(2, "DownwardAPI:\ttrue");
        }
        let token = s.get("serviceAccountToken");
        if !token.is_null() {
            d.line(
                2,
                format!(
                    "TokenExpirationSeconds:\t{}",
                    token.int("expirationSeconds")
                ),
            );
        }
    }
}

fn downward(d: &mut Describe, v: &Value) {
    d.line(
        2,
        "Type:\tDownwardAPI (a volume populated by information about the pod)",
    );
    d.line(2, "Items:");
    for i in v.get("items").items() {
        let path = i.text("path");
        if !i.get("fieldRef").is_null() {
            d.line(3, format!("{} -> {path}", i.text("fieldRef.fieldPath")));
        }
        if !i.get("resourceFieldRef").is_null() {
            d.line(
                3,
                format!("{} -> {path}", i.text("resourceFieldRef.resource")),
            );
        }
    }
}

fn csi(d: &mut Describe, v: &Value) {
    d.line(
        2,
        "Type:\tCSI (a Container Storage Interface (CSI) volume source)",
    );
    d.line(2, format!("Driver:\t{}", v.text("driver")));
    d.line(2, format!("FSType:\t{}", v.text("fsType")));
    if v.has("volumeHandle") {
        d.line(2, format!("VolumeHandle:\t{}", v.text("volumeHandle")));
    }
    d.line(2, format!("ReadOnly:\t{}", v.flag("readOnly")));
    let attributes = v.get("volumeAttributes").entries();
    if attributes.is_empty() {
        d.line(2, "VolumeAttributes:\t<none>");
    }
    for (i, (key, value)) in attributes.iter().enumerate() {
        let head = if i == 0 {
            "VolumeAttributes:\t"
        } else {
            "    \t    "
        };
        d.line(
            2,
            format!(
                "{head}{}{key}={}",
                if i == 0 { "    " } else { "" },
                value.as_str().unwrap_or("")
            ),
        );
    }
}

fn ephemeral(d: &mut Describe, template: &Value) {
    d.line(2, "Type:\tEphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)");
    let spec = template.get("spec");
    let claim = Object(template.clone());
    d.line(
        2,
        format!(
            "StorageClass:\t{}",
            crate::persistentvolume::storage_class(&claim)
        ),
    );
    d.line(2, format!("Volume:\t{}", spec.text("volumeName")));
    d.labels("    Labels", template.at("metadata.labels"));
    d.annotations("    Annotations", template.at("metadata.annotations"));
    d.line(2, "Capacity:\t");
    d.line(2, "Access Modes:\t");
    if !spec.text("volumeMode").is_empty() {
        d.line(2, format!("VolumeMode:\t{}", spec.text("volumeMode")));
    }
}
