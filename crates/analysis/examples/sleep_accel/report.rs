//! Agreement of scorers with polysomnography, person by person, as a page of text.
//!
//! Reads the per-epoch features and never anything else; every figure is computed here.

use std::fmt::Write as _;
use std::fs;
use std::io::{Error, ErrorKind};
use std::path::Path;

use analysis::outcome::Outcome;
use analysis::score::comparison::{Agreement, Table, area, best_threshold};
use analysis::score::scored::{Scored, State};
use analysis::score::{cole_kripke, oakley, sadeh, scripps};
use analysis::series::{Combine, Ends, Origin, Series};

const EPOCH_S: u32 = 30;
const MINUTE_S: u32 = 60;

/// One night: the smoothed counts and the truth on the same 30-second grid.
pub(crate) struct Person {
    id: String,
    counts: Series,
    truth: Vec<Option<State>>,
}

/// A scorer by name, with what to know about it here.
struct Scorer {
    name: &'static str,
    score: fn(&Person) -> Outcome<Scored>,
}

const SCORERS: &[Scorer] = &[
    Scorer {
        name: "Oakley, threshold 20",
        score: |person| oakley_at(person, 20.0),
    },
    Scorer {
        name: "Oakley, threshold 40",
        score: |person| oakley_at(person, 40.0),
    },
    Scorer {
        name: "Oakley, threshold 80",
        score: |person| oakley_at(person, 80.0),
    },
    Scorer {
        name: "Cole-Kripke, 1-minute means",
        score: |person| cole_kripke::score(&minutes(person), &cole_kripke::PAPER_MEAN),
    },
    Scorer {
        name: "Sadeh",
        score: |person| sadeh::score(&minutes(person), &sadeh::PAPER),
    },
    Scorer {
        name: "Scripps",
        score: |person| scripps::score(&person.counts),
    },
];

fn oakley_at(person: &Person, level: f64) -> Outcome<Scored> {
    let threshold = oakley::Threshold::Fixed(level);
    oakley::score(&person.counts, threshold, oakley::Tie::Sleep)
}

/// Counts per minute; a minute with a missing half is missing.
fn minutes(person: &Person) -> Series {
    let minutes = person.counts.resampled(
        MINUTE_S,
        Origin::FirstEpoch,
        Ends::Complete,
        Combine::SumWhere(1.0),
    );
    minutes.expect("two epochs make a minute")
}

/// The people of a folder, by number.
pub(crate) fn read(folder: &Path) -> Result<Vec<Person>, Error> {
    let mut people = Vec::new();
    for entry in fs::read_dir(folder.join("subjects"))? {
        let path = entry?.path();
        let id = path.file_stem().unwrap_or_default().to_string_lossy();
        people.push(person(id.into_owned(), &fs::read_to_string(&path)?)?);
    }
    people.sort_by_key(|person| person.id.parse::<u64>().unwrap_or(u64::MAX));
    Ok(people)
}

fn person(id: String, text: &str) -> Result<Person, Error> {
    let damaged = |number: usize| {
        let what = format!("{id}.csv, line {number}: time, stage and count expected");
        Error::new(ErrorKind::InvalidData, what)
    };
    let mut values = Vec::new();
    let mut truth = Vec::new();
    for (index, line) in text.lines().enumerate().skip(1) {
        let fields: Vec<f64> = line.split(',').flat_map(str::parse).collect();
        let [hours, stage, count, ..] = fields[..] else {
            return Err(damaged(index + 1));
        };
        let epoch = (hours * 3600.0 / f64::from(EPOCH_S)).round();
        if !(0.0..100_000.0).contains(&epoch) {
            return Err(damaged(index + 1));
        }
        let epoch = analysis::maths::describe::floor_index(epoch);
        values.resize(values.len().max(epoch), f64::NAN);
        truth.resize(truth.len().max(epoch), None);
        values.push(count);
        truth.push(Some(if stage > 0.0 {
            State::Sleep
        } else {
            State::Wake
        }));
    }
    Ok(Person {
        counts: Series::new(0, EPOCH_S, values),
        truth,
        id,
    })
}

/// The whole report.
pub(crate) fn written(people: &[Person]) -> String {
    let epochs: usize = people.iter().map(|person| present(person).0.len()).sum();
    let wake: usize = people.iter().map(awake).sum();
    let mut text = format!(
        "{} people, {epochs} epochs of 30 s, {wake} of them awake.\n",
        people.len()
    );
    write!(text, "\n{}", ranking(people)).expect("text can be written to");
    let mut tables: Vec<(String, Vec<Table>)> = Vec::new();
    let (learned, thresholds) = left_out(people);
    tables.push(("Threshold of the other 30 people".to_owned(), learned));
    for scorer in SCORERS {
        let rows = people.iter().map(|person| compared(person, scorer));
        tables.push((scorer.name.to_owned(), rows.collect()));
    }
    text.push_str(&pooled(&tables));
    let lowest = thresholds.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = thresholds.iter().copied().fold(0.0, f64::max);
    let range =
        format!("\nThe threshold of the other 30 was {lowest:.3} to {highest:.3} counts.\n");
    text.push_str(&range);
    if let [(_, learned), _, (_, oakley), ..] = tables.as_slice() {
        text.push_str(&by_person(people, learned, oakley));
    }
    text
}

