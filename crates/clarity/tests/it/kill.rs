//! SIGKILL at random moments: what was acknowledged is there, nothing is there twice, nothing is there
//! that was never sent, an interrupted import finishes when it is run again, and the pipeline catches
//! up by itself. Some lives have a full disk, a database that restarts, or a purge: what was erased is never found.
//!
//! `CLARITY_KILL_ROUNDS` sets the number of rounds, `CLARITY_KILL_SEED` repeats the choices of a run,
//! `CLARITY_KILL_SAMPLES` sets the size of the imports (more than 300,000 are written in parts), and
//! `CLARITY_KILL_MS` the longest life of a server.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

mod after;
mod trouble;

use self::trouble::Trouble;
use crate::binary::{Client, EMAIL, Place, Server, apple_export, kill, setting, write_file};

/// Rounds when nobody says otherwise: few, so that the suite stays fast.
const ROUNDS: u64 = 6;
/// Samples of an import when nobody says otherwise.
const IMPORT_SAMPLES: u64 = 2_000;
/// Connections that upload at the same time.
const PHONES: u64 = 4;
/// Most uploads of a phone in one round, so that many rounds stay within the days below.
const UPLOADS_MAX: usize = 40;
/// A life ends after less than so many acknowledged uploads, wherever the next ones are.
const LIFE_UPLOADS: u64 = 60;
/// One of so many lives ends while the server starts.
const STARTS: u64 = 12;
/// 2024-03-01T00:00:00Z.
const FIRST_S: i64 = 1_709_251_200;
/// Samples are dealt out over this many days, a second each.
const DAYS: u64 = 24;
const SAMPLE_S: i64 = 1;
const DAY_S: u64 = 86_400;
/// A server may be killed this long after it began to listen when nobody says otherwise, or this long
/// after its start.
const SERVING_MS: u64 = 1_500;
const STARTING_MS: u64 = 150;
/// From so many rounds on there must be something to lose in them.
const MANY: u64 = 50;
/// The longest that catching up may take: an abandoned lease or the pause of an import, and the work.
const CATCH_UP: Duration = Duration::from_mins(3);

