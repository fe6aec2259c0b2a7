//! What the heading of a table says: which column is the time, which are measurements and of what.

use model::metric;
use model::sample::Flags;

/// What the columns of a table are, by position.
#[derive(Debug, PartialEq)]
pub(super) struct Heading {
    /// How many columns there are.
    pub(super) width: usize,
    pub(super) start: usize,
    /// The clock, where it stands apart from the date.
    pub(super) clock: Option<usize>,
    pub(super) end: Option<usize>,
    pub(super) unit: Option<usize>,
    pub(super) source: Option<usize>,
    pub(super) content: Content,
    /// Headings of columns that no metric is named like.
    pub(super) unknown: Vec<String>,
}

/// Where the measurements of a line stand.
#[derive(Debug, PartialEq)]
pub(super) enum Content {
    /// One measurement a line, with its type beside it.
    Typed { type_name: usize, value: usize },
    /// A column for each type.
    Columns(Vec<Column>),
}

/// A column of measurements.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    pub(super) at: usize,
    /// The heading as printed.
    pub(super) heading: String,
    /// The type.
    pub(super) type_name: String,
    /// The unit that the heading names; empty where it names none.
    pub(super) unit: String,
    pub(super) flags: Flags,
}

impl Heading {
    /// The positions of the cells that hold values.
    pub(super) fn values(&self) -> Vec<usize> {
        match &self.content {
            Content::Typed { value, .. } => vec![*value],
            Content::Columns(columns) => columns.iter().map(|column| column.at).collect(),
        }
    }
}

/// Names of columns, squashed, in the languages of spreadsheets.
const START: &[&str] = &[
    "date",
    "start",
    "startdate",
    "starttime",
    "timestamp",
    "recordedat",
    "datetime",
    "day",
    "from",
    "datum",
    "zeitpunkt",
    "beginn",
    "fecha",
    "data",
    "dato",
    "dateetheure",
    "jour",
    "дата",
    "日期",
    "日付",
    "날짜",
    "التاريخ",
];
const CLOCK: &[&str] = &[
    "time",
    "clock",
    "uhrzeit",
    "zeit",
    "hora",
    "heure",
    "ora",
    "tijd",
    "tid",
    "время",
    "时间",
    "時間",
    "時刻",
    "시간",
    "الوقت",
];
const END: &[&str] = &[
    "end", "enddate", "endtime", "until", "ende", "fin", "fine", "einde",
];
const UNIT: &[&str] = &[
    "unit", "units", "einheit", "unidad", "unité", "unità", "eenheid",
];
const TYPE: &[&str] = &["type", "datatype", "metric", "metrictype", "typ", "tipo"];
const SOURCE: &[&str] = &[
    "source",
    "sources",
    "sourcename",
    "device",
    "quelle",
    "gerät",
    "fuente",
    "appareil",
];
const VALUE: &[&str] = &[
    "value", "qty", "quantity", "amount", "wert", "valor", "valeur", "valore", "waarde", "värde",
];

/// Parts of a night as Health Auto Export heads them, and their metrics.
const NIGHT: [(&str, &str); 7] = [
    ("total", "sleep_duration"),
    ("asleep", "sleep_unspecified_duration"),
    ("inbed", "time_in_bed"),
    ("core", "sleep_light_duration"),
    ("deep", "sleep_deep_duration"),
    ("rem", "sleep_rem_duration"),
    ("awake", "sleep_awake_duration"),
];

/// Reads a heading; `None` where it names no column of measurements.
pub(super) fn read(names: &[&str]) -> Option<Heading> {
    let squashed: Vec<String> = names.iter().map(|name| squash(name)).collect();
    let find = |known: &[&str]| {
        squashed
            .iter()
            .position(|name| known.contains(&name.as_str()))
    };
    let clock = find(CLOCK);
    let date = find(START);
    let start = date.or(clock).unwrap_or(0);
    let clock = clock.filter(|at| *at != start);
    let (end, unit, source) = (find(END), find(UNIT), find(SOURCE));
    let taken = [Some(start), clock, end, unit, source];
    let mut heading = Heading {
        width: names.len(),
        start,
        clock,
        end,
        unit,
        source,
        content: Content::Columns(Vec::new()),
        unknown: Vec::new(),
    };
    let (type_name, value) = (find(TYPE), find(VALUE));
    if let (Some(type_name), Some(value)) = (type_name, value) {
        heading.content = Content::Typed { type_name, value };
        return Some(heading);
    }
    let free = (0..names.len()).filter(|at| !taken.contains(&Some(*at)));
    let free: Vec<(usize, &str)> = free.filter_map(|at| Some((at, *names.get(at)?))).collect();
    let mut columns = Vec::new();
    for (at, name) in &free {
        match column(*at, name) {
            Some(column) => columns.push(column),
            None if name.is_empty() => {}
            None => heading.unknown.push((*name).to_owned()),
        }
    }
    if columns.is_empty() && value.is_none() {
        // One column under a name of its own is a type that the catalogue does not know.
        let [(at, name)] = free.as_slice() else {
            return None;
        };
        let (type_name, _, unit) = parts(name);
        columns.push(Column {
            at: *at,
            heading: (*name).to_owned(),
            type_name: type_name.to_owned(),
            unit: unit.to_owned(),
            flags: Flags::NONE,
        });
        heading.unknown.clear();
    }
    let is_nameless = columns.iter().any(|column| column.type_name.is_empty());
    heading.content = Content::Columns(columns);
    (!is_nameless && !heading.values().is_empty()).then_some(heading)
}

