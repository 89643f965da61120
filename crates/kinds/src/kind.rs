//! What a kind is: a const struct that carries its names, its columns and its functions.
//! Upstream smears this over types, defaults, strategy, validation, printers and describers
//! (`kubernetes:pkg/registry/*/strategy.go`, `pkg/printers/internalversion`); here it is one file per kind.

use machinery::time::Millis;
use machinery::{Errors, Object, Value};

/// A kind of object. Built-in ones are in [`crate::ALL`]; a CustomResourceDefinition makes one at run time.
#[derive(Clone)]
pub struct Kind {
    /// "" for core.
    pub group: &'static str,
    pub version: &'static str,
    /// `Deployment`
    pub kind: &'static str,
    /// `deployments`: the resource in paths.
    pub plural: &'static str,
    pub singular: &'static str,
    pub short: &'static [&'static str],
    /// `all`, ...
    pub categories: &'static [&'static str],
    pub namespaced: bool,
    /// What its names may look like: the messages of what is wrong with one.
    pub names: fn(&str) -> Vec<String>,
    /// In the order of discovery: `status`, `scale`, `log`, ...
    pub subresources: &'static [Subresource],
    pub verbs: &'static [&'static str],
    /// `metadata.generation` counts changes of all but metadata and status.
    pub generation: bool,
    /// Fills in what was left out. Constant and conditional defaults alike, as the server's decoder does.
    pub default: fn(&mut Value),
    /// Before create: drops or resets status, allocates nothing (`PrepareForCreate`).
    pub prepare_create: fn(&mut Value),
    /// Before update: keeps what this endpoint may not change (`PrepareForUpdate`). `(new, old)`.
    pub prepare_update: fn(&mut Value, &Value),
    pub validate: fn(&Object, &mut Errors),
    /// `(new, old)`. Called after `validate` found nothing… upstream runs both; the pipeline calls this one for updates.
    pub validate_update: fn(&Object, &Object, &mut Errors),
    /// `Warning:` lines that the server adds on create and update (deprecated fields, ...).
    pub warnings: fn(&Object) -> Vec<String>,
    /// Fields by which field selectors choose, of a kind that a definition made.
    pub selectable: &'static [&'static str],
    /// A `Warning:` that comes with every request for this kind; "" for none.
    pub deprecated: &'static str,
    pub columns: &'static [Column],
    /// The cells of one row, one for each of `columns`.
    pub cells: fn(&Object, &CellCx) -> Vec<Value>,
    pub describe: fn(&Object, &mut crate::describe::Describe),
    /// For `scale`: paths of wanted count, observed count and selector.
    pub scale: Option<ScalePaths>,
    /// For a kind that is another version of one that is kept: how the two turn into each other.
    pub stored_as: Option<StoredAs>,
}

/// An object that is kept as another version or group of its kind (`autoscaling/v1` as `v2`). The server decodes and
/// defaults in the version that was asked, then converts; all else (prepare, validate, columns) is the stored kind's.
#[derive(Clone, Copy)]
pub struct StoredAs {
    pub kind: &'static Kind,
    pub to_stored: fn(&mut Value),
    pub from_stored: fn(&mut Value),
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{}/{}", self.api_version(), self.kind)
    }
}

/// A subresource, with the kind that its endpoint speaks ("" for the object's own).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subresource {
    pub name: &'static str,
    pub group_version: &'static str,
    pub kind: &'static str,
    pub verbs: &'static [&'static str],
}

impl Subresource {
    pub const STATUS: Subresource = Subresource {
        name: "status",
        group_version: "",
        kind: "",
        verbs: &["get", "patch", "update"],
    };
    pub const SCALE: Subresource = Subresource {
        name: "scale",
        group_version: "autoscaling/v1",
        kind: "Scale",
        verbs: &["get", "patch", "update"],
    };
}

#[derive(Clone, Copy, Debug)]
pub struct ScalePaths {
    pub spec: &'static str,
    pub status: &'static str,
    /// Path of the label selector in the object (`spec.selector`), "" where there is none.
    pub selector: &'static str,
}

/// A column of the Table that the server prints.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// As in the Table: `Ready`, `Up-to-date`; kubectl prints it in capitals.
    pub name: &'static str,
    /// `string`, `integer`, `date`, `boolean`.
    pub kind: &'static str,
    /// `name` for the name column, else "".
    pub format: &'static str,
    /// 0 always shown, 1 only with `-o wide`.
    pub priority: i64,
    pub description: &'static str,
}

impl Column {
    pub const NAME: Column = Column {
        name: "Name",
        kind: "string",
        format: "name",
        priority: 0,
        description: "",
    };
    pub const AGE: Column = Column::text("Age");
    pub const fn text(name: &'static str) -> Column {
        Column {
            name,
            kind: "string",
            format: "",
            priority: 0,
            description: "",
        }
    }
    pub const fn int(name: &'static str) -> Column {
        Column {
            name,
            kind: "integer",
            format: "",
            priority: 0,
            description: "",
        }
    }
    pub const fn wide(name: &'static str) -> Column {
        Column {
            name,
            kind: "string",
            format: "",
            priority: 1,
            description: "",
        }
    }
}

/// What a cell may know beside its object.
#[derive(Clone, Copy, Debug)]
pub struct CellCx {
    /// Virtual time, for ages.
    pub now: Millis,
}

const ALL_VERBS: &[&str] = &[
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];

impl Kind {
    /// What a kind is when it says nothing else: `Kind { kind: "Pod", ..Kind::NONE }`.
    pub const NONE: Kind = Kind {
        group: "",
        version: "v1",
        kind: "",
        plural: "",
        singular: "",
        short: &[],
        categories: &[],
        namespaced: true,
        names: crate::names::dns_subdomain,
        subresources: &[],
        verbs: ALL_VERBS,
        generation: false,
        default: |_| {},
        prepare_create: |_| {},
        prepare_update: |_, _| {},
        validate: |_, _| {},
        validate_update: |_, _, _| {},
        warnings: |_| Vec::new(),
        selectable: &[],
        deprecated: "",
        columns: &[Column::NAME, Column::AGE],
        cells: |o, cx| vec![Value::str(o.name()), crate::cells::age(o, cx)],
        describe: crate::describe::generic,
        scale: None,
        stored_as: None,
    };
    /// `apps/v1`, or `v1` for core.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
    /// `deployments.apps`, or `pods` for core: how messages and the store name the resource.
    pub fn resource(&self) -> String {
        machinery::status::qualified(self.group, self.plural)
    }
    /// `/apis/apps/v1/namespaces/NS/deployments` (no name), the collection's path; all namespaces for "".
    pub fn path(&self, namespace: &str) -> String {
        let root = if self.group.is_empty() {
            "/api".to_string()
        } else {
            format!("/apis/{}", self.group)
        };
        match namespace {
            ns if self.namespaced && !ns.is_empty() => {
                format!("{root}/{}/namespaces/{ns}/{}", self.version, self.plural)
            }
            _ => format!("{root}/{}/{}", self.version, self.plural),
        }
    }
}
