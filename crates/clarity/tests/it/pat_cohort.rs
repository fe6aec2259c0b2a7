//! The transformer on a cohort from the command line: embeddings, heads, and what must not be mixed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli::{Ended, clarity};

const WEEK_MIN: usize = 10_080;

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// An array as `numpy.save` writes it.
fn npy(shape: &str, values: &[f32]) -> Vec<u8> {
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\0".to_vec();
    bytes.extend(u16::try_from(header.len()).expect("short").to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// Weeks of a day and a night that differ between weeks.
fn weeks(count: usize) -> Vec<f32> {
    let minute = |index: usize| {
        let day = u16::try_from(index % 1_440).expect("below 1440");
        let week = u16::try_from(index / WEEK_MIN).expect("few weeks");
        (f32::from(day) / 1_440.0 * std::f32::consts::TAU + f32::from(week)).sin()
    };
    (0..count * WEEK_MIN).map(minute).collect()
}

fn embed(folder: &Path, input: &Path, model: &str, scaler: &str, out: &Path) -> Ended {
    let arguments = [
        "pat",
        "embed",
        text(input),
        "--model",
        model,
        "--scaler",
        scaler,
        "--out",
        text(out),
        "--threads",
        "1",
    ];
    clarity(folder, &arguments, "")
}

fn document(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().expect("a list");
    list.iter()
        .map(|number| number.as_f64().expect("a number"))
        .collect()
}

#[test]
fn an_array_of_weeks_becomes_embeddings_in_the_form_that_was_agreed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (input, out) = (
        folder.path().join("weeks.npy"),
        folder.path().join("out.json"),
    );
    std::fs::write(&input, npy("(3, 10080)", &weeks(3))).expect("written");
    let ended = embed(folder.path(), &input, "random-small", "none", &out);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let found = document(&out);
    let members = |value: &Value| -> Vec<String> {
        value
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect()
    };
    assert_eq!(members(&found), ["embeddings", "model", "scaler", "sha256"]);
    assert_eq!(
        (&found["model"], &found["scaler"]),
        (&"random-small".into(), &"none".into())
    );
    assert_eq!(found["sha256"].as_str().expect("text").len(), 64);
    let list = found["embeddings"].as_array().expect("a list");
    assert_eq!(list.len(), 3);
    for (number, item) in list.iter().enumerate() {
        assert_eq!(
            members(item),
            ["attention_profile", "embedding", "path", "week"]
        );
        assert_eq!(
            (&item["path"], &item["week"]),
            (&text(&input).into(), &number.into())
        );
        assert_eq!(numbers(&item["embedding"]).len(), 96);
        let profile = item["attention_profile"]
            .as_array()
            .expect("one for each block");
        assert_eq!(profile.len(), 1);
        let sum: f64 = numbers(&profile[0]).iter().sum();
        assert!(
            (sum - 1.0).abs() < 1e-4 && numbers(&profile[0]).len() == 560,
            "{sum}"
        );
    }
    assert_ne!(list[0]["embedding"], list[1]["embedding"]);

    // The same weights and weeks give the same file; another seed is another encoder.
    let again = folder.path().join("again.json");
    assert_eq!(
        embed(folder.path(), &input, "random-small", "none", &again).code,
        Some(0)
    );
    assert_eq!(document(&again), found);
    let table = folder.path().join("out.parquet");
    assert_eq!(
        embed(folder.path(), &input, "random-small", "week", &table).code,
        Some(0)
    );
    assert!(std::fs::read(&table).expect("a table").starts_with(b"PAR1"));
}

#[test]
fn what_cannot_be_embedded_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out.json");
    let check = |name: &str, bytes: Vec<u8>, code: i32, expect: &str| {
        let input = folder.path().join(name);
        std::fs::write(&input, bytes).expect("written");
        let ended = embed(folder.path(), &input, "random-small", "none", &out);
        assert_eq!(ended.code, Some(code), "{}", ended.err);
        assert!(ended.err.contains(expect), "{}", ended.err);
    };
    check(
        "short.npy",
        npy("(1, 3)", &[0.0; 3]),
        1,
        "must be (n, 10080)",
    );
    let mut holed = weeks(1);
    holed[77] = f32::NAN;
    check("holed.npy", npy("(1, 10080)", &holed), 1, "minute 77");
    let input = folder.path().join("weeks.npy");
    std::fs::write(&input, npy("(1, 10080)", &weeks(1))).expect("written");
    let absent = embed(folder.path(), &input, "small", "none", &out);
    assert_eq!(absent.code, Some(1));
    assert!(absent.err.contains("model_unavailable"), "{}", absent.err);
    assert!(
        absent
            .err
            .contains("clarity models add PAT-S_29k_weights.h5"),
        "{}",
        absent.err
    );
    let nowhere = embed(
        folder.path(),
        &input,
        "random-small",
        "none",
        Path::new("out.txt"),
    );
    assert_eq!(nowhere.code, Some(2), "{}", nowhere.err);
    let unknown = embed(folder.path(), &input, "random-small", "standard", &out);
    assert_eq!(unknown.code, Some(2), "{}", unknown.err);
}

