//! The report as a whole: its values on the reference recordings, and what it says about odd input.

use analysis::effort::intensity::TROIANO_2008;
use analysis::report::column::{self, ColumnValue, Kind, read_clock};
use analysis::report::groups;
use analysis::report::night::{Role, Source};
use analysis::report::wear::{Unworn, Wear};
use analysis::report::{Input, Report, Span, day, night};
use analysis::rhythm::regularity;
use analysis::score::roenneberg;
use analysis::score::scored::{Scored, State};
use analysis::series::Series;
use serde_json::Value;

use crate::agreement::{Difference, Table};
use crate::reference::{Recording, recordings};

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
    Difference {
        method: "sleep_regularity_index",
        recordings: &[
            "awd_example_01",
            "awd_example_03",
            "awd_example_05",
            "awd_test_sample",
            "nhanes_21007",
            "nhanes_21009",
            "rpx_fr_60s",
            "synthetic_shift_60s",
        ],
        reason: "the package scores days without movement, and the stillness in which a recording ends, as awake; neither \
                 is scored here. With both as awake they agree, as the rows \"stillness as awake\" show",
    },
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
        as_awake(&mut table, recording);
    }
    table.finish();
}

/// The regularity of a recording with everything that was recorded and not scored taken for wakefulness, as the
/// package takes it.
fn as_awake(table: &mut Table, recording: &Recording) {
    let pointer = "/sleep/SRI_pairs_Roenneberg/sri";
    let Some(expect) = recording
        .at(pointer)
        .filter(|_| recording.series.coverage() >= 1.0)
    else {
        return;
    };
    let scored = roenneberg::score(&recording.series).unwrap().value;
    let states = scored.states().iter();
    let states = states.map(|state| Some(state.unwrap_or(State::Wake)));
    let awake = Scored::like(&recording.series, states.collect());
    let method = "sleep_regularity_index, stillness as awake";
    let ours = regularity::over_pairs(&awake).map(|found| found.value);
    table.number(method, &recording.id, ours, Some(expect), 1e-9);
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
        // The days of this person begin and end within a minute.
        if column.id == "extended_cosinor_beta" {
            assert!(outcome.is_err_and(|none| none.of.contains("square wave")));
            continue;
        }
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
