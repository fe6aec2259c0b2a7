//! Text in a cell of a table that people open in a spreadsheet.

use std::borrow::Cow;

/// A text that no spreadsheet takes for a formula: names are chosen by apps and by people.
pub fn as_text(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        return Cow::Owned(format!("'{text}"));
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_begins_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(as_text(text), format!("'{text}"));
        }
        assert_eq!(as_text("Watch =1"), "Watch =1");
        assert_eq!(as_text(""), "");
    }
}
