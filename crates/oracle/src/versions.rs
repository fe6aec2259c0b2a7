//! What each version of a method computes, as a digest of its values on fixed inputs. A method that gives
//! other values under the same version fails a test, also while documents are written anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The first line of a table.
const HEAD: &str = "name\tversion\tdigest\n";

/// A digest of numbers and texts in their order (64-bit FNV-1a).
///
/// Numbers count with six significant digits, so that another processor gives the same digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    /// Takes a number, or that there is none.
    pub fn number(&mut self, value: Option<f64>) {
        match value {
            // Below this, a number is a rounding error.
            Some(value) if value.abs() < 1e-12 => self.text("0"),
            Some(value) => self.text(&format!("{value:.5e}")),
            None => self.text("none"),
        }
    }

    /// Takes a text.
    pub fn text(&mut self, text: &str) {
        for byte in text.bytes().chain([0]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// Takes every member of a JSON value, by path.
    pub fn json(&mut self, value: &serde_json::Value) {
        use serde_json::Value;
        match value {
            Value::Null => self.text("null"),
            Value::Bool(value) => self.text(if *value { "true" } else { "false" }),
            Value::Number(value) => self.number(value.as_f64()),
            Value::String(value) => self.text(value),
            Value::Array(items) => {
                self.text("[");
                for item in items {
                    self.json(item);
                }
                self.text("]");
            }
            Value::Object(members) => {
                let members: BTreeMap<_, _> = members.iter().collect();
                self.text("{");
                for (name, member) in members {
                    self.text(name);
                    self.json(member);
                }
                self.text("}");
            }
        }
    }
}

/// Holds what methods compute now, by name, against the table at `path`; writes it when `writing`.
///
/// Panics when a version is lower than in the table, when its values differ from those that it had, and,
/// unless writing, when the table lacks it.
pub fn hold(path: &Path, found: &BTreeMap<String, (u32, Digest)>, writing: bool) {
    let text = fs::read_to_string(path).unwrap_or_default();
    let kept: BTreeMap<&str, (u32, &str)> = text
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let (name, version) = (fields.next()?, fields.next()?.parse().ok()?);
            Some((name, (version, fields.next()?)))
        })
        .collect();
    let mut now = HEAD.to_owned();
    for (name, (version, digest)) in found {
        let digest = format!("{:016x}", digest.0);
        if let Some((kept_version, kept_digest)) = kept.get(name.as_str()) {
            assert!(
                version >= kept_version,
                "{name}: version {version} is lower than {kept_version}, which it had"
            );
            assert!(
                version > kept_version || digest == *kept_digest,
                "{name}: version {version} gave other values; raise its version, so that what is \
                 stored is computed again"
            );
        }
        writeln!(now, "{name}\t{version}\t{digest}").expect("a String takes every text");
    }
    if writing {
        fs::write(path, now).expect("a folder that can be written to");
        return;
    }
    assert!(
        now == text,
        "{} is stale: run make docs and commit the result",
        path.display()
    );
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    fn found(version: u32, value: f64) -> BTreeMap<String, (u32, Digest)> {
        let mut digest = Digest::default();
        digest.number(Some(value));
        BTreeMap::from([("l5".to_owned(), (version, digest))])
    }

    #[test]
    fn another_value_needs_another_version() {
        let folder = std::env::temp_dir().join(format!("clarity-versions-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("table.tsv");
        let holds = |version, value, writing| {
            catch_unwind(|| hold(&path, &found(version, value), writing)).is_ok()
        };
        assert!(!holds(1, 2.5, false), "a method that the table lacks");
        assert!(holds(1, 2.5, true));
        assert!(holds(1, 2.5, false));
        assert!(holds(1, 2.5 + 1e-9, false), "rounding is no change");
        assert!(!holds(1, 2.501, false), "a change under the same version");
        assert!(!holds(1, 2.501, true), "nor may it be written");
        assert!(!holds(2, 2.501, false), "a raised version is written first");
        assert!(holds(2, 2.501, true));
        assert!(!holds(1, 2.5, true), "a version never falls");
        fs::remove_dir_all(folder).unwrap();
    }
}
