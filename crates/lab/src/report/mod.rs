//! Pages for people who look at recordings: one self-contained page each, and one for the cohort.
//!
//! A page is one file of HTML with its figures as inline SVG; it is readable in light and dark, prints,
//! and needs neither a script nor a network. This module must never compute a measure that the result
//! table does not hold (figures may bin and smooth what they draw, and say so), and never name a wearer.

mod actogram;
mod average_day;
mod cohort;
mod figure;
mod fit;
mod page;
mod periodogram;
pub(crate) mod words;

pub use actogram::Seen;
pub use cohort::{Axis, Cohort, Lane, Member, Strip, cohort};
pub use page::{Block, Head, Labelled, Page, Row, Section, Table, Term, page};

/// Why a page was not made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A figure could not be drawn.
    #[error("cannot draw the figure {figure}: {reason}")]
    Figure {
        /// Which figure.
        figure: &'static str,
        /// What the drawing library said.
        reason: String,
    },
    /// The template could not be filled.
    #[error("cannot fill the page")]
    Template(#[from] minijinja::Error),
}
