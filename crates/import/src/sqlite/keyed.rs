//! Tables `WITHOUT ROWID`: their rows have no numbers and are stored as an index, the columns of the key first.

use super::definitions;

/// The columns of the key of a table without row numbers; `None` for a table that has them.
pub(super) fn key(sql: &str) -> Option<Vec<String>> {
    let (inside, after) = sql.rsplit_once(')')?;
    let words: Vec<String> = after
        .split_whitespace()
        .map(str::to_ascii_uppercase)
        .collect();
    let is_keyed = words
        .windows(2)
        .any(|two| two == ["WITHOUT", "ROWID"] || two == ["WITHOUT", "ROWID,"]);
    if !is_keyed {
        return None;
    }
    let (_, inside) = inside.split_once('(')?;
    let mut key = Vec::new();
    for definition in definitions(inside) {
        let definition = definition.trim();
        let upper = definition.to_ascii_uppercase();
        if let Some(at) = upper.find("PRIMARY KEY") {
            let listed = definition.get(at..).and_then(|rest| rest.split_once('('));
            match listed {
                // A constraint of the table.
                Some((_, names)) if at == 0 || upper.starts_with("CONSTRAINT") => {
                    let names = names.split(')').next().unwrap_or_default();
                    key.extend(names.split(',').map(plain));
                }
                // A constraint of one column.
                _ => key.push(plain(definition)),
            }
        }
    }
    Some(key)
}

/// The first name of a text, without its quotes.
fn plain(text: &str) -> String {
    let text = text.trim();
    let close = match text.chars().next() {
        Some('"') => '"',
        Some('`') => '`',
        Some('[') => ']',
        _ => {
            return text
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned();
        }
    };
    text.get(1..)
        .unwrap_or_default()
        .split(close)
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Columns in the order in which they are stored: those of the key first.
pub(super) fn stored(columns: &[String], key: &[String]) -> Vec<String> {
    let is_same = |a: &String, b: &String| a.eq_ignore_ascii_case(b);
    let named = |name: &String| columns.iter().find(|column| is_same(column, name)).cloned();
    let mut stored: Vec<String> = key.iter().filter_map(named).collect();
    stored.dedup();
    let rest = columns
        .iter()
        .filter(|column| !key.iter().any(|name| is_same(name, column)));
    stored.extend(rest.cloned());
    stored
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_first() {
        let sql = "CREATE TABLE \"T\" (\"A\" INTEGER NOT NULL, \"B\" INTEGER, \"C\" TEXT, PRIMARY KEY (\"C\",\"A\") ON \
                   CONFLICT REPLACE) WITHOUT ROWID";
        let key = key(sql).expect("no row numbers");
        assert_eq!(key, ["C", "A"]);
        let columns = ["A", "B", "C"].map(str::to_owned).to_vec();
        assert_eq!(stored(&columns, &key), ["C", "A", "B"]);
        let own = super::key("CREATE TABLE t (a INTEGER PRIMARY KEY, b) WITHOUT ROWID");
        assert_eq!(own, Some(vec!["a".to_owned()]));
        assert_eq!(
            super::key("CREATE TABLE t (a INTEGER PRIMARY KEY, b)"),
            None
        );
    }
}
