//! The figures of recordings that were once read wrongly: files of the same structure, written here, whose epochs,
//! times and sums are those that the origin of each recording states.

use std::fmt::Write as _;

use import::recording::Recording;

use crate::support::{channel, epochs, second, several};

/// So many whole numbers whose sum is this: uneven, with zeros among them.
fn shared_out(sum: u64, count: usize) -> Vec<u64> {
    let weights: Vec<u64> = (0..count as u64)
        .map(|index| (index * index * 7_919 % 977).saturating_sub(300))
        .collect();
    let whole: u64 = weights.iter().sum();
    let mut values: Vec<u64> = weights.iter().map(|weight| weight * sum / whole).collect();
    let left = usize::try_from(sum - values.iter().sum::<u64>()).expect("less than there are");
    for value in values.iter_mut().rev().take(left) {
        *value += 1;
    }
    values
}

fn sum(recording: &Recording, name: &str) -> f64 {
    let values = &channel(recording, name).values;
    values.iter().filter(|value| !value.is_nan()).sum()
}

fn missing(recording: &Recording, name: &str) -> usize {
    let values = &channel(recording, name).values;
    values.iter().filter(|value| value.is_nan()).count()
}

#[track_caller]
fn check(recording: &Recording, start: &str, epoch_s: u32, epochs: usize) {
    for channel in &recording.channels {
        assert_eq!((channel.start_s, channel.epoch_s), (second(start), epoch_s));
        assert_eq!(channel.values.len(), epochs, "{}", channel.name);
    }
}

/// `GGIRread`'s `Actiwatch.AWD`: a decimal comma behind a space.
#[test]
fn an_actiwatch_with_decimal_commas() {
    let mut file = "0123\n01-Oct-2009\n17:00\n 4 \n0\nD01\nM\n".to_owned();
    for (index, count) in shared_out(108_864, 329).into_iter().enumerate() {
        let mark = if index == 1 || index == 300 { " M" } else { "" };
        writeln!(file, "{count} , 0,00{mark}").expect("memory");
    }
    let recording = epochs(file.as_bytes());
    check(&recording, "2009-10-01T17:00:00", 60, 329);
    let of = |name| sum(&recording, name);
    assert_eq!(
        (of("activity"), of("light"), of("event")),
        (108_864.0, 0.0, 2.0)
    );
    assert_eq!(recording.damages.count, 0);
}

/// Axes and steps of which the axes and their magnitude have this sum: rows of 3, 4 and 0, of 1, 0 and 0, and those
/// given, whose magnitude is no whole number.
fn axes(odd: [[u64; 3]; 2], whole: u64, steps: u64, count: usize) -> Vec<[u64; 4]> {
    // A row of 3k, 4k and 0 counts 12k, a row of k, 0 and 0 counts 2k.
    let mut rows: Vec<[u64; 4]> = shared_out(whole / 12, count - 3)
        .into_iter()
        .map(|value| [3 * value, 4 * value, 0, 0])
        .collect();
    rows.push([0, whole % 12 / 2, 0, 0]);
    rows.extend(odd.map(|[x, y, z]| [x, y, z, 0]));
    for (row, steps) in rows.iter_mut().zip(shared_out(steps, count)) {
        row[3] = steps;
    }
    rows
}

#[track_caller]
fn near((sum, steps): (f64, f64), expect: f64, all_steps: f64) {
    assert!(
        (sum - expect).abs() < 0.001 && steps == all_steps,
        "{sum} {steps}"
    );
}

