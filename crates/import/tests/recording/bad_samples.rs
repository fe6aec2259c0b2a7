//! Bad days of raw acceleration by chance, with the truth known: minutes that are gone, broken or there twice, in any
//! order, after a clock that was not set. What is handed over is the truth at its time; what is not is counted, or the file
//! is refused with what to do.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::ControlFlow;

use import::recording::error::Error;
use import::recording::options::Options;
use import::recording::{Content, Raw, front};
use proptest::prelude::*;

use crate::writers::{self, Layout, Pack, START_S, clock};

/// What happened to a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    /// It was not written.
    Gone,
    /// A byte of it is another.
    Broken,
    /// It was written twice.
    Twice,
}

/// A recording, and what happened to it.
#[derive(Debug, Clone)]
struct BadDay {
    minutes: Vec<Fate>,
    /// Minutes that were written two years earlier, before the clock was set.
    before: usize,
    /// The minutes in the order in which they were written.
    order: Vec<usize>,
}

fn bad_day() -> impl Strategy<Value = BadDay> {
    let fate = prop_oneof![
        20 => Just(Fate::Kept),
        2 => Just(Fate::Gone),
        1 => Just(Fate::Broken),
        1 => Just(Fate::Twice),
    ];
    let before = prop_oneof![6 => Just(0_usize), 1 => 1_usize..3];
    let shuffle = prop::option::of(any::<u64>());
    let minutes = prop::collection::vec(fate, 4..14);
    (minutes, before, shuffle).prop_map(|(mut minutes, before, shuffle)| {
        minutes[0] = Fate::Kept;
        let mut order: Vec<usize> = (0..minutes.len()).collect();
        if let Some(seed) = shuffle {
            order.sort_by_key(|&minute| (minute as u64 + 1).wrapping_mul(seed | 1));
        }
        BadDay {
            minutes,
            before,
            order,
        }
    })
}

const BEFORE_S: i64 = 2 * 366 * 86_400;

/// A format of raw acceleration, and how its files are written.
pub(crate) struct Form {
    /// Its name in the list of formats.
    pub(crate) name: &'static str,
    rate: i64,
    /// The acceleration that a stored sample is.
    in_g: fn([i16; 3]) -> [f64; 3],
    /// Whether a silence is a device at rest, whose samples are known.
    is_idle_known: bool,
    /// The bytes of a minute that begins at a second.
    minute: fn(i64, &[[i16; 3]]) -> Vec<u8>,
    /// What stands before so many minutes, and what is made of them all.
    file: fn(&[Vec<u8>]) -> Vec<u8>,
}

const fn plain(sample: [i16; 3]) -> [f64; 3] {
    let [x, y, z] = sample;
    [x as f64 / 256.0, y as f64 / 256.0, z as f64 / 256.0]
}

