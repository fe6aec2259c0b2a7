//! Which compressed twins of a file a client takes.

use axum::http::{HeaderMap, header};

/// Whether the client named this coding and did not refuse it.
pub(crate) fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
            let quality = quality.replace(' ', "");
            let is_refused = quality
                .strip_prefix("q=")
                .and_then(|q| q.parse().ok())
                .is_some_and(|q: f64| q <= 0.0);
            name.trim().eq_ignore_ascii_case(wanted) && !is_refused
        })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_coding_counts_when_it_is_named_and_not_refused() {
        let check = |accept: &'static str, expect: bool| {
            let value = HeaderValue::from_static(accept);
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, value)]);
            assert_eq!(accepts(&headers, "br"), expect, "{accept}");
        };
        check("gzip, deflate, br, zstd", true);
        check("BR;q=0.5", true);
        check("br;q=0", false);
        check("br; q=0.0", false);
        check("gzip", false);
        check("brotli", false);
    }
}
