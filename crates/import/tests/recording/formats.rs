//! What each format means, on small files written for it.

use std::fmt::Write as _;

use import::recording::front;
use import::recording::options::Options;
use import::recording::{Content, Quantity};

use crate::fixtures;
use crate::support::{assert_same, channel, epochs, epochs_with, second, several, try_read};

const NAN: f64 = f64::NAN;

#[test]
fn every_format_is_told_by_its_content() {
    for (name, file) in fixtures::ALL {
        let format = match try_read(file.as_bytes(), &Options::default()) {
            Ok(Content::Epochs(recording)) => recording.header.format,
            Ok(Content::Several { members, .. }) => members[0].recording.header.format,
            Ok(Content::Raw(raw)) => raw.header.format,
            Err(error) => panic!("{name}: {error}"),
        };
        assert_eq!(format, name);
        assert!(front::ALL.iter().any(|known| known.name == name), "{name}");
    }
}

#[test]
fn nothing_about_the_wearer_comes_out() {
    for (name, file) in fixtures::ALL {
        let content = try_read(file.as_bytes(), &Options::default()).expect("a recording");
        let printed = format!("{content:?}");
        for word in fixtures::WEARER {
            assert!(!printed.contains(word), "{name} hands over {word}");
        }
    }
}

#[test]
fn actiwatch_clocks_codes_lux_and_markers() {
    let recording = epochs(fixtures::AWD.as_bytes());
    let activity = channel(&recording, "activity");
    assert_eq!(activity.start_s, second("2018-01-23T13:58:00"));
    assert_eq!(activity.epoch_s, 15);
    assert_same(&activity.values, &[5.0, 7.0, 0.0], 0.0);
    assert_same(&channel(&recording, "light").values, &[0.5, 1.5, 0.0], 0.0);
    assert_same(&channel(&recording, "event").values, &[0.0, 1.0, 0.0], 0.0);

    for (code, epoch_s) in [("2", 30), ("4", 60), ("8", 120), ("20", 300), ("60", 900)] {
        let file = fixtures::AWD.replace(" 1 ", code);
        assert_eq!(epochs(file.as_bytes()).channels[0].epoch_s, epoch_s);
    }
    for (clock, expected) in [
        ("12:00:00 AM", "2018-01-23T00:00:00"),
        ("12:30 pm", "2018-01-23T12:30:00"),
        ("23:59", "2018-01-23T23:59:00"),
    ] {
        let file = fixtures::AWD.replace("01:58:00 PM", clock);
        assert_eq!(
            epochs(file.as_bytes()).channels[0].start_s,
            second(expected)
        );
    }
}

#[test]
fn an_unknown_epoch_code_asks_for_the_length() {
    let file = fixtures::AWD.replace(" 1 ", "77");
    let error = try_read(file.as_bytes(), &Options::default()).expect_err("no such code");
    assert_eq!(
        error.to_string(),
        "not a readable awd file: unknown code of the epoch's length; state the length in seconds (line 4)"
    );
    let options = Options {
        epoch_s: Some(5),
        ..Options::default()
    };
    assert_eq!(
        epochs_with(file.as_bytes(), &options).channels[0].epoch_s,
        5
    );
}

#[test]
fn respironics_commas_missing_words_and_statuses() {
    let recording = epochs(fixtures::RESPIRONICS.as_bytes());
    assert_same(
        &channel(&recording, "activity").values,
        &[307.0, NAN, 253.0],
        0.0,
    );
    assert_same(
        &channel(&recording, "light").values,
        &[184.13, NAN, 235.0],
        0.0,
    );
    assert_same(
        &channel(&recording, "off_wrist").values,
        &[0.0, 1.0, 0.0],
        0.0,
    );
    assert_same(
        &channel(&recording, "interval_status").values,
        &[0.0, 3.0, 2.0],
        0.0,
    );
    assert_eq!(recording.header.utc_offset_s, Some(-19_800));
    assert_eq!(recording.damages.count, 0);
}

