//! Files of devices, clinics and diaries: what the samples beside the project do not hold.

use import::batch::Fact;
use import::format;
use jiff::Timestamp;
use oracle::data;

use crate::support::{Got, read, read_as};

fn us(text: &str) -> i64 {
    text.parse::<Timestamp>().expect("a time").as_microsecond()
}

fn values(got: &Got, metric: &str) -> Vec<f64> {
    got.of(metric).iter().map(|one| one.value).collect()
}

fn is_damaged(got: &Got, part: &str) -> bool {
    let is_it =
        |fact: &Fact| matches!(fact, Fact::Damage { message, .. } if message.contains(part));
    got.facts.iter().any(is_it)
}

fn check_damaged(got: &Got, part: &str) {
    assert!(is_damaged(got, part), "{part}: {:?}", got.facts);
}

/// Files of a sample, by the name of its folder.
fn sample(path: &str) -> Option<Vec<u8>> {
    let path = data::beside(&format!("vendors/{path}"))?;
    Some(std::fs::read(path).expect("a sample"))
}

const GPX: &str = r#"<?xml version="1.0"?><gpx creator="x"><trk><name>Home</name><type>cycling</type><trkseg>
<trkpt lat="48.0" lon="11.0"><ele>500</ele><time>2026-03-28T10:00:00Z</time><extensions><power>210</power>
<g:TrackPointExtension><g:hr>120</g:hr><g:cad>80</g:cad></g:TrackPointExtension></extensions></trkpt>
<trkpt lat="48.001" lon="11.0"><time>2026-03-28T10:00:30Z</time></trkpt>
<trkpt lat="48.002" lon="11.0"></trkpt>
<trkpt lat="48.002" lon="11.0"><time>2026-03-28T10:01:00Z</time></trkpt>
</trkseg></trk></gpx>"#;

#[test]
fn a_route_becomes_a_workout_with_what_was_seen_beside_it() {
    let got = read(GPX.as_bytes(), "UTC").expect("a route");
    assert_eq!(values(&got, "heart_rate"), [120.0]);
    assert_eq!(values(&got, "cycling_cadence"), [80.0]);
    assert_eq!(values(&got, "cycling_power"), [210.0]);
    let (start, end, workout) = &got.workouts[0];
    assert_eq!(workout.activity, "cycling");
    assert_eq!(*start, us("2026-03-28T10:00:00Z"));
    assert_eq!(*end, us("2026-03-28T10:01:00Z"));
    // Two thousandths of a degree of latitude.
    let metres = workout.distance_m.expect("a distance");
    assert!((metres - 222.39).abs() < 0.01, "{metres}");
    assert!(!format!("{:?}", got.workouts).contains("Home"));
    assert_eq!(got.records, 2, "the workout and its route");
    let cut = read(&GPX.as_bytes()[..GPX.len() - 180], "UTC").expect("a part");
    assert_eq!(cut.workouts.len(), 1);
    check_damaged(&cut, "ends early");
}

#[test]
fn a_route_without_times_is_no_workout() {
    let plan = r#"<gpx><trk><trkseg><trkpt lat="1" lon="2"></trkpt></trkseg></trk></gpx>"#;
    let got = read(plan.as_bytes(), "UTC").expect("a file");
    assert_eq!((got.workouts.len(), got.rejected.len()), (0, 1));
}

