//! `/admin`: who has an account, and the background work that waits or was set aside. For administrators.
//!
//! It must never show anybody's health data: there are ids, addresses of accounts, counts and codes of errors.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::ids::{JobId, UserId};
use serde::Serialize;
use store::people::{Access, Found, Person};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::audit::writer;
use crate::auth::Caller;
use crate::auth::role::Role;
use crate::http::cursor;
use crate::http::page::{Page, PageQuery, Params, PathId};
use crate::instant::rfc3339;
use crate::problem::{Code, Problem};

const PEOPLE: &str = "/admin/people";
/// Jobs that were set aside, shown at most.
const DEAD_SHOWN_MAX: u32 = 200;

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(people))
        .routes(routes!(jobs))
        .routes(routes!(retry))
        .routes(routes!(forget))
}

/// Refuses everybody who does not run the server.
pub(crate) fn only_administrators(caller: &Caller) -> Result<(), Problem> {
    if caller.role == Role::Admin {
        return Ok(());
    }
    Err(Problem::new(
        Code::Forbidden,
        "only administrators see this",
    ))
}

/// Somebody with an account.
#[derive(Debug, Serialize, ToSchema)]
struct Account {
    /// The person.
    #[schema(value_type = String, format = Uuid)]
    user_id: UserId,
    /// The address to sign in with.
    #[schema(format = "email")]
    email: String,
    /// `patient`, `clinician`, `researcher` or `admin`.
    role: String,
    /// Whether the account can be used.
    access: AccountAccess,
    /// When it was opened.
    #[schema(format = DateTime)]
    created_at: String,
}

impl Account {
    fn of(person: Person) -> Self {
        Self {
            user_id: person.id,
            email: person.email,
            role: person.role,
            access: match person.access {
                Access::Enabled => AccountAccess::Enabled,
                Access::Disabled => AccountAccess::Disabled,
            },
            created_at: rfc3339(person.created_us),
        }
    }
}

/// A page of accounts.
#[derive(Debug, Serialize, ToSchema)]
struct Accounts {
    /// The accounts.
    #[serde(flatten)]
    page: Page<Account>,
    /// Accounts of this page that were changed or damaged outside the program, so that nothing of them can be
    /// believed; a backup of the database has them.
    #[schema(value_type = Vec<String>)]
    damaged: Vec<UserId>,
}

/// Whether an account can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AccountAccess {
    /// It can.
    Enabled,
    /// An administrator switched it off.
    Disabled,
}

/// The background work.
#[derive(Debug, Serialize, ToSchema)]
struct Queue {
    /// How many jobs there are by kind and state.
    counts: Vec<QueueCount>,
    /// Since when the job that waits longest is due; null when none is.
    #[schema(format = DateTime)]
    oldest_due_at: Option<String>,
    /// Jobs that were set aside after their last try, newest first, 200 at most.
    dead: Vec<DeadJob>,
}

/// How many jobs of one kind are in one state.
#[derive(Debug, Serialize, ToSchema)]
struct QueueCount {
    /// What the jobs do.
    kind: String,
    /// `queued`, `running` or `dead`.
    state: String,
    /// How many.
    count: u64,
}

/// A job that was set aside.
#[derive(Debug, Serialize, ToSchema)]
struct DeadJob {
    /// The job.
    #[schema(value_type = String, format = Uuid)]
    job_id: JobId,
    /// What it does.
    kind: String,
    /// For whom.
    #[schema(value_type = String, format = Uuid)]
    user_id: UserId,
    /// How many times it was tried.
    tries: u32,
    /// How the last try failed; the log of that time says more.
    error_code: String,
}

