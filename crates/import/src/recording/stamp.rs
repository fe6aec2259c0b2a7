//! Dates and times of day as devices print them, as local civil seconds.
//!
//! A date in figures is either year-month-day or has its year last; then the order of day and month
//! shows only when all dates are seen ([`Calendar`]). Years of two digits are those from 1970 to 2069: no device
//! recorded before. Spreadsheets count days from 1899-12-30. It must never correct a date.

use std::cmp::{Ordering, Reverse};

use rustc_hash::FxHashMap;

/// Seconds of a civil day.
pub(crate) const DAY_S: i64 = 86_400;

/// Names of the months as Actiwatch software abbreviates them.
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Days from 1970-01-01 of a date of the proleptic Gregorian calendar, if there is such a date.
pub(crate) fn day_number(year: i64, month: i64, day: i64) -> Option<i64> {
    let date = jiff::civil::Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    )
    .ok()?;
    // Years count from March, so that the leap day is the last of its year.
    let (year, month) = (
        i64::from(date.year()) - i64::from(date.month() < 3),
        (i64::from(date.month()) + 9) % 12,
    );
    let before_month = (153 * month + 2) / 5;
    let before_year = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(before_year + before_month + i64::from(date.day()) - 1 - EPOCH_DAY)
}

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_DAY: i64 = 719_468;

/// An unsigned number of at most `digits` decimal digits, and nothing else.
pub(crate) fn figure(text: &str, digits: usize) -> Option<i64> {
    let is_figure =
        !text.is_empty() && text.len() <= digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_figure { text.parse().ok() } else { None }
}

/// Day number of a date with the month's name: `23-Jan-1918`.
pub(crate) fn named_date(text: &str) -> Option<i64> {
    let mut parts = text.trim().split(['-', ' ', '/', '.']);
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let year = year_of(year)?;
    let month = MONTHS
        .iter()
        .position(|name| month.eq_ignore_ascii_case(name))?;
    let month = i64::try_from(month).expect("twelve months") + 1;
    day_number(year, month, figure(day, 2)?)
}

/// A year of four digits, or of two.
fn year_of(text: &str) -> Option<i64> {
    match (text.len(), figure(text, 4)?) {
        (4, year) => Some(year),
        (2, year) => Some(whole_year(year)),
        _ => None,
    }
}

/// The year from 1970 to 2069 that two digits mean.
fn whole_year(short: i64) -> i64 {
    short + if short < 70 { 2_000 } else { 1_900 }
}

/// Days from 1899-12-30, the first of spreadsheets, to 1970-01-01.
const SHEET_DAYS: i64 = 25_569;

/// Day number of the whole days of a spreadsheet, from 1954 to 2119: five digits.
fn sheet_day(text: &str) -> Option<i64> {
    let days = figure(text, 5).filter(|_| text.len() == 5)?;
    (20_000..80_000)
        .contains(&days)
        .then_some(days - SHEET_DAYS)
}

/// Seconds of the fraction of a day that spreadsheets have for a time: the digits behind its sign.
fn sheet_second(digits: &str) -> Option<i64> {
    let is_fraction = digits.len() <= 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let fraction: f64 = format!("0.{digits}").parse().ok().filter(|_| is_fraction)?;
    let second = (fraction * 86_400.0).round();
    // A fraction of a day is a small whole number of seconds.
    #[expect(clippy::cast_possible_truncation, reason = "at most a day")]
    Some(second as i64)
}

/// Seconds of a spreadsheet's time of day, a fraction of a day.
fn sheet_clock(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix("0.").or_else(|| text.strip_prefix("0,"));
    if text == "0" {
        Some(0)
    } else {
        sheet_second(digits?)
    }
}

/// Day number and seconds of a spreadsheet's time: `45352.5`, `45352,5`.
fn sheet_time(text: &str) -> Option<(i64, i64)> {
    let (days, fraction) = text.split_once(['.', ','])?;
    Some((sheet_day(days)?, sheet_second(fraction)?))
}

