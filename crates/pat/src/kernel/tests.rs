//! Every instruction set against sums in `f64`, over all widths of a panel and shapes of factors.

use proptest::prelude::*;

use super::*;

/// Cases of each property, and the largest depth of a product and number of scores in them; Miri takes
/// a second for what a processor does in a thousandth.
const CASES: u32 = if cfg!(miri) { 2 } else { 64 };
const DEPTH_MAX: usize = if cfg!(miri) { 5 } else { 200 };
const SCORES_MAX: usize = if cfg!(miri) { 5 } else { 150 };
const EIGHTS: usize = if cfg!(miri) { 1 } else { 3 };
const WIDTHS: &[usize] = if cfg!(miri) {
    &[16, 48]
} else {
    &[0, 16, 32, 48]
};

/// Numbers between -1 and 1 that follow from the seed.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        f32::from(u16::try_from(state >> 48).expect("16 bits")) / 32_768.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn rows(count: usize, seed: u64) -> Vec<Row> {
    let row = |values: &[f32]| Row(values.try_into().expect("a panel"));
    numbers(count * PANEL, seed)
        .chunks_exact(PANEL)
        .map(row)
        .collect()
}

/// Rows that hold their old values where a kernel must not write.
fn assert_close(found: &[Row], old: &[Row], tokens: usize, expect: impl Fn(usize, usize) -> f64) {
    for (index, (found, old)) in found.iter().zip(old).enumerate() {
        for token in 0..PANEL {
            let value = found.0[token];
            if token >= tokens {
                assert_eq!(
                    value.to_bits(),
                    old.0[token].to_bits(),
                    "row {index} lane {token}"
                );
                continue;
            }
            let expected = expect(index, token);
            let error = (f64::from(value) - expected).abs();
            assert!(
                error < 2e-5,
                "row {index} lane {token}: {value} for {expected}"
            );
        }
    }
}

fn check_product(instructions: Instructions, rows_of_eight: usize, depth: usize, tokens: usize) {
    let count = rows_of_eight * ROWS_STEP;
    let right = rows(depth, 2);
    let old = rows(count, 3);
    let by_rows = numbers(count * LEFT_WIDTH, 4);
    let step = count + 3;
    let by_columns = numbers(depth * step, 5);
    for onto in [Onto::Nothing, Onto::Sum] {
        let start = |row: usize, token: usize| match onto {
            Onto::Nothing => 0.0,
            Onto::Sum => f64::from(old[row].0[token]),
        };
        let dot = |token: usize, factor: &dyn Fn(usize) -> f32| -> f64 {
            let product = |k: usize| f64::from(factor(k)) * f64::from(right[k].0[token]);
            (0..depth).map(product).sum()
        };
        let mut out = old.clone();
        instructions.multiply(
            &mut out,
            Left::Columns(&by_columns, step),
            &right,
            tokens,
            onto,
        );
        assert_close(&out, &old, tokens, |row, token| {
            start(row, token) + dot(token, &|k| by_columns[k * step + row])
        });
        if depth <= LEFT_WIDTH {
            let mut out = old.clone();
            instructions.multiply(&mut out, Left::Rows(&by_rows), &right, tokens, onto);
            assert_close(&out, &old, tokens, |row, token| {
                start(row, token) + dot(token, &|k| by_rows[row * LEFT_WIDTH + k])
            });
        }
    }
}

fn check_softmax(instructions: Instructions, count: usize, tokens: usize, scale: f32) {
    let scores: Vec<Row> = rows(count, 7)
        .into_iter()
        .map(|row| Row(row.0.map(|value| value * scale)))
        .collect();
    let mut largest = Row::of(f32::NEG_INFINITY);
    instructions.maximum(&scores, &mut largest, tokens);
    let mut powers = scores.clone();
    let mut sums = Row::of(0.0);
    instructions.powers(&mut powers, &largest, &mut sums, tokens);
    let expect = |row: usize, token: usize| {
        let most = scores
            .iter()
            .map(|row| row.0[token])
            .fold(f32::NEG_INFINITY, f32::max);
        (f64::from(scores[row].0[token]) - f64::from(most)).exp2()
    };
    assert_close(&powers, &scores, tokens, expect);
    for token in 0..tokens {
        let expected: f64 = (0..count).map(|row| expect(row, token)).sum();
        let error = (f64::from(sums.0[token]) / expected - 1.0).abs();
        assert!(error < 1e-5, "sum of lane {token} is off by {error}");
    }
    let factors = rows(1, 9)[0];
    let mut totals = numbers(count, 11);
    let before = totals.clone();
    instructions.across(&powers, &factors, &mut totals, tokens);
    for (row, (found, before)) in totals.iter().zip(before).enumerate() {
        let product = |token: usize| f64::from(powers[row].0[token]) * f64::from(factors.0[token]);
        let expected = f64::from(before) + (0..tokens).map(product).sum::<f64>();
        assert!((f64::from(*found) - expected).abs() < 2e-5, "row {row}");
    }
}

