//! The report as a whole: its values on the reference recordings, and what it says about odd input.

use analysis::effort::intensity::TROIANO_2008;
use analysis::report::column::{self, ColumnValue, Kind, read_clock};
use analysis::report::groups;
use analysis::report::night::{Role, Source};
use analysis::report::wear::{Unworn, Wear};
use analysis::report::{ActivityScale, Input, Least, Report, Span, day, night, scorer};
use analysis::score::endpoints;
use analysis::score::scored::{Scored, State};
use analysis::series::Series;
use serde_json::Value;

use crate::agreement::{Difference, Table};
use crate::reference::recordings;

pub(crate) fn value(report: &Report<'_>, id: &str) -> Option<f64> {
    let column = groups::all().find(|column| column.id == id).unwrap();
    report.measure(column).outcome.ok().map(|found| found.value)
}

/// Two weeks of one-minute counts: nights from 23 to 7 in which every 29th minute moves, and days
/// with pauses of many lengths.
pub(crate) fn fortnight() -> Series {
    let mut state = 1_u64;
    let mut pause = 0;
    let mut minute = |index: u32| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let chance = u32::try_from(state >> 40).unwrap();
        if pause == 0 && chance.is_multiple_of(31) {
            pause = chance / 31 % 19;
        }
        pause = pause.saturating_sub(1);
        match (index / 60) % 24 {
            23 | 0..=6 if index.is_multiple_of(29) => 90.0,
            23 | 0..=6 => 0.0,
            _ if pause > 0 => 0.0,
            hour => f64::from(50 + chance % 311 + 20 * hour),
        }
    };
    Series::new(0, 60, (0..14 * 1440).map(&mut minute).collect())
}

/// The nights of [`fortnight`] from the second on, as a diary has them.
fn diary() -> Vec<Span> {
    (1..13)
        .map(|day| Span {
            from_s: day * 86_400 + 23 * 3_600,
            until_s: (day + 1) * 86_400 + 7 * 3_600,
        })
        .collect()
}

const CLOSED: &str = "/cosinor/closed_form_least_squares_24h";
const TEXTBOOK: &str = "/nonparametric/textbook_hourly_mean_population_variance";
const GAPS: &str = "the reference takes missing epochs for 0, the report leaves them out";
const LABELS: &str = "the package labels the first slot 00:00 though it begins 20 s later";

const fn with_gaps(method: &'static str, reason: &'static str) -> Difference {
    Difference {
        method,
        recordings: &["bba_30s_mg"],
        reason,
    }
}

const DIFFERENT: &[Difference] = &[
    with_gaps("interdaily_stability", GAPS),
    with_gaps("intradaily_variability", GAPS),
    with_gaps("sleep_regularity_index", GAPS),
    with_gaps("l5_onset", LABELS),
    with_gaps("m10_onset", LABELS),
];

#[test]
fn defaults_agree_with_the_textbook_and_the_tools() {
    let mut table = Table::new("defaults of the report", DIFFERENT);
    for recording in recordings() {
        let report = Report::new(Input::new(&recording.series));
        let mut check = |id: &str, pointer: &str, tolerance: f64| {
            let Some(expect) = recording.at(pointer) else {
                return;
            };
            let column = groups::all().find(|column| column.id == id).unwrap();
            let ours = match report.measure(column).outcome {
                // The formula agrees there too, as other tables show; the report refuses so few days.
                Err(none) if none.of.contains("days") => return,
                outcome => outcome.map_or(f64::NAN, |found| found.value),
            };
            let clock = expect.as_str().and_then(read_clock).map(Value::from);
            let expect = clock.unwrap_or_else(|| expect.clone());
            table.number(id, &recording.id, Ok(ours), Some(&expect), tolerance);
        };
        check("interdaily_stability", &format!("{TEXTBOOK}/IS"), 1e-9);
        check("intradaily_variability", &format!("{TEXTBOOK}/IV"), 1e-9);
        for (id, name) in [
            ("l5", "L5/value"),
            ("m10", "M10/value"),
            ("l5_onset", "L5/onset"),
            ("m10_onset", "M10/onset"),
            ("relative_amplitude", "RA"),
        ] {
            check(id, &format!("/nonparametric/counts/{name}"), 1e-9);
        }
        check("cosinor_mesor", &format!("{CLOSED}/mesor"), 1e-9);
        check("cosinor_amplitude", &format!("{CLOSED}/amplitude"), 1e-9);
        check(
            "cosinor_acrophase_h",
            &format!("{CLOSED}/peak_clock_hours"),
            1e-9,
        );
        check("cosinor_r2", &format!("{CLOSED}/R2"), 1e-9);
        check(
            "sleep_regularity_index",
            "/sleep/SRI_pairs_Roenneberg/sri",
            1e-9,
        );
    }
    table.finish();
}

