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

pub use cohort::{Cohort, Member, cohort};
pub use page::{Labelled, Page, Table, page};

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
