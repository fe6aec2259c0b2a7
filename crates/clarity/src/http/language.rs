//! In which language a request wants its texts.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use model::ids::UserId;

use crate::app::App;
use crate::insights::language::{Language, Writing};
use crate::person::profile;
use crate::problem::Problem;

/// Languages of one request that are looked at; browsers send a few.
const NAMED_MAX: usize = 32;

/// What a person prefers; the language of the request where they prefer none.
pub(crate) async fn wanted(
    app: &App,
    user: UserId,
    headers: &HeaderMap,
) -> Result<Writing, Problem> {
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    let profile = profile::load(&mut tx, &key, user).await?.value;
    let preferences = profile::load_preferences(&mut tx, &key, user).await?.value;
    Ok(Writing::wanted(&profile, &preferences, accepted(headers)))
}

/// A response that names its language, and that another `Accept-Language` may have another.
pub(crate) fn named(mut response: Response, language: Option<Language>) -> Response {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("accept-language"));
    if let Some(language) = language {
        let tag = HeaderValue::from_static(language.tag());
        headers.insert(header::CONTENT_LANGUAGE, tag);
    }
    response
}

/// Of the languages that a request accepts, the one it likes best that texts are written in.
pub(crate) fn accepted(headers: &HeaderMap) -> Option<Language> {
    let named = headers
        .get_all(header::ACCEPT_LANGUAGE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let mut best: Option<(f64, Language)> = None;
    for range in named.take(NAMED_MAX) {
        let (tag, quality) = range.split_once(';').unwrap_or((range, "q=1"));
        let quality = quality.trim().strip_prefix("q=");
        let quality: f64 = quality.and_then(|q| q.trim().parse().ok()).unwrap_or(0.0);
        let Some(language) = Language::of_tag(tag.trim()) else {
            continue;
        };
        if quality > 0.0 && best.is_none_or(|(known, _)| quality > known) {
            best = Some((quality, language));
        }
    }
    best.map(|(_, language)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_language_that_is_known_counts() {
        let check = |accept: &'static str, expect: Option<Language>| {
            let value = HeaderValue::from_static(accept);
            let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, value)]);
            assert_eq!(accepted(&headers), expect, "{accept}");
        };
        check("de-AT, en;q=0.8", Some(Language::De));
        check("en;q=0.3, fr;q=0.9", Some(Language::Fr));
        check("ja, pt-BR;q=0.5", Some(Language::Pt));
        check("es, fr", Some(Language::Es));
        check("es;q=0, *", None);
        check("ja", None);
        check("", None);
        assert_eq!(accepted(&HeaderMap::new()), None);
    }
}