#[test]
fn laps_add_up() {
    let lap = |minute: u32, metres: u32, rate: u32| {
        format!(
            "<Lap StartTime=\"2026-03-28T10:{minute:02}:00Z\"><TotalTimeSeconds>600</TotalTimeSeconds>\
             <DistanceMeters>{metres}</DistanceMeters><Calories>100</Calories>\
             <AverageHeartRateBpm><Value>{rate}</Value></AverageHeartRateBpm><Track><Trackpoint>\
             <Time>2026-03-28T10:{minute:02}:01Z</Time><HeartRateBpm><Value>{rate}</Value></HeartRateBpm>\
             </Trackpoint></Track></Lap>"
        )
    };
    let text = format!(
        "   <?xml version=\"1.0\"?><TrainingCenterDatabase><Activities><Activity Sport=\"Running\">\
         <Id>x</Id>{}{}</Activity></Activities></TrainingCenterDatabase>",
        lap(0, 2_000, 140),
        lap(10, 1_800, 150)
    );
    let got = read(text.as_bytes(), "UTC").expect("a workout");
    let (start, end, workout) = &got.workouts[0];
    assert_eq!((*end - *start) / 1_000_000, 1_200);
    assert_eq!(workout.distance_m, Some(3_800.0));
    assert_eq!(workout.active_energy_kcal, Some(200.0));
    assert_eq!(workout.duration_min, Some(20.0));
    assert_eq!(workout.activities.len(), 2);
    let rate = workout
        .statistics
        .iter()
        .find(|one| one.metric == "heart_rate");
    assert_eq!(rate.and_then(|one| one.mean), Some(145.0));
    let laps = workout.events.iter().filter(|event| event.event == "lap");
    assert_eq!(laps.count(), 2);
}

#[test]
fn a_fit_file_that_is_cut_keeps_its_whole_messages() {
    let Some(bytes) = sample("garmin-fit/export/activity.fit") else {
        return;
    };
    let whole = read(&bytes, "Europe/Berlin").expect("an activity");
    let (_, _, workout) = &whole.workouts[0];
    let pauses: Vec<&str> = workout
        .events
        .iter()
        .map(|event| event.event.as_str())
        .collect();
    assert_eq!(pauses, ["pause", "resume"]);
    assert_eq!(whole.records, 2, "the workout and its route");
    for length in 14..bytes.len() {
        let got = read(&bytes[..length], "Europe/Berlin").expect("a part");
        assert!(got.of("heart_rate").len() <= whole.of("heart_rate").len());
        check_damaged(&got, "");
    }
    // Records without a session are a workout all the same.
    let got = read(&bytes[..bytes.len() - 150], "Europe/Berlin").expect("a part");
    assert_eq!(got.workouts.len(), 1);
}

#[test]
fn monitoring_in_parts_counts_once() {
    let Some(bytes) = sample("garmin-fit/export/monitoring_b.fit") else {
        return;
    };
    let twice = oracle::zip::archive(&[("a.fit", &bytes), ("b/c.fit", &bytes)]);
    let once = read(&bytes, "Europe/Berlin").expect("a day");
    let both = read(&twice, "Europe/Berlin").expect("a day");
    let steps = |got: &Got| values(got, "step_count").iter().sum::<f64>();
    assert!((steps(&once) - 6_650.0).abs() < 1e-9);
    assert!((steps(&both) - steps(&once)).abs() < 1e-9);
    // Files say where their clock was: the person's zone moves nothing.
    let far = read(&bytes, "Pacific/Auckland").expect("a day");
    assert_eq!(far.of("step_count"), once.of("step_count"));
}

const CLARITY: &str = "\u{feff}\"Index\",\"Timestamp (YYYY-MM-DDThh:mm:ss)\",\"Event Type\",\"Event Subtype\",\
\"Patient Info\",\"Device Info\",\"Source Device ID\",\"Glucose Value (mmol/L)\",\"Insulin Value (u)\",\
\"Carb Value (grams)\",\"Duration (hh:mm:ss)\",\"Glucose Rate of Change (mmol/L/min)\",\
\"Transmitter Time (Long Integer)\",\"Transmitter ID\"\n";