/// `GGIRread`'s three CSV of `ActiLife`: modes 13 and 61 without times, and one with times and headings.
#[test]
fn three_tables_of_actilife() {
    let head = |epoch: &str, time: &str, date: &str, download: &str, format: &str, mode: u32| {
        format!(
            "------------ Data File Created By ActiGraph wGT3XBT ActiLife v6.13.3 Firmware v1.8.0 date format {format} \
             Filter Normal -----------\nSerial Number: MOS2D1\nStart Time {time}\nStart Date {date}\n\
             Epoch Period (hh:mm:ss) {epoch}\nDownload Time 12:54:04\nDownload Date {download}\n\
             Current Memory Address: 0\nCurrent Battery Voltage: 4.03     Mode = {mode}\n\
             --------------------------------------------------\n"
        )
    };
    let total = |recording: &Recording| {
        let names = ["axis1", "axis2", "axis3", "vector_magnitude"];
        let sums = names.map(|name| sum(recording, name));
        (sums.iter().sum::<f64>(), sum(recording, "steps"))
    };
    let mut file = head(
        "00:00:15",
        "09:00:00",
        "8/26/2013",
        "9/3/2013",
        "M/d/yyyy",
        13,
    );
    for [x, y, z, steps] in axes([[0, 1, 4], [1, 2, 5]], 272_848, 1_118, 990) {
        writeln!(file, "{x},{y},{z},{steps}").expect("memory");
    }
    let recording = epochs(file.as_bytes());
    check(&recording, "2013-08-26T09:00:00", 15, 990);
    near(total(&recording), 272_870.600_3, 1_118.0);

    let mut file = head(
        "00:00:05",
        "21:35:00",
        "8/15/2016",
        "8/24/2016",
        "M/d/yyyy",
        61,
    );
    for [x, y, z, steps] in axes([[0, 6, 7], [3, 5, 7]], 63_906, 253, 990) {
        writeln!(file, "{x},{y},{z},{steps},0,0,5,0,0").expect("memory");
    }
    let recording = epochs(file.as_bytes());
    check(&recording, "2016-08-15T21:35:00", 5, 990);
    near(total(&recording), 63_952.330_0, 253.0);

    // The header calls its dates dd/MM/yyyy and writes them otherwise; the rows say which.
    let mut file = head(
        "00:00:01",
        "15:00:00",
        "09-12-2017",
        "09-19-2017",
        "dd/MM/yyyy",
        13,
    );
    file += "TimeStamp,axis1,axis2,axis3,steps,vm\n";
    let start: jiff::civil::DateTime = "2017-09-12T15:00:00".parse().expect("a time");
    let rows = axes([[0, 2, 4], [4, 4, 4]], 255_678, 442, 1_000);
    for (index, [x, y, z, steps]) in (0..).zip(rows) {
        let at = start + jiff::SignedDuration::from_secs(index);
        let vm = ((x * x + y * y + z * z) as f64).sqrt();
        writeln!(file, "{at}Z,{x},{y},{z},{steps},{vm}").expect("memory");
    }
    let recording = epochs(file.as_bytes());
    check(&recording, "2017-09-12T15:00:00", 1, 1_000);
    near(total(&recording), 255_707.400_3, 442.0);
}

/// `GGIRread`'s `Actiwatch.csv`: Actiware in Dutch, with the device's own sleep and the time off the wrist.
#[test]
fn actiware_in_dutch() {
    let mut file = "\u{feff}Actiware-exportbestand (versie 05.00),,\nTijdzone-offset:,+01:00,u\n\
                    Periodelengte:,15,seconden\n\
                    Lijn,Datum,Tijd,Status niet-om-pols,Activiteit,Wit licht,Slapen/waken,Intervalstatus\n,,\n"
        .to_owned();
    let counts = shared_out(4_589, 63);
    for epoch in 0..860_usize {
        let at = format!(
            "23/11/2019,{:02}:{:02}:{:02}",
            6 + epoch / 240,
            epoch / 4 % 60,
            15 * (epoch % 4)
        );
        let cells = match epoch.checked_sub(797) {
            None => "1,NaN,NaN,NaN,UITGESLOTEN".to_owned(),
            Some(worn) => format!("0,{},1.5,{},RUST", counts[worn], u32::from(worn >= 55)),
        };
        writeln!(file, "{},{at},{cells}", epoch + 1).expect("memory");
    }
    let recording = epochs(file.as_bytes());
    check(&recording, "2019-11-23T06:00:00", 15, 860);
    let of = |name| sum(&recording, name);
    assert_eq!((of("activity"), of("off_wrist")), (4_589.0, 797.0));
    // GGIR counts sleep, 1 less the column: 63 epochs scored, 8 awake.
    assert_eq!((of("wake"), missing(&recording, "wake")), (8.0, 797));
}