#[test]
fn awd_lines_may_have_decimal_commas() {
    let file = "0123\r\n01-Oct-2009\r\n17:00\r\n 4 \r\n0\r\nD012345\r\nM\r\n\
                0 , 0,00\r\n498 , 1,25 M\r\n394 , 0,00\r\n";
    let recording = epochs(file.as_bytes());
    assert_same(&recording.channels[0].values, &[0.0, 498.0, 394.0], 0.0);
    assert_same(&recording.channels[1].values, &[0.0, 1.25, 0.0], 0.0);
    assert_eq!(recording.damages.count, 0);
}

#[test]
fn condor_files_may_begin_with_the_version_of_their_layout() {
    let newer = format!("#ActLogModel=2.0.0\r\n{}", fixtures::CONDOR);
    assert_eq!(
        epochs(newer.as_bytes()).channels,
        epochs(fixtures::CONDOR.as_bytes()).channels
    );
    let other = format!("# a table\r\n{}", fixtures::CONDOR);
    assert!(try_read(other.as_bytes(), &Options::default()).is_err());
}

#[test]
fn condor_columns_of_any_model() {
    let recording = epochs(fixtures::CONDOR.as_bytes());
    let names: Vec<&str> = recording
        .channels
        .iter()
        .map(|channel| channel.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "pim",
            "tat",
            "light",
            "temperature",
            "event",
            "ms",
            "cap_sens_1"
        ]
    );
    let pim = channel(&recording, "pim");
    assert_eq!(
        pim.start_s,
        second("2020-02-01T23:59:00"),
        "the day comes first"
    );
    assert_same(&pim.values, &[10.0, 20.0], 0.0);

    let without = fixtures::CONDOR.replace(";PIM;", ";ZCM;");
    assert_eq!(epochs(without.as_bytes()).channels[0].name, "tat");
}

#[test]
fn motionwatch_channels_have_their_own_epochs() {
    let recording = epochs(fixtures::MOTIONWATCH.as_bytes());
    let motion = &recording.channels[0];
    assert_eq!((motion.name.as_str(), motion.epoch_s), ("motion", 30));
    assert_same(&motion.values, &[0.0, 15.0, NAN, 22.0], 0.0);
    let light = &recording.channels[1];
    assert_eq!((light.name.as_str(), light.epoch_s), ("light", 60));
    assert_same(&light.values, &[1.5, 2.0], 0.0);
    assert_eq!(light.start_s, second("2018-05-23T17:30:00"));
}

#[test]
fn a_cut_motionwatch_file_keeps_whole_numbers() {
    let until = fixtures::MOTIONWATCH.find("22").expect("a number") + 1;
    let recording = epochs(&fixtures::MOTIONWATCH.as_bytes()[..until]);
    assert_same(&channel(&recording, "light").values, &[1.5, 2.0], 0.0);
    let damage = recording.damages.first.last().expect("a damage");
    assert_eq!(damage.code, "truncated");
    assert_same(
        &channel(&recording, "motion").values,
        &[0.0, 15.0, NAN],
        0.0,
    );
}

#[test]
fn tempatilumi_commas_and_columns() {
    let recording = epochs(fixtures::TEMPATILUMI.as_bytes());
    assert_same(
        &channel(&recording, "temperature").values,
        &[25.5, 25.7],
        1e-15,
    );
    assert_same(&channel(&recording, "activity").values, &[3.0, 723.0], 0.0);
    assert_eq!(recording.channels[0].epoch_s, 60);
    assert_eq!(recording.header.serial.as_deref(), Some("00017"));
}

#[test]
fn biobank_series_stay_regular_when_clocks_change() {
    let recording = epochs(fixtures::BIOBANK.as_bytes());
    let acceleration = &recording.channels[0];
    assert_eq!(acceleration.start_s, second("2014-10-26T01:59:30"));
    assert_eq!((acceleration.epoch_s, acceleration.unit), (30, "m[g]"));
    assert_same(&acceleration.values, &[63.1, 5.0, NAN], 0.0);
    assert_same(&channel(&recording, "sleep").values, &[1.0, 0.0, NAN], 0.0);
    assert_same(
        &channel(&recording, "imputed").values,
        &[0.0, 0.0, 1.0],
        0.0,
    );
}

