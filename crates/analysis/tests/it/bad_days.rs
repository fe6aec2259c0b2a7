//! The report on a bad day: devices on a table, other units, no movement, too little of everything.

use analysis::report::groups;
use analysis::report::scorer::{self, ActivityScale};
use analysis::report::wear::{Unworn, Wear};
use analysis::report::{Input, Least, Report};
use analysis::score::endpoints;
use analysis::score::scored::{Scored, State};
use analysis::series::Series;
use proptest::prelude::*;

use crate::report::{fortnight, value};

/// A report that leaves three hours of zeros out.
fn left_out(series: &Series) -> Report<'_> {
    Report::new(Input {
        wear: Wear::ChoiLong,
        unworn: Unworn::LeftOut,
        ..Input::new(series)
    })
}

/// Stretches on a table in a fortnight: by day, in the night, over days, and at either end.
#[test]
fn unworn_time_is_neither_sleep_nor_a_day() {
    let clean = fortnight();
    let whole = left_out(&clean);
    let expect = value(&whole, "total_sleep_min").unwrap();
    for (from, until) in [
        (0, 700),
        (3_000, 3_300),
        (5_000, 9_400),
        (7_000, 7_900),
        (15_000, 20_160),
    ] {
        let mut values = clean.values().to_vec();
        values[from..until].fill(0.0);
        let series = Series::new(0, 60, values);
        let report = left_out(&series);
        assert_eq!(report.left_out(), "choi_180");
        let off = report.nonwear().unwrap();
        for night in report.nights() {
            let length = night.until_s - night.from_s;
            assert!(length <= 16 * 3600 || night.endpoints.is_err(), "{night:?}");
            let inside = &off[series.index_at(night.from_s)..series.index_at(night.until_s)];
            let unworn = inside.iter().filter(|&&off| off).count();
            assert_eq!(unworn, 0, "{from}..{until}: {night:?}");
        }
        let found = value(&report, "total_sleep_min").unwrap();
        assert!(
            (found - expect).abs() < 45.0,
            "{from}..{until}: {found} for {expect}"
        );
        let kept = Report::new(Input::new(&series));
        for night in kept.nights().iter().filter(|night| night.endpoints.is_ok()) {
            assert!(night.until_s - night.from_s <= 16 * 3600, "{night:?}");
        }
    }
}

/// Taken off for every night, a device measures none; worn for the nights only, it measures all of them.
#[test]
fn a_night_without_the_device_is_no_night() {
    let clean = fortnight();
    let hour = |index: usize| index / 60 % 24;
    let only = |is_worn: fn(usize) -> bool| {
        let values = clean.values().iter().enumerate();
        let values = values.map(|(index, &value)| if is_worn(hour(index)) { value } else { 0.0 });
        Series::new(0, 60, values.collect())
    };
    let by_day = only(|hour| (7..23).contains(&hour));
    let report = left_out(&by_day);
    assert!(report.nonwear().unwrap().contains(&true));
    for night in report.nights() {
        assert!(night.endpoints.is_err(), "{night:?}");
    }
    assert_eq!(value(&report, "total_sleep_min"), None);
    let by_night = only(|hour| !(9..21).contains(&hour));
    let expect = value(&left_out(&clean), "total_sleep_min").unwrap();
    let found = value(&left_out(&by_night), "total_sleep_min").unwrap();
    assert!((found - expect).abs() < 45.0, "{found} for {expect}");
}

/// Four days and nights worn, in bed from 23 to 7 o'clock, then four days of zeros: four nights of about eight hours
/// (480 minutes, 484 where the zeros are kept), whatever becomes of the zeros.
#[test]
fn a_device_that_was_taken_off_for_good_adds_no_night() {
    let worn = |minute: u32| {
        let is_in_bed = !(7 * 60..23 * 60).contains(&(minute % 1440));
        match (is_in_bed, minute % 26) {
            (true, 0) => 30.0,
            (true, _) => 0.0,
            (false, _) => f64::from(minute * 7_919 % 613) + 40.0,
        }
    };
    // From noon to noon.
    let values = (720..720 + 8 * 1440).map(|minute| match minute {
        ..=6_480 => worn(minute),
        _ => 0.0,
    });
    let series = Series::new(12 * 3600, 60, values.collect());
    for report in [left_out(&series), Report::new(Input::new(&series))] {
        assert_eq!(value(&report, "nights"), Some(4.0));
        let asleep = value(&report, "total_sleep_min").unwrap();
        assert!((asleep - 484.0).abs() < 20.0, "{asleep}");
    }
}