fn squash(name: &str) -> String {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// `Heart Rate [Min] (count/min)`: the name, the part and the unit.
fn parts(heading: &str) -> (&str, &str, &str) {
    let inner = |text: &'_ str, [open, close]: [char; 2]| -> Option<(usize, usize)> {
        let end = text.strip_suffix(close)?.len();
        Some((text.rfind(open)?, end))
    };
    let heading = heading.trim();
    let (rest, unit) = match inner(heading, ['(', ')']) {
        Some((open, close)) => (heading.get(..open), heading.get(open + 1..close)),
        None => (Some(heading), None),
    };
    let rest = rest.unwrap_or_default().trim();
    let (name, part) = match inner(rest, ['[', ']']) {
        Some((open, close)) => (rest.get(..open), rest.get(open + 1..close)),
        None => (Some(rest), None),
    };
    let (part, unit) = (part.unwrap_or_default(), unit.unwrap_or_default());
    (name.unwrap_or_default().trim(), part.trim(), unit.trim())
}

/// The column of a metric of the catalogue.
fn column(at: usize, heading: &str) -> Option<Column> {
    let (name, part, unit) = parts(heading);
    let column = |type_name: &str, flags| Column {
        at,
        heading: heading.to_owned(),
        type_name: type_name.to_owned(),
        unit: unit.to_owned(),
        flags,
    };
    if name == "blood_pressure" {
        return Some(column(name, Flags::NONE));
    }
    if part.is_empty() {
        return metric::by_name(name).map(|_| column(name, Flags::NONE));
    }
    let whole = format!("{name} {part}");
    if metric::by_name(&whole).is_some() {
        return Some(column(&whole, Flags::NONE));
    }
    let part = squash(part);
    let found = metric::by_name(name)?;
    if found.id == "sleep_analysis" {
        let (_, id) = NIGHT.iter().find(|(known, _)| *known == part)?;
        return Some(column(id, Flags::AGGREGATED));
    }
    let flags = match part.as_str() {
        "min" | "minimum" => Flags::MINIMUM,
        "max" | "maximum" => Flags::MAXIMUM,
        "avg" | "average" | "mean" => Flags::NONE,
        _ => return None,
    };
    Some(column(name, Flags::AGGREGATED.with(flags)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(names: &[&str]) -> Vec<(String, String)> {
        let heading = read(names).expect("a heading");
        let Content::Columns(columns) = heading.content else {
            panic!("columns of types");
        };
        let pair = |column: Column| (column.type_name, column.unit);
        columns.into_iter().map(pair).collect()
    }

    #[test]
    fn every_column_that_names_a_metric_is_one() {
        let pair = |name: &str, unit: &str| (name.to_owned(), unit.to_owned());
        assert_eq!(
            types(&[
                "Date/Time",
                "Step Count (count)",
                "Heart Rate [Min] (count/min)",
                "Weight (kg)"
            ]),
            [
                pair("Step Count", "count"),
                pair("Heart Rate", "count/min"),
                pair("Weight", "kg")
            ]
        );
        assert_eq!(
            types(&["date", "Sleep Analysis [Deep] (hr)"]),
            [pair("sleep_deep_duration", "hr")]
        );
        assert_eq!(
            types(&["Datum", "Uhrzeit", "body_mass"]),
            [pair("body_mass", "")]
        );
    }

    #[test]
    fn columns_without_a_metric_are_named() {
        let heading = read(&["date", "step_count", "mood ring", ""]).expect("a heading");
        assert_eq!(heading.unknown, ["mood ring"]);
        // A single one is a type of its own.
        assert_eq!(
            types(&["date", "mood ring"]),
            [("mood ring".to_owned(), String::new())]
        );
        assert_eq!(read(&["date", "mood ring", "lucky number"]), None);
        assert_eq!(read(&["date", "value"]), None);
        assert_eq!(read(&["date"]), None);
    }
}
