//! A record of a table or of a document, by the names of its fields, which are the same.

use std::borrow::Cow;

use crate::json::Json;
use crate::vendors::elements::plain;
use crate::vendors::table::Row;

/// A record, from a row or from a document.
pub(super) enum Fields<'r> {
    Row(&'r Row<'r>),
    Json(&'r Json<'r>),
}

impl Fields<'_> {
    pub(super) fn text(&self, name: &'static str) -> Cow<'_, str> {
        match self {
            Self::Row(row) => Cow::Borrowed(row.get(name)),
            Self::Json(json) => match json.get(name) {
                Json::Text(text) => Cow::Borrowed(text.as_ref()),
                Json::Number(number) => Cow::Owned(number.to_string()),
                Json::Null | Json::Bool(_) | Json::List(_) | Json::Object(_) => Cow::Borrowed(""),
            },
        }
    }

    pub(super) fn number(&self, name: &'static str) -> Option<f64> {
        match self {
            Self::Row(row) => row.number(name),
            Self::Json(json) => plain(json.get(name)),
        }
    }

    /// A field that holds JSON, in a cell or as it is.
    pub(super) fn tree(&self, name: &'static str, take: &mut dyn FnMut(&Json<'_>)) {
        match self {
            Self::Row(row) => {
                if let Ok(json) = serde_json::from_str::<Json<'_>>(row.get(name)) {
                    take(&json);
                }
            }
            Self::Json(json) => take(json.get(name)),
        }
    }

    pub(super) fn as_text(&self) -> String {
        match self {
            Self::Row(row) => {
                let cells = row.heading().names().map(|name| {
                    let name = serde_json::to_string(name).unwrap_or_default();
                    let cell = serde_json::to_string(row.get(name.trim_matches('"')));
                    format!("{name}:{}", cell.unwrap_or_default())
                });
                format!("{{{}}}", cells.collect::<Vec<_>>().join(","))
            }
            Self::Json(json) => json.to_string(),
        }
    }
}
