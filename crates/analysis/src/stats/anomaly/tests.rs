//! Anomalous days against an independent calculation, and on simulated days.

use super::*;

/// Normal numbers from a fixed linear congruential sequence (Box-Muller).
fn normals(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f64 + 0.5) / f64::from(1_u32 << 24)
    };
    let mut pair = || (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
    (0..count).map(|_| pair()).collect()
}

/// Days of sleep minutes, resting heart rate and steps that depend on each other.
fn days(count: usize, seed: u64) -> Vec<Vec<f64>> {
    normals(3 * count, seed)
        .chunks(3)
        .map(|z| {
            let rate = 58.0 + 2.0 * (0.8 * z[1] - 0.6 * z[0]);
            vec![
                430.0 + 35.0 * z[0],
                rate,
                9000.0 + 2500.0 * (0.3 * z[0] + 0.95 * z[2]),
            ]
        })
        .collect()
}

#[test]
fn an_odd_day_is_found_with_its_measure() {
    let mut rows = days(90, 7);
    rows[40] = vec![430.0, 58.0 + 16.0, 9000.0];
    rows[60][2] = f64::NAN;
    let found = anomalies(&rows, 3).unwrap();
    let odd = found.value[40].as_ref().unwrap();
    assert!(odd.is_anomalous(0.05), "{odd:?}");
    assert!(odd.contributions[1] > odd.contributions[0].max(odd.contributions[2]));
    assert!(
        odd.contributions
            .iter()
            .all(|part| *part <= odd.distance_squared)
    );
    let lacking = found.value[60].as_ref().unwrap();
    assert!(lacking.contributions[2].is_nan() && !lacking.is_anomalous(0.05));
    assert!((found.coverage - 89.0 / 90.0).abs() < 1e-12);
}

#[test]
fn usual_days_are_rarely_flagged() {
    let (mut flagged, mut judged) = (0, 0);
    for seed in 0..40 {
        let found = anomalies(&days(90, 1000 + seed), 3).unwrap().value;
        judged += found.len();
        flagged += found
            .iter()
            .flatten()
            .filter(|day| day.is_anomalous(0.05))
            .count();
    }
    assert!(flagged * 100 < judged * 2, "{flagged} of {judged}");
}

#[test]
fn many_odd_days_do_not_hide_each_other() {
    let mut rows = days(90, 11);
    for row in rows.iter_mut().take(15) {
        row[0] -= 250.0;
        row[1] += 12.0;
    }
    let found = anomalies(&rows, 3).unwrap().value;
    assert!(
        found[..15]
            .iter()
            .flatten()
            .all(|day| day.is_anomalous(0.05))
    );
}

#[test]
fn units_do_not_matter() {
    let rows = days(60, 3);
    let other: Vec<Vec<f64>> = rows
        .iter()
        .map(|day| vec![day[0] / 60.0 - 3.0, day[1] * 7.0, -day[2]])
        .collect();
    let (one, two) = (anomalies(&rows, 3).unwrap(), anomalies(&other, 3).unwrap());
    for (a, b) in one.value.iter().flatten().zip(two.value.iter().flatten()) {
        assert!(
            (a.distance_squared - b.distance_squared).abs() < 1e-8 * a.distance_squared.max(1.0)
        );
    }
}

/// With one measure the distance is the squared z of the days within the 90 % limit, scaled so
/// that the median is that of chi-square (0.454936…); worked out by hand from 0, 1, …, 28.
#[test]
fn one_measure_is_a_robust_z() {
    let rows: Vec<Vec<f64>> = (0..29).map(|day| vec![f64::from(day)]).collect();
    let found = anomalies(&rows, 1).unwrap().value;
    // Median of |x − 14| is 7, so the median squared distance must be the median of chi-square.
    let seven = found[21].as_ref().unwrap().distance_squared;
    assert!((seven - 0.454_936_423_119_572_7).abs() < 1e-9, "{seven}");
    let last = found[28].as_ref().unwrap();
    assert!((last.distance_squared - 4.0 * 0.454_936_423_119_572_7).abs() < 1e-9);
    assert!((last.contributions[0] - last.distance_squared).abs() < 1e-12);
}

#[test]
fn too_little_is_said() {
    assert!(anomalies(&days(27, 1), 3).is_err());
    assert!(anomalies(&vec![vec![1.0, 2.0]; 40], 2).is_err());
    let copies: Vec<Vec<f64>> = days(60, 5).iter().map(|d| vec![d[0], 2.0 * d[0]]).collect();
    assert!(anomalies(&copies, 2).is_err());
    assert!(anomalies(&[], 2).is_err());
}
