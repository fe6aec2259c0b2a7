//! # Evaluation of a head
//!
//! **What it measures.** How well a head tells people apart whom it has not seen.
//!
//! **Inputs and units.** As [`super`]; AUC and balanced accuracy from 0 to 1, Brier score from 0 (best)
//! to 1.
//!
//! **Method.** Nested cross-validation by person: in each outer fold the penalty is the one with the
//! least log-loss over inner folds of the training people, and the head trained with it predicts the
//! people left out. AUC is the share of pairs in the right order (ties half); balanced accuracy is the
//! mean of sensitivity and specificity at probability 0.5. Intervals are the 2.5th and 97.5th
//! percentiles over resampled people (bootstrap; the folds stay). The calibration curve has five bins
//! of equal size. The permutation baseline shuffles the labels among people and repeats the whole
//! evaluation: p = (1 + shuffles with an AUC at least as large) / (shuffles + 1).
//!
//! **Validity.** As [`super`]. The interval does not hold the chance of the folds.
//!
//! **Versions.** 1.
//!
//! **References.** Varma S, Simon R 2006, doi:10.1186/1471-2105-7-91. Hanley JA, `McNeil` BJ 1982,
//! doi:10.1148/radiology.143.1.7063747. Brier GW 1950,
//! doi:`10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2`. Efron B, Tibshirani R 1986,
//! doi:10.1214/ss/1177013815. Ojala M, Garriga GC 2010, J Mach Learn Res 11:1833.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Head, Kind, PEOPLE, Row, folds, loss, sigmoid};
use analysis::maths::chance::Chance;
use analysis::maths::describe;
use analysis::outcome::Insufficient;
use analysis::stats::kendall::ranks;

const CALIBRATION_BINS: usize = 5;

/// How the evaluation is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Folds that are predicted in turn.
    pub outer: usize,
    /// Folds within the training people that choose the penalty.
    pub inner: usize,
    /// Penalties to choose from.
    pub penalties: Vec<f64>,
    /// Resamples of people for the intervals.
    pub resamples: usize,
    /// Shuffles of labels for the baseline.
    pub shuffles: usize,
    /// Where chance begins.
    pub seed: u64,
}

/// A figure with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The figure.
    pub value: f64,
    /// 2.5th percentile over resampled people.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
}

/// One person's prediction by a head that had not seen the person.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Prediction {
    /// Number of the person.
    pub person: usize,
    /// Whether the person has the label.
    pub label: bool,
    /// Probability of the label.
    pub probability: f64,
}

/// A bin of the calibration curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// People in it.
    pub people: usize,
    /// Their mean probability.
    pub predicted: f64,
    /// The share of them with the label.
    pub observed: f64,
}

/// The same evaluation with shuffled labels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Baseline {
    /// Shuffles.
    pub shuffles: usize,
    /// Mean AUC over them.
    pub auc_mean: f64,
    /// Probability of an AUC as large as the one measured.
    pub p: f64,
}

/// What is known of a head.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// People.
    pub people: usize,
    /// Those with the label.
    pub positive: usize,
    /// Weeks.
    pub weeks: usize,
    /// Area under the receiver operating characteristic.
    pub auc: Interval,
    /// Mean of sensitivity and specificity.
    pub balanced_accuracy: Interval,
    /// Mean squared error of the probabilities.
    pub brier: f64,
    /// Calibration curve.
    pub calibration: Vec<Bin>,
    /// Baseline; None when no shuffles were asked for.
    pub baseline: Option<Baseline>,
    /// Each person's prediction.
    pub predictions: Vec<Prediction>,
}

/// Evaluates a kind of head on rows.
pub fn evaluate(rows: &[Row], kind: Kind, plan: &Plan) -> Result<Evaluation, Insufficient> {
    let people = People::of(rows)?;
    let odds = people.predicted(rows, &people.labels, kind, plan)?;
    let predictions: Vec<Prediction> = people
        .numbers
        .iter()
        .zip(&people.labels)
        .zip(&odds)
        .map(|((&person, &label), &odds)| Prediction {
            person,
            label,
            probability: sigmoid(odds),
        })
        .collect();
    let baseline = baseline(rows, &people, kind, plan, auc(&predictions))?;
    let intervals = intervals(&predictions, plan);
    let squared = predictions.iter().map(|one| {
        let observed = f64::from(u8::from(one.label));
        (one.probability - observed).powi(2)
    });
    Ok(Evaluation {
        people: people.labels.len(),
        positive: people.labels.iter().filter(|&&label| label).count(),
        weeks: rows.len(),
        auc: intervals.0,
        balanced_accuracy: intervals.1,
        brier: squared.sum::<f64>() / predictions.len() as f64,
        calibration: calibration(&predictions),
        baseline,
        predictions,
    })
}

