//! Promotes the types that a person kept under numbers of their own once the catalogue knows them: all of
//! a person in one transaction, with the marks of the days that change.
//!
//! A type whose unit does not measure the row, and a value that the row does not take, stay as they came.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::category;
use model::ids::UserId;
use model::metric::{self, Kind, Metric, MetricNo};
use model::unit::{Conversion, Percent};
use store::promote::Move;
use store::revisions;

use crate::app::App;
use crate::ingest::dirty;
use crate::jobs::Job;
use crate::jobs::error::JobError;
use crate::person::dictionary::UnknownType;
use crate::person::dossier::Dossier;

/// How many names the catalogue knows: it only grows, so that it tells one catalogue from the next.
pub(crate) fn names() -> i64 {
    i64::try_from(metric::names()).unwrap_or(i64::MAX)
}

/// A value as the row stores it.
type Value = Box<dyn Fn(f64) -> Option<f64> + Send + Sync>;

/// Promotes what can be, and notes that this person was looked up.
pub(crate) async fn person(app: &Arc<App>, user: UserId) -> Result<(), JobError> {
    let now_us = app.clock.now_us();
    let mut tx = app.store.begin("promote types").await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    store::people::hold(&mut tx, &key, user).await?;
    let dossier = Dossier::load(&mut tx, &app.vault, user).await?;
    let known: Vec<(MetricNo, MetricNo, Value)> = dossier
        .dictionary()
        .unknown_types()
        .filter_map(|(no, unknown)| {
            let (to, value) = meaning(unknown)?;
            Some((no, to, value))
        })
        .collect();
    let moves: Vec<Move<'_>> = known
        .iter()
        .map(|(from, to, value)| Move {
            from: *from,
            to: *to,
            value: value.as_ref(),
        })
        .collect();
    let promoted = store::promote::promote(&mut tx, &key, user, &moves).await?;
    let history = dossier.history();
    let mut days = BTreeSet::new();
    for (metric, hours) in promoted.changed.iter() {
        days.extend(dirty::dates(&history, metric, hours.iter().copied()));
    }
    if !days.is_empty() {
        let days: Vec<_> = days.into_iter().collect();
        store::days::mark(&mut tx, user, &days, now_us).await?;
        Job::Recompute
            .enqueue(&mut tx, user, app.ids.job(now_us), now_us, now_us)
            .await?;
    }
    revisions::set_catalogue(&mut tx, user, names()).await?;
    tx.commit().await?;
    if promoted.moved + promoted.kept > 0 {
        metrics::counter!("clarity_samples_promoted_total").increment(promoted.moved);
        let (moved, kept) = (promoted.moved, promoted.kept);
        tracing::info!(user = %user, moved, kept, "samples of types that the catalogue knows now were promoted");
    }
    app.work_ready.notify_one();
    Ok(())
}

/// The row that a type means now, and how its values become the row's; `None` when there is no such row or
/// its unit is of another kind.
fn meaning(unknown: &UnknownType) -> Option<(MetricNo, Value)> {
    let row = metric::by_name(&unknown.name)?;
    if row.kind == Kind::Category {
        return Some((row.no, Box::new(move |value| code(row, value))));
    }
    let conversion = conversion(row, unknown)?;
    let value = move |value: f64| {
        let value = conversion.apply(value);
        (value.is_finite() && row.is_plausible(value)).then_some(value)
    };
    Some((row.no, Box::new(value)))
}

/// The conversion that the reader of the type would have used, had it known the row.
fn conversion(row: &'static Metric, unknown: &UnknownType) -> Option<Conversion> {
    let unit = if unknown.unit.is_empty() {
        metric::implied_unit(&unknown.name).unwrap_or_default()
    } else {
        &unknown.unit
    };
    if unit.is_empty() {
        return Some(Conversion::IDENTITY);
    }
    // HealthKit prints 0.97 for 97 %, in exports and from phones; nobody else does.
    let percent = if unknown.name.starts_with("HK") {
        Percent::Fraction
    } else {
        Percent::Points
    };
    row.conversion_with(unit, percent).ok()
}

/// A code that was kept without knowing its meaning: 0 is also what a sample without a value was kept as.
fn code(row: &'static Metric, value: f64) -> Option<f64> {
    if category::is_category_code(row, value) {
        return Some(value);
    }
    category::category_code_when_absent(row).filter(|_| value == 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, unit: &str, value: f64, expect: Option<(&str, f64)>) {
        let unknown = UnknownType {
            name: name.to_owned(),
            unit: unit.to_owned(),
        };
        let found = meaning(&unknown).and_then(|(no, of)| {
            let row = metric::by_no(no).expect("a row");
            Some((row.id, of(value)?))
        });
        assert_eq!(found, expect, "{value} {unit} of {name}");
    }

    #[test]
    fn values_become_what_a_reader_would_have_made_of_them() {
        check(
            "pulse_wave_velocity",
            "m/s",
            7.5,
            Some(("pulse_wave_velocity", 7.5)),
        );
        check(
            "pulse_wave_velocity",
            "km/h",
            36.0,
            Some(("pulse_wave_velocity", 10.0)),
        );
        check(
            "pulse_wave_velocity",
            "",
            7.5,
            Some(("pulse_wave_velocity", 7.5)),
        );
        check("pulse_wave_velocity", "widgets", 7.5, None);
        check("pulse_wave_velocity", "m/s", 4_000.0, None);
        check(
            "HKQuantityTypeIdentifierOxygenSaturation",
            "%",
            0.97,
            Some(("oxygen_saturation", 97.0)),
        );
        check("blood_oxygen", "%", 97.0, Some(("oxygen_saturation", 97.0)));
        check("sleep_hours", "", 8.0, Some(("sleep_duration", 480.0)));
        check(
            "HKCategoryTypeIdentifierFever",
            "",
            2.0,
            Some(("fever", 2.0)),
        );
        check("HKCategoryTypeIdentifierFever", "", 2.5, None);
        check("warp_factor", "", 1.0, None);
    }
}
