//! Rows that do not open among others that do: each is left out, counted and logged, and costs only itself.
//!
//! It must never hide an error of another kind, and never be used where a row was asked for by its name.

use crate::error::Error;

/// What could be read of a list.
pub(crate) fn readable<T>(
    opened: impl IntoIterator<Item = Result<T, Error>>,
) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    for each in opened {
        all.extend(one(each)?);
    }
    Ok(all)
}

/// A row of a list, if it could be read.
pub(crate) fn one<T>(opened: Result<T, Error>) -> Result<Option<T>, Error> {
    match opened {
        Ok(opened) => Ok(Some(opened)),
        Err(Error::Damaged { what }) => {
            note(what);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Counts and logs a row that is left out.
pub(crate) fn note(what: &'static str) {
    metrics::counter!("clarity_damaged_rows_total", "what" => what).increment(1);
    tracing::warn!(what, "a stored row cannot be opened and is left out");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_damaged_row_costs_only_itself() {
        let damaged = || Err(Error::Damaged { what: "test" });
        let left = readable([Ok(1), damaged(), Ok(3)]).expect("readable");
        assert_eq!(left, [1, 3]);
        assert!(readable([Ok(1), Err(Error::PersonUnknown)]).is_err());
    }
}