/// Trains the head that is kept, on all rows, with the penalty that cross-validation prefers.
pub fn train(rows: &[Row], kind: Kind, plan: &Plan) -> Result<(Head, f64), Insufficient> {
    let people = People::of(rows)?;
    let everyone: Vec<usize> = (0..people.labels.len()).collect();
    let penalty = people.penalty(rows, &people.labels, &everyone, kind, plan)?;
    let all: Vec<&Row> = rows.iter().collect();
    Ok((Head::train(&all, kind, penalty, plan.seed)?, penalty))
}

/// Share of pairs of a person with and one without the label that are in the right order.
pub fn auc(predictions: &[Prediction]) -> f64 {
    let values: Vec<f64> = predictions.iter().map(|one| one.probability).collect();
    let positive = predictions.iter().filter(|one| one.label).count() as f64;
    let negative = predictions.len() as f64 - positive;
    let sum: f64 = ranks(&values)
        .iter()
        .zip(predictions)
        .filter(|(_, one)| one.label)
        .map(|(rank, _)| rank)
        .sum();
    (sum - positive * (positive + 1.0) / 2.0) / (positive * negative)
}

/// Mean of sensitivity and specificity at probability 0.5.
pub fn balanced_accuracy(predictions: &[Prediction]) -> f64 {
    let right = |label: bool| {
        let of = predictions.iter().filter(|one| one.label == label);
        let hit = of.clone().filter(|one| (one.probability > 0.5) == label);
        hit.count() as f64 / of.count() as f64
    };
    f64::midpoint(right(true), right(false))
}

/// The people behind the rows.
struct People {
    numbers: Vec<usize>,
    labels: Vec<bool>,
    /// Rows of each person.
    weeks: Vec<Vec<usize>>,
}

impl People {
    fn of(rows: &[Row]) -> Result<Self, Insufficient> {
        let mut found: BTreeMap<usize, (bool, Vec<usize>)> = BTreeMap::new();
        for (index, row) in rows.iter().enumerate() {
            let person = found.entry(row.person).or_insert((row.label, Vec::new()));
            if person.0 != row.label {
                return Err(Insufficient::new(
                    "labels that agree within a person",
                    1.0,
                    0.0,
                ));
            }
            person.1.push(index);
        }
        let positive = found.values().filter(|person| person.0).count();
        Insufficient::unless("people with the label", PEOPLE, positive)?;
        Insufficient::unless("people without the label", PEOPLE, found.len() - positive)?;
        let mut people = Self {
            numbers: Vec::new(),
            labels: Vec::new(),
            weeks: Vec::new(),
        };
        for (number, (label, weeks)) in found {
            people.numbers.push(number);
            people.labels.push(label);
            people.weeks.push(weeks);
        }
        Ok(people)
    }

    /// Log-odds of each person by a head that has not seen the person.
    fn predicted(
        &self,
        rows: &[Row],
        labels: &[bool],
        kind: Kind,
        plan: &Plan,
    ) -> Result<Vec<f64>, Insufficient> {
        let fold = folds::of(labels, plan.outer, plan.seed);
        let mut odds = vec![f64::NAN; labels.len()];
        for out in 0..plan.outer {
            let (test, training): (Vec<usize>, Vec<usize>) =
                (0..labels.len()).partition(|&person| fold[person] == out);
            let penalty = self.penalty(rows, labels, &training, kind, plan)?;
            let head = self.trained(rows, labels, &training, kind, penalty, plan.seed)?;
            for person in test {
                odds[person] = self.log_odds(&head, rows, person);
            }
        }
        Ok(odds)
    }

