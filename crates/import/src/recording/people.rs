//! Whose a row of a table is, where one table holds several people.
//!
//! A column tells people apart when it is declared to, or by its plain name (`subject_id`, `participant`, …). A
//! column named so that only numbers the rows tells nobody apart. It must never hand over what is not a
//! pseudonym: names, sexes and dates of birth are no such column.

use rustc_hash::FxHashMap;

use super::error::Error;
use super::grid::Grid;

/// People of one table; the largest open cohorts have some ten thousand.
const PEOPLE_MAX: usize = 20_000;

/// Characters of a pseudonym that are kept.
const NAME_CHARS_MAX: usize = 64;

/// Headings of columns that say who wore the device, without their spaces, points and lines.
const PEOPLE: [&str; 30] = [
    "subject",
    "subjectid",
    "subjectnumber",
    "subjectcode",
    "subjid",
    "subj",
    "sub",
    "subid",
    "id",
    "ids",
    "participant",
    "participantid",
    "participantnumber",
    "person",
    "personid",
    "patientid",
    "patientnumber",
    "pid",
    "ppt",
    "pptid",
    "user",
    "userid",
    "usubjid",
    "studyid",
    "recordid",
    "seqn",
    "mesaid",
    "nsrrid",
    "eid",
    "caseid",
];

/// Headings of columns that say which device it was; they tell people apart where no other column does.
const DEVICES: [&str; 7] = [
    "deviceid",
    "deviceserial",
    "serial",
    "serialnumber",
    "serialno",
    "watchid",
    "device",
];

/// The column that tells people apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) index: usize,
    /// Its heading, or its number where it has none.
    pub(crate) heading: String,
    pub(crate) told: Told,
}

/// Who says that a column tells people apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// A person.
    Declared,
    /// Its heading.
    Heading,
}

impl Subject {
    /// The column with the plainest heading, if there is one.
    pub(crate) fn of(cells: &[&str]) -> Option<Self> {
        let plain: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
        let first = |names: &[&str]| {
            let known = names.iter();
            let mut found =
                known.filter_map(|name| plain.iter().position(|heading| heading == name));
            found.next()
        };
        let index = first(&PEOPLE).or_else(|| first(&DEVICES))?;
        Some(Self {
            index,
            heading: (*cells.get(index)?).to_owned(),
            told: Told::Heading,
        })
    }

    /// Whether a heading is one of those that may tell people apart.
    pub(crate) fn is_name(heading: &str) -> bool {
        let plain = plain(heading);
        PEOPLE.contains(&plain.as_str()) || DEVICES.contains(&plain.as_str())
    }
}

/// Lower case without what stands between words.
fn plain(heading: &str) -> String {
    heading
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The people of a table while its rows come.
#[derive(Debug, Default)]
pub(crate) struct People {
    names: Vec<String>,
    numbers: FxHashMap<String, u32>,
    /// Number of the person of the row before.
    last: Option<u32>,
    /// Whether so many people came that the column must be one of numbers of rows.
    is_given_up: bool,
    rows: usize,
}

impl People {
    /// The number of the person of a row, or `None` where its cell is empty.
    pub(crate) fn number(
        &mut self,
        subject: &Subject,
        cell: Option<&str>,
    ) -> Result<Option<u32>, Error> {
        self.rows += 1;
        if self.is_given_up {
            return Ok(Some(0));
        }
        let Some(name) = cell.filter(|cell| !cell.is_empty()) else {
            return Ok(None);
        };
        let known = |last: &u32| self.names.get(*last as usize).is_some_and(|of| of == name);
        if let Some(last) = self.last.filter(|last| known(last)) {
            return Ok(Some(last));
        }
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None => match self.add(subject, name)? {
                Some(number) => number,
                None => return Ok(Some(0)),
            },
        };
        self.last = Some(number);
        Ok(Some(number))
    }

    fn add(&mut self, subject: &Subject, name: &str) -> Result<Option<u32>, Error> {
        if self.names.len() >= PEOPLE_MAX {
            if subject.told == Told::Heading && self.rows == self.names.len() + 1 {
                self.is_given_up = true;
                return Ok(None);
            }
            return Err(Error::TooLarge {
                what: "people",
                limit: u64::try_from(PEOPLE_MAX).expect("a constant"),
            });
        }
        let number = u32::try_from(self.names.len()).expect("few");
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        Ok(Some(number))
    }

    /// Whether the column numbers rows instead of people: each has one row, or time goes on with nearly every
    /// change.
    pub(crate) fn are_rows(&self, subject: &Subject, grid: &Grid) -> bool {
        let rows = grid.rows();
        let is_one_each = self.names.len() > 1 && self.names.len() == rows;
        let goes_on = 4 * grid.changes_with_time() > 3 * rows;
        subject.told == Told::Heading && (self.is_given_up || is_one_each || goes_on)
    }

    /// The pseudonym of a person.
    pub(crate) fn name(&self, person: u32) -> String {
        let name = self.names.get(person as usize);
        let kept = name.map(|name| name.chars().take(NAME_CHARS_MAX).collect());
        kept.unwrap_or_default()
    }
}
