//! The identity of a method: what each file of a formula says about itself.
//!
//! The list of all of them is [`catalogue`](crate::catalogue); this file must never name one.

/// The identity of one method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Analysis {
    /// Stable identifier, snake case.
    pub id: &'static str,
    /// Version of the definition and its arithmetic; results of different versions do not mix.
    pub version: u32,
    /// Unit of the main value; `"1"` for a ratio, `"epochs"` for a scored series.
    pub unit: &'static str,
    /// The measure in one line.
    pub title: &'static str,
}