/// States and counts of the epochs with a truth.
fn present(person: &Person) -> (Vec<State>, Vec<f64>) {
    let pairs = person.truth.iter().zip(person.counts.values());
    pairs
        .filter_map(|(truth, count)| Some(((*truth)?, *count)))
        .unzip()
}

fn awake(person: &Person) -> usize {
    let (truth, _) = present(person);
    truth.iter().filter(|state| **state == State::Wake).count()
}

fn ranking(people: &[Person]) -> String {
    let areas: Vec<f64> = people
        .iter()
        .filter_map(|person| {
            let (truth, counts) = present(person);
            area(&truth, &counts).ok()
        })
        .collect();
    let (truth, counts) = all(people, None);
    let pooled = area(&truth, &counts).unwrap_or(f64::NAN);
    let mean = areas.iter().sum::<f64>() / areas.len() as f64;
    format!(
        "Area under the ROC curve of the count: {mean:.3} as the mean of {} people, {pooled:.3} \
         pooled.\n\n",
        areas.len()
    )
}

/// Epochs of everybody but the person left out.
fn all(people: &[Person], without: Option<usize>) -> (Vec<State>, Vec<f64>) {
    let others = people
        .iter()
        .enumerate()
        .filter(|(index, _)| Some(*index) != without);
    let (states, counts): (Vec<Vec<State>>, Vec<Vec<f64>>) =
        others.map(|(_, person)| present(person)).unzip();
    (states.concat(), counts.concat())
}

/// Each person scored with the threshold that suits the others best, and those thresholds.
fn left_out(people: &[Person]) -> (Vec<Table>, Vec<f64>) {
    let one = |(index, person): (usize, &Person)| {
        let (truth, counts) = all(people, Some(index));
        let threshold = best_threshold(&truth, &counts).unwrap_or(f64::NAN);
        let states: Vec<Option<State>> = person
            .counts
            .values()
            .iter()
            .map(|count| {
                let awake = *count >= threshold;
                (!count.is_nan()).then_some(if awake { State::Wake } else { State::Sleep })
            })
            .collect();
        (Table::of(&person.truth, &states), threshold)
    };
    people.iter().enumerate().map(one).unzip()
}

/// Epochs of a person by truth and scorer; a minute's state holds for both of its epochs.
fn compared(person: &Person, scorer: &Scorer) -> Table {
    let Ok(scored) = (scorer.score)(person) else {
        return Table::default();
    };
    let scored = scored.value;
    let each = usize::try_from(scored.step_s() / EPOCH_S).expect("one or two epochs");
    let states: Vec<Option<State>> = scored
        .states()
        .iter()
        .flat_map(|state| std::iter::repeat_n(*state, each))
        .collect();
    Table::of(&person.truth, &states)
}

fn pooled(tables: &[(String, Vec<Table>)]) -> String {
    let mut text = "| scorer | epochs | sensitivity | specificity | balanced accuracy | κ | \
                    accuracy | mean of people: balanced accuracy | κ |\n\
                    |---|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        .to_owned();
    for (name, rows) in tables {
        let sum = rows.iter().fold(Table::default(), |sum, row| sum.and(row));
        let each: Vec<Agreement> = rows.iter().filter_map(|row| row.agreement().ok()).collect();
        let Ok(found) = sum.agreement() else {
            writeln!(text, "| {name} | 0 | | | | | | | |").expect("text can be written to");
            continue;
        };
        let balanced: Vec<f64> = each.iter().map(|row| row.balanced_accuracy).collect();
        let kappa: Vec<f64> = each.iter().map(|row| row.kappa).collect();
        writeln!(
            text,
            "| {name} | {} | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} | {} | {} |",
            sum.epochs(),
            found.sensitivity,
            found.specificity,
            found.balanced_accuracy,
            found.kappa,
            found.accuracy,
            spread(&balanced),
            spread(&kappa),
        )
        .expect("text can be written to");
    }
    text
}

/// Mean and sample standard deviation.
fn spread(values: &[f64]) -> String {
    let mean = analysis::maths::describe::mean(values);
    let deviation = analysis::maths::describe::standard_deviation(values, 1);
    format!("{mean:.3} ± {deviation:.3}")
}

fn by_person(people: &[Person], learned: &[Table], oakley: &[Table]) -> String {
    let mut text = "\n| person | epochs | awake | threshold: sensitivity | specificity | balanced \
                    accuracy | κ | Oakley 40: sensitivity | specificity | balanced accuracy | κ |\n\
                    |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        .to_owned();
    for ((person, learned), oakley) in people.iter().zip(learned).zip(oakley) {
        let cells = |table: &Table| match table.agreement() {
            Ok(found) => format!(
                "{:.3} | {:.3} | {:.3} | {:.3}",
                found.sensitivity, found.specificity, found.balanced_accuracy, found.kappa
            ),
            Err(reason) => format!("{reason} | | |"),
        };
        writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            person.id,
            present(person).0.len(),
            awake(person),
            cells(learned),
            cells(oakley)
        )
        .expect("text can be written to");
    }
    text
}
