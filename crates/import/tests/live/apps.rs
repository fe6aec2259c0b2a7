//! Payloads of apps and SDKs, read whole and counted.

use import::batch::{Fact, RejectCode, ZoneEvidence};
use import::forms::{health_auto_export, health_connect_webhook, open_wearables, simple};
use import::json::ReadError;
use model::metric;
use model::record::Body;
use model::sample::{Flags, HOUR_US, MINUTE_US, uid_of};
use model::source::{SourceClass, tidied};

use crate::support::{form_of, near, read, read_with, reference, try_read, us};

#[test]
fn health_auto_export_summarised() {
    let Some(body) = reference("hae-synthetic/v2_summarized.json") else {
        return;
    };
    assert_eq!(form_of(&body), Ok(&health_auto_export::FORM));
    let read = read(&health_auto_export::FORM, &body);
    assert_eq!(read.refusals(), []);

    let steps = read.samples("step_count");
    assert_eq!(read.values("step_count"), [412.0, 96.5]);
    assert_eq!(steps[0].start_us, us("2026-03-08T12:00:00Z"));
    assert_eq!(steps[0].end_us - steps[0].start_us, HOUR_US);
    assert!(steps[0].flags.contains(Flags::AGGREGATED));
    let source = tidied(read.source(steps[0]));
    assert_eq!(source, "Max\u{2019}s Apple Watch|Max\u{2019}s iPhone");
    assert_eq!(steps[0].zone_offset_min, Some(-240));

    // A lone value on the beat of the others is as long as theirs.
    let energy = read.one("active_energy_burned");
    near(energy.value, 0.768_567_743_748_451_2 / 4.184);
    assert_eq!(energy.end_us - energy.start_us, HOUR_US);

    let rates = read.samples("heart_rate");
    let hour: Vec<_> = rates[..3]
        .iter()
        .map(|rate| (rate.value, rate.flags))
        .collect();
    let merged = Flags::AGGREGATED;
    assert_eq!(
        hour,
        [
            (64.19, merged),
            (51.0, merged.with(Flags::MINIMUM)),
            (103.0, merged.with(Flags::MAXIMUM))
        ]
    );
    assert_eq!(rates[0].end_us - rates[0].start_us, HOUR_US);
    // Three more are the minute of the workout.
    assert_eq!(rates.len(), 6);

    assert_eq!(read.values("heart_rate_variability_sdnn"), [55.1]);
    let systolic = read.one("blood_pressure_systolic");
    assert_eq!(
        (systolic.value, systolic.end_us),
        (121.0, us("2026-03-08T11:30:00Z"))
    );
    assert_eq!(systolic.flags, Flags::NONE);
    assert_eq!(read.values("blood_pressure_diastolic"), [79.0]);
    let glucose = read.one("blood_glucose");
    near(glucose.value, 4.59 * 18.0156);
    assert_eq!(glucose.flags, Flags::BEFORE_MEAL);
    assert_eq!(read.values("sexual_activity"), [0.0]);
    check_night(&read);
    check_workout(&read);
    assert_eq!(read.summary.samples, 22);
    assert_eq!(read.summary.records, 2);
}

fn check_night(read: &crate::support::Read) {
    let asleep = read.one("sleep_duration");
    near(asleep.value, 6.58 * 60.0);
    assert_eq!(asleep.start_us, us("2026-03-08T04:10:00Z"));
    assert_eq!(asleep.end_us, us("2026-03-08T11:02:00Z"));
    assert!(asleep.flags.contains(Flags::AGGREGATED));
    near(read.one("sleep_light_duration").value, 4.1 * 60.0);
    near(read.one("sleep_deep_duration").value, 0.98 * 60.0);
    near(read.one("sleep_rem_duration").value, 90.0);
    near(read.one("sleep_awake_duration").value, 0.28 * 60.0);
    near(read.one("time_in_bed").value, 7.2 * 60.0);
    // `asleep` is the rest without a stage: none here, so nothing is said.
    assert_eq!(read.samples("sleep_unspecified_duration"), []);
    let intervals = read.samples("sleep_analysis");
    let told: Vec<_> = intervals
        .iter()
        .map(|sample| (sample.value, sample.start_us))
        .collect();
    assert_eq!(
        told,
        [
            (0.0, us("2026-03-08T03:58:00Z")),
            (1.0, us("2026-03-08T04:10:00Z"))
        ]
    );
}

