//! How many requests one person or network may make: GCRA per class of route, in this process.
//!
//! Signed-in requests count for the person, others for the network, so that one household shares
//! no limit and an unknown token cannot spend anyone's. Signing in and registering always count for the
//! network: a token of one's own says nothing about whose password is tried.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::Clock as _;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use model::ids::{ApiKeyId, UserId};

use crate::app::App;
use crate::auth::network::Network;
use crate::auth::{Credential, Presented};
use crate::clock::Clock;
use crate::config::{Rates, Switch};
use crate::http::address;
use crate::http::front::Front;
use crate::problem::{Code, Problem};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// What kind of request it is; each kind has its own budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Probes and metrics: never limited.
    Exempt,
    /// Sign-in and token refresh.
    Login,
    /// New accounts.
    Register,
    /// Health data coming in.
    Upload,
    /// Reading.
    Read,
    /// Insights and chat that are made on demand.
    Insight,
    /// Everything else.
    Other,
}

impl Class {
    /// The class of a canonical route.
    pub fn of(method: &Method, route: &str) -> Self {
        let path = route.strip_prefix("/api/v1").unwrap_or(route);
        let reads = method == Method::GET || method == Method::HEAD;
        match path {
            "/health" | "/health/live" | "/health/ready" | "/metrics" => Self::Exempt,
            "/auth/login"
            | "/auth/refresh"
            | "/auth/confirm"
            | "/auth/mfa/login"
            | "/auth/browser/mfa"
            | "/invitation-code/redeem"
            | "/token/refresh"
            | "/token/revoke" => Self::Login,
            // Making a grant says whether an address has an account: no faster than signing in does.
            "/auth/browser" | "/setup" | "/setup/key" | "/grants" if method == Method::POST => {
                Self::Login
            }
            "/auth/register" => Self::Register,
            _ if reads => Self::Read,
            _ if method != Method::POST => Self::Other,
            _ if starts(
                path,
                &[
                    "/health-data",
                    "/healthkit",
                    "/imports",
                    "/integrations",
                    "/sdk",
                    "/hooks",
                ],
            ) =>
            {
                Self::Upload
            }
            _ if starts(path, &["/insights", "/pat"]) => Self::Insight,
            _ => Self::Other,
        }
    }

    /// The class of what no route has: a page of the window loads dozens of its files at once.
    fn of_no_route(method: &Method) -> Self {
        if method == Method::GET || method == Method::HEAD {
            Self::Read
        } else {
            Self::Other
        }
    }

    /// Whether it is about an account that the caller still has to show is theirs.
    const fn is_anonymous(self) -> bool {
        matches!(self, Self::Login | Self::Register)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Exempt => "exempt",
            Self::Login => "login",
            Self::Register => "register",
            Self::Upload => "upload",
            Self::Read => "read",
            Self::Insight => "insight",
            Self::Other => "other",
        }
    }
}

fn starts(path: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| path.starts_with(prefix))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Spender {
    Person(UserId),
    /// A program of a person: it uses up its own budget, not theirs.
    Program(ApiKeyId),
    Network(Network),
}

type Limiter = RateLimiter<Spender, DashMapStateStore<Spender>, Ticks, StateInformationMiddleware>;

/// The time of budgets: it never goes back, whatever is done to the clock of the machine. A clock that stands still
/// makes budgets exact.
#[derive(Debug, Clone)]
enum Ticks {
    Machine(Instant),
    Fixed(Clock),
}

impl Ticks {
    fn of(clock: &Clock) -> Self {
        match clock {
            Clock::System => Self::Machine(Instant::now()),
            Clock::Fixed(_) => Self::Fixed(clock.clone()),
        }
    }
}

impl governor::clock::Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        match self {
            Self::Machine(start) => Nanos::from(start.elapsed()),
            Self::Fixed(clock) => {
                let micros = u64::try_from(clock.now_us()).unwrap_or(0);
                Nanos::from(Duration::from_micros(micros))
            }
        }
    }
}

/// The budgets of this process.
#[derive(Debug)]
pub struct RateLimits {
    switch: Switch,
    ticks: Ticks,
    login: Limiter,
    register: Limiter,
    upload: Limiter,
    read: Limiter,
    insight: Limiter,
    other: Limiter,
}

impl RateLimits {
    /// Full budgets.
    pub fn new(rates: &Rates, clock: &Clock) -> Self {
        let ticks = Ticks::of(clock);
        let limiter = |count, period, burst| limiter(count, period, burst, ticks.clone());
        let minute = Duration::from_mins(1);
        let hour = Duration::from_hours(1);
        Self {
            switch: rates.enabled,
            ticks: ticks.clone(),
            login: limiter(rates.login_per_min, minute, rates.login_per_min),
            register: limiter(rates.register_per_hour, hour, rates.register_per_hour),
            upload: limiter(rates.uploads_per_min, minute, rates.uploads_per_min),
            read: limiter(rates.reads_per_min, minute, rates.reads_per_min),
            insight: limiter(rates.insights_per_hour, hour, rates.insights_per_hour),
            other: limiter(rates.other_per_min, minute, rates.other_burst),
        }
    }

    fn limiter(&self, class: Class) -> Option<&Limiter> {
        if self.switch == Switch::Off {
            return None;
        }
        match class {
            Class::Exempt => None,
            Class::Login => Some(&self.login),
            Class::Register => Some(&self.register),
            Class::Upload => Some(&self.upload),
            Class::Read => Some(&self.read),
            Class::Insight => Some(&self.insight),
            Class::Other => Some(&self.other),
        }
    }

