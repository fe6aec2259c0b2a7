//! One measurement through many doors: generated events, printed as each door prints them.

use super::*;

/// What happened: one measurement, which doors print in their ways.
#[derive(Debug, Clone, Copy)]
struct Event {
    start_us: i64,
    end_us: i64,
    value: f64,
    uid: u64,
}

/// Measurements more than two seconds apart, or of different values.
fn any_events() -> impl Strategy<Value = Vec<Event>> {
    let one = (
        0_i64..3_000,
        prop_oneof![Just(0_i64), 3_000_i64..9_000],
        0_u8..3,
    );
    prop::collection::vec(one, 1..12).prop_map(|parts| {
        let mut at_ms = 86_400_000_i64;
        let events = parts.into_iter().zip(1_u64..);
        events
            .map(|((gap_ms, length_ms, value), uid)| {
                at_ms += gap_ms;
                let event = Event {
                    start_us: at_ms * 1_000,
                    end_us: (at_ms + length_ms) * 1_000,
                    value: f64::from(value),
                    uid,
                };
                at_ms += 2_100;
                event
            })
            .collect()
    })
}

/// How a door prints what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// An export: whole seconds, no object ids, dated.
    Export,
    /// An app that sends milliseconds and ids.
    Fine,
    /// An app that sends whole seconds and ids.
    Coarse,
    /// An app that sends whole seconds without ids, under a name of its own.
    Nameless,
}

/// Whether times lose their fraction or are rounded.
#[derive(Debug, Clone, Copy)]
enum Printing {
    CutOff,
    Rounded,
}

impl Door {
    fn print(self, event: Event, printing: Printing) -> Sample {
        let time = |at_us: i64| match (self, printing) {
            (Self::Fine, _) => at_us,
            (_, Printing::CutOff) => at_us.div_euclid(SECOND_US) * SECOND_US,
            (_, Printing::Rounded) => (at_us + SECOND_US / 2).div_euclid(SECOND_US) * SECOND_US,
        };
        let (source, has_uid) = match self {
            Self::Export => (3, false),
            Self::Fine => (2, true),
            Self::Coarse => (1, true),
            Self::Nameless => (0, false),
        };
        Sample {
            source: SourceNo(source),
            uid: Uid::new(event.uid).filter(|_| has_uid),
            ..sample(time(event.start_us), time(event.end_us), event.value)
        }
    }

    fn bringer(self, upload: usize) -> Bringer {
        let no = u32::try_from(upload + 1).expect("few uploads");
        let dated: Vec<_> = (1..10).map(|no| (UploadNo(no), i64::from(no))).collect();
        let exported = (self == Self::Export).then_some(i64::from(no));
        Bringer::new(UploadNo(no), exported, &dated)
    }
}

/// An upload: a door and which of the events it delivers.
fn any_upload() -> impl Strategy<Value = (Door, u16)> {
    let door = prop_oneof![
        Just(Door::Export),
        Just(Door::Fine),
        Just(Door::Coarse),
        Just(Door::Nameless)
    ];
    (door, any::<u16>())
}

/// The rows after uploads came in an order.
fn deliver(
    events: &[Event],
    uploads: &[(Door, u16)],
    printing: Printing,
    order: &mut dyn Iterator<Item = usize>,
) -> Vec<Stored> {
    let mut rows = Vec::new();
    for at in order {
        let (door, which) = uploads[at];
        let delivered = events.iter().filter(|event| which >> event.uid & 1 == 1);
        let batch: Vec<Sample> = delivered
            .map(|event| door.print(*event, printing))
            .collect();
        rows = bring(rows, &batch, &door.bringer(at)).rows;
    }
    rows
}

