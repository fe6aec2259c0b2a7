//! The session of a browser: an access token in a cookie that no script can read.
//!
//! A cookie is sent by the browser whether the person meant it or not, so it counts only where the browser says
//! that one of our own pages asks (Fetch Metadata, or `Origin` from browsers without it). It is a token of its own
//! kind: as a bearer token it is refused, and a bearer token in a cookie is.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Uri, header};

use crate::app::App;
use crate::auth::keys::{Claims, Refused};
use crate::config::Environment;
use crate::problem::{Code, Problem};

/// Over an encrypted connection: browsers take this name only with `Secure`, for `/` and from this host.
const SECURE_NAME: &str = "__Host-clarity";
/// On the machine itself, where there is no encrypted connection.
const PLAIN_NAME: &str = "clarity";
const FETCH_SITE: &str = "sec-fetch-site";

/// What a browser says about who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// A page of this server.
    Ourselves,
    /// The person, by typing the address or following a link of another program.
    Person,
    /// Another site, or nobody said.
    Stranger,
}

impl Asker {
    /// Reads the headers that scripts cannot set.
    pub fn of(headers: &HeaderMap, uri: &Uri) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        match text(FETCH_SITE) {
            Some("same-origin") => return Self::Ourselves,
            Some("none") => return Self::Person,
            Some(_) => return Self::Stranger,
            None => {}
        }
        let host = text(header::HOST.as_str()).or_else(|| uri.authority().map(Authority::as_str));
        let origin = text(header::ORIGIN.as_str()).and_then(|origin| origin.split_once("://"));
        match (origin, host) {
            (Some((_, origin)), Some(host)) if origin.eq_ignore_ascii_case(host) => Self::Ourselves,
            _ => Self::Stranger,
        }
    }
}

/// Whether a request carries a session cookie and nothing else to sign in with.
pub fn is_only_sign_in(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::AUTHORIZATION)
        && [SECURE_NAME, PLAIN_NAME]
            .iter()
            .any(|name| value(headers, name).is_some())
}

/// The session of the cookie, when one came and may count for reading; `None` when none did.
pub(super) fn claims(app: &App, headers: &HeaderMap) -> Option<Result<Claims, Problem>> {
    let plain = match app.config.environment {
        Environment::Production => None,
        Environment::Development => value(headers, PLAIN_NAME),
    };
    let token = value(headers, SECURE_NAME).or(plain)?;
    // Reading is not refused to browsers that send no Fetch Metadata: SameSite already keeps strangers out.
    if headers
        .get(FETCH_SITE)
        .is_some_and(|site| site != "same-origin" && site != "none")
    {
        return None;
    }
    let now_us = app.clock.now_us();
    let read = app.keys.verify(token, &issuer(app), now_us);
    Some(match read {
        Ok(claims) => {
            // What stays open (streams) is looked at again as often as with a bearer token.
            let soon = now_us.div_euclid(1_000_000) + app.config.tokens.access_s;
            let exp = claims.exp.min(soon);
            Ok(Claims { exp, ..claims })
        }
        Err(Refused::Expired) => Err(Problem::new(
            Code::TokenExpired,
            "the session of this browser has ended; sign in again",
        )),
        Err(Refused::Invalid) => Err(Problem::new(
            Code::TokenInvalid,
            "the session of this browser is not valid here; sign in again",
        )),
    })
}

/// The issuer of tokens in cookies.
pub(super) fn issuer(app: &App) -> String {
    format!("{}#browser", app.config.tokens.issuer)
}

/// The header that gives a browser its session for `seconds`.
pub(crate) fn set(app: &App, headers: &HeaderMap, token: &str, seconds: i64) -> HeaderValue {
    let secure = is_encrypted(app, headers);
    let text = format!(
        "{}={token}; Max-Age={seconds}{}",
        name(secure),
        attributes(secure)
    );
    HeaderValue::try_from(text).expect("a token is printable")
}

/// The headers that take it away, whichever name it has.
pub(crate) fn clear() -> [HeaderValue; 2] {
    [true, false].map(|secure| {
        let text = format!("{}=; Max-Age=0{}", name(secure), attributes(secure));
        HeaderValue::try_from(text).expect("a name is printable")
    })
}

const fn name(secure: bool) -> &'static str {
    if secure { SECURE_NAME } else { PLAIN_NAME }
}

const fn attributes(secure: bool) -> &'static str {
    if secure {
        "; Path=/; HttpOnly; SameSite=Strict; Secure"
    } else {
        "; Path=/; HttpOnly; SameSite=Strict"
    }
}

/// Whether the browser's own connection is encrypted; behind a proxy only the browser knows.
fn is_encrypted(app: &App, headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN);
    app.config.environment == Environment::Production
        || origin.is_some_and(|origin| origin.as_bytes().starts_with(b"https://"))
}

fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, value)| *found == name && !value.is_empty())
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = header::HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        pairs.collect()
    }

    #[test]
    fn only_our_own_pages_are_ourselves() {
        let check = |pairs: &[(&'static str, &'static str)], expect: Asker| {
            let uri = Uri::from_static("/api/v1/auth/browser");
            assert_eq!(Asker::of(&headers(pairs), &uri), expect, "{pairs:?}");
        };
        check(&[("sec-fetch-site", "same-origin")], Asker::Ourselves);
        check(&[("sec-fetch-site", "same-site")], Asker::Stranger);
        check(&[("sec-fetch-site", "cross-site")], Asker::Stranger);
        check(&[("sec-fetch-site", "none")], Asker::Person);
        check(
            &[("host", "a:1"), ("origin", "http://a:1")],
            Asker::Ourselves,
        );
        check(
            &[("host", "a:1"), ("origin", "http://a:2")],
            Asker::Stranger,
        );
        check(&[("host", "a"), ("origin", "null")], Asker::Stranger);
        check(&[("host", "a")], Asker::Stranger);
        check(&[], Asker::Stranger);
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let found = headers(&[("cookie", "a=1; clarity=x; __Host-clarity=y")]);
        assert_eq!(value(&found, PLAIN_NAME), Some("x"));
        assert_eq!(value(&found, SECURE_NAME), Some("y"));
        assert_eq!(
            value(&headers(&[("cookie", "clarity2=x; clarity=")]), PLAIN_NAME),
            None
        );
        assert!(is_only_sign_in(&found));
        let both = headers(&[("cookie", "clarity=x"), ("authorization", "Bearer x")]);
        assert!(!is_only_sign_in(&both));
    }
}
