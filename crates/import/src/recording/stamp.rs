//! Dates and times of day as devices print them, as local civil seconds.
//!
//! A date in figures is either year-month-day or has its year last; then the order of day and month
//! shows only when the date changes ([`Calendar`]). Two-digit years are refused: nothing in a file says
//! which century they mean. It must never correct a date.

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
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let month = MONTHS
        .iter()
        .position(|name| month.eq_ignore_ascii_case(name))?;
    let month = i64::try_from(month).expect("twelve months") + 1;
    day_number(figure(year, 4)?, month, figure(day, 2)?)
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

/// Which of two figures before the year is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    DayFirst,
    MonthFirst,
}

/// A date as printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Date {
    /// Nothing is open: its day number.
    Day(i64),
    /// Two figures of unknown order, then the year.
    Figures(i64, i64, i64),
}

impl Date {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
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
        if third.len() != 4 {
            return None;
        }
        let Some(month) = figure(second, 2) else {
            return named_date(text).map(Self::Day);
        };
        let figures = Self::Figures(figure(first, 2)?, month, figure(third, 4)?);
        if separator == '.' {
            // Points stand only between day, month and year.
            return figures.in_order(Order::DayFirst).map(Self::Day);
        }
        Some(figures)
    }

    fn in_order(self, order: Order) -> Option<i64> {
        match (self, order) {
            (Self::Day(day), _) => Some(day),
            (Self::Figures(day, month, year), Order::DayFirst)
            | (Self::Figures(month, day, year), Order::MonthFirst) => day_number(year, month, day),
        }
    }

    /// The order, where only one of them gives a date.
    fn only_order(self) -> Option<Order> {
        match (
            self.in_order(Order::DayFirst),
            self.in_order(Order::MonthFirst),
        ) {
            (Some(_), None) => Some(Order::DayFirst),
            (None, Some(_)) => Some(Order::MonthFirst),
            _ => None,
        }
    }
}

/// Turns printed dates into seconds since the first midnight, and knows in the end which day that was.
///
/// Dates such as 04/07/2015 are open until a second date is seen: the order that puts it nearer to the
/// first is the right one, and the day comes first where both are equally near or no second date comes.
#[derive(Debug, Default)]
pub(crate) struct Calendar {
    order: Option<Order>,
    first: Option<Date>,
    offset_s: Option<i64>,
    is_guessed: bool,
    /// Whether a stamp with a time of day was seen.
    has_times: bool,
    last: Option<(String, i64)>,
}

impl Calendar {
    /// A calendar whose dates have a known order.
    pub(crate) fn ordered(order: Order) -> Self {
        Self {
            order: Some(order),
            ..Self::default()
        }
    }

    /// Seconds from the first midnight to a date and a time of day.
    pub(crate) fn second(&mut self, date: &str, time: &str) -> Option<i64> {
        let time = time_of_day(time)?;
        Some(self.day(date)? * DAY_S + time)
    }

    /// Seconds from the first midnight to a stamp: `2014-05-07 13:29:50.439+0100 [Europe/London]`,
    /// `04/07/2015 09:45:00`, `2014-05-07T13:29:50Z`, or seconds or milliseconds since 1970.
    ///
    /// Where stamps carry offsets, all are told in the first one's. R leaves the time of midnight out: a date
    /// alone is its midnight, in the first row or beside stamps with a time; rows of dates only stay refused.
    pub(crate) fn stamp(&mut self, text: &str) -> Option<i64> {
        let text = text.trim();
        if let Some(second) = unix_second(text) {
            return self.shifted(0, second.div_euclid(DAY_S), second.rem_euclid(DAY_S));
        }
        let Some((date, clock)) = text.split_once(['T', ' ']) else {
            let may_be_midnight = self.first.is_none() || self.has_times;
            let day = may_be_midnight.then(|| self.day(text)).flatten()?;
            return Some(day * DAY_S);
        };
        let clock = clock.split('[').next().unwrap_or_default().trim();
        let (time, offset) = split_offset(clock)?;
        let time = time_of_day(time)?;
        self.has_times = true;
        let Some(offset) = offset else {
            return Some(self.day(date)? * DAY_S + time);
        };
        let day = self.day(date)?;
        let first = *self.offset_s.get_or_insert(offset);
        Some(day * DAY_S + time - offset + first)
    }

    /// The local civil second of the first midnight.
    pub(crate) fn origin_s(&mut self) -> i64 {
        let Some(first) = self.first else { return 0 };
        let is_open = first.in_order(Order::DayFirst) != first.in_order(Order::MonthFirst);
        self.is_guessed = self.order.is_none() && is_open;
        let order = self.order.unwrap_or(Order::DayFirst);
        first.in_order(order).unwrap_or_default() * DAY_S
    }

    /// The offset from UTC that the first stamp carried, in seconds.
    pub(crate) fn offset_s(&self) -> Option<i32> {
        self.offset_s.and_then(|offset| i32::try_from(offset).ok())
    }

    /// Whether no date told day from month, so that the day was taken to come first.
    pub(crate) fn is_guessed(&self) -> bool {
        self.is_guessed
    }

    fn shifted(&mut self, offset: i64, day: i64, time: i64) -> Option<i64> {
        let first = *self.offset_s.get_or_insert(offset);
        let day = self.since_first(Date::Day(day))?;
        Some(day * DAY_S + time - offset + first)
    }

    fn day(&mut self, text: &str) -> Option<i64> {
        if let Some((last, day)) = &self.last
            && last == text
        {
            return Some(*day);
        }
        let day = self.since_first(Date::parse(text)?)?;
        self.last = Some((text.to_owned(), day));
        Some(day)
    }

    fn since_first(&mut self, date: Date) -> Option<i64> {
        if self.order.is_none() {
            self.order = date.only_order().or_else(|| {
                let first = self.first.filter(|first| *first != date)?;
                matches!(date, Date::Figures(..)).then(|| order_of(first, date))
            });
        }
        // As long as the order is open all dates were the same, so that any order will do.
        let order = self.order.unwrap_or(Order::DayFirst);
        let day = date.in_order(order)?;
        let first = self.first.get_or_insert(date);
        Some(day - first.in_order(order)?)
    }
}

/// The order in which two dates are nearest.
fn order_of(first: Date, second: Date) -> Order {
    let days = |order| Some((second.in_order(order)? - first.in_order(order)?).unsigned_abs());
    match (days(Order::DayFirst), days(Order::MonthFirst)) {
        (Some(day_first), Some(month_first)) if month_first < day_first => Order::MonthFirst,
        (None, Some(_)) => Order::MonthFirst,
        _ => Order::DayFirst,
    }
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