    /// The penalty with the least log-loss over inner folds of some people.
    fn penalty(
        &self,
        rows: &[Row],
        labels: &[bool],
        people: &[usize],
        kind: Kind,
        plan: &Plan,
    ) -> Result<f64, Insufficient> {
        let theirs: Vec<bool> = people.iter().map(|&person| labels[person]).collect();
        let fold = folds::of(&theirs, plan.inner, plan.seed.wrapping_add(1));
        let mut best = (f64::INFINITY, *plan.penalties.first().unwrap_or(&1.0));
        for &penalty in &plan.penalties {
            let mut total = 0.0;
            for out in 0..plan.inner {
                let part = |inside: bool| -> Vec<usize> {
                    let chosen = people.iter().zip(&fold);
                    let chosen = chosen.filter(|(_, fold)| (**fold == out) == inside);
                    chosen.map(|(&person, _)| person).collect()
                };
                let head = self.trained(rows, labels, &part(false), kind, penalty, plan.seed)?;
                for person in part(true) {
                    total += loss(self.log_odds(&head, rows, person), labels[person]);
                }
            }
            if total < best.0 {
                best = (total, penalty);
            }
        }
        Ok(best.1)
    }

    fn trained(
        &self,
        rows: &[Row],
        labels: &[bool],
        people: &[usize],
        kind: Kind,
        penalty: f64,
        seed: u64,
    ) -> Result<Head, Insufficient> {
        // The labels may be shuffled ones: they come from the person, not from the row.
        let relabelled: Vec<Row> = people
            .iter()
            .flat_map(|&person| self.weeks[person].iter().map(move |&week| (person, week)))
            .map(|(person, week)| Row {
                label: labels[person],
                ..rows[week].clone()
            })
            .collect();
        let chosen: Vec<&Row> = relabelled.iter().collect();
        Head::train(&chosen, kind, penalty, seed)
    }

    fn log_odds(&self, head: &Head, rows: &[Row], person: usize) -> f64 {
        let weeks = self.weeks[person].iter();
        let odds: Vec<f64> = weeks
            .filter_map(|&week| head.log_odds(&rows[week].features))
            .collect();
        describe::mean(&odds)
    }
}

/// Intervals of AUC and balanced accuracy over resampled people.
fn intervals(predictions: &[Prediction], plan: &Plan) -> (Interval, Interval) {
    let mut chance = Chance::new(plan.seed.wrapping_add(2));
    let (mut areas, mut accuracies) = (Vec::new(), Vec::new());
    for _ in 0..plan.resamples {
        let drawn: Vec<Prediction> = predictions
            .iter()
            .map(|_| predictions[chance.below(predictions.len())])
            .collect();
        let positive = drawn.iter().filter(|one| one.label).count();
        if positive > 0 && positive < drawn.len() {
            areas.push(auc(&drawn));
            accuracies.push(balanced_accuracy(&drawn));
        }
    }
    let interval = |value: f64, resampled: &[f64]| Interval {
        value,
        low: describe::quantile(resampled, 0.025),
        high: describe::quantile(resampled, 0.975),
    };
    (
        interval(auc(predictions), &areas),
        interval(balanced_accuracy(predictions), &accuracies),
    )
}

fn calibration(predictions: &[Prediction]) -> Vec<Bin> {
    let mut sorted = predictions.to_vec();
    sorted.sort_by(|left, right| left.probability.total_cmp(&right.probability));
    let size = sorted.len().div_ceil(CALIBRATION_BINS).max(1);
    sorted
        .chunks(size)
        .map(|bin| {
            let count = bin.len() as f64;
            Bin {
                people: bin.len(),
                predicted: bin.iter().map(|one| one.probability).sum::<f64>() / count,
                observed: bin.iter().filter(|one| one.label).count() as f64 / count,
            }
        })
        .collect()
}

