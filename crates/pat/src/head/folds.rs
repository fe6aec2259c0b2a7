//! # Folds of people
//!
//! **What it measures.** Nothing; it splits people so that nobody is in training and test at once.
//!
//! **Inputs and units.** The label of each person; the result is the fold of each.
//!
//! **Method.** People of each label are shuffled and dealt to the folds in turn, the second label
//! going on where the first ended, so that folds have alike shares of labels and alike sizes.
//!
//! **Validity.** As many people of each label as folds, or some fold lacks one.
//!
//! **Versions.** 1.
//!
//! **References.** Kohavi R 1995, IJCAI 14:1137.

use analysis::maths::chance::Chance;

/// The fold of each person, from 0.
pub fn of(labels: &[bool], folds: usize, seed: u64) -> Vec<usize> {
    let mut chance = Chance::new(seed);
    let mut fold = vec![0; labels.len()];
    let mut next = 0;
    for wanted in [true, false] {
        let mut people: Vec<usize> = (0..labels.len())
            .filter(|&person| labels[person] == wanted)
            .collect();
        chance.shuffle(&mut people);
        for person in people {
            fold[person] = next % folds.max(1);
            next += 1;
        }
    }
    fold
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_alike() {
        let labels: Vec<bool> = (0..55).map(|person| person < 23).collect();
        let fold = of(&labels, 5, 9);
        for which in 0..5 {
            let inside = |wanted: bool| {
                let people = fold.iter().zip(&labels);
                people
                    .filter(|(f, l)| **f == which && **l == wanted)
                    .count()
            };
            assert!((4..=5).contains(&inside(true)));
            assert_eq!(inside(true) + inside(false), 11);
        }
        assert_eq!(fold, of(&labels, 5, 9));
        assert_ne!(fold, of(&labels, 5, 10));
    }
}
