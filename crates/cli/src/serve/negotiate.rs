//! Media types: what a body is, and what the client takes. What is spoken is JSON and YAML; bodies are
//! read in protobuf too, answers in protobuf are refused in upstream's words, and clients fall back.
//! Upstream: `apiserver:pkg/endpoints/handlers/negotiation`.

use super::protobuf::Messages;
use machinery::{Accept, Body, Method, PatchType, Status, Value};

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Json,
    Yaml,
}

/// What the client takes: in which form, and as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub form: Form,
    pub accept: Accept,
}

const BODIES: &str = "application/json, application/yaml";

/// The first of the client's media types that is spoken here; `None` is taken as anything.
pub fn wanted(header: Option<&str>, path: &str) -> Result<Wanted, Status> {
    let header = header.filter(|h| !h.trim().is_empty()).unwrap_or("*/*");
    // OpenAPI documents and plain texts have types of their own.
    let anything = !path.starts_with("/api") || path.ends_with("/log");
    for clause in header.split(',') {
        let mut parts = clause.split(';').map(str::trim);
        let form = match parts.next().unwrap_or("") {
            "application/json" | "*/*" | "application/*" => Form::Json,
            "application/yaml" => Form::Yaml,
            _ => continue,
        };
        let mut param = [("as", ""), ("g", ""), ("v", "")];
        for (key, value) in parts.filter_map(|p| p.split_once('=')) {
            param
                .iter_mut()
                .filter(|p| p.0 == key)
                .for_each(|p| p.1 = value);
        }
        let accept = match param.map(|p| p.1) {
            ["", ..] => Accept::Json,
            ["Table", "meta.k8s.io", "v1" | "v1beta1"] => Accept::Table,
            [
                "PartialObjectMetadata" | "PartialObjectMetadataList",
                "meta.k8s.io",
                "v1" | "v1beta1",
            ] => Accept::Metadata,
            ["APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2"]
                if matches!(path.trim_end_matches('/'), "/api" | "/apis") =>
            {
                Accept::Discovery
            }
            _ => continue,
        };
        return Ok(Wanted { form, accept });
    }
    if anything {
        return Ok(Wanted {
            form: Form::Json,
            accept: Accept::Json,
        });
    }
    Err(Status::new(
        406,
        "NotAcceptable",
        format!("only the following media types are accepted: {BODIES}"),
    ))
}

/// The media type of an answer.
pub fn content_type(wanted: Wanted, body: &Value) -> &'static str {
    match (wanted.form, wanted.accept) {
        (Form::Yaml, _) => "application/yaml",
        (_, Accept::Discovery) if body.text("kind") == "APIGroupDiscoveryList" => {
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        }
        _ => "application/json",
    }
}

/// The body of a request, by its media type.
pub fn body(
    messages: &Messages,
    method: Method,
    content_type: Option<&str>,
    bytes: &[u8],
) -> Result<(Body, Option<PatchType>), Status> {
    let refused = |known: &str| {
        let text =
            "the body of the request was in an unknown format - accepted media types include";
        Status::new(415, "UnsupportedMediaType", format!("{text}: {known}"))
    };
    let kind = content_type
        .unwrap_or("")
        .split(';')
        .next()
        .unwrap_or("")
        .trim();
    if kind == "application/vnd.kubernetes.protobuf" && !bytes.is_empty() {
        return Ok((Body::Value(messages.document(bytes)?), None));
    }
    let text = String::from_utf8_lossy(bytes).into_owned();
    if method == Method::Patch {
        let how = PatchType::of_content_type(kind).ok_or_else(|| {
            refused(
                "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml",
            )
        })?;
        return Ok((Body::Text(text), Some(how)));
    }
    if text.is_empty() || method == Method::Get {
        return Ok((Body::None, None));
    }
    match kind {
        "" | "application/json" | "application/yaml" | "text/plain" | "*/*" => {
            Ok((Body::Text(text), None))
        }
        // `curl -d` says so without being asked.
        "application/x-www-form-urlencoded" => Ok((Body::Text(text), None)),
        _ => Err(refused(BODIES)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_type_that_is_spoken_counts() {
        let check = |header: &str, path: &str, want: Option<(Form, Accept)>| {
            let got = wanted(Some(header), path).ok().map(|w| (w.form, w.accept));
            assert_eq!(got, want, "{header}");
        };
        let pods = "/api/v1/pods";
        check("application/json", pods, Some((Form::Json, Accept::Json)));
        check(
            "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
            pods,
            Some((Form::Json, Accept::Table)),
        );
        check(
            "application/vnd.kubernetes.protobuf,application/json",
            pods,
            Some((Form::Json, Accept::Json)),
        );
        check("application/vnd.kubernetes.protobuf", pods, None);
        check("application/json;as=Chair;v=v1;g=meta.k8s.io", pods, None);
        check("application/yaml", pods, Some((Form::Yaml, Accept::Json)));
        let all =
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
        check(all, "/apis", Some((Form::Json, Accept::Discovery)));
        check(all, "/apis/apps/v1", Some((Form::Json, Accept::Json)));
        check("text/plain", "/healthz", Some((Form::Json, Accept::Json)));
    }
}