#[test]
fn every_measure_of_a_plain_fortnight_has_a_value_within_its_range() {
    let series = fortnight();
    let light = series.map(|count| count * 3.0);
    // Nights that somebody wrote down, so that there is something to agree with.
    let diary = diary();
    let input = Input {
        light: Some(&light),
        diary: &diary,
        cut_points: Some(&TROIANO_2008),
        ..Input::new(&series)
    };
    for ColumnValue { column, outcome } in groups::measures(&Report::new(input)) {
        let found = outcome.unwrap_or_else(|none| panic!("{}: {none}", column.id));
        let (least, most) = column.range;
        assert!(
            least.is_none_or(|least| found.value >= least - 1e-9),
            "{} {found:?}",
            column.id
        );
        assert!(
            most.is_none_or(|most| found.value <= most + 1e-9),
            "{} {found:?}",
            column.id
        );
        assert!(
            (0.0..=1.0).contains(&found.coverage),
            "{} {found:?}",
            column.id
        );
        if column.kind == Kind::Clock {
            assert!(
                (0.0..86_400.0).contains(&found.value),
                "{} {found:?}",
                column.id
            );
        }
    }
}

/// Whole minutes of the levels add up, the smooth day peaks by day, and the scorer agrees with the clock.
#[test]
fn structure_rest_and_intensity_of_a_plain_fortnight() {
    let series = fortnight();
    let diary = diary();
    let report = Report::new(Input {
        diary: &diary,
        cut_points: Some(&TROIANO_2008),
        ..Input::new(&series)
    });
    let of = |id: &str| value(&report, id).unwrap_or_else(|| panic!("{id}"));
    let levels: f64 = ["sedentary_min", "light_min", "moderate_min", "vigorous_min"]
        .into_iter()
        .map(of)
        .sum();
    // Sixteen waking hours on most days; the first day has no diary for its morning.
    assert!((900.0..=1_080.0).contains(&levels), "{levels}");
    assert!(of("moderate_min") < 1.0 && of("light_min") > of("sedentary_min"));
    assert!((7.0 * 3_600.0..23.5 * 3_600.0).contains(&of("functional_peak")));
    assert!((0.0..8.0 * 3_600.0).contains(&of("functional_trough")));
    assert!(of("functional_r2") > 0.8 && of("singular_daily_share") > 0.1);
    assert!(of("singular_trend_share") + of("singular_daily_share") <= 1.0);
    assert!(
        of("diary_kappa") > 0.6 && of("diary_sensitivity") > 0.9,
        "{}",
        of("diary_kappa")
    );
    let without = Report::new(Input::new(&series));
    for id in ["diary_kappa", "sedentary_min", "who_equivalent_min"] {
        assert!(value(&without, id).is_none(), "{id}");
    }
}

/// Forty still minutes at two on three of fourteen busy days.
#[test]
fn naps_are_found_where_they_were_taken() {
    let minute = |index: u32| {
        let (day, minute) = (index / 1440, index % 1440);
        match minute {
            0..420 | 1380.. if minute.is_multiple_of(29) => 90.0,
            0..420 | 1380.. => 0.0,
            840..880 if [3, 6, 9].contains(&day) => 0.0,
            _ => f64::from(200 + index * 37 % 311),
        }
    };
    let series = Series::new(0, 60, (0..14 * 1440).map(minute).collect());
    let nights: Vec<Span> = (-1..14)
        .map(|day| Span {
            from_s: day * 86_400 + 23 * 3_600,
            until_s: (day + 1) * 86_400 + 7 * 3_600,
        })
        .collect();
    let report = Report::new(Input {
        diary: &nights,
        ..Input::new(&series)
    });
    let days = value(&report, "naps_per_day").map(|naps| 3.0 / naps);
    assert!(
        days.is_some_and(|days| (13.9..=14.0).contains(&days)),
        "{days:?}"
    );
    let minutes = value(&report, "nap_min_per_day").unwrap() * 14.0 / 3.0;
    assert!((34.0..=42.0).contains(&minutes), "{minutes}");
}