proptest! {
    #[test]
    fn one_measurement_through_many_doors_is_one_row(
        events in any_events(),
        uploads in prop::collection::vec(any_upload(), 1..6),
        printing in prop_oneof![Just(Printing::CutOff), Just(Printing::Rounded)],
        turn in 0_usize..5,
    ) {
        let count = uploads.len();
        let run = |order: &mut dyn Iterator<Item = usize>| deliver(&events, &uploads, printing, order);
        let forward = run(&mut (0..count));
        let backward = run(&mut (0..count).rev());
        let turned = run(&mut (0..count).cycle().skip(turn).take(count));
        prop_assert_eq!(contents(&forward), contents(&backward));
        prop_assert_eq!(contents(&forward), contents(&turned));
        // Said slowly: what any door delivered is there once, with everything that any door knows.
        let mut expected: Vec<_> = events
            .iter()
            .filter_map(|event| {
                let doors: Vec<Door> = uploads
                    .iter()
                    .filter(|(_, which)| which >> event.uid & 1 == 1)
                    .map(|(door, _)| *door)
                    .collect();
                let is_fine = doors.contains(&Door::Fine);
                let finest = if is_fine { Door::Fine } else { *doors.first()? };
                let has_uid = is_fine || doors.contains(&Door::Coarse);
                let source = if doors.contains(&Door::Export) {
                    3
                } else {
                    let sources = doors.iter().map(|door| door.print(*event, printing).source.0);
                    sources.min()?
                };
                let times = finest.print(*event, printing);
                let uid = Uid::new(event.uid).filter(|_| has_uid);
                Some((times.start_us, times.end_us, event.value.to_bits(), source, uid))
            })
            .collect();
        expected.sort_unstable();
        let mut found: Vec<_> = forward
            .iter()
            .map(|row| {
                let sample = row.sample;
                (sample.start_us, sample.end_us, sample.value.to_bits(), sample.source.0, sample.uid)
            })
            .collect();
        found.sort_unstable();
        prop_assert_eq!(found, expected);
        // Everything again, in uploads of their own, adds nothing and changes nothing.
        let mut again = forward.clone();
        for (at, (door, which)) in uploads.iter().enumerate() {
            let delivered = events.iter().filter(|event| which >> event.uid & 1 == 1);
            let batch: Vec<Sample> = delivered.map(|event| door.print(*event, printing)).collect();
            let merged = bring(again, &batch, &door.bringer(10 + at));
            prop_assert_eq!(merged.counts.duplicates, batch.len() as u64);
            prop_assert!(merged.hours.is_empty());
            again = merged.rows;
        }
        let samples = |rows: &[Stored]| -> Vec<_> {
            rows.iter().map(|row| (identity(&row.sample), row.sample.uid)).collect()
        };
        prop_assert_eq!(samples(&again), samples(&forward));
    }

    #[test]
    fn rows_stored_apart_settle_as_if_the_rule_had_always_held(
        events in any_events(),
        uploads in prop::collection::vec(any_upload(), 1..6),
    ) {
        let printing = Printing::CutOff;
        let expected = deliver(&events, &uploads, printing, &mut (0..uploads.len()));
        let mut apart: Vec<Stored> = Vec::new();
        for (at, (door, which)) in uploads.iter().enumerate() {
            let bringer = door.bringer(at);
            for event in events.iter().filter(|event| which >> event.uid & 1 == 1) {
                let row = Stored {
                    sample: door.print(*event, printing),
                    origin: bringer.upload,
                    seen: bringer.seen(),
                };
                apart.push(row);
            }
        }
        in_order(&mut apart);
        let before = apart.len();
        let joined = twin::settle(&mut apart, &Door::Export.bringer(0));
        prop_assert_eq!(before - apart.len(), usize::try_from(joined).expect("few"));
        let bare = |rows: &[Stored]| -> Vec<_> {
            rows.iter().map(|row| (identity(&row.sample), row.sample.uid)).collect()
        };
        prop_assert_eq!(bare(&apart), bare(&expected));
        prop_assert_eq!(twin::settle(&mut apart, &Door::Export.bringer(0)), 0);
    }
}