/// A sample as the export tells it: metric, start in seconds, value.
type Told = (&'static str, i64, u64);

const UPLOADED: &str = "step_count";
const IMPORTED: &str = "flights_climbed";

/// A sequence that a seed repeats (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// Deals out samples that do not overlap.
#[derive(Default)]
struct Deck(AtomicU64);

impl Deck {
    fn deal(&self, metric: &'static str, count: u64, chance: &mut Chance) -> Vec<Told> {
        let first = self.0.fetch_add(count, Ordering::Relaxed);
        let slot = |number: u64| {
            assert!(
                number < DAYS * DAY_S,
                "more samples than fit in the days of this test"
            );
            let seconds = (number % DAYS) * DAY_S + number / DAYS;
            FIRST_S + i64::try_from(seconds).expect("some days")
        };
        (first..first + count)
            .map(|number| (metric, slot(number), 1 + chance.below(50)))
            .collect()
    }
}

fn instant(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .expect("some year")
        .to_string()
}

/// One upload as a phone keeps it until it is answered.
#[derive(Clone)]
struct Upload {
    key: String,
    samples: Vec<Told>,
    body: Value,
}

impl Upload {
    fn new(deck: &Deck, chance: &mut Chance) -> Self {
        let count = 1 + chance.below(8);
        let samples = deck.deal(UPLOADED, count, chance);
        let with_ids = chance.below(2) == 0;
        let described = samples.iter().map(|(_, start, value)| {
            let mut sample = json!({
                "type": "HKQuantityTypeIdentifierStepCount", "unit": "count", "value": value,
                "start_date": instant(*start), "end_date": instant(start + SAMPLE_S),
                "source_name": "Phone",
            });
            if with_ids {
                sample["uuid"] = json!(format!("00000000-0000-4000-8000-{start:012}"));
            }
            sample
        });
        let body = json!({"quantity_samples": described.collect::<Vec<_>>()});
        Self {
            key: format!("upload-{}", samples[0].1),
            samples,
            body,
        }
    }
}

/// What one phone knows after a round.
#[derive(Default)]
struct Phone {
    acknowledged: Vec<Upload>,
    unanswered: Vec<Upload>,
}

impl Phone {
    /// Repeats what was not answered, then sends new uploads until the server is gone.
    fn run(
        (address, token): (SocketAddr, &str),
        again: Vec<Upload>,
        (deck, count): (&Deck, &AtomicU64),
        (seed, trouble): (u64, Trouble),
    ) -> Self {
        let mut chance = Chance(seed);
        let mut phone = Self {
            acknowledged: Vec::new(),
            unanswered: again,
        };
        let Ok(mut client) = Client::connect(address) else {
            return phone;
        };
        while phone.acknowledged.len() < UPLOADS_MAX {
            if phone.unanswered.is_empty() {
                phone.unanswered.push(Upload::new(deck, &mut chance));
            }
            let upload = &phone.unanswered[0];
            let json = ("content-type", "application/json");
            let headers = [json, ("idempotency-key", upload.key.as_str())];
            let body = upload.body.to_string();
            // Without an answer it may be stored or not; only repeating it tells.
            let Ok(reply) = client.send(
                "POST",
                "/api/v1/healthkit",
                Some(token),
                &headers,
                body.as_bytes(),
            ) else {
                break;
            };
            if trouble != Trouble::None && reply.status == 503 {
                // Nothing was stored, and it said so.
                std::thread::sleep(Duration::from_millis(20));
                continue;
            }
            assert_eq!(reply.status, 202, "{trouble:?}: {}", reply.text());
            phone.acknowledged.push(phone.unanswered.remove(0));
            count.fetch_add(1, Ordering::Relaxed);
        }
        phone
    }
}

/// An export file, and whether an import of it was told to be done.
struct Export {
    path: PathBuf,
    samples: Vec<Told>,
    done: bool,
}

impl Export {
    fn new(place: &Place, round: u64, count: u64, deck: &Deck, chance: &mut Chance) -> Self {
        let samples = deck.deal(IMPORTED, count, chance);
        let mut records = String::new();
        for (_, start, value) in &samples {
            let printed = |seconds: i64| instant(seconds).replace('T', " ").replace('Z', " +0000");
            let (start, end) = (printed(*start), printed(start + SAMPLE_S));
            writeln!(
                records,
                " <Record type=\"HKQuantityTypeIdentifierFlightsClimbed\" sourceName=\"Phone\" \
                 unit=\"count\" creationDate=\"{end}\" startDate=\"{start}\" endDate=\"{end}\" \
                 value=\"{value}\"/>"
            )
            .expect("a String takes every text");
        }
        let xml = apple_export("2024-05-01 08:00:00 +0000", &records);
        let path = write_file(place.root(), &format!("export-{round}.xml"), xml.as_bytes());
        Self {
            path,
            samples,
            done: false,
        }
    }

    fn arguments(&self) -> [&str; 5] {
        [
            "import",
            self.path.to_str().expect("UTF-8"),
            "--user",
            EMAIL,
            "--json",
        ]
    }
}

/// How the file of a round comes in.
enum Importing {
    Not,
    Command(Child, Instant),
    Upload(std::thread::JoinHandle<bool>),
}

/// Everything that the clients know.
struct Story {
    place: Place,
    token: String,
    chance: Chance,
    uploaded: Deck,
    imported: Deck,
    phones: Vec<Phone>,
    exports: Vec<Export>,
    import_samples: u64,
    life_ms: u64,
    /// What was acknowledged and erased since.
    erased: BTreeSet<Told>,
    purges: usize,
    purge_is_open: bool,
    /// Uploads that were acknowledged, also those that were erased since.
    acknowledged: u64,
}

impl Story {
    fn begin(place: Place, seed: u64) -> Self {
        let server = place.serve();
        let token = server.register(EMAIL, &json!({"time_zone": "UTC"}));
        server.kill();
        let phones = (0..PHONES).map(|_| Phone::default()).collect();
        Self {
            place,
            token,
            chance: Chance(seed),
            uploaded: Deck::default(),
            imported: Deck::default(),
            phones,
            exports: Vec::new(),
            import_samples: number("CLARITY_KILL_SAMPLES", IMPORT_SAMPLES),
            life_ms: number("CLARITY_KILL_MS", SERVING_MS),
            erased: BTreeSet::new(),
            purges: 0,
            purge_is_open: false,
            acknowledged: 0,
        }
    }

    /// One life of the server.
    fn round(&mut self, number: u64) {
        let trouble = self.trouble();
        let mut server = match trouble {
            Trouble::FullDisk(room) => self.place.spawn_with_room(room),
            Trouble::None | Trouble::Restarts | Trouble::Purge => self.place.spawn(),
        };
        if self.chance.below(STARTS) == 0 {
            std::thread::sleep(Duration::from_millis(self.chance.below(STARTING_MS)));
            return server.kill();
        }
        let is_ready = server.wait_ready();
        if !is_ready && matches!(trouble, Trouble::FullDisk(_)) {
            return server.kill();
        }
        assert!(
            is_ready,
            "the server did not start: {}",
            self.place.logged()
        );
        self.settle_purge(&server);
        if trouble == Trouble::Purge {
            return self.purge(server);
        }
        let importing = self.begin_import(number, &server);
        let life = Duration::from_millis(self.chance.below(self.life_ms));
        let seeds: Vec<u64> = (0..PHONES).map(|_| self.chance.below(u64::MAX)).collect();
        let address = server.address();
        let (count, most) = (AtomicU64::new(0), self.chance.below(LIFE_UPLOADS));
        let (deck, token) = ((&self.uploaded, &count), self.token.as_str());
        let again: Vec<Vec<Upload>> = self
            .phones
            .iter_mut()
            .map(|phone| std::mem::take(&mut phone.unanswered))
            .collect();
        let lived: Vec<Phone> = std::thread::scope(|scope| {
            let running = again.into_iter().zip(seeds).map(|(again, seed)| {
                scope.spawn(move || Phone::run((address, token), again, deck, (seed, trouble)))
            });
            let running: Vec<_> = running.collect();
            self.live(trouble, life, (&count, most));
            server.kill();
            running
                .into_iter()
                .map(|phone| phone.join().expect("a phone"))
                .collect()
        });
        for (phone, lived) in self.phones.iter_mut().zip(lived) {
            phone.acknowledged.extend(lived.acknowledged);
            phone.unanswered.extend(lived.unanswered);
        }
        self.acknowledged += count.into_inner();
        self.end_import(importing);
    }

    fn begin_import(&mut self, round: u64, server: &Server) -> Importing {
        let way = self.chance.below(4);
        if way == 0 {
            return Importing::Not;
        }
        let count = self.import_samples;
        let export = Export::new(&self.place, round, count, &self.imported, &mut self.chance);
        let importing = if way == 1 {
            let (address, token) = (server.address(), self.token.clone());
            let bytes = std::fs::read(&export.path).expect("my own file");
            Importing::Upload(std::thread::spawn(move || {
                let kind = ("content-type", "application/octet-stream");
                let path = "/api/v1/imports?format=auto";
                let sent = Client::connect(address).and_then(|mut client| {
                    client.send("POST", path, Some(&token), &[kind], &bytes)
                });
                sent.is_ok_and(|reply| reply.status == 202)
            }))
        } else {
            let mut command = self.place.command(&export.arguments());
            let life = Duration::from_millis(self.chance.below(self.life_ms));
            Importing::Command(
                command.spawn().expect("the binary was built"),
                Instant::now() + life,
            )
        };
        self.exports.push(export);
        importing
    }

    /// An import by command is killed at a moment of its own, with or after the server.
    fn end_import(&mut self, importing: Importing) {
        let done = match importing {
            Importing::Not => return,
            Importing::Upload(sent) => sent.join().expect("an import"),
            Importing::Command(mut child, until) => {
                std::thread::sleep(until.saturating_duration_since(Instant::now()));
                let ended = child.try_wait().expect("my own child");
                kill(&mut child);
                ended.is_some_and(|status| status.success())
            }
        };
        self.exports.last_mut().expect("it was begun").done = done;
    }

    /// What is stored, in the order of the export.
    fn stored(&self) -> Vec<(String, i64, u64)> {
        let arguments = [
            "export", "--user", EMAIL, "--format", "ndjson", "--out", "-",
        ];
        let ended = self.place.succeed(&arguments);
        let lines = ended
            .out
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"));
        let samples = lines.filter(|line: &Value| line["type"] == "sample");
        let told = samples.map(|sample| {
            let text = |name: &str| sample[name].as_str().expect("a text");
            let start: jiff::Timestamp = text("start").parse().expect("a time");
            let value = sample["value"].as_f64().expect("a number");
            assert!(
                value.fract() == 0.0 && (1.0..=50.0).contains(&value),
                "{sample}"
            );
            let whole = (1..=50_u32)
                .find(|whole| f64::from(*whole) >= value)
                .expect("a value");
            (
                text("metric").to_owned(),
                start.as_second(),
                u64::from(whole),
            )
        });
        told.collect()
    }

    /// Nothing is stored twice or from nowhere, everything acknowledged is there, and an upload is
    /// there as a whole or not at all. Gives the number of stored but unanswered uploads.
    fn check(&self, stored: &[(String, i64, u64)]) -> usize {
        let sent = |upload: &Upload| upload.samples.clone();
        let acknowledged = self
            .phones
            .iter()
            .flat_map(|phone| phone.acknowledged.iter().flat_map(sent));
        let unanswered = self.phones.iter().flat_map(|phone| &phone.unanswered);
        let done = self.exports.iter().filter(|export| export.done);
        let must: Vec<Told> = acknowledged
            .chain(done.flat_map(|export| export.samples.clone()))
            .collect();
        let may: BTreeSet<Told> = must
            .iter()
            .copied()
            .chain(unanswered.clone().flat_map(sent))
            .chain(
                self.exports
                    .iter()
                    .flat_map(|export| export.samples.clone()),
            )
            .collect();
        let mut found = BTreeSet::new();
        for (metric, start, value) in stored {
            let known = if metric == UPLOADED {
                UPLOADED
            } else {
                IMPORTED
            };
            let told = (known, *start, *value);
            assert!(
                !self.erased.contains(&told),
                "{told:?} was erased and is found"
            );
            assert_eq!(metric, known, "a metric that nobody sent");
            assert!(may.contains(&told), "{told:?} was never sent");
            assert!(found.insert(told), "{told:?} is stored twice");
        }
        let lost: Vec<&Told> = must.iter().filter(|told| !found.contains(told)).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        let whole = unanswered.filter(|upload| {
            let there = upload
                .samples
                .iter()
                .filter(|told| found.contains(told))
                .count();
            assert!(
                there == 0 || there == upload.samples.len(),
                "half an upload: {}",
                upload.key
            );
            there > 0
        });
        whole.count()
    }

    /// Runs every import that was not told to be done once more, to its end.
    fn finish_imports(&mut self) -> usize {
        let mut count = 0;
        for export in self.exports.iter_mut().filter(|export| !export.done) {
            let account = self.place.succeed(&export.arguments()).json();
            let number = |name: &str| account[name].as_u64().expect("a count");
            let all = u64::try_from(export.samples.len()).expect("a count");
            assert_eq!(number("accepted") + number("duplicates"), all, "{account}");
            export.done = true;
            count += 1;
        }
        count
    }
}

fn number(name: &str, default: u64) -> u64 {
    setting(name).map_or(default, |text| text.parse().expect("a whole number"))
}

fn check(name: &str, place: Place) {
    let rounds = number("CLARITY_KILL_ROUNDS", ROUNDS);
    let seed = number("CLARITY_KILL_SEED", u64::from(std::process::id()));
    eprintln!("kill ({name}): CLARITY_KILL_SEED={seed} CLARITY_KILL_ROUNDS={rounds}");
    let mut story = Story::begin(place, seed);
    for round in 0..rounds {
        story.round(round);
    }
    let server = story.place.serve();
    story.settle_purge(&server);
    let stored = story.stored();
    let unanswered_stored = story.check(&stored);
    let first = story.catch_up(&server, &stored);
    let imports = story.exports.len();
    let repeated = story.finish_imports();
    let stored = story.stored();
    story.check(&stored);
    let second = story.catch_up(&server, &stored);
    server.stop();
    let acknowledged = story.acknowledged;
    assert!(
        rounds < MANY || acknowledged >= 10 * rounds,
        "{acknowledged} acknowledged uploads in {rounds} rounds show little"
    );
    let unanswered: usize = story
        .phones
        .iter()
        .map(|phone| phone.unanswered.len())
        .sum();
    eprintln!(
        "kill ({name}): {rounds} rounds, {acknowledged} uploads acknowledged, {unanswered} unanswered at \
         the end ({unanswered_stored} of them stored), {repeated} of {imports} imports interrupted and \
         repeated, {} samples, each once, 0 acknowledged lost; {} purges, 0 of {} erased samples found; \
         caught up in {:.1} s, after the imports in {:.1} s",
        stored.len(),
        story.purges,
        story.erased.len(),
        first.as_secs_f64(),
        second.as_secs_f64(),
    );
}

#[test]
fn nothing_acknowledged_is_lost_on_sqlite() {
    check("sqlite", Place::sqlite());
}

#[test]
fn nothing_acknowledged_is_lost_on_postgres() {
    if let Some(place) = Place::postgres() {
        check("postgres", place);
    }
}

#[test]
fn a_first_start_that_was_killed_can_be_repeated() {
    let seed = number("CLARITY_KILL_SEED", u64::from(std::process::id()));
    eprintln!("kill (first start): CLARITY_KILL_SEED={seed}");
    let mut chance = Chance(seed);
    for _ in 0..number("CLARITY_KILL_ROUNDS", ROUNDS) {
        let place = Place::sqlite();
        for _ in 0..2 {
            let server = place.spawn();
            std::thread::sleep(Duration::from_millis(chance.below(2 * STARTING_MS)));
            server.kill();
        }
        let server = place.serve();
        server.register(EMAIL, &json!({}));
        server.stop();
    }
}