/// Eight days of minutes.
const MINUTES: usize = 8 * 1_440;

fn stamp(minute: usize) -> jiff::civil::DateTime {
    let start: jiff::civil::DateTime = "2024-03-01T12:00:00".parse().expect("a time");
    start + jiff::SignedDuration::from_mins(i64::try_from(minute).expect("few"))
}

/// −1 and −999 for what is missing.
#[test]
fn numbers_below_zero_are_missing() {
    for (count, mark, total) in [(24, "-1", 2_326_158), (116, "-999", 2_308_021)] {
        let mut file = "timestamp,activity\n".to_owned();
        let mut values = shared_out(total, MINUTES - count).into_iter();
        for minute in 0..MINUTES {
            let at = stamp(minute).strftime("%Y-%m-%d %H:%M:%S").to_string();
            let is_missing = minute % 99 == 0 && minute / 99 < count;
            let value = if is_missing {
                mark.to_owned()
            } else {
                values.next().expect("as many").to_string()
            };
            writeln!(file, "{at},{value}").expect("memory");
        }
        let recording = epochs(file.as_bytes());
        check(&recording, "2024-03-01T12:00:00", 60, MINUTES);
        assert_eq!(missing(&recording, "activity"), count);
        assert_eq!(sum(&recording, "activity"), total as f64);
    }
}

/// R writes midnight without its time.
#[test]
fn eight_midnights_are_there() {
    let mut file = "timestamp,activity\n".to_owned();
    for (minute, value) in shared_out(2_330_000, MINUTES).into_iter().enumerate() {
        let at = stamp(minute).strftime("%Y-%m-%d %H:%M:%S").to_string();
        let at = at.trim_end_matches(" 00:00:00");
        writeln!(file, "{at},{value}").expect("memory");
    }
    let recording = epochs(file.as_bytes());
    check(&recording, "2024-03-01T12:00:00", 60, MINUTES);
    assert_eq!(missing(&recording, "activity"), 0);
    assert_eq!(recording.damages.count, 0);
}

/// Ten rows from before the clock was set, then four days.
#[test]
fn ten_rows_of_another_clock_are_damage() {
    let mut file = "timestamp,activity\n".to_owned();
    for minute in 0..10 {
        writeln!(file, "2000-01-01 00:{minute:02}:00,0").expect("memory");
    }
    for (minute, value) in shared_out(1_160_000, 5_760).into_iter().enumerate() {
        let at = stamp(minute).strftime("%Y-%m-%d %H:%M:%S").to_string();
        writeln!(file, "{at},{value}").expect("memory");
    }
    let recording = epochs(file.as_bytes());
    check(&recording, "2024-03-01T12:00:00", 60, 5_760);
    assert_eq!(sum(&recording, "activity"), 1_160_000.0);
    let damages = &recording.damages;
    assert_eq!((damages.count, damages.lost), (10, 10));
    assert!(damages.first.iter().all(|one| one.code == "time_jump"));
}

/// Two people in one table: each alone, whether their weeks overlap or not.
#[test]
fn two_people_have_their_own_means() {
    for (heading, names, weeks) in [("id", ["A 1", "B 2"], 0), ("subject_id", ["A", "B"], 7)] {
        let mut file = format!("{heading},timestamp,activity\n");
        for (name, total, from) in [
            (names[0], 2_330_496, 0),
            (names[1], 6_994_944, weeks * 10_080),
        ] {
            for (minute, value) in shared_out(total, MINUTES).into_iter().enumerate() {
                let at = stamp(from + minute)
                    .strftime("%Y-%m-%d %H:%M:%S")
                    .to_string();
                writeln!(file, "{name},{at},{value}").expect("memory");
            }
        }
        let members = several(file.as_bytes());
        assert_eq!(members.len(), 2);
        for (member, mean) in members.iter().zip([202.3, 607.2]) {
            assert_eq!(channel(&member.recording, "activity").values.len(), MINUTES);
            let found = sum(&member.recording, "activity") / MINUTES as f64;
            assert!((found - mean).abs() < 1e-9, "{found} is not {mean}");
            assert_eq!(member.recording.damages.lost, 0);
        }
    }
}