/// An arm that moves by day, lies still at night, and a device that lies on a table for a day and a half.
#[test]
fn an_arm_angle_on_a_table_makes_no_window() {
    let angle = |index: u32| {
        let hour = index / 720 % 24;
        if (7..23).contains(&hour) {
            f64::from(index * 7_919 % 180) - 90.0
        } else {
            f64::from(index / 400 % 9) * 10.0
        }
    };
    let mut values: Vec<f64> = (0..5 * 17_280).map(angle).collect();
    let table = 40_000..66_000;
    values[table.clone()].fill(12.0);
    let angle = Series::new(0, 5, values);
    let activity = angle.map(|_| 1.0);
    let mut off = vec![false; angle.len()];
    off[table.clone()].fill(true);
    let report = Report::new(Input {
        angle: Some(&angle),
        wear: Wear::Seen(&off),
        unworn: Unworn::LeftOut,
        ..Input::new(&activity)
    });
    let described = report
        .nights()
        .iter()
        .filter(|night| night.endpoints.is_ok());
    let described: Vec<_> = described.collect();
    assert!(described.len() >= 3, "{described:?}");
    for night in described {
        let (from, until) = (angle.index_at(night.from_s), angle.index_at(night.until_s));
        assert!(until <= table.start || table.end <= from, "{night:?}");
        assert!(night.until_s - night.from_s <= 9 * 3600, "{night:?}");
    }
}

