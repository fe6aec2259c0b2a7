//! `user_id`, the query parameter or the end of an address by which somebody reads the data of a person who allowed it.
//!
//! Operations that others may read have it in the document, and nowhere else is it taken; what is wanted of a grant
//! comes from the table of `access` and from the metrics that the address names.

use axum::http::{Extensions, Uri};
use model::ids::UserId;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{OpenApi, RefOr, Required};

use crate::access::scope::{Reach, Scope};
use crate::access::{self, Rule};
use crate::app::App;
use crate::auth::behalf::{self, Behalf};
use crate::auth::{Credential, Presented, apikey};
use crate::http::openapi;
use crate::http::watch::parameter;
use crate::problem::{Code, Problem};

const NAME: &str = "user_id";

/// Parameters that name metrics; several are separated by commas.
const METRICS: [&str; 4] = ["metric", "data_type", "metrics", "exposure"];

/// Documents the parameter where others may read.
pub(super) fn describe(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        if path.ends_with("/user/{user_id}") {
            continue;
        }
        for (_, operation) in openapi::operations(item) {
            let id = operation.operation_id.as_deref().unwrap_or_default();
            let own = access::rule(id).is_none_or(|rule| rule.reach == Reach::Own);
            if own {
                continue;
            }
            let parameter = ParameterBuilder::new()
                .name(NAME)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some(
                    "Somebody who allowed the caller to read this; the caller without it.",
                ))
                .schema(Some(
                    ObjectBuilder::new()
                        .schema_type(Type::String)
                        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
                        .build(),
                ))
                .build();
            let parameters = operation.parameters.get_or_insert_default();
            parameters.push(RefOr::T(parameter));
        }
    }
}

/// The grant by which a request reads; `None` where it concerns the caller, or nobody right asks.
pub(super) async fn find(
    app: &App,
    rule: Option<&Rule>,
    (uri, extensions): (&Uri, &Extensions),
) -> Result<Option<Behalf>, Problem> {
    let Some(rule) = rule.filter(|rule| rule.reach != Reach::Own) else {
        return Ok(None);
    };
    let Some(asked) = parameter(uri, NAME).or_else(|| in_path(uri)) else {
        return Ok(None);
    };
    let presented = extensions.get::<Presented>();
    let Some(Ok(credential)) = presented.map(|presented| presented.0.as_ref()) else {
        return Ok(None);
    };
    let owner: UserId = asked.parse().map_err(|_| Problem::not_found())?;
    behalf::find(app, credential, owner, &wanted(rule.reach, uri)).await
}

/// The person that an address ends with; what else stands there is no person.
fn in_path(uri: &Uri) -> Option<String> {
    let (_, last) = uri.path().trim_end_matches('/').rsplit_once("/user/")?;
    let owner: UserId = last.parse().ok()?;
    Some(owner.to_string())
}

/// Whether a request comes by the key of a program whose scopes cover what it asks for. Such a key reads what is its
/// person's.
pub(super) async fn within_scopes(
    app: &App,
    rule: Option<&Rule>,
    (uri, extensions): (&Uri, &Extensions),
) -> Result<bool, Problem> {
    let presented = extensions.get::<Presented>();
    let credential = presented.and_then(|presented| presented.0.as_ref().ok());
    let (Some(rule), Some(Credential::Key(holder))) = (rule, credential) else {
        return Ok(false);
    };
    if rule.reach == Reach::Own {
        return Ok(false);
    }
    let asked = parameter(uri, NAME);
    if asked.is_some_and(|asked| asked != holder.user.to_string()) {
        let detail = "the key of a program reads what is its person's; sign in to read for others";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    apikey::opens(app, holder, &wanted(rule.reach, uri)).await?;
    Ok(true)
}

/// The classes that a request shows something of.
fn wanted(reach: Reach, uri: &Uri) -> Vec<Scope> {
    match reach {
        Reach::Own => vec![Scope::Everything],
        Reach::Of(scopes) => scopes.to_vec(),
        Reach::Named => named(uri),
    }
}

fn named(uri: &Uri) -> Vec<Scope> {
    let in_query = METRICS.iter().filter_map(|name| parameter(uri, name));
    // A name that is escaped in the path is no metric here, and asks for everything.
    let in_path = uri.path().rsplit_once("/series/");
    let in_path = in_path.map(|(_, name)| name.trim_end_matches('/').to_owned());
    let names: Vec<String> = in_query.chain(in_path).collect();
    let names = names.iter().flat_map(|list| list.split(','));
    let scopes: Vec<Scope> = names
        .map(|name| Scope::of(model::metric::by_name(name.trim())))
        .collect();
    if scopes.is_empty() {
        vec![Scope::Everything]
    } else {
        scopes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_a_person_at_their_end() {
        let check = |text: &str, expect: Option<&str>| {
            let uri = Uri::try_from(text).expect("an address");
            assert_eq!(in_path(&uri).as_deref(), expect, "{text}");
        };
        let ada = "0190a6e0-7c1a-7000-8000-000000000009";
        check(
            &format!("/api/v1/health-metrics/user/{ada}?limit=3"),
            Some(ada),
        );
        check(&format!("/api/v1/health-metrics/user/{ada}/"), Some(ada));
        check(&format!("/api/v1/health-metrics/{ada}"), None);
        check("/api/v1/user/profile", None);
    }

    #[test]
    fn addresses_want_what_they_name() {
        let check = |text: &str, expect: &[Scope]| {
            let uri = Uri::try_from(text).expect("an address");
            assert_eq!(named(&uri), expect, "{text}");
        };
        check("/api/v1/series/steps?start=2026-10-01", &[Scope::Activity]);
        check("/api/v1/series/%73teps", &[Scope::Everything]);
        check(
            "/api/v1/days?metrics=heart_rate,sleep",
            &[Scope::Heart, Scope::Sleep],
        );
        check("/api/v1/days?metrics=heart%5Frate", &[Scope::Heart]);
        check(
            "/api/v1/days?metrics=heart_rate,",
            &[Scope::Heart, Scope::Everything],
        );
        check("/api/v1/health-data", &[Scope::Everything]);
        check(
            "/api/v1/trials?metric=steps&exposure=mood_score",
            &[Scope::Activity, Scope::Mind],
        );
        check("/api/v1/trends?metric=bedtime", &[Scope::Everything]);
        check(
            "/api/v1/health-data?metric=steps&data_type=heart_rate",
            &[Scope::Activity, Scope::Heart],
        );
    }
}
