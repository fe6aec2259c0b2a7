//! `/docs/methods`: the pages of `docs/methods` as people read them, one for each method, found by the name under
//! which a value gives its method.
//!
//! They are part of this binary and name no person. Nothing runs in them, and nothing is loaded from elsewhere; links
//! to publications lead there only when somebody follows them.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use pulldown_cmark::{Alignment, CowStr, Event, Options, Parser, Tag, TagEnd, html};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::http::window;
use crate::problem::Problem;

/// No script at all, and the one style sheet.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";
/// What every page is sent with.
const HEADERS: [(HeaderName, &str); 3] = [
    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::CACHE_CONTROL, "no-cache"),
];
/// What is shown where there is no page.
const MISSING: &str = "# Not found\n\nNo method has this name. See [all methods](README.md).\n";
/// The list of all pages.
const INDEX: &str = "README";
/// The addresses: of the list, and of a page by a method's name or by its place in the list.
pub const ADDRESSES: [&str; 2] = ["/docs/methods", "/docs/methods/{*name}"];
/// What tables of identifiers begin with.
const IDENTIFIERS: [&str; 2] = ["| identifier |", "| measure of a day |"];

/// Every page by its path in the folder, without its ending.
static PAGES: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/methods.rs"));

/// Names that one page describes together, by how they begin or end; the first that fits.
const FAMILIES: &[(Name, &str)] = &[
    (Name::Ends(".interval_priority"), "daily/merge"),
    (Name::Begins("hrv_sdnn.beats_"), "daily/beats"),
    (Name::Begins("hrv_rmssd.beats_"), "daily/beats"),
    (Name::Begins("hrv_sdnn."), "daily/cardio"),
    (Name::Begins("respiratory_rate."), "daily/cardio"),
    (Name::Begins("mindful_minutes."), "daily/activity"),
    (Name::Begins("sleep.scored."), "daily/scored"),
    (Name::Begins("sleep.device_"), "daily/sleep"),
    (Name::Begins("discrete."), "daily/discrete"),
    (Name::Begins("bedtime_regularity."), "daily/facts"),
    (Name::Begins("anomaly."), "daily/anomaly"),
];

/// Part of a name.
enum Name {
    Begins(&'static str),
    Ends(&'static str),
}

/// The page that lists each identifier.
static LISTED: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let mut found = HashMap::new();
    for (path, text) in PAGES.iter().filter(|(path, _)| path.contains('/')) {
        let tables = text
            .lines()
            .skip_while(|line| !IDENTIFIERS.iter().any(|head| line.starts_with(head)));
        for line in tables {
            let id = line
                .strip_prefix("| `")
                .and_then(|rest| rest.split('`').next());
            if let Some(id) = id {
                found.entry(id).or_insert(*path);
            }
        }
    }
    found
});

/// The routes. The pages are for people and no part of the API, so no operations either.
pub fn router() -> OpenApiRouter<Arc<App>> {
    let [list, page] = ADDRESSES;
    OpenApiRouter::new()
        .route(list, get(|| async { shown(INDEX) }))
        .route(page, get(page_of))
}

async fn page_of(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    match shown(&name) {
        // Somebody who follows an old link reads a page and no JSON.
        Err(_) if window::wants_page(&headers) => {
            Ok((StatusCode::NOT_FOUND, HEADERS, whole(INDEX, MISSING)).into_response())
        }
        found => found,
    }
}

fn shown(name: &str) -> Result<Response, Problem> {
    let path = path_of(name).ok_or_else(Problem::not_found)?;
    let found = PAGES.iter().find(|(known, _)| *known == path);
    let (path, text) = found.ok_or_else(Problem::not_found)?;
    Ok((HEADERS, whole(path, text)).into_response())
}

/// The page of a method by the name that values give it, or of a place in the list.
pub fn path_of(name: &str) -> Option<&'static str> {
    let place = PAGES.iter().find(|(path, _)| *path == name);
    let family = || {
        let fits = |part: &Name| match part {
            Name::Begins(with) => name.starts_with(with),
            Name::Ends(with) => name.ends_with(with),
        };
        FAMILIES.iter().find(|(part, _)| fits(part))
    };
    place
        .map(|(path, _)| *path)
        .or_else(|| LISTED.get(name).copied())
        .or_else(|| family().map(|(_, path)| *path))
}