/// A thousandth and a thousand of every epoch: the same numbers in the other unit, or a reason.
#[test]
fn the_unit_of_the_activity_decides_nothing() {
    let series = fortnight();
    let of = |series: &Series, scorer| {
        let report = Report::new(Input {
            scorer,
            wear: Wear::ChoiLong,
            unworn: Unworn::LeftOut,
            ..Input::new(series)
        });
        let windows = report.nights().iter();
        let windows: Vec<_> = windows.map(|night| (night.from_s, night.until_s)).collect();
        (groups::measures(&report), windows)
    };
    for scorer in [&scorer::ROENNEBERG, &scorer::OAKLEY_AUTOMATIC] {
        let (plain, windows) = of(&series, scorer);
        for factor in [1e-3, 1e3] {
            let (scaled, of_scaled) = of(&series.map(|value| value * factor), scorer);
            assert_eq!(windows, of_scaled);
            let mut compared = 0;
            for (plain, scaled) in plain.iter().zip(&scaled) {
                let id = plain.column.id;
                // Winnebeck's inactivity is 100 / (activity + 1): its rhythm depends on the unit, and says so.
                // A night that the scorer refuses is counted.
                let is_counted = id == "nights_left_out" && scorer.id == "oakley_automatic";
                if id.starts_with("lids_") || is_counted {
                    continue;
                }
                let in_unit = plain.column.unit.starts_with("input");
                let factor = if in_unit { factor } else { 1.0 };
                match (plain.outcome, scaled.outcome) {
                    (Ok(plain), Ok(scaled)) => {
                        compared += 1;
                        let expect = plain.value * factor;
                        let near = (scaled.value - expect).abs() <= 1e-6 * expect.abs().max(1e-9);
                        assert!(
                            near,
                            "{id} by {}: {} is not {expect}",
                            scorer.id, scaled.value
                        );
                    }
                    (Err(_), Err(_)) => {}
                    (plain, scaled) => assert!(
                        scaled.is_err() && scorer.id == "oakley_automatic",
                        "{id}: {plain:?} became {scaled:?}"
                    ),
                }
            }
            assert!(compared > 30, "{compared} by {}", scorer.id);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any unit, with gaps and time on a table anywhere: the same nights, or a refusal to score by the limits of
    /// another unit.
    #[test]
    fn nights_are_the_same_in_any_unit(
        exponent in -13_i32..13,
        from in 0_usize..4_000,
        count in 9_000_usize..16_000,
        gaps in prop::collection::vec((0_usize..16_000, 1_usize..600), 0..4),
        tables in prop::collection::vec((0_usize..16_000, 200_usize..1_500), 0..3),
    ) {
        let whole = fortnight();
        let series = whole.part(from, from + count);
        let mut values = series.values().to_vec();
        let mut set = |spans: &[(usize, usize)], value: f64| {
            for &(from, length) in spans {
                let until = (from + length).min(values.len());
                values[from.min(until)..until].fill(value);
            }
        };
        set(&tables, 0.0);
        set(&gaps, f64::NAN);
        let series = Series::new(series.start_s(), 60, values);
        // A power of two rounds nothing: what is equal in one unit is equal in the other.
        let factor = 2_f64.powi(exponent);
        let scaled = series.map(|value| value * factor);
        let moving = scaled.values().iter().filter(|&&value| value > 0.0).count();
        let counted = scaled.values().iter().filter(|&&value| value >= 4.0).count();
        let is_counted = 2 * counted + 1 >= moving;
        for scorer in scorer::SCORERS {
            let has_limits = scorer.needs == scorer::Needs::Counts && scorer.id != "oakley_automatic";
            let of = |series: &Series| {
                let report = Report::new(Input {
                    scorer,
                    wear: Wear::ChoiLong,
                    unworn: Unworn::LeftOut,
                    ..Input::new(series)
                });
                let nights = report.nights().iter().map(|night| {
                    let asleep = night.endpoints.as_ref().ok();
                    (night.from_s, night.until_s, asleep.map(|found| found.value.asleep_min))
                });
                nights.collect::<Vec<_>>()
            };
            let (plain, scaled) = (of(&series), of(&scaled));
            prop_assert_eq!(plain.len(), scaled.len());
            for (plain, scaled) in plain.iter().zip(&scaled) {
                prop_assert_eq!((plain.0, plain.1), (scaled.0, scaled.1));
                if has_limits {
                    // What is in counts by its size is scored by the limits of the scorer, whatever comes of it.
                    prop_assert!(scaled.2.is_none() || is_counted, "{} became {:?}", scorer.id, scaled.2);
                    continue;
                }
                match (plain.2, scaled.2) {
                    (Some(plain), Some(scaled)) => {
                        // Its threshold is of the minutes with a count per 15 seconds: of less than half of those
                        // with movement it is refused, and above that it may be a little higher.
                        let is_small = scorer.id == "oakley_automatic" && exponent < 0;
                        let bound = if is_small { 0.1 * plain.max(60.0) } else { 1e-6 };
                        prop_assert!((plain - scaled).abs() < bound, "{} became {}", plain, scaled);
                    }
                    (None, None) => {}
                    (plain, scaled) => prop_assert!(
                        scaled.is_none() && scorer.id == "oakley_automatic" && exponent < 0,
                        "{:?} became {:?}", plain, scaled
                    ),
                }
            }
        }
    }
}

#[test]
fn scorers_of_counts_refuse_acceleration() {
    let series = fortnight();
    for scorer in scorer::SCORERS {
        let report = Report::new(Input {
            scorer,
            scale: ActivityScale::Other,
            ..Input::new(&series)
        });
        let reasons = report.nights().iter().map(|night| night.endpoints.err());
        let refused = reasons
            .flatten()
            .any(|none| none.to_string().contains("in counts"));
        assert_eq!(
            refused,
            scorer.needs == scorer::Needs::Counts,
            "{}",
            scorer.id
        );
        assert_eq!(value(&report, "kra"), None);
    }
}

/// A fortnight in which nothing moved, kept as it is: nothing is regular, and nothing begins at midnight.
#[test]
fn a_recording_without_movement_has_reasons() {
    for unworn in [Unworn::Kept, Unworn::LeftOut] {
        let series = Series::new(0, 60, vec![0.0; 14 * 1440]);
        let report = Report::new(Input {
            unworn,
            ..Input::new(&series)
        });
        for id in [
            "sleep_regularity_index",
            "interdaily_stability",
            "relative_amplitude",
            "l5_onset",
            "m10_onset",
            "activity_onset",
            "activity_offset",
            "cosinor_acrophase_h",
            "total_sleep_min",
            "sleep_onset",
            "kra",
        ] {
            assert_eq!(value(&report, id), None, "{id}");
        }
        assert!(report.days().iter().all(|day| day.contrast.is_err()));
    }
}

#[test]
fn too_little_has_a_reason() {
    let series = fortnight();
    let has = |days: f64, id: &str| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "small"
        )]
        let part = series.part(0, (days * 1440.0) as usize);
        value(&Report::new(Input::new(&part)), id).is_some()
    };
    for (id, days) in [
        ("cosinor_amplitude", 1.0),
        ("interdaily_stability", 3.0),
        ("interdaily_stability_mean", 3.0),
        ("adat", 3.0),
        ("sleep_regularity_index", 6.1),
    ] {
        assert!(has(days, id), "{id} of {days} days");
        assert!(!has(days - 0.2, id), "{id} of less than {days} days");
    }
}

