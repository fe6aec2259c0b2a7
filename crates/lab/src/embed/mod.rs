//! Cohorts and the actigraphy transformer: weeks out of files, embeddings, heads on embeddings.
//!
//! It must never mix embeddings of different weights or scalers, and never print a probability
//! without the evaluation of the head that gave it.

pub mod card;
pub mod encode;
pub mod labels;
pub mod scaler;
pub mod weeks;
pub mod written;