#[test]
fn the_older_biobank_layout_has_its_times_in_the_heading() {
    let file = "acceleration (mg) - 2014-05-07 13:29:50 - 2014-05-07 13:30:00 - sampleRate = 5 seconds,imputed\n\
        12.5,0\n,1\n8,0\n";
    let recording = epochs(file.as_bytes());
    let acceleration = channel(&recording, "acceleration");
    assert_eq!(
        (acceleration.start_s, acceleration.epoch_s),
        (second("2014-05-07T13:29:50"), 5)
    );
    assert_same(&acceleration.values, &[12.5, NAN, 8.0], 0.0);
    assert_same(
        &channel(&recording, "imputed").values,
        &[0.0, 1.0, 0.0],
        0.0,
    );
}

#[test]
fn counts_under_a_start_have_their_gaps() {
    let recording = epochs(fixtures::COUNTS.as_bytes());
    let expected = [60.0, 0.0, NAN, NAN, 264.0, 7.0];
    assert_same(&recording.channels[0].values, &expected, 0.0);
    let shorter = fixtures::COUNTS.replace("n=4", "n=5");
    assert_eq!(
        epochs(shorter.as_bytes()).damages.first[0].code,
        "truncated"
    );
}

#[test]
fn survey_days_stand_at_their_order_under_invented_dates() {
    let members = several(fixtures::NHANES.as_bytes());
    assert_eq!(members.len(), 2);
    assert_eq!(
        (members[0].number.as_str(), members[1].number.as_str()),
        ("21074", "21257")
    );
    let activity = &members[0].recording.channels[0];
    assert_eq!(
        activity.start_s,
        second("2000-01-03T00:00:00"),
        "the second day"
    );
    assert_eq!(activity.values.len(), 1_441);
    assert_same(&activity.values[..4], &[1.0, 2.0, 3.0, NAN], 0.0);
    assert_eq!(activity.values[1_440], 6.0);
    let worn = members[0]
        .recording
        .first(Quantity::WearSensor)
        .expect("flags");
    assert_same(&worn.values[..4], &[1.0, 1.0, 0.0, NAN], 0.0);
    assert!(members[0].recording.header.has_invented_dates);
}

#[test]
fn survey_days_and_minutes_stand_at_their_weekday() {
    let joined = |cells: &mut dyn Iterator<Item = String>| cells.collect::<Vec<String>>().join(",");
    let heading = joined(&mut (1..=1_440).map(|minute| format!("MIN{minute}")));
    let saturday = joined(&mut (0..1_440).map(|count| count.to_string()));
    let sunday = joined(&mut (5_000..6_440).map(|count| count.to_string()));
    let wide = format!(
        "SEQN,PAXCAL,PAXSTAT,WEEKDAY,SDDSRVYR,{heading}\n21005,1,1,7,3,{saturday}\n21005,1,1,1,3,{sunday}\n"
    );
    let members = several(wide.as_bytes());
    let activity = &members[0].recording.channels[0];
    assert_eq!(
        activity.start_s,
        second("2000-01-08T00:00:00"),
        "a Saturday"
    );
    assert_eq!(activity.values.len(), 2_880);
    assert_eq!((activity.values[0], activity.values[1_440]), (0.0, 5_000.0));

    let rows = "SEQN,PAXSTAT,PAXCAL,PAXDAY,PAXN,PAXHOUR,PAXMINUT,PAXINTEN,PAXSTEP\n\
        31128,1,1,2,1441,0,0,166,4\n31128,1,1,2,1443,0,2,27,0\n31128,1,1,2,1441,0,0,1,1\n";
    let members = several(rows.as_bytes());
    let recording = &members[0].recording;
    let activity = channel(recording, "activity");
    assert_eq!(activity.start_s, second("2000-01-03T00:00:00"), "a Monday");
    assert_same(&activity.values, &[166.0, NAN, 27.0], 0.0);
    assert_same(&channel(recording, "steps").values, &[4.0, NAN, 0.0], 0.0);
    assert_eq!(recording.damages.first[0].code, "repeated_time");
}

