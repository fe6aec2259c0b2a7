//! The page of one recording.
//!
//! It lays out what it is given: figures of the series, tables of rows that are already words. It must
//! never round or rename a measure; whoever makes the rows does, once for all outputs.

use analysis::series::Series;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use serde::Serialize;

use super::actogram::Seen;
use super::{ReportError, actogram, average_day, figure, fit, periodogram, words};

/// Characters of a name at the foot of a printed page.
const PRINTED_MAX: usize = 110;

/// A name and what is said of it.
#[derive(Debug, Clone, Serialize)]
pub struct Labelled {
    /// The name.
    pub label: String,
    /// The words.
    pub text: String,
}

/// Facts under a heading.
#[derive(Debug, Clone, Serialize)]
pub struct Block {
    /// The heading.
    pub heading: String,
    /// The facts.
    pub facts: Vec<Labelled>,
}

/// A definition that a tap on its name opens; printed, all of them stand at the end.
#[derive(Debug, Clone, Serialize)]
pub struct Term {
    /// What is defined.
    pub name: String,
    /// What it says, in sentences.
    pub about: String,
    /// Method and version, where it comes from one.
    pub method: String,
}

/// A heading of a table, or the name that begins a row.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Head {
    /// The name.
    pub text: String,
    /// Its unit in words, empty without one.
    pub unit: String,
    /// Place of its definition among the terms.
    pub term: Option<usize>,
}

/// A row of a table.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Row {
    /// The name at its beginning, where it has one that is defined.
    pub head: Option<Head>,
    /// The other cells.
    pub cells: Vec<String>,
    /// What is said below it, empty for nothing.
    pub note: String,
}

/// Rows under headings.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Table {
    /// One for each column.
    pub heading: Vec<Head>,
    /// The rows; each as long as the heading.
    pub rows: Vec<Row>,
    /// Rows that stand for all above them: means.
    pub foot: Vec<Row>,
}

/// A table with its title.
#[derive(Debug, Clone, Serialize)]
pub struct Section {
    /// The title.
    pub title: String,
    /// The table.
    pub table: Table,
}

/// All that the page of a recording shows.
#[derive(Debug)]
pub struct Page<'a> {
    /// Name of the recording, as its file is called.
    pub title: &'a str,
    /// The facts of the summary.
    pub blocks: &'a [Block],
    /// The figures of the summary.
    pub key: &'a [Section],
    /// What is said below the key figures.
    pub key_notes: &'a [String],
    /// What the actogram shows.
    pub seen: Seen<'a>,
    /// The activity that the measures see.
    pub activity: &'a Series,
    /// Its unit in words.
    pub unit: &'a str,
    /// The period that the measures found, in hours.
    pub period_h: Option<f64>,
    /// The scorer in words, for the caption.
    pub scorer: Option<&'a str>,
    /// The nights, and other rest.
    pub nights: &'a Table,
    /// Rest that is no night.
    pub rests: &'a Table,
    /// What is said below the nights.
    pub night_notes: &'a [String],
    /// The calendar days.
    pub days: &'a Table,
    /// What is said below the days.
    pub day_notes: &'a [String],
    /// The measures in their groups.
    pub measures: &'a [Section],
    /// What could not be read or computed, in sentences.
    pub remarks: &'a [String],
    /// The definitions.
    pub terms: &'a [Term],
    /// Where the numbers come from: the program, the file and its digest.
    pub origin: &'a str,
    /// The same in few letters, for the foot of every printed page.
    pub mark: &'a str,
}

/// Writes the page.
pub fn page(content: &Page<'_>) -> Result<String, ReportError> {
    let actogram = actogram::draw(&content.seen);
    let average_day = average_day::draw(content.activity)?;
    let (periodogram, no_periodogram) = match periodogram::draw(content.activity, content.period_h)?
    {
        Ok(drawn) => (Some(drawn), None),
        Err(none) => (None, Some(words::reason(&none))),
    };
    let period_h = content.period_h.map(|hours| format!("{hours:.2}"));
    let (fit, no_fit) = match fit::draw(content.activity)? {
        Ok(drawn) => (Some(drawn), None),
        Err(none) => (None, Some(words::reason(&none))),
    };
    let parts = actogram.iter().flat_map(|drawn| drawn.parts.iter());
    let parts: Vec<Value> = parts.cloned().map(Value::from_safe_string).collect();
    let seen = &content.seen;
    let key = Key {
        scorer: content.scorer,
        light: seen.light.is_some(),
        windows: !seen.windows.is_empty(),
        undescribed: !seen.undescribed.is_empty(),
        excluded: !seen.excluded.is_empty(),
        nonwear: seen.nonwear.contains(&true),
        markers: seen.markers.len(),
    };
    render(
        "recording.html",
        &context! {
            title => content.title,
            kind => "recording",
            printed => printed(&format!("{} - {}", content.title, content.mark)),
            origin => content.origin,
            blocks => Value::from(Serde(content.blocks)),
            key_figures => Value::from(Serde(content.key)),
            key_notes => Value::from(Serde(content.key_notes)),
            unit => content.unit,
            key => Value::from(Serde(&key)),
            actogram => Value::from(Serde(&actogram)),
            actogram_parts => parts,
            average_day => average_day.map(Value::from_safe_string),
            periodogram => periodogram.map(Value::from_safe_string),
            period_h, no_periodogram,
            fit => fit.map(Value::from_safe_string),
            no_fit,
            measures => Value::from(Serde(content.measures)),
            nights => Value::from(Serde(content.nights)),
            rests => Value::from(Serde(content.rests)),
            night_notes => Value::from(Serde(content.night_notes)),
            days => Value::from(Serde(content.days)),
            day_notes => Value::from(Serde(content.day_notes)),
            remarks => Value::from(Serde(content.remarks)),
            terms => Value::from(Serde(content.terms)),
        },
    )
}