pub(crate) const FORMS: [Form; 5] = [
    Form {
        name: "gt3x",
        rate: 30,
        in_g: plain,
        is_idle_known: true,
        minute: |at, samples| {
            let seconds = (at..).zip(samples.chunks(30));
            let record = |(at, samples)| writers::record(26, at, &writers::activity(26, samples));
            seconds.flat_map(record).collect()
        },
        file: |minutes| {
            let info = writers::info("XYZ1", 30, "Acceleration Scale: 256,0\r\n");
            let log = minutes.concat();
            let files = [("info.txt", info.as_bytes()), ("log.bin", &*log)];
            writers::zip(Pack::Stored, &files)
        },
    },
    Form {
        name: "cwa",
        rate: 100,
        in_g: plain,
        is_idle_known: false,
        minute: |at, samples| {
            let sectors = (0_i64..).zip(samples.chunks(80));
            let sector = |(index, samples): (i64, &[[i16; 3]])| {
                let start_us = at * 1_000_000 + index * 800_000;
                writers::cwa_sector(Layout::Wide, start_us, samples, 0)
            };
            sectors.flat_map(sector).collect()
        },
        file: |minutes| [writers::cwa_header(Layout::Wide), minutes.concat()].concat(),
    },
    Form {
        name: "geneactiv",
        rate: 100,
        in_g: |[x, y, z]| {
            let [x, y, z] = [x, y, z].map(|axis| f64::from(axis) * 100.0);
            [(x + 100.0) / 25_600.0, y / 25_600.0, (z - 256.0) / 12_800.0]
        },
        is_idle_known: false,
        minute: |at, samples| {
            let pages = (0_i64..).zip(samples.chunks(300));
            let page = |(index, samples): (i64, &[[i16; 3]])| {
                let at = clock(at + 3 * index).strftime("%Y-%m-%d %H:%M:%S:000");
                let page = writers::geneactiv_page(0, samples);
                page.replace("2024-02-28 00:00:00:500", &at.to_string())
            };
            pages.flat_map(|one| page(one).into_bytes()).collect()
        },
        file: |minutes| {
            let header = writers::geneactiv_header(minutes.len() * 20);
            [header.into_bytes(), minutes.concat()].concat()
        },
    },
    Form {
        name: "raw_csv",
        rate: 50,
        in_g: plain,
        is_idle_known: false,
        minute: rows,
        file: <[Vec<u8>]>::concat,
    },
    Form {
        name: "actigraph_csv",
        rate: 50,
        in_g: plain,
        is_idle_known: false,
        minute: rows,
        file: |minutes| {
            let head = "------------ Data File Created By ActiGraph GT3X+ ActiLife v6.13.4 Firmware v2.5.0 date \
                        format yyyy-MM-dd at 50 Hz  Filter Normal -----------\nSerial Number: NEO1\n\
                        Start Time 23:59:30\nStart Date 2024-02-28\nEpoch Period (hh:mm:ss) 00:00:00\n\
                        --------------------------------------------------\n\
                        Timestamp,Accelerometer X,Accelerometer Y,Accelerometer Z\n";
            [head.as_bytes().to_vec(), minutes.concat()].concat()
        },
    },
];

/// A minute of rows at 50 Hz with their times.
fn rows(at: i64, samples: &[[i16; 3]]) -> Vec<u8> {
    let mut rows = String::new();
    for (index, sample) in (0_i64..).zip(samples) {
        let at = clock(at + index / 50).strftime("%Y-%m-%d %H:%M:%S");
        let [x, y, z] = plain(*sample);
        writeln!(rows, "{at}.{:03},{x:.6},{y:.6},{z:.6}", index % 50 * 20).expect("memory");
    }
    rows.into_bytes()
}

/// A sample of a device that turns by a bit with each: no two neighbours are alike.
fn sample(index: i64) -> [i16; 3] {
    let angle = (index % 100_000) as f64 / 40.0;
    let whole = |share: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "256 at most")]
        let stored = (256.0 * share).round() as i16;
        stored
    };
    [whole(angle.sin()), 0, whole(angle.cos())]
}

fn stored(form: &Form, minute: i64) -> Vec<[i16; 3]> {
    let first = minute * 60 * form.rate;
    (first..first + 60 * form.rate).map(sample).collect()
}

fn file(form: &Form, day: &BadDay) -> Vec<u8> {
    let mut parts = Vec::new();
    for minute in 0..i64::try_from(day.before).expect("few") {
        let at = START_S - BEFORE_S + 60 * minute;
        parts.push((form.minute)(at, &stored(form, minute)));
    }
    for &index in &day.order {
        let minute = i64::try_from(index).expect("few");
        let mut bytes = (form.minute)(START_S + 60 * minute, &stored(form, minute));
        match day.minutes[index] {
            Fate::Gone => continue,
            Fate::Kept => {}
            Fate::Twice => parts.push(bytes.clone()),
            // What a lost row does to the times around it is tested beside its reader.
            Fate::Broken if form.name.ends_with("csv") => {}
            Fate::Broken => {
                let middle = bytes.len() / 2;
                // A digit in place of another is no damage that anybody could see.
                bytes[middle] = if bytes.is_ascii() {
                    b'?'
                } else {
                    bytes[middle] ^ 0x55
                };
            }
        }
        parts.push(bytes);
    }
    (form.file)(&parts)
}

/// A raw recording with its samples by their millisecond.
type Found = (Raw, Vec<(i64, [f32; 3])>);

