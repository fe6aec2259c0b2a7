//! An entry of the log as one sentence.

use std::fmt::Write as _;

use crate::audit::entry::{By, Entry};
use crate::instant::rfc3339;

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a String takes every text");
    }
    text
}

/// Who did what, to the person whose log it is. `says` is what somebody did who did this, `name` what the person calls
/// the device or program that did it.
pub fn sentence(entry: &Entry, says: &str, name: impl Fn(By) -> Option<String>) -> String {
    let who = match entry.by {
        By::Own(_) => "You".to_owned(),
        By::Device(_) => match name(entry.by) {
            Some(name) => format!("The device “{name}”"),
            None => "A device that was revoked".to_owned(),
        },
        By::Key(_) => match name(entry.by) {
            Some(name) => format!("The program “{name}”"),
            None => "A program whose key was revoked".to_owned(),
        },
        By::Grant(_) => match &entry.grant {
            Some(grant) => grant.reader.clone(),
            None => "Somebody whom you allowed to read".to_owned(),
        },
        By::Operator => "Whoever runs the server".to_owned(),
    };
    let grant = entry.grant.as_ref().map_or_else(String::new, |grant| {
        let purpose = &grant.purpose;
        match entry.by {
            By::Grant(_) => format!(", as you allowed for “{purpose}”"),
            By::Own(_) | By::Device(_) | By::Key(_) | By::Operator => {
                format!(": {}, for “{purpose}”", grant.reader)
            }
        }
    });
    let of = entry
        .metric
        .as_deref()
        .map(|metric| metric.replace('_', " "));
    let of = of.map_or_else(String::new, |metric| format!(" of {metric}"));
    let when = match (entry.from, entry.until) {
        (Some(from), Some(until)) => match until.yesterday().unwrap_or(until) {
            last if last <= from => format!(", {from}"),
            last => format!(", {from} to {last}"),
        },
        _ => String::new(),
    };
    let again = entry.repeats.map_or_else(String::new, |repeats| {
        let since = rfc3339(repeats.since_us);
        match repeats.count {
            1 => format!(", once more since {since}"),
            count => format!(", {count} more times since {since}"),
        }
    });
    format!("{who} {says}{of}{when}{grant}{again}.")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use model::ids::DeviceId;
    use uuid::Uuid;

    use super::*;
    use crate::audit::entry::{Granted, Repeats};

    #[test]
    fn what_others_read_names_them_and_why() {
        let granted = Granted {
            reader: "bob@example.org".to_owned(),
            purpose: "my sleep".to_owned(),
        };
        let read = Entry {
            at_us: 0,
            what: "list_nights".to_owned(),
            by: By::Grant(model::ids::GrantId::from_uuid(Uuid::from_u128(1))),
            metric: None,
            from: Some(date(2026, 10, 1)),
            until: Some(date(2026, 10, 2)),
            network: None,
            erasure: None,
            grant: Some(granted),
            repeats: None,
        };
        assert_eq!(
            sentence(&read, "read the nights", |_| None),
            "bob@example.org read the nights, 2026-10-01, as you allowed for “my sleep”."
        );
        let given = Entry {
            by: By::Own(None),
            from: None,
            until: None,
            ..read
        };
        assert_eq!(
            sentence(&given, "allowed somebody to read", |_| None),
            "You allowed somebody to read: bob@example.org, for “my sleep”."
        );
    }

    #[test]
    fn entries_are_sentences() {
        let device = DeviceId::from_uuid(Uuid::from_u128(7));
        let plain = Entry {
            at_us: 0,
            what: "list_nights".to_owned(),
            by: By::Own(None),
            metric: None,
            from: None,
            until: None,
            network: None,
            erasure: None,
            grant: None,
            repeats: None,
        };
        let check = |entry: &Entry, says: &str, expect: &str| {
            let name = |by| (by == By::Device(device)).then(|| "Phone".to_owned());
            assert_eq!(sentence(entry, says, name), expect);
        };
        check(&plain, "read the nights", "You read the nights.");
        let month = Entry {
            from: Some(date(2026, 10, 1)),
            until: Some(date(2026, 11, 1)),
            metric: Some("heart_rate".to_owned()),
            ..plain.clone()
        };
        check(
            &month,
            "read a series",
            "You read a series of heart rate, 2026-10-01 to 2026-10-31.",
        );
        let sent = Entry {
            by: By::Device(device),
            repeats: Some(Repeats {
                count: 23,
                since_us: 0,
            }),
            ..plain.clone()
        };
        check(
            &sent,
            "sent health data",
            "The device “Phone” sent health data, 23 more times since 1970-01-01T00:00:00Z.",
        );
        let gone = Entry {
            by: By::Device(DeviceId::from_uuid(Uuid::from_u128(8))),
            ..plain
        };
        check(
            &gone,
            "sent health data",
            "A device that was revoked sent health data.",
        );
    }
}
