//! The demo person's calendar: where they wake and go to bed, what they wear, when they move.
//!
//! A date decides everything about itself. What is rare (a trip, a day without devices) repeats every
//! [`CYCLE_DAYS`], so that sixty days always hold each of them once at least.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use model::sample::{DAY_US, MINUTE_US};
use model::zone::Zone;

use crate::demo::chance::Chance;
use crate::demo::who::Who;

/// Where the trips go.
const AWAY: &str = "America/New_York";
/// Length of the cycle of rare things: a window of sixty days holds a whole trip wherever it begins.
const CYCLE_DAYS: i64 = 45;
/// The day of the cycle on which the person flies out, by day.
const FLIGHT_OUT: i64 = 20;
/// The day of the cycle on which the person flies back, overnight.
const FLIGHT_BACK: i64 = 26;

/// The days of the cycle on which the person is ill.
const ILL: std::ops::RangeInclusive<i64> = 37..=42;
/// The days of the cycle on which a second watch is tried beside the first.
const SECOND_WATCH: std::ops::RangeInclusive<i64> = 1..=8;

/// The day of the cycle of which the person deleted a measurement on the phone.
const DELETED: i64 = 12;

/// What the person carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worn {
    /// Watch and phone.
    Both,
    /// The watch charges over night.
    WatchByDay,
    /// The watch lies in a drawer.
    PhoneOnly,
    /// Neither.
    Nothing,
}

/// What the phone still has of what was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// All of it.
    Everything,
    /// The person deleted the liveliest minutes there, and only there.
    AllButOne,
}

/// A sport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sport {
    /// On foot: counts steps.
    Running,
    /// On a bicycle: counts none.
    Cycling,
}

/// A stretch of time, half-open.
pub(super) type Stretch = (i64, i64);

/// One day, from waking to going to bed.
#[derive(Debug)]
pub(super) struct Day {
    /// The date on which the person wakes.
    pub(super) date: Date,
    /// Zone in the morning.
    pub(super) morning: Zone,
    /// Zone in the evening.
    pub(super) evening: Zone,
    /// When the person wakes.
    pub(super) wake_us: i64,
    /// When the person goes to bed.
    pub(super) bed_us: i64,
    /// When the zone changes from the morning's to the evening's.
    pub(super) landing_us: Option<i64>,
    /// What the person carries.
    pub(super) worn: Worn,
    /// Time spent in a seat of an aeroplane.
    pub(super) seated: Option<Stretch>,
    /// A nap.
    pub(super) nap: Option<Stretch>,
    /// Sport.
    pub(super) workout: Option<(Sport, Stretch)>,
    /// Whether the day is spent sightseeing.
    pub(super) touring: bool,
    /// Whether the person lies ill.
    pub(super) ill: bool,
    /// Whether a second watch is worn beside the first.
    pub(super) second_watch: bool,
    /// What the phone still has of the day.
    pub(super) kept: Kept,
    /// Whose day it is.
    pub(super) who: Who,
}

/// The days of a person up to now, and the one before them, oldest first.
pub(super) fn until(now_us: i64, who: Who) -> Vec<Day> {
    let today = zone(who.home()).date_at(now_us);
    let dates = (0..=who.days())
        .rev()
        .filter_map(|back| today.checked_sub(back.days()).ok());
    dates.map(|date| day(date, who)).collect()
}

/// The zone the person is in at an instant of the day.
pub(super) fn zone_at(day: &Day, at_us: i64) -> &Zone {
    match day.landing_us {
        Some(landing_us) if at_us < landing_us => &day.morning,
        Some(_) | None => &day.evening,
    }
}