fn read(bytes: &[u8]) -> Result<Found, Error> {
    let mut all = Vec::new();
    let content = front::read(&mut &*bytes, &Options::default(), &mut |block| {
        for (index, sample) in (0_u32..).zip(block.samples_g) {
            let us = block.start_us as f64 + f64::from(index) * 1e6 / block.rate_hz;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a millisecond of this century"
            )]
            all.push(((us / 1e3).round() as i64, *sample));
        }
        ControlFlow::Continue(())
    })?;
    match content {
        Content::Raw(raw) => Ok((raw, all)),
        Content::Epochs(_) | Content::Several { .. } => panic!("samples"),
    }
}

/// The truth by its millisecond, of the minutes that were written.
fn truth(form: &Form, day: &BadDay) -> BTreeMap<i64, [f64; 3]> {
    let mut truth = BTreeMap::new();
    for (minute, fate) in (0_i64..).zip(&day.minutes) {
        if *fate == Fate::Gone {
            continue;
        }
        for (index, sample) in (0_i64..).zip(stored(form, minute)) {
            let ms = (START_S + 60 * minute) * 1_000 + (index * 1_000 + form.rate / 2) / form.rate;
            truth.insert(ms, (form.in_g)(sample));
        }
    }
    truth
}

fn check(form: &Form, day: &BadDay) {
    let name = form.name;
    let count = |wanted: Fate| day.minutes.iter().filter(|fate| **fate == wanted).count();
    let is_in_order = day.order.is_sorted() && day.before == 0;
    let written = day.minutes.len() - count(Fate::Gone) + count(Fate::Twice);
    let (raw, samples) = match read(&file(form, day)) {
        Ok(found) => found,
        Err(error) => {
            let says = ["clock", "sort the rows", "rows are lost"];
            let message = error.to_string();
            assert!(
                says.iter().any(|what| message.contains(what)),
                "{name}: {message}"
            );
            // A tenth to the minute may be a sample more than a tenth: formats end within their last second.
            let twice = 10 * count(Fate::Twice) >= written;
            assert!(!is_in_order || twice, "{name}: {message}");
            return;
        }
    };
    assert_eq!(raw.header.format, name);
    let truth = truth(form, day);
    let mut seen: BTreeMap<i64, [f32; 3]> = BTreeMap::new();
    let mut known = 0_u64;
    for (ms, sample) in &samples {
        known += 1;
        let apart = |expect: &[f64; 3]| -> f64 {
            let axes = sample.iter().zip(expect);
            axes.map(|(ours, expect)| (f64::from(*ours) - expect).abs())
                .sum()
        };
        let near = truth.range(ms - 2..=ms + 2);
        let near = near.min_by(|one, other| apart(one.1).total_cmp(&apart(other.1)));
        let Some((at, expect)) = near else {
            // An idle device: where nothing was written, the last sample that was.
            assert!(
                form.is_idle_known || day.before > 0,
                "{name}: a sample at {ms}"
            );
            continue;
        };
        for (ours, expect) in sample.iter().zip(expect) {
            assert!(
                (f64::from(*ours) - expect).abs() < 1e-5,
                "{name}: {sample:?} at {ms}"
            );
        }
        assert!(seen.insert(*at, *sample).is_none(), "{name}: {ms} twice");
    }
    assert_eq!(raw.samples, known, "{name}");
    let missing = truth.len() - seen.len();
    assert!(
        missing == 0 || raw.damages.lost > 0,
        "{name}: {missing} lost, none counted"
    );
    if is_in_order {
        // What is broken costs a page, a sector, a second or a row.
        let most = usize::try_from(3 * form.rate).expect("few") * count(Fate::Broken);
        assert!(missing <= most, "{name}: {missing} of {most} lost");
        // A page whose heading is broken is read all the same.
        let is_lossy = missing > 0 || count(Fate::Twice) > 0;
        let is_harmed = is_lossy || count(Fate::Broken) > 0;
        let lost = raw.damages.lost > 0;
        assert!(
            is_lossy <= lost && lost <= is_harmed,
            "{name}: {:?}",
            raw.damages
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn samples_are_the_truth_or_counted_or_refused(day in bad_day()) {
        for form in &FORMS {
            check(form, &day);
        }
    }
}