/// The recorded embeddings of `TensorFlow`, through the command.
#[test]
fn the_recorded_weeks_give_the_recorded_embeddings() {
    let Some(reference) = oracle::data::beside("pat") else {
        return;
    };
    let weights = reference.join("small/PAT-S_random_seed11_weights.h5");
    let file = oracle::data::bytes(&weights).expect("the weights of the references");
    let folder = tempfile::tempdir().expect("a folder");
    let weights = folder.path().join("weights.h5");
    std::fs::write(&weights, &file).expect("written");
    let sha256 = lab::models::digest::Sha256::of(&file).to_string();
    let add = ["models", "add", text(&weights), "--allow-unpinned", &sha256];
    assert_eq!(clarity(folder.path(), &add, "").code, Some(0));
    let out = folder.path().join("out.json");
    let ended = embed(
        folder.path(),
        &reference.join("inputs.npy"),
        "fast",
        "none",
        &out,
    );
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let found = document(&out);
    assert_eq!(
        (&found["model"], &found["sha256"]),
        (&"small".into(), &sha256.into())
    );
    let expected = std::fs::read(reference.join("small/pooled_mean.npy")).expect("beside");
    let expected = import::npy::read(&expected)
        .expect("an array")
        .values
        .into_f32();
    for (item, expected) in found["embeddings"]
        .as_array()
        .expect("a list")
        .iter()
        .zip(expected.chunks(96))
    {
        for (found, expected) in numbers(&item["embedding"]).iter().zip(expected) {
            assert!((found - f64::from(*expected)).abs() <= 3e-4);
        }
    }
}

/// Embeddings of thirty people with two weeks each, of whom half have a label that one number tells.
fn cohort(folder: &Path, name: &str, sha256: &str) -> PathBuf {
    let noise = |seed: usize| {
        f64::from(u16::try_from(seed * 7_919 % 997).expect("below 997")) / 997.0 - 0.5
    };
    let embeddings: Vec<Value> = (0..60)
        .map(|row| {
            let mut embedding: Vec<f64> = (0..96).map(|index| noise(row * 96 + index + 1)).collect();
            embedding[3] += if row / 2 % 2 == 0 { 1.5 } else { 0.0 };
            json!({ "path": format!("p{}.awd", row / 2), "week": row % 2, "embedding": embedding, "attention_profile": [] })
        })
        .collect();
    let path = folder.join(name);
    let all =
        json!({ "model": "small", "sha256": sha256, "scaler": "week", "embeddings": embeddings });
    std::fs::write(&path, all.to_string()).expect("written");
    path
}

fn labels(folder: &Path) -> PathBuf {
    let mut lines = "recording,person,ill\n".to_owned();
    for person in 0..30 {
        writeln!(
            lines,
            "p{person},person {person},{}",
            u8::from(person % 2 == 0)
        )
        .expect("a String");
    }
    let path = folder.join("labels.csv");
    std::fs::write(&path, lines).expect("written");
    path
}