/// Seconds after midnight of `13:58`, `18:11:00`, `09:38:00 AM`; fractions are cut off. `24:00` is the end of
/// the day.
pub(crate) fn time_of_day(text: &str) -> Option<i64> {
    let text = text.trim();
    let half = text.get(text.len().saturating_sub(2)..).and_then(|end| {
        match end.to_ascii_lowercase().as_str() {
            "am" => Some(0),
            "pm" => Some(12),
            _ => None,
        }
    });
    let digits = match half {
        Some(_) => text.get(..text.len() - 2)?.trim_end(),
        None => text,
    };
    let mut parts = digits.split(':');
    let hour = figure(parts.next()?, 2)?;
    let minute = figure(parts.next()?, 2)?;
    let second = match parts.next() {
        Some(second) => figure(whole_part(second)?, 2)?,
        None => 0,
    };
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    let is_end = (hour, minute, second) == (24, 0, 0);
    let is_time = parts.next().is_none() && (hour < 24 || is_end) && minute < 60 && second < 60;
    is_time.then_some(hour * 3600 + minute * 60 + second)
}

/// Microseconds of the fraction behind the seconds of a time: `13:29:50.439+0100`, `1700000000.25`, and of
/// milliseconds since 1970.
pub(crate) fn fraction_us(text: &str) -> i64 {
    let text = text.trim();
    if let Some(ms) = figure(text, 14).filter(|_| text.len() >= 12) {
        return ms.rem_euclid(1_000) * 1_000;
    }
    let Some((_, behind)) = text.rsplit_once(['.', ',']) else {
        return 0;
    };
    let digits: String = behind
        .chars()
        .take_while(char::is_ascii_digit)
        .chain("000000".chars())
        .take(6)
        .collect();
    figure(&digits, 6).unwrap_or_default()
}

/// .NET counts 100 ns from the year 1; this many of them come before 1970.
const TICKS_BEFORE_1970: i64 = 621_355_968_000_000_000;

/// 100 ns in a second.
const TICKS_PER_SECOND: i64 = 10_000_000;

/// Local civil second of .NET ticks, which the devices count in local time.
pub(crate) fn ticks_second(ticks: i64) -> Option<i64> {
    Some(
        ticks
            .checked_sub(TICKS_BEFORE_1970)?
            .div_euclid(TICKS_PER_SECOND),
    )
}

/// What stands before a fraction of digits.
fn whole_part(second: &str) -> Option<&str> {
    match second.split_once(['.', ',']) {
        None => Some(second),
        Some((whole, fraction)) => fraction
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(whole),
    }
}

/// Which figure of a date comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Day,
    Month,
    /// Only where the year has two digits.
    Year,
}

/// All orders, the one to take where nothing tells first.
const ORDERS: [Order; 3] = [Order::Day, Order::Month, Order::Year];

/// A date as printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Date {
    /// Nothing is open: its day number.
    Day(i64),
    /// Two figures of unknown order, then the year.
    Figures(i64, i64, i64),
    /// Three figures of two digits, one of them the year.
    Short(i64, i64, i64),
}

impl Date {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(day) = sheet_day(text) {
            return Some(Self::Day(day));
        }
        let separator = text
            .chars()
            .find(|letter| matches!(letter, '-' | '/' | '.'))?;
        let mut parts = text.split(separator);
        let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        if first.len() == 4 {
            let (year, month, day) = (figure(first, 4)?, figure(second, 2)?, figure(third, 2)?);
            return day_number(year, month, day).map(Self::Day);
        }
        let Some(month) = figure(second, 2) else {
            return named_date(text).map(Self::Day);
        };
        let first = figure(first, 2)?;
        let figures = match third.len() {
            4 => Self::Figures(first, month, figure(third, 4)?),
            2 => Self::Short(first, month, figure(third, 2)?),
            _ => return None,
        };
        if separator == '.' {
            // Points stand only between day, month and year.
            return figures.in_order(Order::Day).map(Self::Day);
        }
        Some(figures)
    }

    fn in_order(self, order: Order) -> Option<i64> {
        match (self, order) {
            (Self::Day(day), _) => Some(day),
            (Self::Figures(day, month, year), Order::Day)
            | (Self::Figures(month, day, year), Order::Month) => day_number(year, month, day),
            (Self::Figures(..), Order::Year) => None,
            (Self::Short(day, month, year), Order::Day)
            | (Self::Short(month, day, year), Order::Month)
            | (Self::Short(year, month, day), Order::Year) => {
                day_number(whole_year(year), month, day)
            }
        }
    }

    fn is_open(self) -> bool {
        !matches!(self, Self::Day(_))
    }
}

/// A time on one of the dates of a [`Calendar`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Number of the date, in the order in which dates were first seen.
    pub(crate) date: u32,
    /// Seconds after its midnight.
    pub(crate) second: i64,
}

/// Dates that one file may have: a century.
const DATES_MAX: usize = 36_525;