fn check_workout(read: &crate::support::Read) {
    let record = &read.batch.records[0];
    assert_eq!(
        record.uid,
        Some(uid_of("550e8400-e29b-41d4-a716-446655440000"))
    );
    let Body::Workout(workout) = &record.body else {
        panic!("a workout")
    };
    assert_eq!(workout.activity, "running");
    near(workout.duration_min.expect("told"), 1897.2 / 60.0);
    near(workout.active_energy_kcal.expect("told"), 1403.1 / 4.184);
    near(workout.distance_m.expect("told"), 5310.0);
    assert_eq!(workout.indoor, Some(false));
    let of = |id: &str| {
        workout
            .statistics
            .iter()
            .find(|statistic| statistic.metric == id)
    };
    let heart_rate = of("heart_rate").expect("told");
    assert_eq!(
        (heart_rate.min, heart_rate.mean, heart_rate.max),
        (Some(98.0), Some(151.0), Some(176.0))
    );
    assert_eq!(of("step_count").expect("told").sum, Some(161.0));
    assert_eq!(of("physical_effort").expect("told").mean, Some(9.4));
    let Body::Route(route) = &read.batch.records[1].body else {
        panic!("a route")
    };
    assert_eq!(route.latitude_deg, [40.7]);
    assert_eq!(route.speed_m_s, [Some(2.8)]);
    assert_eq!(route.at_us, [us("2026-03-08T13:00:05Z")]);
}

#[test]
fn health_auto_export_says_where_the_person_was() {
    let Some(body) = reference("hae-synthetic/v2_summarized.json") else {
        return;
    };
    let read = read(&health_auto_export::FORM, &body);
    let zones: Vec<_> = read
        .batch
        .zones
        .iter()
        .map(|seen| seen.zone.as_str())
        .collect();
    assert_eq!(zones, ["-04:00", "-05:00", "-04:00"]);
    assert!(
        read.batch
            .zones
            .iter()
            .all(|seen| seen.evidence == ZoneEvidence::Offset)
    );
}

#[test]
fn health_auto_export_sample_by_sample() {
    let Some(body) = reference("hae-synthetic/v2_unsummarized_12h_clock.json") else {
        return;
    };
    let read = read(&health_auto_export::FORM, &body);
    assert_eq!(read.refusals(), []);
    assert_eq!(read.values("sleep_analysis"), [3.0, 4.0, 5.0, 2.0]);
    let stages = read.samples("sleep_analysis");
    assert_eq!(stages[0].end_us - stages[0].start_us, 42 * MINUTE_US);
    assert!(stages.iter().all(|stage| stage.flags == Flags::NONE));
    let rate = read.one("heart_rate");
    assert_eq!(
        (rate.value, rate.start_us),
        (61.0, us("2026-03-08T12:00:05Z"))
    );
    assert_eq!((rate.end_us, rate.flags), (rate.start_us, Flags::NONE));
}

#[test]
fn health_auto_export_first_version() {
    let Some(body) = reference("hae-synthetic/v1_workout.json") else {
        return;
    };
    let read = read(&health_auto_export::FORM, &body);
    assert_eq!(read.refusals(), []);
    assert_eq!(read.summary.records, 2);
    let record = &read.batch.records[0];
    assert_eq!(record.uid, None);
    let Body::Workout(workout) = &record.body else {
        panic!("a workout")
    };
    assert_eq!(workout.activity, "walking");
    near(workout.active_energy_kcal.expect("told"), 226.2 / 4.184);
    let of = |id: &str| {
        workout
            .statistics
            .iter()
            .find(|statistic| statistic.metric == id)
    };
    assert_eq!(of("elevation_gained").expect("told").sum, Some(16.36));
    assert_eq!(of("step_count").expect("told").sum, Some(908.0));
    assert_eq!(read.values("heart_rate"), [108.0]);
}