/// A lane's number must not depend on how wide the panel is or on which lane it is.
fn check_lanes(instructions: Instructions, depth: usize) {
    let left = numbers(depth * ROWS_STEP, 13);
    let value = numbers(depth, 17);
    let right: Vec<Row> = value.iter().map(|&value| Row::of(value)).collect();
    let mut bits = Vec::new();
    for tokens in [16, 32, 48] {
        let mut out = vec![Row::of(0.0); ROWS_STEP];
        instructions.multiply(
            &mut out,
            Left::Columns(&left, ROWS_STEP),
            &right,
            tokens,
            Onto::Sum,
        );
        instructions.powers(&mut out, &Row::of(4.0), &mut Row::of(0.0), tokens);
        for lane in 0..tokens {
            bits.push(
                out.iter()
                    .map(|row| row.0[lane].to_bits())
                    .collect::<Vec<_>>(),
            );
        }
    }
    assert!(bits.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn there_is_always_a_portable_one() {
    let names: Vec<_> = Instructions::supported()
        .iter()
        .map(|set| set.name())
        .collect();
    assert_eq!(names.last(), Some(&"portable"));
    assert_eq!(Instructions::fastest().name(), names[0]);
}

#[test]
fn shapes_of_the_encoder() {
    for instructions in Instructions::supported() {
        for &tokens in WIDTHS {
            check_product(instructions, EIGHTS, LEFT_WIDTH.min(DEPTH_MAX), tokens);
            check_softmax(instructions, 14.min(SCORES_MAX), tokens, 8.0);
        }
        check_lanes(instructions, DEPTH_MAX);
    }
}

#[test]
fn far_lower_scores_vanish() {
    for instructions in Instructions::supported() {
        let mut scores = [Row::of(0.0), Row::of(-200.0), Row::of(-3e38), Row::of(-1.0)];
        let mut sums = Row::of(0.0);
        instructions.powers(&mut scores, &Row::of(0.0), &mut sums, PANEL);
        assert_eq!(scores[0], Row::of(1.0));
        assert!(
            scores[1]
                .0
                .iter()
                .chain(&scores[2].0)
                .all(|power| (0.0..1e-37).contains(power))
        );
        assert_eq!(scores[3], Row::of(0.5));
        assert_eq!(sums, Row::of(1.5));
    }
}

#[test]
#[should_panic(expected = "the factors of a product fit each other")]
fn a_short_factor_is_refused() {
    let right = rows(4, 1);
    let left = numbers(4 * 8 - 1, 1);
    let mut out = rows(8, 1);
    Instructions::fastest().multiply(&mut out, Left::Columns(&left, 8), &right, 16, Onto::Sum);
}

#[test]
#[should_panic(expected = "a panel is 16, 32 or 48 tokens wide")]
fn a_panel_too_wide_is_refused() {
    Instructions::fastest().maximum(&rows(1, 1), &mut Row::of(0.0), 64);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn products_of_any_shape(eights in 0_usize..5, depth in 0..DEPTH_MAX, steps in 0_usize..4) {
        for instructions in Instructions::supported() {
            check_product(instructions, eights, depth, steps * PANEL_STEP);
            check_lanes(instructions, depth);
        }
    }

    #[test]
    fn softmax_of_any_shape(count in 1..SCORES_MAX, steps in 1_usize..4, scale in 0.1_f32..100.0) {
        for instructions in Instructions::supported() {
            check_softmax(instructions, count, steps * PANEL_STEP, scale);
        }
    }
}
