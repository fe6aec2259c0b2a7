//! What the person's phone itself shows of whole days: the activity rings.
//!
//! It adds up the same measurements, so nearly every day agrees with ours. Of one day of each cycle the person
//! deleted a measurement on the phone alone; that day differs, and its cause can be found. Nothing is shown of days
//! on a journey, nor of those at the edge of what is written.

use analysis::daily::merge::by_priority;
use analysis::daily::rank::Ranks;
use jiff::ToSpan;
use model::record::ActivitySummary;
use model::sample::Sample;
use model::zone::Span;

use crate::demo::days::{Day, Kept, at};
use crate::demo::pen::Pen;

/// Days at the beginning of which not everything is written.
const EDGE_DAYS: usize = 2;
/// `apple_stand_hour`: the person stood.
const STOOD: f64 = 0.0;

/// Writes the rings of every day that is over.
pub(super) fn of_days(pen: &mut Pen, days: &[Day]) {
    let home = pen.who().home();
    let is_home = |day: &Day| day.morning.name() == home && day.evening.name() == home;
    let energy = pen.written("active_energy_burned");
    let exercise = pen.written("apple_exercise_time");
    let hours = pen.written("apple_stand_hour").into_iter();
    let stood = hours.filter(|hour| hour.value.to_bits() == STOOD.to_bits());
    let stood: Vec<Sample> = stood.map(|hour| Sample { value: 1.0, ..hour }).collect();
    for pair in days.windows(2).skip(EDGE_DAYS - 1) {
        let [before, day] = pair else { continue };
        if !is_home(before) || !is_home(day) {
            continue;
        }
        let Ok(next) = day.date.checked_add(1.day()) else {
            continue;
        };
        let span = Span {
            start_us: at(&day.morning, day.date, 0),
            end_us: at(&day.morning, next, 0),
        };
        let rings = ActivitySummary {
            date: day.date.to_string(),
            active_energy_kcal: total(&kept(&energy, day.kept, span), span),
            exercise_min: total(&exercise, span),
            stand_hours: total(&stood, span),
            ..ActivitySummary::default()
        };
        if rings.active_energy_kcal.or(rings.stand_hours).is_some() {
            pen.rings(day.date, span, rings);
        }
    }
}

/// What the phone still has of what was measured on a day.
fn kept(samples: &[Sample], kept: Kept, span: Span) -> Vec<Sample> {
    let of_day = samples
        .iter()
        .filter(|sample| sample.start_us < span.end_us && sample.end_us >= span.start_us);
    let mut of_day: Vec<Sample> = of_day.copied().collect();
    if kept == Kept::AllButOne {
        let inside =
            |sample: &Sample| sample.start_us >= span.start_us && sample.end_us <= span.end_us;
        let places = of_day
            .iter()
            .enumerate()
            .filter(|(_, sample)| inside(sample));
        let liveliest = places.max_by(|(_, a), (_, b)| a.value.total_cmp(&b.value));
        if let Some(at) = liveliest.map(|(at, _)| at) {
            of_day.remove(at);
        }
    }
    of_day
}

/// The day's total as the phone prints it, in tenths; nothing where it is zero. One device measures what rings
/// show, so that no order of sources matters.
fn total(samples: &[Sample], span: Span) -> Option<f64> {
    let found = by_priority(samples, &Ranks::in_order(&[]), &[vec![span]]);
    let total = found.first().map(|day| (day.total * 10.0).round() / 10.0);
    total.filter(|total| *total > 0.0)
}