#[test]
fn health_auto_export_with_nothing() {
    let empty = read(&health_auto_export::FORM, r#"{"data":{}}"#);
    assert_eq!((empty.summary.samples, empty.summary.rejected), (0, 0));
    let other = try_read(&health_auto_export::FORM, br#"{"metrics":[]}"#);
    assert!(matches!(other, Err(ReadError::WrongShape { .. })));
}

#[test]
fn the_header_says_how_long_a_value_is() {
    let body = r#"{"data":{"metrics":[{"name":"step_count","units":"count","data":[
        {"date":"2026-03-08 00:00:00 -0500","qty":9000,"source":"Watch"}]}]}}"#;
    let length = |aggregation| {
        let read =
            read_with(&health_auto_export::FORM, body.as_bytes(), aggregation).expect("read");
        let sample = read.one("step_count");
        (sample.end_us - sample.start_us) / HOUR_US
    };
    // The clocks of New York went forward on that day.
    assert_eq!(length(Some("Days")), 23);
    assert_eq!(length(Some("hours")), 1);
    assert_eq!(length(Some("seconds")), 0);
    // A lone total of midnight is of that day; of any other time it says nothing about its length.
    assert_eq!(length(None), 23);
    let later = body.replace("00:00:00", "00:30:00");
    let read = read(&health_auto_export::FORM, &later);
    let sample = read.one("step_count");
    assert_eq!(sample.end_us, sample.start_us);
}

#[test]
fn a_growing_hour_is_the_same_interval_each_time() {
    let body = |qty: u32| {
        format!(
            r#"{{"data":{{"metrics":[{{"name":"step_count","units":"count","data":[
            {{"date":"2026-03-08 08:00:00 -0400","qty":100,"source":"B|A"}},
            {{"date":"2026-03-08 09:00:00 -0400","qty":{qty},"source":"A|B"}}]}}]}}}}"#
        )
    };
    let first = read(&health_auto_export::FORM, &body(7)).samples("step_count");
    let second = read(&health_auto_export::FORM, &body(9)).samples("step_count");
    assert_eq!(
        (first[1].start_us, first[1].end_us),
        (second[1].start_us, second[1].end_us)
    );
    assert_eq!(first[0].source, first[1].source);
    assert!(second[1].flags.contains(Flags::AGGREGATED));
}

#[test]
fn health_auto_export_smaller_arrays() {
    let body = r#"{"data":{
      "stateOfMind":[{"id":"m1","start":"2026-03-08T10:00:00Z","end":"2026-03-08T10:00:00Z",
        "kind":"dailyMood","valence":0.4,"labels":["Calm"],"associations":["Family"]},
        {"start":"2026-03-08T10:00:00Z","valence":4}],
      "symptoms":[{"name":"Headache","start":"2026-03-08 10:00:00 -0400",
        "end":"2026-03-08 11:00:00 -0400","severity":"Moderate","userEntered":true,"source":"Health"},
        {"name":"Headache","start":"2026-03-08 10:00:00 -0400","severity":"Awful"},
        {"name":"Hiccups","start":"2026-03-08 10:00:00 -0400","severity":"Mild"}],
      "cycleTracking":[{"name":"Menstrual Flow","start":"2026-03-07 00:00:00 -0500",
        "end":"2026-03-07 00:00:00 -0500","value":"Medium","isCycleStart":true},
        {"name":"Intermenstrual Bleeding","start":"2026-03-07 00:00:00 -0500","value":"Yes"}],
      "medications":[{"displayText":"Magnesium 400 mg","status":"Taken",
        "scheduledDate":"2026-03-08 08:00:00 -0400","isArchived":false}],
      "ecg":[{"start":"2026-03-08 09:00:00 -0400","end":"2026-03-08 09:00:30 -0400",
        "classification":"Sinus Rhythm","averageHeartRate":61,"samplingFrequency":512,
        "voltageMeasurements":[{"voltage":0.00001,"units":"V"},{"voltage":-5,"units":"mcV"}]}],
      "heartRateNotifications":[{"start":"2026-03-08 09:00:00 -0400",
        "end":"2026-03-08 09:10:00 -0400","threshold":120,"heartRate":[{"hr":124}]}],
      "novelties":[1]}}"#;
    let read = read(&health_auto_export::FORM, body);
    assert_eq!(
        read.refusals(),
        [
            ("/data/stateOfMind/1/valence", RejectCode::ValueOutOfRange),
            ("/data/symptoms/1/severity", RejectCode::ValueInvalid)
        ]
    );
    let headache = read.one("headache");
    assert_eq!((headache.value, headache.flags), (3.0, Flags::MANUAL));
    assert_eq!(read.values("menstrual_flow"), [3.0]);
    assert_eq!(read.values("intermenstrual_bleeding"), [0.0]);
    let kinds: Vec<_> = read
        .batch
        .records
        .iter()
        .map(|record| record.body.kind())
        .collect();
    assert_eq!(kinds, ["state_of_mind", "other", "other", "ecg", "other"]);
    let Body::Ecg(ecg) = &read.batch.records[3].body else {
        panic!("an ECG")
    };
    near(ecg.voltage_uv[0], 10.0);
    near(ecg.voltage_uv[1], -5.0);
    assert_eq!(ecg.heart_rate_bpm, Some(61.0));
    let [Fact::Unnamed { name: unnamed }, Fact::Skipped { name, .. }] = &read.batch.facts[..]
    else {
        panic!("{:?}", read.batch.facts);
    };
    assert_eq!((unnamed.as_str(), name.as_str()), ("Hiccups", "novelties"));
}