/// A table of Actiware: the heading of its line numbers, those of the others, and the words for active and asleep.
fn actiware(line: &str, names: [&str; 7], words: [&str; 2]) -> String {
    let [date, time, off, activity, white, wake, interval] = names;
    let mut file = format!(
        "Actiware (05.00),,\nTijdzone-offset:,+01:00,u\nPeriodelengte:,15,seconden\nSerienummer Actiwatch:,P9\n\
         {line},{date},{time},{interval}\n\n1,28/11/2019,08:09:00,{0}\n\n\
         {line},{date},{time},{off},{activity},{white},{wake},{interval}\n,,\n",
        words[0]
    );
    for epoch in 0..40_u32 {
        let (off, word) = (u32::from(epoch < 30), words[usize::from(epoch >= 30)]);
        let at = format!("23/11/2019,06:{:02}:{:02}", epoch / 4, 15 * (epoch % 4));
        let counts = if off == 1 {
            "NaN".to_owned()
        } else {
            epoch.to_string()
        };
        let cells = format!("{off},{counts},\"{epoch},50\",{},{word}", epoch % 2);
        writeln!(file, "{},{at},{cells},,,,", epoch + 1).expect("memory");
    }
    file
}

const DUTCH: &str =
    "Datum|Tijd|Status niet-om-pols|Activiteit|Wit licht|Slapen/waken|Intervalstatus";
const SPANISH: &str =
    "Fecha|Hora|Estado fuera de la muñeca|Actividad|Luz blanca|Sueño/vigilia|Estado del intervalo";
const ITALIAN: &str =
    "Data|Ora|Stato fuori dal polso|Attività|Luce bianca|Sonno/veglia|Stato intervallo";
const PORTUGUESE: &str =
    "Data|Hora|Status fora do pulso|Atividade|Luz branca|Sono/vigília|Status do intervalo";
const GERMAN: &str =
    "Datum|Zeit|Status „Nicht am Handgelenk“|Aktivität|Weißes Licht|Schlaf/Wach|Intervallstatus";
const FRENCH: &str =
    "Date|Heure|État hors poignet|Activité|Lumière blanche|Sommeil/Éveil|État de l'intervalle";
/// Assumed, as none has been seen.
const JAPANESE: &str = "日付|時刻|手首から外れた状態|活動|白色光|睡眠/覚醒|インターバル状態";

#[test]
fn actiware_is_read_in_the_languages_of_its_words() {
    for (line, names, words) in [
        ("Lijn", DUTCH, ["ACTIEF", "RUST-S"]),
        ("Línea", SPANISH, ["ACTIVO", "DESCANSO-S"]),
        ("Riga", ITALIAN, ["ATTIVO", "RIPOSO-S"]),
        ("Linha", PORTUGUESE, ["ATIVO", "REPOUSO-S"]),
        ("Zeile", GERMAN, ["AKTIV", "RUHE-S"]),
        ("Ligne", FRENCH, ["ACTIVITÉ", "REPOS-S"]),
        ("行", JAPANESE, ["アクティブ", "休息-S"]),
    ] {
        let names: Vec<&str> = names.split('|').collect();
        let names = names.try_into().expect("seven");
        let recording = epochs(actiware(line, names, words).as_bytes());
        assert_eq!(recording.header.utc_offset_s, Some(3_600));
        let sum = |name: &str| {
            let values = &channel(&recording, name).values;
            values.iter().filter(|value| !value.is_nan()).sum::<f64>()
        };
        let first = &recording.channels[0];
        assert_eq!(
            (first.name.as_str(), first.start_s),
            ("activity", second("2019-11-23T06:00:00"))
        );
        assert_eq!((first.epoch_s, first.values.len()), (15, 40));
        assert_eq!(
            (sum("activity"), sum("off_wrist"), sum("wake")),
            (345.0, 30.0, 20.0),
            "{line}"
        );
        assert_eq!(
            (sum("light"), sum("interval_status")),
            (800.0, 20.0),
            "{line}"
        );
        assert_eq!(
            recording.damages.count, 0,
            "{line}: {:?}",
            recording.damages
        );
    }
}