fn baseline(
    rows: &[Row],
    people: &People,
    kind: Kind,
    plan: &Plan,
    measured: f64,
) -> Result<Option<Baseline>, Insufficient> {
    if plan.shuffles == 0 {
        return Ok(None);
    }
    let mut chance = Chance::new(plan.seed.wrapping_add(3));
    let mut labels = people.labels.clone();
    let (mut sum, mut as_large) = (0.0, 0_usize);
    for _ in 0..plan.shuffles {
        chance.shuffle(&mut labels);
        let odds = people.predicted(rows, &labels, kind, plan)?;
        let shuffled: Vec<Prediction> = labels
            .iter()
            .zip(&odds)
            .map(|(&label, &odds)| Prediction {
                person: 0,
                label,
                probability: sigmoid(odds),
            })
            .collect();
        let area = auc(&shuffled);
        sum += area;
        as_large += usize::from(area >= measured);
    }
    let shuffles = plan.shuffles as f64;
    Ok(Some(Baseline {
        shuffles: plan.shuffles,
        auc_mean: sum / shuffles,
        p: (1.0 + as_large as f64) / (shuffles + 1.0),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            outer: 5,
            inner: 3,
            penalties: vec![0.1, 10.0],
            resamples: 200,
            shuffles: 9,
            seed: 4,
        }
    }

    /// Forty people with two weeks each; the first feature is shifted by the label.
    fn rows(shift: f64) -> Vec<Row> {
        let mut chance = Chance::new(21);
        (0..80)
            .map(|week| {
                let person = week / 2;
                let label = person % 2 == 0;
                let mut features: Vec<f64> = (0..5).map(|_| chance.normal()).collect();
                features[0] += if label { shift } else { 0.0 };
                Row {
                    person,
                    features,
                    label,
                }
            })
            .collect()
    }

    #[test]
    fn a_strong_feature_is_found_and_noise_is_not() {
        let strong = evaluate(&rows(3.0), Kind::Logistic, &plan()).expect("people");
        assert!(strong.auc.value > 0.9, "{:?}", strong.auc);
        assert!(strong.auc.low <= strong.auc.value && strong.auc.value <= strong.auc.high);
        assert!((strong.baseline.expect("shuffles").p - 0.1).abs() < 1e-12);
        let noise = evaluate(&rows(0.0), Kind::Logistic, &plan()).expect("people");
        assert!(
            noise.auc.low < 0.5 && noise.auc.high > 0.5,
            "{:?}",
            noise.auc
        );
        assert_eq!((strong.people, strong.positive, strong.weeks), (40, 20, 80));
    }

    #[test]
    fn nobody_is_predicted_by_a_head_that_saw_the_person() {
        // With as many features as weeks a head can learn every person by heart; were a person's
        // second week in training, noise would score far above chance.
        let mut chance = Chance::new(8);
        let rows: Vec<Row> = (0..80)
            .map(|week| Row {
                person: week / 2,
                features: (0..40)
                    .map(|i| f64::from(u8::from(i == week / 2)) * 5.0 + 0.01 * chance.normal())
                    .collect(),
                label: (week / 2) % 2 == 0,
            })
            .collect();
        let plan = Plan {
            shuffles: 0,
            ..plan()
        };
        let found = evaluate(&rows, Kind::Logistic, &plan).expect("people");
        assert!(found.auc.value < 0.75, "{:?}", found.auc);
        assert!(found.baseline.is_none());
    }

    #[test]
    fn figures_by_hand() {
        let one = |label, probability| Prediction {
            person: 0,
            label,
            probability,
        };
        let four = [
            one(true, 0.9),
            one(true, 0.4),
            one(false, 0.4),
            one(false, 0.1),
        ];
        // Pairs: 0.9 > both, 0.4 = 0.4 counts half, 0.4 > 0.1: 3.5 of 4.
        assert!((auc(&four) - 0.875).abs() < 1e-15);
        assert!((balanced_accuracy(&four) - 0.75).abs() < 1e-15);
        let bins = calibration(&four);
        assert_eq!(bins.iter().map(|bin| bin.people).sum::<usize>(), 4);
    }

    #[test]
    fn few_people_and_torn_labels_are_refused() {
        let few: Vec<Row> = rows(1.0).into_iter().take(30).collect();
        assert!(evaluate(&few, Kind::Logistic, &plan()).is_err());
        let mut torn = rows(1.0);
        torn[1].label = !torn[0].label;
        assert!(evaluate(&torn, Kind::Logistic, &plan()).is_err());
    }

    #[test]
    fn a_head_is_kept_and_read_back() {
        let (head, penalty) = train(&rows(2.0), Kind::Logistic, &plan()).expect("people");
        assert!([0.1, 10.0].contains(&penalty));
        let text = serde_json::to_string(&head).expect("plain numbers");
        let back: Head = serde_json::from_str(&text).expect("what was written");
        assert_eq!(back, head);
        assert_eq!((head.width(), head.kind()), (5, Kind::Logistic));
        assert!(head.log_odds(&[1.0; 4]).is_none());
        assert!(head.log_odds(&[f64::NAN; 5]).is_none());
    }
}