    /// Takes an upload from the budget of a person who was not known when the request came, because its body
    /// says who it is.
    pub(crate) fn spend_upload(&self, user: UserId) -> Result<(), Problem> {
        let Some(limiter) = self.limiter(Class::Upload) else {
            return Ok(());
        };
        let checked = limiter.check_key(&Spender::Person(user));
        checked.map(drop).map_err(|early| {
            let wait = early.wait_time_from(self.ticks.now());
            limited(Class::Upload, seconds(wait))
        })
    }

    /// Forgets everyone whose budget is full again; called now and then.
    pub fn tidy(&self) {
        for limiter in [
            &self.login,
            &self.register,
            &self.upload,
            &self.read,
            &self.insight,
            &self.other,
        ] {
            limiter.retain_recent();
        }
    }
}

/// `count` per `period`, of which `burst` at once.
fn limiter(count: u32, period: Duration, burst: u32, ticks: Ticks) -> Limiter {
    let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    let each = period / at_least_one(count).get();
    let quota = Quota::with_period(each)
        .unwrap_or_else(|| Quota::per_second(NonZeroU32::MAX))
        .allow_burst(at_least_one(burst));
    RateLimiter::dashmap_with_clock(quota, ticks).with_middleware()
}

/// Takes one request from its budget, or answers 429.
pub async fn limit(
    State((app, front)): State<(Arc<App>, Arc<Front>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let presented = Presented::read(&app, request.headers()).await;
    let class = request.extensions().get::<MatchedPath>().map_or_else(
        || Class::of_no_route(request.method()),
        |path| Class::of(request.method(), path.as_str()),
    );
    let trusted = &app.config.proxy.trusted;
    let network = address::network(request.extensions(), request.headers(), trusted);
    let spender = match &presented.0 {
        Ok(Credential::Key(holder)) if !class.is_anonymous() => Spender::Program(holder.key),
        Ok(credential) if !class.is_anonymous() => Spender::Person(credential.user()),
        Ok(_) | Err(_) => Spender::Network(network),
    };
    request.extensions_mut().insert(network);
    request.extensions_mut().insert(presented);
    request.extensions_mut().insert(Arc::clone(&front));
    let Some(limiter) = front.rates.limiter(class) else {
        return next.run(request).await;
    };
    let checked = limiter.check_key(&spender);
    metrics::histogram!("clarity_checks_seconds", "check" => "limits")
        .record(begun.elapsed().as_secs_f64());
    match checked {
        Ok(state) => {
            let quota = state.quota();
            let used = quota
                .burst_size()
                .get()
                .saturating_sub(state.remaining_burst_capacity());
            let full_again = quota.replenish_interval() * used;
            let mut response = next.run(request).await;
            let headers = response.headers_mut();
            tell(headers, quota, state.remaining_burst_capacity(), full_again);
            response
        }
        Err(early) => {
            let wait = early.wait_time_from(front.rates.ticks.now());
            let mut response = limited(class, seconds(wait)).into_response();
            tell(response.headers_mut(), early.quota(), 0, wait);
            response
        }
    }
}

fn limited(class: Class, seconds: u64) -> Problem {
    metrics::counter!("clarity_rate_limited_total", "class" => class.name()).increment(1);
    Problem::new(
        Code::RateLimited,
        format!("the limit of {} requests is used up", class.name()),
    )
    .retry_after(seconds)
}

fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

fn tell(headers: &mut HeaderMap, quota: Quota, remaining: u32, reset: Duration) {
    headers.insert(LIMIT, HeaderValue::from(quota.burst_size().get()));
    headers.insert(REMAINING, HeaderValue::from(remaining));
    headers.insert(RESET, HeaderValue::from(reset.as_secs() + 1));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_have_their_class() {
        let check = |method: Method, route, expect| {
            assert_eq!(Class::of(&method, route), expect, "{method} {route}");
        };
        check(Method::GET, "/health/live", Class::Exempt);
        check(Method::POST, "/api/v1/auth/login", Class::Login);
        check(Method::POST, "/api/v1/auth/register", Class::Register);
        check(Method::POST, "/api/v1/auth/browser", Class::Login);
        check(Method::POST, "/api/v1/auth/browser/mfa", Class::Login);
        check(Method::POST, "/api/v1/auth/confirm", Class::Login);
        check(Method::DELETE, "/api/v1/auth/browser", Class::Other);
        check(Method::GET, "/api/v1/setup", Class::Read);
        check(Method::POST, "/api/v1/imports", Class::Upload);
        check(Method::POST, "/api/v1/hooks/{device_id}", Class::Upload);
        check(Method::POST, "/api/v1/devices", Class::Other);
        check(Method::POST, "/api/v1/grants", Class::Login);
        check(Method::GET, "/api/v1/grants", Class::Read);
        check(Method::POST, "/api/v1/invitation-code/redeem", Class::Login);
        check(Method::GET, "/api/v1/imports", Class::Read);
        check(Method::POST, "/api/v1/insights/chat", Class::Insight);
        check(Method::PUT, "/api/v1/user/profile", Class::Other);
        check(Method::POST, "/api/v1/auth/logout", Class::Other);
    }
}
