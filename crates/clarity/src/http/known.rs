//! What the document says each operation takes: query parameters that it does not list are refused
//! here, for every route, and bodies are only read where one is expected.
//!
//! The document is the one list; nothing here names a parameter.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Query, Request, State};
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{HttpMethod, ParameterIn};

use crate::http::openapi;
use crate::problem::{Code, FieldError, Problem};

/// What senders call a key that they put into an address.
const KEY_NAMES: [&str; 8] = [
    "access_token",
    "api_key",
    "apikey",
    "auth",
    "key",
    "secret",
    "token",
    "x-api-key",
];
/// Characters of an unknown name that are repeated to the client.
const NAME_MAX: usize = 50;
/// Edits that make one name of another and still are a slip.
const EDITS_MAX: usize = 3;

/// What the operations take, by path and method.
#[derive(Debug, Default)]
pub struct Known(HashMap<String, Vec<(Method, Takes)>>);

#[derive(Debug)]
struct Takes {
    query: Vec<String>,
    body: bool,
}

impl Known {
    /// Reads the document.
    pub fn of(document: OpenApi) -> Self {
        let paths = document.paths.paths.into_iter();
        let known = paths.map(|(path, mut item)| {
            let operations = openapi::operations(&mut item).map(|(method, operation)| {
                let query = openapi::parameter_names(operation, &ParameterIn::Query);
                let takes = Takes {
                    query: query.into_iter().map(str::to_owned).collect(),
                    body: operation.request_body.is_some(),
                };
                (method_of(&method), takes)
            });
            let operations = operations.collect();
            (path, operations)
        });
        Self(known.collect())
    }

    fn find(&self, request: &Request) -> Option<&Takes> {
        let path = request.extensions().get::<MatchedPath>()?;
        let wanted = match request.method() {
            &Method::HEAD => &Method::GET,
            other => other,
        };
        let operations = self.0.get(path.as_str())?;
        let found = operations.iter().find(|(method, _)| method == wanted);
        found.map(|(_, takes)| takes)
    }

    /// Whether the operation that a request asks for reads a body.
    pub fn reads_body(&self, request: &Request) -> bool {
        self.find(request).is_some_and(|takes| takes.body)
    }
}

/// Refuses query parameters that the operation does not know, or that are given twice.
pub async fn check(State(known): State<Arc<Known>>, request: Request, next: Next) -> Response {
    let wrong = known
        .find(&request)
        .and_then(|takes| wrong(request.uri(), &takes.query));
    match wrong {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

fn wrong(uri: &Uri, known: &[String]) -> Option<Problem> {
    let Query(given) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    let mut errors = Vec::new();
    for (at, (name, _)) in given.iter().enumerate() {
        if !known.contains(name) {
            let name: String = name.chars().take(NAME_MAX).collect();
            let message = unknown(&name, known);
            errors.push(FieldError::new(name, "unknown_parameter", message));
        } else if given.iter().take(at).any(|(earlier, _)| earlier == name) {
            errors.push(FieldError::new(name, "repeated", "is given more than once"));
        }
    }
    let detail = match errors.as_slice() {
        [] => return None,
        [only] => format!("{}: {}", only.pointer, only.message),
        several => format!("{} parameters are not valid", several.len()),
    };
    Some(Problem::new(Code::InvalidParameter, detail).with_errors(errors))
}

/// The known name of which another one may be a slip.
pub(super) fn nearest<'a>(name: &str, known: &'a [impl AsRef<str>]) -> Option<&'a str> {
    let (edits, other) = known
        .iter()
        .map(AsRef::as_ref)
        .map(|other| (strsim::damerau_levenshtein(name, other), other))
        .min_by_key(|(edits, _)| *edits)?;
    (edits <= EDITS_MAX && edits < other.len()).then_some(other)
}

/// What to say about a name that is not known.
fn unknown(name: &str, known: &[String]) -> String {
    if KEY_NAMES.contains(&name.to_lowercase().as_str()) {
        return "is refused: addresses are kept in logs, so a key in one is known to others; revoke it, and send \
                another as X-API-Key, as bearer token or as password of basic authentication"
            .to_owned();
    }
    match nearest(name, known) {
        Some(other) => format!("is not a parameter of this path; did you mean `{other}`?"),
        None if !known.is_empty() => format!(
            "is not a parameter of this path; it takes {}",
            known.join(", ")
        ),
        None => "is not a parameter of this path; it takes none".to_owned(),
    }
}

pub fn method_of(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Post | HttpMethod::Options | HttpMethod::Head | HttpMethod::Trace => {
            Method::POST
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_told_from_strangers() {
        let known = ["start".to_owned(), "end".to_owned(), "metric".to_owned()];
        let check = |query: &str, expect: &str| {
            let uri = Uri::try_from(format!("/x?{query}")).expect("a path");
            let detail = wrong(&uri, &known).map(|problem| problem.detail().to_owned());
            let detail = detail.unwrap_or_default();
            if expect.is_empty() {
                assert_eq!(detail, "", "{query}");
            } else {
                assert!(detail.contains(expect), "{query}: {detail}");
            }
        };
        check("start=1&end=2", "");
        check("", "");
        check("strat=1", "did you mean `start`?");
        check("metrics=1", "did you mean `metric`?");
        check("colour=1", "it takes start, end, metric");
        check("start=1&start=2", "is given more than once");
        check("strat=1&ned=2", "2 parameters");
        check("%73tart=1", "");
        check("token=clk_x", "send another as X-API-Key");
        check("API_KEY=clk_x", "revoke it");
    }
}
