//! The definitions of a page: each name once, in the order in which it is first met.

use analysis::report::column::{Column, Field};

use crate::report::{Head, Term, words};

/// Collects definitions while the tables of a page are made.
#[derive(Debug, Default)]
pub(super) struct Glossary {
    terms: Vec<Term>,
}

impl Glossary {
    /// The heading of a measure, which opens its definition.
    pub(super) fn measure(&mut self, column: &'static Column, input: &str) -> Head {
        let name = words::name("", column.id);
        let method = column.method;
        let from = format!("{}, version {}.", method.title, method.version);
        let term = self.place(&name, column.about, from);
        Head {
            unit: words::unit(column.id, column.unit, input),
            text: name,
            term: Some(term),
        }
    }

    /// The heading of a column of a table of rows.
    pub(super) fn field<R>(&mut self, table: &str, field: &Field<R>, input: &str) -> Head {
        let name = words::name(table, field.id);
        let full = words::name("", field.id);
        let title = if full == name || matches!(field.id, "date" | "coverage" | "total" | "mean") {
            name.clone()
        } else {
            format!("{name}: {full}")
        };
        let title = format!("{title} ({table})");
        let term = self.place(&title, field.about, String::new());
        Head {
            unit: words::unit(field.id, field.unit, input),
            text: name,
            term: Some(term),
        }
    }

    /// A name that is defined here.
    pub(super) fn named(&mut self, name: &str, unit: &str, about: &str) -> Head {
        Head {
            text: name.to_owned(),
            unit: unit.to_owned(),
            term: Some(self.place(name, about, String::new())),
        }
    }

    /// The definitions.
    pub(super) fn into_terms(self) -> Vec<Term> {
        self.terms
    }

    fn place(&mut self, name: &str, about: &str, method: String) -> usize {
        if let Some(place) = self.terms.iter().position(|term| term.name == name) {
            return place;
        }
        self.terms.push(Term {
            name: name.to_owned(),
            about: plain(about),
            method,
        });
        self.terms.len() - 1
    }
}

/// A definition without marks of code: identifiers become the names that the page uses.
fn plain(about: &str) -> String {
    let parts = about.split('`').enumerate();
    let words = parts.map(|(place, part)| {
        let is_identifier = place % 2 == 1 && part.contains('_') && !part.starts_with('-');
        if is_identifier {
            words::name("", part).to_lowercase()
        } else {
            part.to_owned()
        }
    });
    words.collect()
}
