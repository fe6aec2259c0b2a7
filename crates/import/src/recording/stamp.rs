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

/// Seconds after midnight of `13:58`, `18:11:00`, `09:38:00 AM`; fractions are cut off.
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
    let is_time = parts.next().is_none() && hour < 24 && minute < 60 && second < 60;
    is_time.then_some(hour * 3600 + minute * 60 + second)
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
