//! Watches who reads what: every operation that concerns a person's data is recorded in their audit log before its
//! response is sent, and refused when it cannot be. What changes something is recorded where it is changed.
//!
//! The table of `access` says which is which; an operation that it does not have is a fault of the program.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Query, Request, State};
use axum::http::{Extensions, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::ToSpan;
use jiff::civil::Date;
use utoipa::openapi::OpenApi;

use crate::access::{self, Rule, Watch};
use crate::app::App;
use crate::audit::entry::Note;
use crate::audit::writer;
use crate::auth::behalf::Behalf;
use crate::auth::network::Network;
use crate::auth::{Presented, WithinScopes, recent};
use crate::http::{behalf, known, openapi};

/// The rules of all routes, by path and method.
#[derive(Debug)]
pub struct Rules(HashMap<String, Vec<(Method, &'static Rule)>>);

impl Rules {
    /// Finds the rule of each operation of the document.
    ///
    /// # Panics
    ///
    /// When an operation has none: nobody could say who may do it.
    pub fn of(document: &OpenApi) -> Self {
        let mut rules: HashMap<String, Vec<(Method, &'static Rule)>> = HashMap::new();
        for (path, item) in &document.paths.paths {
            let mut item = item.clone();
            for (method, operation) in openapi::operations(&mut item) {
                let id = operation.operation_id.as_deref().unwrap_or_default();
                let rule = access::rule(id);
                let rule =
                    rule.unwrap_or_else(|| panic!("{path}: {id} has no row in access/rules.rs"));
                let of_path = rules.entry(path.clone()).or_default();
                of_path.push((known::method_of(&method), rule));
            }
        }
        Self(rules)
    }

    /// The rule of what a request asks for.
    pub fn find(&self, request: &Request) -> Option<&'static Rule> {
        let path = request.extensions().get::<MatchedPath>()?;
        let wanted = match request.method() {
            &Method::HEAD => &Method::GET,
            other => other,
        };
        let rules = self.0.get(path.as_str())?;
        let found = rules.iter().find(|(method, _)| method == wanted);
        found.map(|(_, rule)| *rule)
    }
}

/// Records what a request was given before it is sent.
pub async fn record(
    State((app, rules)): State<(Arc<App>, Arc<Rules>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let rule = rules.find(&request);
    if let Some(rule) = rule
        && let Err(problem) = recent::check(&app, rule, request.extensions().get()).await
    {
        return problem.into_response();
    }
    let behalf = match behalf::find(&app, rule, asked(&request)).await {
        Ok(behalf) => behalf,
        Err(problem) => return problem.into_response(),
    };
    let within = behalf::within_scopes(&app, rule, asked(&request)).await;
    match within {
        Ok(true) => {
            request.extensions_mut().insert(WithinScopes);
        }
        Ok(false) => {}
        Err(problem) => return problem.into_response(),
    }
    let note = rule
        .filter(|rule| rule.watch == Watch::Before)
        .and_then(|rule| note(rule, &request, behalf.as_ref()));
    if let Some(behalf) = behalf {
        request.extensions_mut().insert(behalf);
    }
    let response = next.run(request).await;
    let status = response.status();
    let is_given = status.is_success() || status == StatusCode::NOT_MODIFIED;
    let Some(note) = note.filter(|_| is_given) else {
        return response;
    };
    let begun = Instant::now();
    let recorded = writer::before(&app, &note).await;
    metrics::histogram!("clarity_checks_seconds", "check" => "audit")
        .record(begun.elapsed().as_secs_f64());
    match recorded {
        Ok(()) => response,
        Err(problem) => problem.into_response(),
    }
}

/// Of a request what may be looked at while others wait: its body may not.
fn asked(request: &Request) -> (&Uri, &Extensions) {
    (request.uri(), request.extensions())
}

/// What a request is about; `None` when nobody right asks.
fn note(rule: &Rule, request: &Request, behalf: Option<&Behalf>) -> Option<Note> {
    let presented = request.extensions().get::<Presented>()?;
    let credential = presented.0.as_ref().ok()?;
    let network = request.extensions().get::<Network>();
    let author = credential.author(network.copied().unwrap_or(Network::UNKNOWN));
    let does = match behalf {
        Some(behalf) => behalf.does(author, rule.operation),
        None => author.does(rule.operation, credential.user()),
    };
    Some(Note {
        metric: metric(request.uri()),
        period: period(request.uri()),
        ..does
    })
}

/// The one metric that an address names, in its path or query.
fn metric(uri: &Uri) -> Option<&'static str> {
    let mut named = ["metric", "data_type", "metrics"].into_iter();
    let named = named.find_map(|name| parameter(uri, name));
    let in_path = uri
        .path()
        .rsplit_once("/series/")
        .map(|(_, id)| id.to_owned());
    let metric = model::metric::by_name(&named.or(in_path)?)?;
    Some(metric.id)
}

/// The days that an address asks for; the last one is not included.
fn period(uri: &Uri) -> Option<(Date, Date)> {
    let day = |name| {
        let text = parameter(uri, name)?;
        text.get(..10)?.parse::<Date>().ok()
    };
    if let Some(date) = day("date") {
        return Some((date, date.checked_add(1.day()).ok()?));
    }
    Some((day("start")?, day("end")?))
}

pub(super) fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let Query(given) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    let found = given.into_iter().find(|(given, _)| given == name);
    found.map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_say_what_they_are_about() {
        let check = |text: &str, expect: (Option<&str>, Option<&str>)| {
            let uri = Uri::try_from(text).expect("an address");
            let period = period(&uri).map(|(from, until)| format!("{from} {until}"));
            assert_eq!((metric(&uri), period.as_deref()), expect, "{text}");
        };
        check("/api/v1/sleep", (None, None));
        check(
            "/api/v1/sleep?start=2026-10-01&end=2026-11-01",
            (None, Some("2026-10-01 2026-11-01")),
        );
        check(
            "/api/v1/series/steps?start=2026-10-01T00:00:00Z&end=2026-10-02T00:00:00Z",
            (Some("step_count"), Some("2026-10-01 2026-10-02")),
        );
        check(
            "/api/v1/trends?metric=heart_rate",
            (Some("heart_rate"), None),
        );
        check("/api/v1/days?metrics=steps,heart_rate", (None, None));
        check(
            "/api/v1/insights/daily?date=2026-10-01",
            (None, Some("2026-10-01 2026-10-02")),
        );
        check(
            "/api/v1/series/ada@example.org?start=tomorrow",
            (None, None),
        );
    }
}