#[test]
fn actical_rows_have_the_seconds_that_they_do_not_print() {
    let recording = epochs(fixtures::ACTICAL.as_bytes());
    let activity = channel(&recording, "activity");
    assert_eq!(activity.start_s, second("2021-05-13T23:59:00"));
    assert_eq!(activity.epoch_s, 30);
    assert_same(&activity.values, &[250.0, 361.0, 0.0], 0.0);
    assert_same(
        &channel(&recording, "steps").values,
        &[12.0, 50.0, 0.0],
        0.0,
    );
    assert_same(&channel(&recording, "event").values, &[0.0, 1.0, 0.0], 0.0);
    assert_eq!(recording.header.serial.as_deref(), Some("B110001"));
    assert_eq!(recording.header.worn_at.as_deref(), Some("WRIST"));
}

#[test]
fn a_health_band_says_when_it_was_off_the_wrist() {
    let recording = epochs(fixtures::HEALTH_BAND.as_bytes());
    let activity = channel(&recording, "activity");
    assert_eq!(activity.start_s, second("2022-11-04T23:58:00"));
    assert_same(&activity.values, &[NAN, 82.0, 7.0], 0.0);
    assert_same(
        &channel(&recording, "off_wrist").values,
        &[1.0, 0.0, 0.0],
        0.0,
    );
    assert_same(
        &channel(&recording, "heart_rate").values,
        &[NAN, 51.0, 50.0],
        0.0,
    );
    assert_eq!(recording.header.serial.as_deref(), Some("000100"));
    let scores = "PAS Web Application version: 2.6.0\ntimeStamp,sleepWake\n11-05-2022 01:10:00,0\n";
    let refused = try_read(scores.as_bytes(), &Options::default()).expect_err("no counts");
    assert!(refused.to_string().contains("DataList"), "{refused}");
}

#[test]
fn motionware_has_its_day_first() {
    let recording = epochs(fixtures::MOTIONWARE.as_bytes());
    let activity = channel(&recording, "activity");
    assert_eq!(activity.start_s, second("2018-05-31T23:59:00"));
    assert_eq!(activity.epoch_s, 30);
    assert_same(&activity.values, &[12.0, 0.0, 7.0], 0.0);
    assert_same(&channel(&recording, "light").values, &[1.25, 0.0, 3.5], 0.0);
}

/// A workbook whose only sheet has the lines of a text, cell by cell, as words.
pub(crate) fn workbook(text: &str) -> Vec<u8> {
    let mut sheet = String::from(
        "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>",
    );
    for (row, line) in (1..).zip(text.lines()) {
        write!(sheet, "<row r=\"{row}\">").expect("a String takes it");
        for (column, cell) in ('A'..='Z').zip(line.split(',')) {
            let cell = cell.replace('&', "&amp;");
            write!(
                sheet,
                "<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>"
            )
            .expect("a String takes it");
        }
        sheet += "</row>";
    }
    sheet += "</sheetData></worksheet>";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let book = format!(
        "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"{office}\">\
         <sheets><sheet name=\"One\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
    );
    let relations = format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
         <Relationship Id=\"rId1\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
    );
    let types = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>";
    let root = format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
         <Relationship Id=\"rId1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    oracle::zip::archive(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", root.as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

#[test]
fn a_spreadsheet_reads_as_the_text_of_its_table() {
    for file in [fixtures::HEALTH_BAND, fixtures::TABLE, fixtures::ACTICAL] {
        let plain = epochs(file.as_bytes());
        let found = epochs(&workbook(file));
        assert_eq!(format!("{:?}", found.header), format!("{:?}", plain.header));
        assert_eq!(found.channels.len(), plain.channels.len());
        for (found, plain) in found.channels.iter().zip(&plain.channels) {
            assert_eq!(
                (found.start_s, found.epoch_s),
                (plain.start_s, plain.epoch_s)
            );
            assert_same(&found.values, &plain.values, 0.0);
        }
    }
    let whole = workbook(fixtures::TABLE);
    for until in (4..whole.len()).step_by(97) {
        let refused =
            try_read(&whole[..until], &Options::default()).expect_err("its end is missing");
        assert!(!refused.to_string().is_empty());
    }
}
