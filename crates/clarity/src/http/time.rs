//! Times on the wire: RFC 3339 with an offset. Never a number of seconds.

use model::zone::timestamp;

/// An instant in UTC, such as `2026-11-20T07:30:00Z`.
pub fn rfc3339(at_us: i64) -> String {
    timestamp(at_us).to_string()
}