/// Collects printed dates, and knows in the end which days they were.
///
/// Dates such as 04/07/2015 are open until all are seen: an order that only some of them allow is the right one,
/// else the one in which more of them follow each other day by day; the day comes first where nothing tells.
#[derive(Debug, Default)]
pub(crate) struct Calendar {
    order: Option<Order>,
    /// The order to take where the dates tell none.
    hint: Option<Order>,
    dates: Vec<Date>,
    numbers: FxHashMap<Date, u32>,
    offset_s: Option<i64>,
    /// Whether a stamp with a time of day was seen.
    has_times: bool,
    last: Option<(String, u32)>,
}

/// The days of the dates of a calendar.
pub(crate) struct Days {
    /// Day number of each date, or `None` where the order of the others makes none of it.
    pub(crate) numbers: Vec<Option<i64>>,
    /// Whether no date told day from month, so that the day was taken to come first.
    pub(crate) is_guessed: bool,
}

impl Calendar {
    /// A calendar whose dates have a known order.
    pub(crate) fn ordered(order: Order) -> Self {
        Self {
            order: Some(order),
            ..Self::default()
        }
    }

    /// A calendar for dates of an order that somebody states and that may be wrong.
    pub(crate) fn hinted(order: Order) -> Self {
        Self {
            hint: Some(order),
            ..Self::default()
        }
    }

    /// The moment of a local civil second.
    pub(crate) fn moment_at(&mut self, second: i64) -> Option<Moment> {
        let date = self.number(Date::Day(second.div_euclid(DAY_S)))?;
        let second = second.rem_euclid(DAY_S);
        Some(Moment { date, second })
    }

    /// The moment of a date and a time of day in two cells.
    pub(crate) fn moment_of(&mut self, date: &str, time: &str) -> Option<Moment> {
        let second = time_of_day(time).or_else(|| sheet_clock(time))?;
        let date = self.number_of(date)?;
        Some(Moment { date, second })
    }

    /// The moment of a stamp: `2014-05-07 13:29:50.439+0100 [Europe/London]`, `04/07/2015 09:45:00`,
    /// `2014-05-07T13:29:50Z`, or seconds or milliseconds since 1970.
    ///
    /// Where stamps carry offsets, all are told in the first one's. R leaves the time of midnight out: a date
    /// alone is its midnight, in the first row or beside stamps with a time; rows of dates only stay refused.
    pub(crate) fn moment(&mut self, text: &str) -> Option<Moment> {
        let text = text.trim();
        if let Some(second) = unix_second(text) {
            let date = Date::Day(second.div_euclid(DAY_S));
            return self.shifted(0, date, second.rem_euclid(DAY_S));
        }
        if let Some((day, second)) = sheet_time(text) {
            self.has_times = true;
            let date = self.number(Date::Day(day))?;
            return Some(Moment { date, second });
        }
        let Some((date, clock)) = text.split_once(['T', ' ']) else {
            let may_be_midnight = self.dates.is_empty() || self.has_times;
            let date = may_be_midnight.then(|| self.number_of(text)).flatten()?;
            return Some(Moment { date, second: 0 });
        };
        let clock = clock.split('[').next().unwrap_or_default().trim();
        let (time, offset) = split_offset(clock)?;
        let second = time_of_day(time)?;
        self.has_times = true;
        let date = self.number_of(date)?;
        let Some(offset) = offset else {
            return Some(Moment { date, second });
        };
        let first = *self.offset_s.get_or_insert(offset);
        let second = second - offset + first;
        Some(Moment { date, second })
    }

    /// The local civil second of the only stamp of a file.
    pub(crate) fn second(mut self, stamp: &str) -> Option<i64> {
        let moment = self.moment(stamp)?;
        self.settle().second(moment)
    }

    /// The offset from UTC that the first stamp carried, in seconds.
    pub(crate) fn offset_s(&self) -> Option<i32> {
        self.offset_s.and_then(|offset| i32::try_from(offset).ok())
    }

    /// The order of day and month that the dates seen so far show, and whether it is a guess.
    pub(crate) fn order(&self) -> (Order, bool) {
        match (self.order, order_of(&self.dates), self.hint) {
            (Some(order), ..) | (None, (_, true), Some(order)) => (order, false),
            (None, found, _) => found,
        }
    }

    /// The local civil second of a moment in an order of day and month.
    pub(crate) fn second_in(&self, moment: Moment, order: Order) -> Option<i64> {
        let day = self.dates.get(moment.date as usize)?.in_order(order)?;
        Some(day * DAY_S + moment.second)
    }