#[test]
fn the_hour_that_autumn_repeats_is_told_by_the_transmitter() {
    let row = |clock: &str, value: &str, counter: u32| {
        format!("1,2026-10-25T{clock},EGV,,,,G7,{value},,,,,{counter},AB\n")
    };
    // 01:55 and 02:00 in summer time, 02:00 again in winter time, an hour later.
    let text = [
        row("01:55:00", "5.0", 1_000),
        row("02:00:00", "5.1", 1_300),
        row("02:00:00", "5.2", 4_900),
        row("02:05:00", "Low", 5_200),
    ]
    .concat();
    let got = read(format!("{CLARITY}{text}").as_bytes(), "Europe/Berlin").expect("a table");
    let times: Vec<i64> = got
        .of("blood_glucose")
        .iter()
        .map(|one| one.start_us)
        .collect();
    let expect = [
        "2026-10-24T23:55:00Z",
        "2026-10-25T00:00:00Z",
        "2026-10-25T01:00:00Z",
        "2026-10-25T01:05:00Z",
    ];
    assert_eq!(times, expect.map(us));
    let last = got.of("blood_glucose")[3].value;
    assert!((last - 2.2 * 18.0156).abs() < 1e-9, "{last}");
    // Without a transmitter the order of rows says it.
    let plain = text.replace(",1000,AB", ",,").replace(",1300,AB", ",,");
    let plain = plain.replace(",4900,AB", ",,").replace(",5200,AB", ",,");
    let got = read(format!("{CLARITY}{plain}").as_bytes(), "Europe/Berlin").expect("a table");
    let times: Vec<i64> = got
        .of("blood_glucose")
        .iter()
        .map(|one| one.start_us)
        .collect();
    assert_eq!(times, expect.map(us));
}

fn libre(rows: &str) -> String {
    format!(
        "Glucose Data,Generated on,28-03-2026 14:12 UTC,Generated by,Somebody\n\
         Device,Serial Number,Device Timestamp,Record Type,Historic Glucose mmol/L,Scan Glucose mmol/L,c,d,e,f,g,h,i,j,\
         Strip Glucose mmol/L,Ketone mmol/L,l,m,n\n{rows}"
    )
}

#[test]
fn one_date_says_the_order_of_all() {
    let rows = "FreeStyle,1,03-04-2026 08:00,0,5.0,,,,,,,,,,,,,,\nFreeStyle,1,13-04-2026 08:00,0,LO,,,,,,,,,,,,,,\n\
                FreeStyle,1,03-04-2026 09:00,3,,,,,,,,,,,,0.4,,,\n";
    let got = read(libre(rows).as_bytes(), "UTC").expect("a table");
    let times: Vec<i64> = got
        .of("blood_glucose")
        .iter()
        .map(|one| one.start_us)
        .collect();
    assert_eq!(
        times,
        ["2026-04-03T08:00:00Z", "2026-04-13T08:00:00Z"].map(us)
    );
    assert_eq!(got.records, 1, "ketones are kept as a record");
    // Where none says it, the clock does, and that is noted.
    let got = read(
        libre("F,1,03-04-2026 08:00,0,5.0,,,,,,,,,,,,,,\n").as_bytes(),
        "UTC",
    )
    .expect("a table");
    assert_eq!(
        got.of("blood_glucose")[0].start_us,
        us("2026-04-03T08:00:00Z")
    );
    let is_told =
        |fact: &Fact| matches!(fact, Fact::Noted { message, .. } if message.contains("day first"));
    assert!(got.facts.iter().any(is_told), "{:?}", got.facts);
}

#[test]
fn a_weight_without_a_unit_is_asked_for() {
    let table = b"Date,Weight\n2026-03-27,172.4\n";
    let got = read(table, "UTC").expect("a table");
    assert!(got.of("body_mass").is_empty());
    assert!(
        got.rejected[0].contains("myfitnesspal_kg or myfitnesspal_lb"),
        "{:?}",
        got.rejected
    );
    let got = read_as("myfitnesspal_kg", table, "UTC").expect("a table");
    assert_eq!(values(&got, "body_mass"), [172.4]);
}

#[test]
fn a_day_without_servings_has_its_totals() {
    let day =
        "Date,Energy (kcal),Protein (g),Completed\n2026-03-28,2000,80,true\n2026-03-29,0,0,false\n";
    let got = read(day.as_bytes(), "UTC").expect("a table");
    assert_eq!(values(&got, "dietary_energy_consumed"), [2_000.0]);
    let servings = "Day,Time,Group,Food Name,Amount,Energy (kcal),Category\n\
                    2026-03-28,08:00,Breakfast,Bread,1,300,x\n2026-03-28,08:00,Breakfast,Cheese,1,300,x\n";
    let both = oracle::zip::archive(&[("a.csv", day.as_bytes()), ("b.csv", servings.as_bytes())]);
    let got = read(&both, "UTC").expect("an export");
    // Two foods of equal energy are two; the day's total is the same food.
    assert_eq!(values(&got, "dietary_energy_consumed"), [300.0, 300.0]);
    assert_eq!(values(&got, "dietary_protein"), [80.0]);
    assert_eq!(got.records, 2, "each food is a record");
}