/// The app's own list of names (HealthyApps/health-auto-export-server, `MetricName.ts`).
#[test]
fn every_name_of_health_auto_export_is_known() {
    let names = "active_energy basal_energy_burned apple_exercise_time apple_move_time \
        apple_stand_time apple_stand_hour cycling_distance downhill_snow_sports swimming_distance \
        walking_running_distance wheelchair_distance flights_climbed wheelchair_push_count \
        swim_stroke_count vo2_max physical_effort step_count cycling_cadence \
        cycling_functional_threshold_power cycling_power cycling_speed running_power running_speed \
        running_ground_contact_time running_stride_length height weight_body_mass \
        waist_circumference body_fat_percentage body_mass_index lean_body_mass heart_rate \
        resting_heart_rate heart_rate_variability cardio_recovery walking_heart_rate \
        atrial_fibrillation_burden walking_speed walking_step_length \
        walking_asymmetry_percentage walking_double_support_percentage \
        six_minute_walking_test_distance stair_speed_up stair_speed_down \
        running_vertical_oscillation respiratory_rate forced_expiratory_volume \
        forced_vital_capacity blood_oxygen_saturation peripheral_perfusion_index \
        peak_expiratory_flow_rate inhaler_usage body_temperature basal_body_temperature \
        under_water_depth under_water_temperature uv_exposure time_in_daylight \
        environmental_audio headphone_audio mindful_minutes sexual_activity electrodermal_activity \
        sleep_analysis apple_sleeping_wrist_temperature breathing_disturbances insulin_delivery \
        blood_glucose dietary_energy dietary_water dietary_sugar cholesterol carbohydrates biotin \
        caffeine calcium chloride chromium copper fiber folate iodine iron magnesium manganese \
        molybdenum monosaturated_fat niacin pantothenic_acid polyunsaturated_fat potassium protein \
        riboflavin saturated_fat selenium sodium thiamin total_fat vitamin_a vitamin_b6 vitamin_b12 \
        vitamin_c vitamin_d vitamin_e vitamin_k zinc blood_alcohol_content handwashing \
        number_of_time_fallen number_of_alcoholic_beverages toothbrushing";
    for name in names.split_whitespace() {
        assert!(metric::by_name(name).is_some(), "{name}");
    }
    // The pair is two metrics.
    assert_eq!(metric::by_name("blood_pressure"), None);
}

