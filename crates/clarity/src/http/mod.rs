//! HTTP: the only way in for clients.
//!
//! To add a resource, write `http/<resource>.rs` with its wire types, its handlers and
//! `pub fn router() -> OpenApiRouter<Arc<App>>`, declare it below and merge it in [`documented`]; routes
//! are registered together with their documentation, so the OpenAPI document and the router cannot differ.
//! Other names of a path go into the tables of `router.rs`. A handler:
//!
//! - is documented with `#[utoipa::path(…, operation_id = "…", tag = "…")]`, paths without the `/api/v1`
//!   prefix, its successes only: the problems and headers of the common rules are added to every
//!   operation by `openapi.rs`. What it does not document as a query parameter is refused by `known.rs`;
//! - takes [`Caller`](crate::auth::Caller) when it concerns a person, and says so with
//!   `security(("bearer" = []))`; tests then prove that it answers 401 without a token. One that takes in
//!   health data takes [`Sender`](crate::auth::Sender) instead, so that the key of a device opens it too;
//! - reads JSON with [`JsonBody`](body::JsonBody), which refuses members that nothing takes, ids with [`PathId`](page::PathId) (rubbish and
//!   other people's ids are 404), query parameters with [`Params`](page::Params), pages with
//!   [`PageQuery`](page::PageQuery), [`Page`](page::Page) and [`cursor`]; streams take
//!   `axum::body::Body`, already decompressed, and are listed in `router::STREAMED` when their
//!   bodies may be longer than the time limit;
//! - returns `Result<_, Problem>`; store errors convert by `?`. A problem's body is written at the
//!   edge, once;
//! - creates things through [`idempotency`] and changes them through [`etag`];
//! - reads time and randomness only from `app.clock` and `app.ids`, and keeps processors busy only
//!   in `app.compute`.
//!
//! Nothing here may hold SQL, a formula or a parser of a foreign format.

pub mod accounts;
pub mod address;
pub mod admin;
pub mod analyze;
pub mod anomalies;
pub mod api_keys;
mod arrow;
pub mod audit;
pub mod beats;
mod behalf;
pub mod body;
pub mod browser;
pub mod buckets;
pub mod cardio;
mod chronicle;
mod coding;
pub mod columns;
mod compact;
pub mod cursor;
pub mod days;
pub mod debt;
pub mod delivery;
pub mod devices;
pub mod docs;
pub mod edge;
pub mod effort;
pub mod entries;
pub mod etag;
pub mod events;
pub mod export;
mod fair;
mod faults;
pub mod favourites;
mod filed;
pub mod fitness;
pub mod following;
pub mod forms;
pub mod front;
pub mod goals;
pub mod grants;
pub mod health;
pub mod holdings;
pub mod hooks;
pub mod idempotency;
pub mod imports;
mod incoming;
pub mod insights;
pub mod keys;
pub mod known;
pub mod laboratory;
mod language;
pub mod load;
pub mod me;
pub mod meals;
pub mod methods;
pub mod metric_types;
pub mod mfa;
pub mod noted;
pub mod openapi;
pub mod origin;
pub mod page;
pub mod pat;
pub mod paths;
mod pending;
pub mod periodogram;
pub mod pieces;
pub mod preferences;
pub mod problem;
pub mod processing;
pub mod profile;
pub mod range;
pub mod rate;
pub mod reconciliation;
pub mod rhythm;
pub mod router;
pub mod samples;
pub mod series;
pub mod serve;
pub mod sessions;
pub mod settings;
pub mod sleep;
mod socket;
pub mod storage;
mod strangers;
pub mod summaries;
pub mod table;
pub mod timing;
pub mod traces;
pub mod trends;
pub mod trials;
pub mod uploads;
pub mod verbatim;
pub mod watch;
pub mod wearables;
pub mod window;
pub mod workouts;
pub mod written;

use std::sync::Arc;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// Every route with what its own file says of it.
pub fn described() -> (Router<Arc<App>>, OpenApi) {
    let api = OpenApiRouter::new()
        .merge(accounts::router())
        .merge(admin::router())
        .merge(browser::router())
        .merge(mfa::router())
        .merge(sessions::router())
        .merge(settings::router())
        .merge(storage::router())
        .merge(profile::router())
        .merge(preferences::router())
        .merge(metric_types::router())
        .merge(events::router())
        .merge(analyze::router())
        .merge(anomalies::router())
        .merge(api_keys::router())
        .merge(audit::router())
        .merge(beats::router())
        .merge(cardio::router())
        .merge(columns::router())
        .merge(devices::router())
        .merge(debt::router())
        .merge(effort::router())
        .merge(entries::router())
        .merge(export::router())
        .merge(favourites::router())
        .merge(fitness::router())
        .merge(goals::router())
        .merge(meals::router())
        .merge(written::router())
        .merge(grants::router())
        .merge(holdings::router())
        .merge(following::router())
        .merge(hooks::router())
        .merge(imports::router())
        .merge(insights::router())
        .merge(keys::router())
        .merge(laboratory::router())
        .merge(load::router())
        .merge(pat::router())
        .merge(periodogram::router())
        .merge(processing::router())
        .merge(reconciliation::router())
        .merge(rhythm::router())
        .merge(samples::router())
        .merge(series::router())
        .merge(sleep::router())
        .merge(summaries::router())
        .merge(timing::router())
        .merge(trends::router())
        .merge(trials::router())
        .merge(uploads::router())
        .merge(wearables::router())
        .merge(traces::router())
        .merge(workouts::router())
        .merge(docs::api_router());
    let (router, mut document) = OpenApiRouter::with_openapi(openapi::base())
        .merge(health::router())
        .merge(accounts::root_router())
        .merge(docs::router())
        .merge(methods::router())
        .nest(router::PREFIX, api)
        .split_for_parts();
    behalf::describe(&mut document);
    (router, document)
}

/// Every route with its whole documentation: also what the common rules add, and the examples.
pub fn documented() -> (Router<Arc<App>>, OpenApi) {
    let (router, mut document) = described();
    openapi::complete(&mut document);
    (router, document)
}
