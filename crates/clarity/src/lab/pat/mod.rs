//! Cohorts and the actigraphy transformer: weeks out of files, embeddings, heads on embeddings.
//!
//! It must never mix embeddings of different weights or scalers, and never print a probability
//! without the evaluation of the head that gave it.

pub(crate) mod card;
pub(crate) mod encode;
pub(crate) mod labels;
pub(crate) mod weeks;
pub(crate) mod written;