    /// The days of all dates.
    pub(crate) fn settle(self) -> Days {
        let (order, is_guessed) = self.order();
        Days {
            numbers: self.dates.iter().map(|date| date.in_order(order)).collect(),
            is_guessed,
        }
    }

    fn shifted(&mut self, offset: i64, date: Date, time: i64) -> Option<Moment> {
        let first = *self.offset_s.get_or_insert(offset);
        let second = time - offset + first;
        let date = self.number(date)?;
        Some(Moment { date, second })
    }

    fn number_of(&mut self, text: &str) -> Option<u32> {
        if let Some((last, number)) = &self.last
            && last == text
        {
            return Some(*number);
        }
        let number = self.number(Date::parse(text)?)?;
        self.last = Some((text.to_owned(), number));
        Some(number)
    }

    fn number(&mut self, date: Date) -> Option<u32> {
        if let Some(number) = self.numbers.get(&date) {
            return Some(*number);
        }
        if self.dates.len() >= DATES_MAX {
            return None;
        }
        let is_any = date.in_order(Order::Day).is_some() || date.in_order(Order::Month).is_some();
        let number = u32::try_from(self.dates.len()).ok().filter(|_| is_any)?;
        self.dates.push(date);
        self.numbers.insert(date, number);
        Some(number)
    }
}

impl Days {
    /// The local civil second of a moment.
    pub(crate) fn second(&self, moment: Moment) -> Option<i64> {
        let day = self.numbers.get(moment.date as usize).copied().flatten()?;
        Some(day * DAY_S + moment.second)
    }
}

/// The order that the dates show, and whether it is a guess: the one that makes dates of the most of them, of
/// several the one in which more of them follow each other day by day, then the one in which they are nearest.
fn order_of(dates: &[Date]) -> (Order, bool) {
    let open: Vec<Date> = dates
        .iter()
        .copied()
        .filter(|date| date.is_open())
        .collect();
    let days = |order: Order| {
        let mut days: Vec<i64> = open
            .iter()
            .filter_map(|date| date.in_order(order))
            .collect();
        days.sort_unstable();
        days
    };
    let rank = |days: &[i64]| {
        let pairs = days.iter().zip(days.iter().skip(1));
        let follow = pairs.filter(|(left, right)| *right - *left == 1).count();
        let span = match days {
            [first, .., last] => last - first,
            _ => 0,
        };
        (days.len(), follow, Reverse(span))
    };
    let mut best = (Order::Day, days(Order::Day));
    let mut is_guessed = false;
    for order in ORDERS.into_iter().skip(1) {
        let days = days(order);
        match rank(&days).cmp(&rank(&best.1)) {
            Ordering::Greater => (best, is_guessed) = ((order, days), false),
            Ordering::Equal => is_guessed |= days != best.1,
            Ordering::Less => {}
        }
    }
    (best.0, is_guessed)
}

/// Whole seconds since 1970 of nine to eleven digits, or of twelve to fourteen that are milliseconds.
fn unix_second(text: &str) -> Option<i64> {
    let whole = whole_part(text)?;
    let second = figure(whole, 14)?;
    match whole.len() {
        9..=11 => Some(second),
        12..=14 => Some(second.div_euclid(1000)),
        _ => None,
    }
}

/// Splits `13:29:50.439+0100` into the time and the offset in seconds.
fn split_offset(clock: &str) -> Option<(&str, Option<i64>)> {
    if let Some(time) = clock
        .strip_suffix(['Z', 'z'])
        .or_else(|| clock.strip_suffix("GMT"))
        .or_else(|| clock.strip_suffix("UTC"))
    {
        return Some((time, Some(0)));
    }
    match clock.rfind(['+', '-']) {
        None => Some((clock, None)),
        Some(at) => {
            let (time, offset) = (clock.get(..at)?, clock.get(at..)?);
            Some((time, Some(offset_of(offset)?)))
        }
    }
}

/// Seconds of `+0100`, `-05:30` or `+01`.
pub(crate) fn offset_of(text: &str) -> Option<i64> {
    let text = text.trim();
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let digits: String = text
        .chars()
        .skip(1)
        .filter(|letter| *letter != ':')
        .collect();
    let hours = figure(digits.get(..2)?, 2)?;
    let minutes = match digits.get(2..)? {
        "" => 0,
        minutes => figure(minutes, 2)?,
    };
    (hours <= 18 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}