/// The head tells everybody of its cohort apart.
fn applies(folder: &Path, head: &Path, embeddings: &Path) {
    let applied = clarity(
        folder,
        &["pat", "apply", text(head), text(embeddings), "--json"],
        "",
    );
    assert_eq!(applied.code, Some(0), "{}", applied.err);
    let applied = applied.json();
    assert_eq!(
        (&applied["diagnosis"], &applied["target"]),
        (&false.into(), &"ill".into())
    );
    let recordings = applied["recordings"].as_array().expect("a list");
    assert_eq!(recordings.len(), 30);
    for one in recordings {
        let ill = one["path"].as_str().expect("text")[1..]
            .trim_end_matches(".awd")
            .parse::<u32>()
            .expect("a number")
            % 2
            == 0;
        let probability = one["probability"].as_f64().expect("a number");
        assert_eq!(probability > 0.5, ill, "{one}");
    }
}

#[test]
fn a_head_comes_with_its_card_and_reads_its_own_embeddings_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = |arguments: &[&str]| clarity(folder.path(), arguments, "");
    let embeddings = cohort(folder.path(), "a.json", &"ab".repeat(32));
    let labels = labels(folder.path());
    let out = folder.path().join("head");
    let fit = [
        "pat",
        "fit",
        text(&embeddings),
        "--labels",
        text(&labels),
        "--target",
        "ill",
        "--out",
        text(&out),
        "--resamples",
        "200",
        "--shuffles",
        "4",
        "--json",
    ];
    let ended = here(&fit);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let card = ended.json();
    let evaluation = &card["evaluation"];
    assert_eq!(
        (&evaluation["people"], &evaluation["weeks"]),
        (&30.into(), &60.into())
    );
    let auc = evaluation["auc"]["value"].as_f64().expect("a number");
    assert!(auc > 0.9, "{auc}");
    assert!(evaluation["auc"]["low"].as_f64() <= Some(auc));
    assert_eq!(evaluation["baseline"]["shuffles"], 4);
    assert_eq!(
        card["rhythm"],
        Value::Null,
        "embeddings alone hold no rhythm"
    );
    assert_eq!(here(&fit).json(), card, "the same seed, the same figures");
    let markdown = std::fs::read_to_string(out.join("card.md")).expect("a card");
    for expect in [
        "It is no diagnosis",
        "Nested cross-validation by person",
        "| 30 (15 with the label)",
    ] {
        assert!(markdown.contains(expect), "{expect}: {markdown}");
    }

    applies(folder.path(), &out, &embeddings);

    let others = cohort(folder.path(), "b.json", &"cd".repeat(32));
    let mixed = here(&["pat", "apply", text(&out), text(&others)]);
    assert_eq!(mixed.code, Some(2), "{}", mixed.err);
    let mixed = here(&[
        "pat",
        "fit",
        text(&embeddings),
        text(&others),
        "--labels",
        text(&labels),
        "--target",
        "ill",
    ]);
    assert_eq!(mixed.code, Some(1), "{}", mixed.err);
    assert!(mixed.err.contains("other weights"), "{}", mixed.err);
}

/// Depresjon through the documented command: recordings, an encoder that has learned nothing, and
/// the rhythm measures beside it.
#[test]
fn a_study_of_recordings_is_fitted_by_one_command() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let Some(study) = oracle::data::beside("labelled/depresjon") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let ended = std::process::Command::new(Path::new(root).join("tools/depresjon"))
        .arg(&study)
        .args([
            "--shuffles",
            "0",
            "--resamples",
            "200",
            "--folds",
            "2",
            "--inner-folds",
            "2",
            "--json",
        ])
        .arg("--data-dir")
        .arg(folder.path())
        .env("CLARITY", env!("CARGO_BIN_EXE_clarity"))
        .output()
        .expect("bash");
    let err = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{err}");
    let card: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    for evaluation in [&card["evaluation"], &card["rhythm"]["evaluation"]] {
        let auc = &evaluation["auc"];
        let [low, value, high] =
            ["low", "value", "high"].map(|name| auc[name].as_f64().expect("a number"));
        assert!(
            0.0 < low && low <= value && value <= high && high < 1.0,
            "{auc}"
        );
        assert!(evaluation["people"].as_u64() > Some(40), "{evaluation}");
    }
    assert_eq!(card["model"], "random-small");
}