fn whole(path: &str, text: &str) -> String {
    let heading = text.lines().find_map(|line| line.strip_prefix("# "));
    let heading = Event::Text(heading.unwrap_or("Methods").into());
    let mut title = String::new();
    html::push_html(&mut title, std::iter::once(heading));
    let mut body = String::with_capacity(text.len() * 2);
    html::push_html(&mut body, events(path, text).into_iter());
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Clarity</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/methods.css">
</head>
<body>
<header><nav aria-label="Clarity"><a href="/">Clarity</a> <a href="/docs/methods">Methods</a></nav></header>
<main>
{body}</main>
</body>
</html>
"#
    )
}

/// The page as it is printed: links lead to pages here, and tables scroll by themselves.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what a page may hold besides is printed as it is"
)]
fn events<'a>(path: &str, text: &'a str) -> Vec<Event<'a>> {
    let mut out = Vec::new();
    let mut tables = 0;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            // Only the notice that pages are written by a program; nothing else is taken as it came.
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {}
            Event::Html(html) if html.trim_start().starts_with("<!--") => {}
            Event::Html(text) | Event::InlineHtml(text) => out.push(Event::Text(text)),
            Event::Start(Tag::Table(columns)) => {
                tables += 1;
                let open = format!(
                    "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table {tables}\">"
                );
                out.push(Event::Html(open.into()));
                // An alignment would be a style in the line, which the policy refuses.
                let plain = vec![Alignment::None; columns.len()];
                out.push(Event::Start(Tag::Table(plain)));
            }
            Event::End(TagEnd::Table) => {
                out.push(event);
                out.push(Event::Html("</div>\n".into()));
            }
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }) => out.push(Event::Start(Tag::Link {
                link_type,
                dest_url: address(path, dest_url),
                title,
                id,
            })),
            other => out.push(other),
        }
    }
    out
}

/// Where a link of a page leads: another page here, or elsewhere as it is.
fn address<'a>(path: &str, target: CowStr<'a>) -> CowStr<'a> {
    let Some(page) = target.strip_suffix(".md").filter(|_| !target.contains(':')) else {
        return target;
    };
    let mut places: Vec<&str> = path.split('/').collect();
    places.pop();
    for place in page.split('/') {
        match place {
            ".." => drop(places.pop()),
            "." => {}
            place => places.push(place),
        }
    }
    let list = ADDRESSES[0];
    match places.join("/").as_str() {
        INDEX => list.into(),
        page => format!("{list}/{page}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_catalogue_has_its_page() {
        for method in analysis::catalogue::ALL {
            assert!(path_of(method.id).is_some(), "{}", method.id);
        }
        assert_eq!(path_of("steps.interval_priority"), Some("daily/merge"));
        assert_eq!(path_of("no_such_method"), None);
        assert_eq!(path_of(""), None);
        for (_, path) in FAMILIES {
            assert_eq!(path_of(path), Some(*path));
        }
    }

    #[test]
    fn every_link_between_pages_leads_to_one() {
        let mut seen = 0;
        for (path, text) in PAGES {
            for event in events(path, text) {
                let Event::Start(Tag::Link { dest_url, .. }) = event else {
                    continue;
                };
                if dest_url.starts_with("https://") {
                    continue;
                }
                let page = dest_url.strip_prefix(ADDRESSES[0]);
                let page = page.unwrap_or_else(|| panic!("{path}: {dest_url} leads elsewhere"));
                let page = page.strip_prefix('/').unwrap_or(INDEX);
                assert!(path_of(page).is_some(), "{path}: {dest_url}");
                seen += 1;
            }
        }
        assert!(seen > 100, "{seen}");
    }

    #[test]
    fn a_page_is_plain_html() {
        let page = whole(
            "room/page",
            "<!-- notice -->\n# A < B & C\n\n<b onclick=x>bold</b>\n\n| a | b |\n|---|--:|\n| `x` | 1 |\n",
        );
        assert!(
            page.contains("<title>A &lt; B &amp; C · Clarity</title>"),
            "{page}"
        );
        assert!(!page.contains("<b ") && !page.contains("notice"), "{page}");
        assert!(
            page.contains(
                "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table 1\"><table>"
            ),
            "{page}"
        );
        assert!(!page.contains("style="), "{page}");
    }
}