#[test]
fn nights_and_days_of_a_plain_fortnight() {
    let series = fortnight();
    let report = Report::new(Input::new(&series));
    let nights: Vec<_> = report
        .nights()
        .iter()
        .filter(|night| night.role == Role::Night)
        .collect();
    assert!((12..=14).contains(&nights.len()), "{}", nights.len());
    for night in nights {
        assert_eq!(night.source, Source::Crespo);
        let (onset, offset) = (night.onset_s().unwrap(), night.offset_s().unwrap());
        let near = |time: i64, hour: i64| {
            let apart = (time - hour * 3600).rem_euclid(86_400);
            apart.min(86_400 - apart) < 3600
        };
        assert!(near(onset, 23) && near(offset, 7), "{onset} {offset}");
        assert_eq!(night.date, column::civil(night.until_s).date());
    }
    assert_eq!(report.days().len(), 14);
    let total: f64 = report.days().iter().filter_map(|day| day.total).sum();
    assert!((total - series.values().iter().sum::<f64>()).abs() < 1e-6);
    assert!(
        report
            .days()
            .iter()
            .all(|day| (day.coverage - 1.0).abs() < 1e-12)
    );
}

#[test]
fn a_diary_goes_before_windows_that_were_found() {
    let series = fortnight();
    let hour = 3600;
    let spans = [
        Span {
            from_s: 86_400 + 22 * hour,
            until_s: 2 * 86_400 + 8 * hour,
        },
        Span {
            from_s: 2 * 86_400 + 13 * hour,
            until_s: 2 * 86_400 + 14 * hour,
        },
        Span {
            from_s: 90 * 86_400,
            until_s: 90 * 86_400 + 8 * hour,
        },
    ];
    let input = Input {
        diary: &spans,
        ..Input::new(&series)
    };
    let report = Report::new(input);
    let nights = report.nights();
    assert_eq!(nights.len(), 3);
    assert!(nights.iter().all(|night| night.source == Source::Diary));
    assert_eq!((nights[0].role, nights[1].role), (Role::Night, Role::Other));
    let first = nights[0].endpoints.unwrap().value;
    assert!((first.in_bed_min - 600.0).abs() < 1e-9);
    assert!((400.0..600.0).contains(&first.asleep_min), "{first:?}");
    assert!(
        nights[2].endpoints.is_err(),
        "a night outside the recording has no endpoints"
    );
    for field in night::FIELDS {
        let _ = (field.of)(&nights[2]).text();
    }
}

#[test]
fn odd_recordings_have_reasons_instead_of_values() {
    let odd = [
        Series::new(0, 60, Vec::new()),
        Series::new(0, 60, vec![5.0]),
        Series::new(0, 60, vec![f64::NAN; 5000]),
        Series::new(0, 60, vec![7.0; 20_000]),
        Series::new(0, 60, vec![0.0; 20_000]),
        Series::new(0, 7, vec![3.0; 20_000]),
        Series::new(-40_000_000_000, 3600, vec![1.0, 2.0, f64::NAN, 9.0]),
    ];
    for series in &odd {
        for (wear, unworn) in [
            (Wear::Choi, Unworn::Kept),
            (Wear::Choi, Unworn::LeftOut),
            (Wear::ChoiLong, Unworn::LeftOut),
            (Wear::Troiano, Unworn::LeftOut),
            (Wear::Stillness, Unworn::LeftOut),
            (Wear::Unknown, Unworn::LeftOut),
        ] {
            let input = Input {
                light: Some(series),
                wear,
                unworn,
                ..Input::new(series)
            };
            let report = Report::new(input);
            for ColumnValue { column, outcome } in groups::measures(&report) {
                match outcome {
                    Ok(found) => assert!(found.value.is_finite(), "{}", column.id),
                    Err(none) => assert!(!none.to_string().is_empty()),
                }
            }
            for row in report.nights() {
                for field in night::FIELDS {
                    drop((field.of)(row));
                }
            }
            for row in report.days() {
                for field in day::FIELDS {
                    drop((field.of)(row));
                }
            }
        }
    }
    let empty = Report::new(Input::new(&odd[0]));
    assert!(
        groups::measures(&empty)
            .iter()
            .all(|measure| measure.outcome.is_err())
    );
}

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

#[test]
fn what_is_not_worn_can_be_left_out() {
    let mut values = fortnight().values().to_vec();
    values[3 * 1440..4 * 1440].fill(0.0);
    let series = Series::new(0, 60, values);
    let kept = Report::new(Input::new(&series));
    let left = Report::new(Input {
        unworn: Unworn::LeftOut,
        ..Input::new(&series)
    });
    assert_eq!(kept.activity().present(), 14 * 1440);
    assert!(left.activity().present() <= 13 * 1440);
    assert!(value(&left, "activity_mean").unwrap() > value(&kept, "activity_mean").unwrap());
    assert!(kept.days()[3].nonwear_min.unwrap() >= 1440.0);
    assert!(value(&kept, "valid_days").unwrap() <= 13.0);
}