#[test]
fn open_wearables() {
    let Some(body) = reference("open-wearables/sync_request.example.json") else {
        return;
    };
    assert_eq!(form_of(&body), Ok(&open_wearables::FORM));
    let read = read(&open_wearables::FORM, &body);
    assert_eq!(read.refusals(), []);
    let systolic = read.one("blood_pressure_systolic");
    assert_eq!(systolic.value, 122.0);
    assert_eq!(systolic.uid, Some(uid_of("abc-xyz-123-sys")));
    assert_eq!(systolic.zone_offset_min, Some(60));
    let source = &read.batch.new_sources[0];
    assert_eq!(
        (source.name.as_str(), source.class),
        ("Galaxy Watch7", SourceClass::Watch)
    );
    assert_eq!(source.device.as_deref(), Some("Samsung SM-R960"));
    assert_eq!(
        source.app_id.as_deref(),
        Some("com.sec.android.app.shealth")
    );
    let stage = read.one("sleep_analysis");
    assert_eq!(
        (stage.value, stage.end_us - stage.start_us),
        (3.0, 50 * MINUTE_US)
    );
    assert_eq!(read.values("sleep_score"), [82.0]);
    let Body::Workout(workout) = &read.batch.records[0].body else {
        panic!("a workout")
    };
    assert_eq!(workout.activity, "running");
    assert_eq!(workout.duration_min, Some(45.0));
    assert_eq!(workout.active_energy_kcal, Some(345.5));
    assert_eq!(workout.distance_m, Some(5234.0));
    let of = |id: &str| {
        workout
            .statistics
            .iter()
            .find(|statistic| statistic.metric == id)
    };
    assert_eq!(of("heart_rate").expect("told").max, Some(178.0));
    assert_eq!(of("vo2_max").expect("told").mean, Some(42.5));
    assert_eq!(read.batch.records[0].zone.as_deref(), Some("+01:00"));
    let Body::Route(route) = &read.batch.records[1].body else {
        panic!("a route")
    };
    assert_eq!(route.elevation_m, [Some(142.0)]);
    assert_eq!(read.values("heart_rate"), [110.0]);
    assert_eq!(read.values("steps_cadence"), [155.0]);
    assert_eq!(read.values("speed"), [1.8]);
    let zones: Vec<_> = read
        .batch
        .zones
        .iter()
        .map(|seen| seen.zone.as_str())
        .collect();
    assert_eq!(zones, ["+01:00"]);
}

#[test]
fn variability_is_never_mixed() {
    let body = |provider: &str, name: &str| {
        format!(
            r#"{{"provider":"{provider}","data":{{"records":[{{"id":"1","type":"{name}",
            "startDate":"2026-03-08T08:30:00Z","endDate":"2026-03-08T08:30:00Z","value":41.5,
            "unit":"ms","source":{{}}}}]}}}}"#
        )
    };
    let android = read(
        &open_wearables::FORM,
        &body("google", "HEART_RATE_VARIABILITY"),
    );
    assert_eq!(android.values("heart_rate_variability_rmssd"), [41.5]);
    let name = "HKQuantityTypeIdentifierHeartRateVariabilitySDNN";
    let apple = read(&open_wearables::FORM, &body("apple", name));
    assert_eq!(apple.values("heart_rate_variability_sdnn"), [41.5]);
}

#[test]
fn health_connect_webhook() {
    let Some(body) = reference("own-shapes/hc_webhook.json") else {
        return;
    };
    assert_eq!(form_of(&body), Ok(&health_connect_webhook::FORM));
    let read = read(&health_connect_webhook::FORM, &body);
    assert_eq!(read.refusals(), []);
    let steps = read.one("step_count");
    assert_eq!(
        (steps.value, steps.end_us - steps.start_us),
        (412.0, 15 * MINUTE_US)
    );
    assert_eq!((steps.uid, steps.zone_offset_min), (None, None));
    assert_eq!(read.source(steps), "Health Connect");
    assert_eq!(read.values("heart_rate"), [61.0]);
    assert_eq!(read.values("heart_rate_variability_rmssd"), [41.7]);
    assert_eq!(read.values("body_mass"), [71.2]);
    // In bed, then light and deep: Health Connect's 4 and 5 are HealthKit's 3 and 4.
    assert_eq!(read.values("sleep_analysis"), [0.0, 3.0, 4.0]);
    let in_bed = read.samples("sleep_analysis")[0];
    assert_eq!(in_bed.start_us, us("2026-03-08T03:10:00Z"));
    assert_eq!(read.values("blood_pressure_diastolic"), [79.0]);
    let Body::Workout(workout) = &read.batch.records[0].body else {
        panic!("a workout")
    };
    assert_eq!(workout.activity, "running");
    assert_eq!(workout.distance_m, Some(5310.0));
    assert_eq!(read.batch.zones, []);
    assert_eq!((read.summary.samples, read.summary.records), (9, 1));
}

