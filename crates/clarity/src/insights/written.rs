//! Numbers as texts write them: with the unit a person wants, as many decimals as they are worth, and the forms of the
//! language. It must never change what a number says beyond its unit and rounding.

use crate::insights::language::{Language, Writing};
use crate::insights::words::{Given, say};
use crate::person::profile::Units;

/// Pounds of a kilogram: 1 lb is 0.453 592 37 kg (international yard and pound agreement, 1959).
const LB_PER_KG: f64 = 1.0 / 0.453_592_37;
/// Minutes of a clock.
const CLOCK_MIN: i64 = 24 * 60;

/// What a number of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// A length of time, in minutes.
    Duration,
    /// A time on the clock, in minutes after midnight.
    Clock,
    /// Steps.
    Steps,
    /// Beats per minute.
    Rate,
    /// Breaths per minute.
    Breaths,
    /// Kilocalories.
    Energy,
    /// Milliseconds.
    Milliseconds,
    /// Percent.
    Percent,
    /// A mass in kilograms.
    Mass,
}

impl Quantity {
    /// Decimals that it is written with.
    pub(crate) const fn decimals(self) -> usize {
        match self {
            Self::Rate | Self::Breaths | Self::Percent | Self::Mass => 1,
            Self::Duration | Self::Clock | Self::Steps | Self::Energy | Self::Milliseconds => 0,
        }
    }

    /// A value in the units of a text.
    pub(crate) fn shown(self, units: Units, value: f64) -> f64 {
        match (self, units) {
            (Self::Mass, Units::Imperial) => value * LB_PER_KG,
            _ => value,
        }
    }

    const fn unit(self, units: Units) -> &'static str {
        match self {
            Self::Steps => "unit-steps",
            Self::Rate => "unit-rate",
            Self::Breaths => "unit-breaths",
            Self::Energy => "unit-energy",
            Self::Milliseconds => "unit-ms",
            Self::Percent => "unit-percent",
            Self::Mass if matches!(units, Units::Imperial) => "unit-lb",
            Self::Mass => "unit-kg",
            Self::Duration | Self::Clock => "",
        }
    }

    /// What plural rules and grammar need to know of a value: the hour of a time on the clock, otherwise the value.
    pub(crate) fn count(self, units: Units, value: f64) -> Given<'static> {
        if self == Self::Clock {
            return Given::Number((clock_min(value) / 60) as f64, 0);
        }
        let decimals = self.decimals();
        Given::Number(rounded(self.shown(units, value), decimals), decimals)
    }

    /// A value without its unit, as ranges have it; times have theirs always.
    pub(crate) fn bare(self, writing: Writing, value: f64) -> Option<String> {
        if !value.is_finite() {
            return None;
        }
        let language = writing.language;
        match self {
            Self::Duration => duration(language, value),
            Self::Clock => clock(language, value),
            Self::Steps
            | Self::Rate
            | Self::Breaths
            | Self::Energy
            | Self::Milliseconds
            | Self::Percent
            | Self::Mass => {
                Some(language.number(self.shown(writing.units, value), self.decimals()))
            }
        }
    }

    /// A value with its unit.
    pub(crate) fn full(self, writing: Writing, value: f64) -> Option<String> {
        let bare = self.bare(writing, value)?;
        if matches!(self, Self::Duration | Self::Clock) {
            return Some(bare);
        }
        let given = [
            ("value", Given::Text(&bare)),
            ("count", self.count(writing.units, value)),
        ];
        say(writing.language, self.unit(writing.units), &given)
    }

    /// From one value to another; a single value where both read the same.
    pub(crate) fn range(self, writing: Writing, low: f64, high: f64) -> Option<String> {
        let (low, high) = (self.bare(writing, low)?, self.bare(writing, high)?);
        if low == high {
            return Some(low);
        }
        let given = [("low", Given::Text(&low)), ("high", Given::Text(&high))];
        say(writing.language, "range", &given)
    }
}

fn rounded(value: f64, decimals: usize) -> f64 {
    format!("{value:.decimals$}").parse().unwrap_or(value)
}

fn whole(value: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounded, and far below the range"
    )]
    let whole = value.round() as i64;
    whole
}

fn clock_min(minutes: f64) -> i64 {
    whole(minutes).rem_euclid(CLOCK_MIN)
}

fn duration(language: Language, minutes: f64) -> Option<String> {
    let minutes = whole(minutes);
    let id = match (minutes / 60, minutes % 60) {
        (0, _) => "duration-minutes",
        (_, 0) => "duration-hours",
        _ => "duration-both",
    };
    let (hours, minutes) = ((minutes / 60).to_string(), (minutes % 60).to_string());
    let given = [
        ("hours", Given::Text(&hours)),
        ("minutes", Given::Text(&minutes)),
    ];
    say(language, id, &given)
}

fn clock(language: Language, minutes: f64) -> Option<String> {
    let minutes = clock_min(minutes);
    let (hours, minutes) = (
        format!("{:02}", minutes / 60),
        format!("{:02}", minutes % 60),
    );
    let given = [
        ("hours", Given::Text(&hours)),
        ("minutes", Given::Text(&minutes)),
    ];
    say(language, "clock", &given)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writing(language: Language, units: Units) -> Writing {
        Writing { language, units }
    }

    #[test]
    fn numbers_are_written_for_people() {
        let check = |quantity: Quantity, value, expect: [&str; 6]| {
            let written = Language::ALL.map(|language| {
                let written = quantity.full(writing(language, Units::Metric), value);
                written.expect("a number")
            });
            assert_eq!(written, expect, "{quantity:?} {value}");
        };
        let both = "7 h 12 min";
        check(
            Quantity::Duration,
            432.4,
            [both, both, both, both, both, "7小时12分钟"],
        );
        check(
            Quantity::Duration,
            59.6,
            ["1 h", "1 h", "1 h", "1 h", "1 h", "1小时"],
        );
        check(
            Quantity::Clock,
            -30.0,
            ["23:30", "23:30", "23:30", "23 h 30", "23h30", "23:30"],
        );
        check(
            Quantity::Clock,
            1439.7,
            ["00:00", "00:00", "00:00", "00 h 00", "00h00", "00:00"],
        );
        check(
            Quantity::Percent,
            97.25,
            [
                "97.2%",
                "97,2\u{a0}%",
                "97,2\u{a0}%",
                "97,2\u{a0}%",
                "97,2%",
                "97.2%",
            ],
        );
    }

    #[test]
    fn weight_is_in_the_units_of_the_person() {
        let check = |units, expect: &str| {
            let written = Quantity::Mass.full(writing(Language::De, units), 70.5);
            assert_eq!(written.as_deref(), Some(expect));
        };
        check(Units::Metric, "70,5 kg");
        check(Units::Imperial, "155,4 lb");
    }
}
