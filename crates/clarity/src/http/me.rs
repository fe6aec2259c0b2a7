//! `/auth/me`: the account of the caller.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use model::ids::UserId;
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::audit::writer;
use crate::auth::account::Email;
use crate::auth::role::Role;
use crate::auth::{Caller, password, recent};
use crate::erasure::{self, State as Finished};
use crate::http::accounts::weak_password;
use crate::http::address::Client;
use crate::http::body::JsonBody;
use crate::http::etag::{self, Version};
use crate::http::export::{self, Pending, Receipt};
use crate::ingest::edit;
use crate::instant::rfc3339;
use crate::person::profile;
use crate::problem::{FieldError, Problem};

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(get_me, put_me, delete_me))
}

/// The caller's account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The person.
    #[schema(value_type = String, format = Uuid)]
    id: UserId,
    /// The address.
    email: String,
    /// The name to be greeted with.
    username: Option<String>,
    /// What the account is for.
    role: &'static str,
    /// When it was opened.
    #[schema(format = DateTime)]
    created_at: String,
}

/// What may be changed about an account. What is left out stays.
#[derive(Deserialize, ToSchema)]
pub struct MeChange {
    /// The name to be greeted with.
    username: Option<String>,
    /// Needed to set a new password.
    #[schema(format = Password)]
    current_password: Option<String>,
    /// Ends every other session.
    #[schema(format = Password)]
    new_password: Option<String>,
}

/// Says that it is really the owner who closes an account.
#[derive(Deserialize, ToSchema)]
pub struct Leaving {
    /// The password: a session that somebody else got hold of cannot erase anything.
    #[schema(format = Password)]
    current_password: String,
}

/// The caller's account.
#[utoipa::path(
    get, operation_id = "get_account", path = "/auth/me", tag = "accounts",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The account.", body = Me),
        (status = 304, description = "It is still the version that is already known."),
    ),
)]
async fn get_me(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let (version, me) = read(&app, &mut tx, caller).await?;
    Ok(etag::answer(&headers, version, &me))
}

async fn read(app: &App, tx: &mut Tx, caller: Caller) -> Result<(Version, Me), Problem> {
    let key = app.vault.person_key(tx, caller.user).await?;
    let person = store::people::by_id(tx, &app.vault, caller.user).await?;
    let person = person.ok_or_else(Problem::not_found)?;
    let profile = profile::load(tx, &key, caller.user).await?;
    let me = Me {
        id: person.id,
        role: Role::named(&person.role).name(),
        created_at: rfc3339(person.created_us),
        email: person.email,
        username: profile.value.username,
    };
    Ok((Version(profile.version), me))
}

/// Changes the name or the password. A new password ends every other session.
#[utoipa::path(
    put, operation_id = "update_account", path = "/auth/me", tag = "accounts",
    security(("bearer" = [])),
    request_body = MeChange,
    responses(
        (status = 200, description = "The account as it is now.", body = Me),
        (status = 412, description = "It was changed since it was read."),
    ),
)]
async fn put_me(
    State(app): State<Arc<App>>,
    caller: Caller,
    client: Client,
    headers: HeaderMap,
    JsonBody { value, .. }: JsonBody<MeChange>,
) -> Result<Response, Problem> {
    let expected = etag::expected(&headers)?;
    let password_hash = match &value.new_password {
        Some(new) => Some(new_password(&app, caller, &client, &value, new).await?),
        None => None,
    };
    let mut tx = app.store.begin("change an account").await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    if value.username.is_some() || !matches!(expected, store::docs::Expected::Any) {
        let mut profile = profile::load(&mut tx, &key, caller.user).await?.value;
        profile.username = value.username.clone().or(profile.username);
        let errors = profile.check(app.clock.today_utc());
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        edit::put_profile(&app, &mut tx, &key, caller.user, &profile, expected).await?;
    }
    if let Some(hash) = password_hash {
        store::people::set_password_hash(&mut tx, &app.vault, caller.user, &hash).await?;
        for session in store::sessions::list(&mut tx, &key, caller.user).await? {
            if Some(session.id) != caller.session {
                store::sessions::revoke(&mut tx, caller.user, session.id).await?;
            }
        }
    }
    let (version, me) = read(&app, &mut tx, caller).await?;
    writer::within(&app, &mut tx, &caller.does("update_account")).await?;
    tx.commit().await?;
    app.standings.forget_person(caller.user);
    app.people.forget(caller.user);
    Ok(etag::answer(&HeaderMap::new(), version, &me))
}

/// Erases the account with everything of it: data, keys, sessions and devices. It cannot be undone.
///
/// The receipt is signed once nothing is left in the files of the database. 202 says that the rows are gone and
/// somebody still reads an older state of the files; whoever runs the server sees when that ends (`clarity user
/// erasures`).
#[utoipa::path(
    delete, operation_id = "delete_account", path = "/auth/me", tag = "accounts",
    security(("bearer" = [])),
    request_body = Leaving,
    responses(
        (status = 200, description = "Erased, also from the files.", body = Receipt),
        (status = 202, description = "Erased; the files still contain older bytes.", body = Pending),
        (status = 401, description = "The password is not right.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn delete_me(
    State(app): State<Arc<App>>,
    caller: Caller,
    client: Client,
    JsonBody { value, .. }: JsonBody<Leaving>,
) -> Result<Response, Problem> {
    recent::password_of(&app, caller, &value.current_password, client.network).await?;
    let mut erasure = erasure::of_person(&app, caller.user).await?;
    if erasure::settle(&app, &erasure).await? == Finished::Done {
        erasure.done_us = Some(app.clock.now_us());
    }
    Ok(export::answer(&app, erasure))
}

/// Checks the current password and hashes the new one, before any transaction begins.
async fn new_password(
    app: &App,
    caller: Caller,
    client: &Client,
    change: &MeChange,
    new: &str,
) -> Result<String, Problem> {
    let Some(current) = &change.current_password else {
        let message = "is needed to set a new password";
        let error = FieldError::new("/current_password", "missing", message);
        return Err(Problem::invalid(vec![error]));
    };
    recent::require(app, &caller).await?;
    let person = recent::password_of(app, caller, current, client.network).await?;
    let email = Email::parse(&person.email).map_err(|error| Problem::invalid(vec![error]))?;
    let mut names = email.names();
    names.extend(change.username.as_deref());
    password::accept(app, "/new_password", new, &names).map_err(weak_password)?;
    password::hash(app, new).await
}