#[test]
fn health_connect_webhook_in_full() {
    let body = r#"{"timestamp":"2026-03-08T14:00:00Z","app_version":"2.0",
      "heart_rate":[{"avg":70,"min":55,"max":120,"time":"2026-03-08T12:00:00Z",
        "metadata":{"data_origin":"com.google.android.apps.fitness",
        "recording_method":"manual_entry","device":{"manufacturer":"Google","model":"Pixel Watch"}}}],
      "blood_glucose":[{"mmol_per_liter":5,"time":"2026-03-08T12:00:00Z"}],
      "hydration":[{"liters":0.35,"start_time":"2026-03-08T12:00:00Z","end_time":"2026-03-08T12:01:00Z"}],
      "nutrition":[{"calories":350,"sodium_grams":0.8,"start_time":"2026-03-08T12:00:00Z",
        "end_time":"2026-03-08T12:15:00Z"}],
      "basal_metabolic_rate":[{"watts":85,"time":"2026-03-08T12:00:00Z"}],
      "oxygen_saturation":[{"percentage":98,"time":"2026-03-08T12:00:00Z"},
        {"percentage":9,"time":"2026-03-08T12:00:00Z"}],
      "menstruation_flow":[{"flow":2,"time":"2026-03-08T12:00:00Z"}],
      "ovulation_test":[{"result":1,"time":"2026-03-08T12:00:00Z"},{"result":9,"time":"2026-03-08T12:00:00Z"}],
      "sleep":[{"session_end_time":"2026-03-08T07:00:00Z","duration_seconds":27000,
        "stages":[{"stage":"deep","start_time":"2026-03-08T00:00:00Z","end_time":"2026-03-08T02:00:00Z"},
        {"stage":"dreaming","start_time":"2026-03-08T02:00:00Z","end_time":"2026-03-08T03:00:00Z"}]},
        {"session_end_time":"2026-03-08T15:00:00Z","duration_seconds":1800}],
      "telepathy":[{"thoughts":1}]}"#;
    let read = read(&health_connect_webhook::FORM, body);
    assert_eq!(
        read.refusals(),
        [
            (
                "/oxygen_saturation/1/percentage",
                RejectCode::ValueOutOfRange
            ),
            ("/sleep/0/stages/1/stage", RejectCode::ValueInvalid),
            ("/ovulation_test/1/result", RejectCode::ValueInvalid)
        ]
    );
    assert_eq!(read.values("heart_rate"), [70.0, 55.0, 120.0]);
    let mean = read.samples("heart_rate")[0];
    assert!(mean.flags.contains(Flags::AGGREGATED.with(Flags::MANUAL)));
    assert_eq!(read.source(mean), "Pixel Watch");
    near(read.one("blood_glucose").value, 90.078);
    near(read.one("dietary_water").value, 350.0);
    near(read.one("dietary_sodium").value, 800.0);
    near(
        read.one("basal_metabolic_rate").value,
        85.0 * 86_400.0 / 4_184.0,
    );
    assert_eq!(read.values("menstrual_flow"), [3.0]);
    assert_eq!(read.values("ovulation_test_result"), [2.0]);
    assert_eq!(read.values("sleep_analysis"), [0.0, 4.0, 1.0]);
    assert!(matches!(&read.batch.facts[..], [Fact::Skipped { name, .. }] if name == "telepathy"));
}

#[test]
fn measurements_of_the_original_backend() {
    let Some(body) = reference("clarity-loop-backend/demo_data/healthkit/health_metrics.json")
    else {
        return;
    };
    assert_eq!(form_of(&body), Ok(&simple::FORM));
    let read = read(&simple::FORM, &body);
    assert_eq!(read.refusals(), []);
    let count = |id| read.values(id).len();
    assert_eq!(count("body_temperature"), 14);
    assert_eq!(count("body_mass"), 11);
    assert_eq!(count("oxygen_saturation"), 8);
    assert_eq!(count("sleep_duration"), 7);
    assert_eq!(count("blood_pressure_systolic"), 7);
    assert_eq!(count("blood_pressure_diastolic"), 7);
    assert_eq!(count("heart_rate"), 6);
    assert_eq!(count("step_count"), 5);
    assert_eq!(count("blood_glucose"), 5);
    assert_eq!(read.summary.samples, 70);
    near(read.values("sleep_duration")[0], 9.3 * 60.0);
}
