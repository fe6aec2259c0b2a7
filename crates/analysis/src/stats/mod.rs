//! Statistics of a person's own series: trends, outliers, changes and comparisons.
//!
//! Nothing here draws random numbers of its own accord: permutations take a seed.

pub mod anomaly;
pub mod baseline;
pub mod changepoint;
pub mod circular;
pub mod hampel;
pub mod kendall;
pub mod multiplicity;
pub mod permutation;
pub mod persistence;
pub mod slope;
pub mod trial;
pub mod two_groups;
pub mod weekday;
