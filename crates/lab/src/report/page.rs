//! The page of one recording.
//!
//! It lays out what it is given: figures of the series, tables of rows that are already words. It must
//! never round or rename a measure; whoever makes the rows does, once for all outputs.

use analysis::score::scored::Scored;
use analysis::series::Series;
use jiff::civil::Date;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use serde::Serialize;

use super::{ReportError, actogram, average_day, figure, fit, periodogram};

/// A name and what is said of it.
#[derive(Debug, Clone, Serialize)]
pub struct Labelled {
    /// The name.
    pub label: String,
    /// The words.
    pub text: String,
}

/// Rows under a heading.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Table {
    /// One name for each column.
    pub heading: Vec<String>,
    /// The rows; each as long as the heading.
    pub rows: Vec<Vec<String>>,
}

/// All that the page of a recording shows.
#[derive(Debug)]
pub struct Page<'a> {
    /// Name of the recording, as its file is called.
    pub title: &'a str,
    /// Facts above the figures: device, start, epoch, days, coverage.
    pub facts: &'a [Labelled],
    /// The activity that was measured.
    pub activity: &'a Series,
    /// Its unit in UCUM, for the captions.
    pub unit: &'a str,
    /// Sleep and wake, where a scorer ran.
    pub asleep: Option<&'a Scored>,
    /// The scorer's name, for the caption.
    pub scorer: Option<&'a str>,
    /// Epochs that were not worn.
    pub nonwear: &'a [bool],
    /// The measures: name, value, unit, method or reason.
    pub measures: &'a Table,
    /// The nights.
    pub nights: &'a Table,
    /// What could not be read or computed, in sentences.
    pub remarks: &'a [String],
}

/// Writes the page.
pub fn page(content: &Page<'_>) -> Result<String, ReportError> {
    let (days, days_shown) = actogram::days(content.activity);
    let actogram = actogram::draw(content.activity, content.asleep, content.nonwear)?;
    let average_day = average_day::draw(content.activity)?;
    let periodogram = periodogram::draw(content.activity)?;
    let (periodogram, peak_h, no_periodogram) = match periodogram {
        Ok((drawn, peak_h)) => (Some(drawn), Some(format!("{peak_h:.2}")), None),
        Err(reason) => (None, None, Some(reason)),
    };
    let (fit, no_fit) = match fit::draw(content.activity)? {
        Ok(drawn) => (Some(drawn), None),
        Err(reason) => (None, Some(reason)),
    };
    render(
        "recording.html",
        &context! {
            title => content.title,
            facts => Value::from(Serde(content.facts)),
            unit => in_words(content.unit),
            scorer => content.scorer,
            actogram => actogram.map(Value::from_safe_string),
            days, days_shown,
            average_day => average_day.map(Value::from_safe_string),
            periodogram => periodogram.map(Value::from_safe_string),
            peak_h, no_periodogram,
            fit => fit.map(Value::from_safe_string),
            no_fit,
            measures => Value::from(Serde(content.measures)),
            nights => Value::from(Serde(content.nights)),
            remarks => Value::from(Serde(content.remarks)),
        },
    )
}

/// A UCUM unit as captions say it.
fn in_words(unit: &str) -> &str {
    match unit {
        "{count}" => "counts per epoch",
        "{step}" | "{steps}" => "steps per epoch",
        unit => unit,
    }
}

/// Fills a template of this folder; everything that is not a figure is escaped.
pub(super) fn render(name: &str, values: &Value) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.add_template("frame.html", include_str!("frame.html"))?;
    environment.add_template("recording.html", include_str!("recording.html"))?;
    environment.add_template("cohort.html", include_str!("cohort.html"))?;
    environment.add_global("colours", Value::from_safe_string(figure::style()));
    let style = include_str!("page.css").to_owned();
    environment.add_global("style", Value::from_safe_string(style));
    Ok(environment.get_template(name)?.render(values)?)
}

/// The date of a day counted from 1970-01-01; days beyond the calendar are their number.
pub(super) fn date_of_day(days: i64) -> String {
    let epoch = Date::constant(1970, 1, 1);
    jiff::Span::new()
        .try_days(days)
        .and_then(|span| epoch.checked_add(span))
        .map_or_else(|_| format!("day {days}"), |date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten days of a day-active person: 600 counts from 7 to 23, with a gap on the third day.
    fn activity() -> Series {
        let values = (0..14_400_u32)
            .map(|minute| {
                let hour = (minute / 60) % 24;
                if (3_000..3_200).contains(&minute) {
                    f64::NAN
                } else if (7..23).contains(&hour) {
                    600.0 + f64::from(minute % 7)
                } else {
                    f64::from(minute % 3)
                }
            })
            .collect();
        Series::new(1_000 * 86_400, 60, values)
    }

    fn shown(title: &str, activity: &Series) -> String {
        let table = Table {
            heading: vec!["Measure".to_owned(), "Value".to_owned()],
            rows: vec![vec!["IS".to_owned(), "0.9".to_owned()]],
        };
        page(&Page {
            title,
            facts: &[Labelled {
                label: "Device".to_owned(),
                text: "Actiwatch".to_owned(),
            }],
            activity,
            unit: "counts per minute",
            asleep: None,
            scorer: None,
            nonwear: &[],
            measures: &table,
            nights: &Table::default(),
            remarks: &["line 7 was not a number".to_owned()],
        })
        .expect("the page is written")
    }

    #[test]
    fn a_page_stands_alone_and_has_every_figure() {
        let written = shown("one.awd", &activity());
        assert_eq!(written.matches("<svg").count(), 4, "four figures");
        assert_eq!(written.matches("</svg>").count(), 4);
        for outside in ["<script", "http-equiv", "src=", "@import", "url("] {
            assert!(!written.contains(outside), "holds {outside}");
        }
        // The only addresses are names of XML namespaces.
        let addresses = written.matches("http").count();
        assert_eq!(addresses, written.matches("http://www.w3.org/").count());
        assert!(
            written.contains("1972-09-27"),
            "the first date of the actogram"
        );
        assert!(written.contains("line 7 was not a number"));
    }

    #[test]
    fn names_are_escaped() {
        let written = shown("<b>&\"x\".awd", &activity());
        assert!(!written.contains("<b>&"));
        assert!(written.contains("&lt;b&gt;&amp;"));
    }

    #[test]
    fn an_empty_recording_has_a_page_without_figures() {
        let nothing = Series::new(0, 60, vec![f64::NAN; 100]);
        let written = shown("empty.awd", &nothing);
        assert_eq!(written.matches("<svg").count(), 0);
        assert!(written.contains("needs"), "the reason is said");
    }

    #[test]
    fn a_decade_is_cut_and_says_so() {
        let values = (0..3_650_u32 * 144)
            .map(|bin| f64::from(bin % 144))
            .collect();
        let written = shown("long.awd", &Series::new(0, 600, values));
        assert!(written.contains("first 62 of 3650 days"));
        assert!(written.len() < 1_500_000, "{} bytes", written.len());
    }
}
