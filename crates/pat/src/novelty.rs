//! # Novelty of a week
//!
//! **What it measures.** How unlike a person's earlier weeks a week is, as the transformer sees it.
//!
//! **Inputs and units.** Embeddings of one person's weeks by one model and one scaler; the result is
//! a cosine distance from 0 (alike) to 2, and its distance from the usual in robust deviations.
//!
//! **Method.** The centre is the median of the earlier embeddings, component by component. The
//! distance of a week is d = 1 − cos(e, centre). The usual spread comes from the earlier weeks
//! themselves, each against the centre of the others: threshold = median + 3.5 · 1.4826 · MAD
//! (3.5 after Iglewicz and Hoaglin 1993; 1.4826 makes the MAD a deviation under normality).
//!
//! **Missing epochs.** Weeks that were `Insufficient` have no embedding and take no part.
//!
//! **Validity.** At least four earlier weeks. A novel week is one unlike the others, nothing more: it
//! has no valence and is no finding about health.
//!
//! **Versions.** 1.
//!
//! **References.** Iglewicz B, Hoaglin DC 1993, How to Detect and Handle Outliers, ASQC. Rousseeuw PJ,
//! Croux C 1993, doi:10.1080/01621459.1993.10476408 (the MAD).

use analysis::maths::describe;
use analysis::outcome::Insufficient;

/// Earlier weeks that a comparison needs.
pub const EARLIER_WEEKS: usize = 4;

const DEVIATIONS: f64 = 3.5; // Iglewicz and Hoaglin 1993
const MAD_TO_DEVIATION: f64 = 1.4826; // normal consistency

/// A week against the weeks before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Novelty {
    /// Cosine similarity with the centre of the earlier weeks, −1 to 1.
    pub similarity: f64,
    /// 1 − similarity.
    pub distance: f64,
    /// Distance above which a week is called novel.
    pub threshold: f64,
    /// Earlier weeks behind it.
    pub weeks: usize,
}

impl Novelty {
    /// Whether the week is farther from the others than they are from each other.
    pub fn is_novel(&self) -> bool {
        self.distance > self.threshold
    }
}

/// Compares a week's embedding with those of earlier weeks.
pub fn against(embedding: &[f32], earlier: &[&[f32]]) -> Result<Novelty, Insufficient> {
    Insufficient::unless("earlier weeks", EARLIER_WEEKS, earlier.len())?;
    let similarity = similarity(embedding, &centre(earlier, None)).ok_or_else(no_direction)?;
    let mut usual = Vec::with_capacity(earlier.len());
    for (index, week) in earlier.iter().enumerate() {
        let others = centre(earlier, Some(index));
        let alike = self::similarity(week, &others).ok_or_else(no_direction)?;
        usual.push(1.0 - alike);
    }
    let middle = describe::median(&usual);
    let apart: Vec<f64> = usual.iter().map(|value| (value - middle).abs()).collect();
    let deviation = MAD_TO_DEVIATION * describe::median(&apart);
    Ok(Novelty {
        similarity,
        distance: 1.0 - similarity,
        threshold: middle + DEVIATIONS * deviation,
        weeks: earlier.len(),
    })
}

/// Cosine of the angle between two embeddings; None where one of them has no length.
pub fn similarity<A: Copy + Into<f64>, B: Copy + Into<f64>>(
    left: &[A],
    right: &[B],
) -> Option<f64> {
    let (mut product, mut one, mut other) = (0.0, 0.0, 0.0);
    for (&left, &right) in left.iter().zip(right) {
        let (left, right): (f64, f64) = (left.into(), right.into());
        product += left * right;
        one += left * left;
        other += right * right;
    }
    let lengths = (one * other).sqrt();
    (lengths > 0.0).then(|| (product / lengths).clamp(-1.0, 1.0))
}

/// Median of each component, without the week of an index.
fn centre(weeks: &[&[f32]], without: Option<usize>) -> Vec<f64> {
    let length = weeks.iter().map(|week| week.len()).min().unwrap_or(0);
    (0..length)
        .map(|component| {
            let values: Vec<f64> = weeks
                .iter()
                .enumerate()
                .filter(|(index, _)| Some(*index) != without)
                .map(|(_, week)| f64::from(week[component]))
                .collect();
            describe::median(&values)
        })
        .collect()
}

fn no_direction() -> Insufficient {
    Insufficient::new("embeddings with a length", 1.0, 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(angle: f32) -> Vec<f32> {
        vec![angle.cos(), angle.sin(), 0.1]
    }

    #[test]
    fn a_week_among_its_like_is_not_novel_and_a_turned_one_is() {
        let weeks: Vec<Vec<f32>> = [0.00, 0.02, -0.01, 0.03, -0.02, 0.01]
            .into_iter()
            .map(around)
            .collect();
        let earlier: Vec<&[f32]> = weeks.iter().map(Vec::as_slice).collect();
        let like = against(&around(0.015), &earlier).expect("six weeks");
        assert!(!like.is_novel(), "{like:?}");
        let turned = against(&around(1.2), &earlier).expect("six weeks");
        assert!(turned.is_novel(), "{turned:?}");
        assert!((turned.similarity + turned.distance - 1.0).abs() < 1e-15);
    }

    #[test]
    fn length_does_not_matter() {
        let alike = similarity(&[1.0_f32, 2.0], &[2.0_f64, 4.0]).expect("lengths");
        assert!((alike - 1.0).abs() < 1e-12);
        assert_eq!(similarity(&[0.0_f32], &[1.0_f64]), None);
    }

    #[test]
    fn three_weeks_are_too_few() {
        let week = around(0.0);
        let lacking = against(&week, &[&week, &week, &week]).expect_err("three");
        assert_eq!((lacking.needs, lacking.has), (4.0, 3.0));
    }

    #[test]
    fn equal_weeks_make_any_other_novel() {
        let week = around(0.0);
        let same = against(&week, &[&week, &week, &week, &week]).expect("four");
        assert!(!same.is_novel());
        let other = against(&around(0.01), &[&week, &week, &week, &week]).expect("four");
        assert!(other.is_novel());
    }
}