fn observation(id: &str, status: &str, rest: &str) -> String {
    format!(
        "{{\"resourceType\":\"Observation\",\"id\":\"{id}\",\"status\":\"{status}\",\"code\":{{\"coding\":[{{\
         \"system\":\"http://loinc.org\",\"code\":\"8867-4\"}}]}},\"effectiveDateTime\":\"2026-03-08T07:30:00-06:00\",\
         {rest}}}"
    )
}

#[test]
fn resources_on_lines_are_read_and_errors_taken_back() {
    let text = [
        observation(
            "a",
            "final",
            "\"valueQuantity\":{\"value\":61,\"code\":\"/min\"}",
        ),
        observation("b", "entered-in-error", "\"valueQuantity\":{\"value\":610}"),
        "not json".to_owned(),
        "{\"resourceType\":\"DocumentReference\",\"id\":\"d\",\"date\":\"2026-03-01\"}".to_owned(),
        observation("c", "final", "\"valueQuantity\":{\"unit\":\"/min\"}"),
    ]
    .join("\n");
    let got = read(text.as_bytes(), "UTC").expect("resources");
    assert_eq!(values(&got, "heart_rate"), [61.0]);
    assert_eq!(
        (got.records, got.rejected.len()),
        (1, 2),
        "{:?}",
        got.rejected
    );
    let mut deleted = 0;
    let zones = model::zone::ZoneHistory::fixed(model::zone::Zone::utc());
    let context = import::live::Context {
        now_us: crate::support::NOW_US,
        zones: &zones,
        aggregation: None,
        source: "",
    };
    let mut input = text.as_bytes();
    let opened = format::open(format::AUTO, &mut input).expect("a format");
    opened
        .read(&context, &mut |batch| {
            deleted += batch.deletions.len();
            std::ops::ControlFlow::Continue(())
        })
        .expect("resources");
    assert_eq!(deleted, 1);
}

#[test]
fn a_series_of_data_points_has_one_header() {
    let text = "{\"header\":{\"id\":\"1\",\"creation_date_time\":\"2026-03-08T12:00:00Z\",\"schema_id\":{\
                \"namespace\":\"omh\",\"name\":\"step-count\",\"version\":\"1.0\"}},\"body\":[\
                {\"step_count\":100,\"effective_time_frame\":{\"time_interval\":{\"end_date_time\":\
                \"2026-03-08T09:00:00\",\"duration\":{\"value\":1,\"unit\":\"h\"}}}},\
                {\"step_count\":{\"value\":50,\"unit\":\"steps\"},\"effective_time_frame\":{\"time_interval\":{\
                \"start_date_time\":\"2026-03-08T09:00:00Z\",\"duration\":{\"value\":30,\"unit\":\"min\"}}}}]}";
    let got = read(text.as_bytes(), "America/Boise").expect("data points");
    let steps: Vec<(i64, i64, f64)> = got
        .of("step_count")
        .iter()
        .map(|one| (one.start_us, one.end_us, one.value))
        .collect();
    let at = |clock: &str| us(&format!("2026-03-08T{clock}Z"));
    assert_eq!(
        steps,
        [
            (at("08:00:00"), at("09:00:00"), 100.0),
            (at("09:00:00"), at("09:30:00"), 50.0)
        ]
    );
}