/// Lists accounts, oldest first. For administrators; it shows nobody's health data.
#[utoipa::path(
    get, operation_id = "list_people", path = PEOPLE, tag = "operations",
    security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "A page of accounts.", body = Accounts),
        (status = 403, description = "Not an administrator.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn people(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(page): Params<PageQuery>,
) -> Result<Json<Accounts>, Problem> {
    only_administrators(&caller)?;
    let limit = page.limit(&app)?;
    let bound = cursor::Query {
        user: caller.user,
        list: PEOPLE,
        filter: "",
    };
    let after = match &page.cursor {
        Some(cursor) => Some(cursor::open(&app, bound, cursor)?),
        None => None,
    };
    let asked = u32::try_from(limit).unwrap_or(u32::MAX);
    let mut tx = app.store.read().await?;
    let found = store::people::page(&mut tx, &app.vault, after, asked).await?;
    let is_full = found.len() == limit;
    let last = found.last().map(|(no, _)| *no);
    let next_cursor = last
        .filter(|_| is_full)
        .map(|no| cursor::seal(&app, bound, &no));
    let (mut data, mut damaged) = (Vec::new(), Vec::new());
    for (_, found) in found {
        match found {
            Found::Account(person) => data.push(Account::of(person)),
            Found::Damaged(user) => damaged.push(user),
        }
    }
    let page = Page { data, next_cursor };
    Ok(Json(Accounts { page, damaged }))
}

/// Returns how much background work waits, and what was set aside. For administrators.
#[utoipa::path(
    get, operation_id = "get_job_queue", path = "/admin/jobs", tag = "operations",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The queue.", body = Queue),
        (status = 403, description = "Not an administrator.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn jobs(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Queue>, Problem> {
    only_administrators(&caller)?;
    let mut tx = app.store.read().await?;
    let counts = store::jobs::counts(&mut tx).await?;
    let dead = store::jobs::dead(&mut tx, DEAD_SHOWN_MAX).await?;
    let oldest = store::jobs::oldest_due(&mut tx, app.clock.now_us()).await?;
    let counts = counts.into_iter().map(|one| QueueCount {
        kind: one.kind.as_str().to_owned(),
        state: one.state,
        count: one.count,
    });
    let dead = dead.into_iter().map(|job| DeadJob {
        job_id: job.id,
        kind: job.kind.as_str().to_owned(),
        user_id: job.user,
        tries: job.attempt,
        error_code: job.error_code,
    });
    Ok(Json(Queue {
        counts: counts.collect(),
        oldest_due_at: oldest.map(rfc3339),
        dead: dead.collect(),
    }))
}

/// Queues a job again that was set aside. For administrators.
#[utoipa::path(
    post, operation_id = "retry_job", path = "/admin/jobs/{job_id}/retry", tag = "operations",
    security(("bearer" = [])),
    params(("job_id" = String, Path, format = Uuid, description = "The job.")),
    responses(
        (status = 204, description = "It is queued again."),
        (status = 403, description = "Not an administrator.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn retry(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<JobId>,
) -> Result<StatusCode, Problem> {
    only_administrators(&caller)?;
    let now_us = app.clock.now_us();
    let mut tx = app.store.begin("retry a job").await?;
    if !store::jobs::revive(&mut tx, id, now_us).await? {
        return Err(Problem::new(
            Code::NotFound,
            "no such job was set aside, or another one of the same kind and person already waits",
        ));
    }
    writer::within(&app, &mut tx, &caller.does("retry_job")).await?;
    tx.commit().await?;
    app.work_ready.notify_one();
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets a job that was set aside. For administrators.
#[utoipa::path(
    delete, operation_id = "forget_job", path = "/admin/jobs/{job_id}", tag = "operations",
    security(("bearer" = [])),
    params(("job_id" = String, Path, format = Uuid, description = "The job.")),
    responses(
        (status = 204, description = "It is forgotten."),
        (status = 403, description = "Not an administrator.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn forget(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<JobId>,
) -> Result<StatusCode, Problem> {
    only_administrators(&caller)?;
    let mut tx = app.store.begin("forget a job").await?;
    if !store::jobs::drop_dead(&mut tx, id).await? {
        return Err(Problem::new(Code::NotFound, "no such job was set aside"));
    }
    writer::within(&app, &mut tx, &caller.does("forget_job")).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