/// A name as the foot of every printed page has it: letters and digits, which mean nothing to a style sheet.
pub(super) fn printed(title: &str) -> Value {
    let plain = title.chars().map(|letter| {
        let is_plain = letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '.' | '_');
        if is_plain { letter } else { ' ' }
    });
    Value::from_safe_string(plain.take(PRINTED_MAX).collect())
}

/// What the legend of the actogram names.
#[derive(Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says whether a mark is on the figure"
)]
struct Key<'a> {
    scorer: Option<&'a str>,
    light: bool,
    windows: bool,
    undescribed: bool,
    excluded: bool,
    nonwear: bool,
    markers: usize,
}

/// Fills a template of this folder; everything that is not a figure is escaped.
pub(super) fn render(name: &str, values: &Value) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.add_template("frame.html", include_str!("frame.html"))?;
    environment.add_template("table.html", include_str!("table.html"))?;
    environment.add_template("recording.html", include_str!("recording.html"))?;
    environment.add_template("cohort.html", include_str!("cohort.html"))?;
    environment.add_global("colours", Value::from_safe_string(figure::style()));
    let style = include_str!("page.css").to_owned();
    environment.add_global("style", Value::from_safe_string(style));
    Ok(environment.get_template(name)?.render(values)?)
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
        let nights = Table {
            heading: vec![Head {
                text: "TIB".to_owned(),
                unit: "minutes".to_owned(),
                term: Some(0),
            }],
            rows: vec![Row {
                head: None,
                cells: vec!["480".to_owned()],
                note: "a note & a sign".to_owned(),
            }],
            foot: Vec::new(),
        };
        let term = Term {
            name: "TIB".to_owned(),
            about: "Minutes of the window.".to_owned(),
            method: "nights 2".to_owned(),
        };
        page(&Page {
            title,
            blocks: &[],
            key: &[],
            key_notes: &[],
            seen: Seen {
                activity,
                light: None,
                asleep: None,
                nonwear: &[],
                windows: &[],
                undescribed: &[],
                excluded: &[],
                markers: &[],
            },
            activity,
            unit: "counts per minute",
            period_h: Some(24.0),
            scorer: None,
            nights: &nights,
            rests: &Table::default(),
            night_notes: &[],
            days: &Table::default(),
            day_notes: &[],
            measures: &[],
            remarks: &["line 7 was not a number".to_owned()],
            terms: &[term],
            origin: "one.awd",
            mark: "Clarity 0",
        })
        .expect("the page is written")
    }

    #[test]
    fn a_page_stands_alone_and_has_every_figure() {
        let written = shown("one.awd", &activity());
        assert_eq!(written.matches("<svg").count(), 4, "four figures");
        assert_eq!(written.matches("</svg>").count(), 4);
        let within = written.replace("url(#", "");
        for outside in ["<script", "http-equiv", "src=", "@import", "url("] {
            assert!(!within.contains(outside), "holds {outside}");
        }
        // The only addresses are names of XML namespaces.
        let addresses = written.matches("http").count();
        assert_eq!(addresses, written.matches("http://www.w3.org/").count());
        assert!(
            written.contains("Wed 1972-09-27"),
            "the first date of the actogram"
        );
        assert!(written.contains("line 7 was not a number"));
    }

    #[test]
    fn a_name_opens_its_definition_without_a_script() {
        let written = shown("one.awd", &activity());
        assert!(written.contains("popovertarget=\"t0\">TIB</button>"));
        assert!(
            written.contains("<div popover id=\"t0\"><h3>TIB</h3><p>Minutes of the window.</p>")
        );
        assert!(written.contains("a note &amp; a sign"));
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
        assert!(written.contains("first 400 of 3650 days"));
        assert!(written.len() < 1_500_000, "{} bytes", written.len());
    }

    #[test]
    fn a_year_of_minutes_is_a_small_page() {
        let mut state = 1_u32;
        let values = (0..365 * 1_440_u32).map(|minute| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let is_day = (7..23).contains(&(minute / 60 % 24));
            f64::from(if is_day { state >> 22 } else { state >> 30 })
        });
        let written = shown("year.awd", &Series::new(0, 60, values.collect()));
        assert!(written.len() < 600_000, "{} bytes", written.len());
    }
}