/// A device put on at breakfast: its first day is no day.
#[test]
fn a_part_of_a_day_is_not_scaled_to_a_day() {
    let series = fortnight();
    let adat = |series: &Series| value(&Report::new(Input::new(series)), "adat").unwrap();
    let whole = adat(&series);
    for from in [480, 700, 1_000, 1_300] {
        let part = adat(&series.part(from, series.len()));
        assert!(
            (part / whole - 1.0).abs() < 0.02,
            "{from}: {part} for {whole}"
        );
    }
}

/// The evening on which a device was put on has no least active hours of a day: sixteen hours of it are needed.
#[test]
fn a_part_of_a_day_has_no_least_and_most_active_hours() {
    let series = fortnight();
    for (from, is_there) in [(470, true), (490, false), (840, false)] {
        let part = series.part(from, 3 * 1_440);
        let report = Report::new(Input::new(&part));
        let first = &report.days()[0];
        assert_eq!(first.contrast.is_ok(), is_there, "from minute {from}");
        assert!(first.total.is_some());
        assert!(report.days()[1].contrast.is_ok());
    }
}

/// An arm that lies still from eight to fifteen, over every noon.
#[test]
fn a_day_sleeper_has_one_window_a_day() {
    let angle = |index: u32| {
        let hour = index / 720 % 24;
        if (8..15).contains(&hour) {
            f64::from(index / 400 % 9) * 10.0
        } else {
            f64::from(index * 7_919 % 180) - 90.0
        }
    };
    let angle = Series::new(0, 5, (0..5 * 17_280).map(angle).collect());
    let activity = angle.map(|_| 1.0);
    let report = Report::new(Input {
        angle: Some(&angle),
        ..Input::new(&activity)
    });
    let nights = report.nights();
    assert_eq!(nights.len(), 5, "{nights:?}");
    for night in nights {
        assert!(
            (night.until_s - night.from_s - 7 * 3600).abs() < 900,
            "{night:?}"
        );
    }
}

/// Asleep from 1 to 5, awake for half an hour at 3 and from 5 to 7, in bed from 0 to 7.
#[test]
fn wake_after_onset_is_told_both_ways() {
    let mut states = vec![Some(State::Wake); 420];
    states[60..180].fill(Some(State::Sleep));
    states[210..300].fill(Some(State::Sleep));
    let found = endpoints::night(&Scored::new(0, 60, states), 0, 420)
        .unwrap()
        .value;
    assert!((found.awake_min - 30.0).abs() < 1e-12);
    assert!((found.terminal_wake_min - 120.0).abs() < 1e-12);
    assert!((found.awake_to_end_min - 150.0).abs() < 1e-12);
}

#[test]
fn means_need_as_many_nights_as_somebody_wants() {
    let series = fortnight().part(0, 4 * 1440);
    let asked = |nights| {
        let least = Least { nights, days: 3 };
        let report = Report::new(Input {
            least,
            ..Input::new(&series)
        });
        value(&report, "total_sleep_min")
    };
    assert!(asked(1).is_some() && asked(3).is_some());
    assert_eq!(asked(9), None);
    assert!(value(&Report::new(Input::new(&series)), "nights").unwrap() >= 3.0);
}