fn day(date: Date, who: Who) -> Day {
    let cycle = (Zone::utc().start_of(date) / DAY_US + who.days_ahead()).rem_euclid(CYCLE_DAYS);
    let home = who.home();
    let away_at_night = (FLIGHT_OUT..=FLIGHT_BACK).contains(&cycle);
    let away_on_waking = away_at_night && cycle != FLIGHT_OUT;
    let morning = zone(if away_on_waking { AWAY } else { home });
    let evening = zone(if away_at_night { AWAY } else { home });
    let mut chance = Chance::of(date, "calendar", who);
    let ill = ILL.contains(&cycle);
    let free = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) || away_at_night;
    let wake_min = if free {
        480 + chance.whole(-30, 45)
    } else {
        410 + chance.whole(-20, 25)
    };
    let late = matches!(date.weekday(), Weekday::Friday | Weekday::Saturday);
    let bed_min = match cycle {
        FLIGHT_BACK => 19 * 60 + 30,
        _ if late => 1_450 + chance.whole(-30, 50),
        _ => 1_385 + chance.whole(-35, 45),
    };
    // The flight back lands in the morning, whatever day of the week it is.
    let wake_min = if cycle == FLIGHT_BACK + 1 {
        7 * 60
    } else {
        wake_min
    };
    let (seated, landing_us) = match cycle {
        FLIGHT_OUT => {
            let (from_us, until_us) = (at(&morning, date, 12 * 60), at(&evening, date, 15 * 60));
            (Some((from_us, until_us)), Some(until_us))
        }
        FLIGHT_BACK => (
            Some((at(&evening, date, 18 * 60), at(&evening, date, bed_min))),
            None,
        ),
        _ => (None, None),
    };
    let worn = match cycle {
        9 | 10 => Worn::PhoneOnly,
        15 => Worn::Nothing,
        33 => Worn::WatchByDay,
        _ => Worn::Both,
    };
    Day {
        wake_us: at(&morning, date, wake_min),
        bed_us: at(&evening, date, bed_min),
        nap: nap(date, &evening, cycle, &mut chance),
        workout: workout(date, &evening, seated, &mut chance).filter(|_| !ill),
        touring: away_at_night && seated.is_none(),
        date,
        morning,
        evening,
        landing_us,
        worn,
        seated,
        ill,
        second_watch: SECOND_WATCH.contains(&cycle),
        kept: if cycle == DELETED {
            Kept::AllButOne
        } else {
            Kept::Everything
        },
        who,
    }
}

fn nap(date: Date, zone: &Zone, cycle: i64, chance: &mut Chance) -> Option<Stretch> {
    let jet_lag = cycle == FLIGHT_BACK + 1;
    let lazy = date.weekday() == Weekday::Sunday && chance.happens(0.7);
    if !jet_lag && !lazy {
        return None;
    }
    let start_us = at(zone, date, 14 * 60 + chance.whole(0, 50));
    let minutes = if jet_lag { 80 } else { chance.whole(26, 50) };
    Some((start_us, start_us + minutes * MINUTE_US))
}

fn workout(
    date: Date,
    zone: &Zone,
    seated: Option<Stretch>,
    chance: &mut Chance,
) -> Option<(Sport, Stretch)> {
    let (sport, start_min, minutes) = match date.weekday() {
        Weekday::Tuesday | Weekday::Thursday => (
            Sport::Running,
            18 * 60 + chance.whole(5, 40),
            chance.whole(30, 46),
        ),
        Weekday::Saturday => (
            Sport::Cycling,
            10 * 60 + chance.whole(15, 60),
            chance.whole(60, 95),
        ),
        Weekday::Monday | Weekday::Wednesday | Weekday::Friday | Weekday::Sunday => return None,
    };
    if seated.is_some() {
        return None;
    }
    let start_us = at(zone, date, start_min);
    Some((sport, (start_us, start_us + minutes * MINUTE_US)))
}

/// The instant at which clocks in a zone show this minute of a date; minutes beyond the day run on.
pub(super) fn at(zone: &Zone, date: Date, minute: i64) -> i64 {
    let shown = date.at(0, 0, 0, 0).checked_add(minute.minutes());
    let shown = shown.expect("the demo does not live at the end of time");
    let instant = zone.rules().to_timestamp(shown);
    instant
        .expect("the demo does not live at the end of time")
        .as_microsecond()
}

fn zone(name: &str) -> Zone {
    Zone::parse(name).expect("the zone database is built in")
}