#[test]
fn rows_of_strava_are_of_the_clock_that_files_tell() {
    let heading = "Activity ID,Activity Date,Activity Name,Activity Type,Activity Description,Elapsed Time,Distance,\
                   Max Heart Rate,Relative Effort,Commute,Activity Private Note,Activity Gear,Filename,Elapsed Time,\
                   Moving Time,Distance\n";
    let row = |id: u32, clock: &str, file: &str| {
        format!("{id},\"Mar 28, 2026, {clock}\",x,Ride,,60,1.0,,,,,,{file},60.0,55.0,1000.0\n")
    };
    // The file begins at 10:00 UTC, which its row prints as 11:00, the clock of the person.
    let table = format!(
        "{heading}{}{}",
        row(1, "11:00:00 AM", "activities/7.gpx"),
        row(2, "3:00:00 PM", "")
    );
    let files: [(&str, &[u8]); 2] = [
        ("export/activities/7.gpx", GPX.as_bytes()),
        ("export/activities.csv", table.as_bytes()),
    ];
    for order in [[0, 1], [1, 0]] {
        let upload = oracle::zip::archive(&order.map(|at: usize| files[at]));
        let got = read(&upload, "Europe/Berlin").expect("an export");
        let mut starts: Vec<i64> = got.workouts.iter().map(|(start, ..)| *start).collect();
        starts.sort_unstable();
        assert_eq!(
            starts,
            ["2026-03-28T10:00:00Z", "2026-03-28T14:00:00Z"].map(us)
        );
        assert_eq!(got.workouts[0].2.distance_m, Some(1_000.0));
        assert_eq!(values(&got, "cycling_power"), [210.0]);
    }
}

#[test]
fn pages_of_open_wearables_are_read() {
    let source = "\"source\":{\"provider\":\"apple\",\"source\":\"x\",\"device\":\"Watch7,1\",\"device_type\":\"watch\"}";
    let point = |clock: &str, kind: &str, value: &str, unit: &str, is_total: bool| {
        format!(
            "{{\"timestamp\":\"2026-05-12T{clock}Z\",\"zone_offset\":\"+02:00\",\"type\":\"{kind}\",\"value\":{value},\
             \"unit\":\"{unit}\",{source},\"is_daily_total\":{is_total}}}"
        )
    };
    let points = [
        point("06:00:00", "heart_rate", "61", "bpm", false),
        point("06:00:00", "blood_glucose", "99", "mg_dl", false),
        point("22:30:00", "steps", "4000", "count", true),
        point("06:00:00", "warp_factor", "9", "count", false),
        point("06:00:00", "weight", "null", "kg", false),
    ];
    let page = format!(
        "{{\"data\":[{}],\"pagination\":{{\"next_cursor\":null}}}}",
        points.join(",")
    );
    let got = read(page.as_bytes(), "Europe/Berlin").expect("a page");
    assert_eq!(values(&got, "heart_rate"), [61.0]);
    assert_eq!(values(&got, "blood_glucose"), [99.0]);
    // Half past midnight on the 13th, where the person was.
    let steps = got.of("step_count");
    assert_eq!(
        (steps[0].start_us, steps[0].value),
        (us("2026-05-12T22:00:00Z"), 4_000.0)
    );
    assert_eq!(got.rejected.len(), 1, "{:?}", got.rejected);
}

/// Bytes of every kind in place of the files of a format: nothing panics, and what was not read is reported.
#[test]
fn hostile_bytes_bring_nothing_down() {
    let formats = [
        "fit",
        "gpx",
        "tcx",
        "garmin",
        "strava",
        "dexcom",
        "libreview",
        "fhir",
        "open_mhealth",
        "cronometer",
        "myfitnesspal_kg",
        "omron",
        "nightscout",
    ];
    let seeds = [
        GPX.as_bytes().to_vec(),
        format!("{CLARITY}1,2026-10-25T01:00:00,EGV,,,,G7,5,,,,,1,AB\n").into_bytes(),
        libre("F,1,13-04-2026 08:00,0,5.0,,,,,,,,,,,,,,\n").into_bytes(),
        observation("a", "final", "\"valueQuantity\":{\"value\":61}").into_bytes(),
        b"[{\"type\":\"sgv\",\"sgv\":100,\"date\":1774733707000,\"device\":\"x\"}]".to_vec(),
        vec![b'['; 4_000],
        vec![b'"'; 4_000],
    ];
    let mut state = 7_u32;
    let mut random = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(state >> 8).expect("small")
    };
    for format in formats {
        for seed in &seeds {
            for _ in 0..40 {
                let mut bytes = seed.clone();
                for _ in 0..3 {
                    let at = random() % bytes.len();
                    bytes[at] = random().to_le_bytes()[0];
                }
                bytes.truncate(1 + random() % bytes.len());
                drop(read_as(format, &bytes, "Europe/Berlin"));
            }
        }
    }
}
