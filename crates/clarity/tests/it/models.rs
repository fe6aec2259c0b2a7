//! Installed models: how they get in, what keeps them out, and that the last good one goes on serving.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use lab::models::digest::Sha256;
use lab::models::shelf::{Offer, Shelf};
use lab::models::{ModelError, Phase, Reason, Registry};
use model::tensor::Tensor;
use pat::weights::layout;
use pat::{Projection, Size};

use crate::cli::{Ended, clarity};

/// A file of weights of a size, different for each seed.
pub(crate) fn weights(size: Size, seed: usize) -> Vec<u8> {
    let tensors: Vec<Tensor> = layout(size, Projection::Linear)
        .into_iter()
        .map(|expected| {
            let values = (0..expected.count()).map(|index| {
                let step = u16::try_from((index * 31 + seed * 17) % 1009).expect("below 1009");
                f32::from(step) / 10_090.0 - 0.05
            });
            let values = values.collect();
            Tensor::new(expected.name, expected.shape, values).expect("the shape of the layout")
        })
        .collect();
    import::weights::to_safetensors(&tensors, &BTreeMap::new())
}

pub(crate) fn install(data_dir: &Path, bytes: &[u8]) -> String {
    let offer = Offer {
        bytes,
        name: None,
        confirmed: Some(Sha256::of(bytes)),
        manifest: None,
    };
    let installed = Shelf::of(data_dir).install(&offer, 1).expect("installed");
    installed.file
}

fn flip_one_bit(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).expect("a file");
    bytes[at] ^= 1;
    std::fs::write(path, bytes).expect("written");
}

/// How a server answers one request.
#[derive(Clone, Copy)]
enum Answer {
    /// All that was asked for.
    Whole,
    /// As many bytes of what was asked for, then the connection ends.
    Cut(usize),
    /// Nothing: the connection ends.
    Nothing,
    /// All of it from the beginning, whatever was asked for.
    FromTheBeginning,
    /// A page about the file.
    Page,
    /// A redirect.
    Redirect(&'static str),
}

/// A server on this machine that answers as told, then ends; it keeps the ranges that were asked for.
struct Host {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Option<usize>>>>,
}

impl Host {
    fn serving(file: Vec<u8>, answers: &'static [Answer]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("bound");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for &answer in answers {
                let Ok((stream, _)) = listener.accept() else {
                    return;
                };
                let from = range(&stream);
                kept.lock().expect("no panic").push(from);
                // A client that has heard enough may be gone.
                drop(reply(stream, answer, &file, from));
            }
        });
        Self { address, asked }
    }

    fn url(&self) -> String {
        format!("http://{}/PAT-S.h5", self.address)
    }

    fn asked(&self) -> Vec<Option<usize>> {
        self.asked.lock().expect("no panic").clone()
    }
}

/// Reads a request; gives the beginning of the range it asks for.
fn range(stream: &TcpStream) -> Option<usize> {
    let mut from = None;
    for line in BufReader::new(stream).lines() {
        let line = line.expect("a request").to_lowercase();
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().ok();
        }
        if line.is_empty() {
            break;
        }
    }
    from
}

fn reply(
    mut stream: TcpStream,
    answer: Answer,
    file: &[u8],
    from: Option<usize>,
) -> std::io::Result<()> {
    let (from, cut) = match answer {
        Answer::Whole => (from.unwrap_or(0), file.len()),
        Answer::Cut(bytes) => (from.unwrap_or(0), bytes),
        Answer::FromTheBeginning => (0, file.len()),
        Answer::Nothing => return Ok(()),
        Answer::Page => {
            return stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\nConnection: close\r\n\r\n<!DOCTYPE html>",
            );
        }
        Answer::Redirect(to) => {
            return write!(
                stream,
                "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"
            );
        }
    };
    let rest = &file[from..];
    let status = if from == 0 {
        "200 OK"
    } else {
        "206 Partial Content"
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n",
        rest.len()
    )?;
    if from > 0 {
        let last = file.len() - 1;
        write!(
            stream,
            "Content-Range: bytes {from}-{last}/{}\r\n",
            file.len()
        )?;
    }
    stream.write_all(b"Connection: close\r\n\r\n")?;
    stream.write_all(&rest[..cut.min(rest.len())])?;
    stream.flush()
}

fn pull(folder: &Path, host: &Host, more: &[&str]) -> Ended {
    let url = host.url();
    let mut arguments = vec!["models", "pull", "fast", "--json", "--from", &url];
    arguments.extend(more);
    clarity(folder, &arguments, "")
}

fn parts(folder: &Path) -> Vec<PathBuf> {
    let inside = std::fs::read_dir(folder.join("models")).expect("the folder of models");
    inside
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "part")
        })
        .collect()
}

#[test]
fn an_unknown_digest_is_refused_until_it_is_typed_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = weights(Size::Small, 1);
    let sha256 = Sha256::of(&file).to_string();
    let host = Host::serving(file, &[Answer::Whole, Answer::Whole, Answer::Whole]);

    let refused = pull(folder.path(), &host, &[]);
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    assert!(
        refused.err.contains(&format!("--allow-unpinned {sha256}")),
        "{}",
        refused.err
    );
    assert!(
        refused.err.contains("37b3c530b8d9"),
        "the recorded digest: {}",
        refused.err
    );
    let listed = clarity(folder.path(), &["models", "list", "--json"], "").json();
    assert_eq!(listed["installed"], serde_json::json!([]));
    assert!(parts(folder.path()).is_empty());

    let other = "0".repeat(64);
    let refused = pull(folder.path(), &host, &["--allow-unpinned", &other]);
    assert_eq!(refused.code, Some(1), "{}", refused.err);

    let installed = pull(folder.path(), &host, &["--allow-unpinned", &sha256]);
    assert_eq!(installed.code, Some(0), "{}", installed.err);
    let installed = installed.json();
    assert_eq!(
        (&installed["name"], &installed["sha256"]),
        (&"small".into(), &sha256.into())
    );
    assert_eq!(installed["parameters"], 274_720);

    // Confirmed once, it is known from then on.
    let file = folder
        .path()
        .join("models")
        .join(installed["file"].as_str().expect("a name"));
    let kept = folder.path().join("kept.h5");
    std::fs::copy(&file, &kept).expect("copied");
    let here = |arguments: &[&str]| clarity(folder.path(), arguments, "");
    assert_eq!(here(&["models", "remove", "fast"]).code, Some(0));
    assert!(!file.exists());
    assert_eq!(here(&["models", "remove", "fast"]).code, Some(1));
    let again = here(&["models", "add", kept.to_str().expect("UTF-8")]);
    assert_eq!(again.code, Some(0), "{}", again.err);
    assert_eq!(here(&["models", "verify"]).code, Some(0));
    flip_one_bit(&file, 600_000);
    let verified = here(&["models", "verify"]);
    assert_eq!(verified.code, Some(1));
    assert!(verified.out.contains("digest: small-"), "{}", verified.out);
}

#[test]
fn a_cut_transfer_goes_on_where_it_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = weights(Size::Small, 2);
    let sha256 = Sha256::of(&file).to_string();
    let confirmed = ["--allow-unpinned", sha256.as_str()];

    // Within one command, when the next try brings more.
    let host = Host::serving(
        file.clone(),
        &[Answer::Cut(300_000), Answer::Cut(200_000), Answer::Whole],
    );
    let pulled = pull(folder.path(), &host, &confirmed);
    assert_eq!(pulled.code, Some(0), "{}", pulled.err);
    assert_eq!(host.asked(), [None, Some(300_000), Some(500_000)]);

    // In another command, when the server was away for long.
    let host = Host::serving(
        file.clone(),
        &[
            Answer::Cut(400_000),
            Answer::Nothing,
            Answer::Nothing,
            Answer::Nothing,
            Answer::Whole,
        ],
    );
    let broken = pull(folder.path(), &host, &confirmed);
    assert_eq!(broken.code, Some(1), "{}", broken.err);
    assert!(broken.err.contains("goes on from there"), "{}", broken.err);
    let part = parts(folder.path());
    assert_eq!(part.len(), 1);
    assert_eq!(std::fs::metadata(&part[0]).expect("kept").len(), 400_000);
    let pulled = pull(folder.path(), &host, &confirmed);
    assert_eq!(pulled.code, Some(0), "{}", pulled.err);
    assert_eq!(host.asked().last(), Some(&Some(400_000)));
    assert!(parts(folder.path()).is_empty());

    // A server that knows no ranges sends all again, and the part is not put before it.
    let host = Host::serving(file, &[Answer::Cut(100_000), Answer::FromTheBeginning]);
    assert_eq!(pull(folder.path(), &host, &confirmed).code, Some(0));
    assert_eq!(host.asked(), [None, Some(100_000)]);
}

/// Nothing listens at the address itself: what arrives came through the proxy.
#[test]
fn a_transfer_goes_through_the_proxy_of_the_environment() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = weights(Size::Small, 10);
    let sha256 = Sha256::of(&file).to_string();
    let host = Host::serving(file, &[Answer::Whole]);
    let ended = std::process::Command::new(env!("CARGO_BIN_EXE_clarity"))
        .args([
            "models",
            "pull",
            "small",
            "--from",
            "http://localhost:1/PAT-S.h5",
        ])
        .args(["--allow-unpinned", &sha256, "--data-dir"])
        .arg(folder.path())
        .env_clear()
        .env("http_proxy", format!("http://{}", host.address))
        .output()
        .expect("the binary was built");
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    assert_eq!(host.asked(), [None]);
}

#[test]
fn what_is_no_file_of_weights_never_gets_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |file: Vec<u8>, answers: &'static [Answer], expect: &str| {
        let sha256 = Sha256::of(&file).to_string();
        let host = Host::serving(file, answers);
        let refused = pull(folder.path(), &host, &["--allow-unpinned", &sha256]);
        assert_eq!(refused.code, Some(1), "{}", refused.err);
        assert!(refused.err.contains(expect), "{expect}: {}", refused.err);
    };
    check(Vec::new(), &[Answer::Page], "sent a web page");
    check(
        Vec::new(),
        &[Answer::Redirect("http://192.0.2.1/a.h5")],
        "without encryption",
    );
    check(
        b"nothing of the kind".to_vec(),
        &[Answer::Whole],
        "neither HDF5 nor safetensors",
    );
    check(
        weights(Size::Medium, 1),
        &[Answer::Whole],
        "holds the medium network",
    );
    let mut cut = weights(Size::Small, 1);
    cut.truncate(500_000);
    check(cut, &[Answer::Whole], "the file at");

    let here = |arguments: &[&str]| clarity(folder.path(), arguments, "");
    let usage = here(&["models", "pull", "small"]);
    assert_eq!(usage.code, Some(2), "{}", usage.err);
    assert!(usage.err.contains("njacobsonlab"), "{}", usage.err);
    let usage = here(&[
        "models",
        "pull",
        "small",
        "--from",
        "http://example.org/a.h5",
    ]);
    assert_eq!(usage.code, Some(2), "{}", usage.err);
    let listed = here(&["models", "list", "--json"]).json();
    assert_eq!(listed["installed"], serde_json::json!([]));
}

#[test]
fn a_manifest_counts_with_a_trusted_key_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (file, key) = (path("own.safetensors"), path("signing.key"));
    std::fs::write(&file, weights(Size::Small, 3)).expect("written");
    let here = |arguments: &[&str]| clarity(folder.path(), arguments, "");

    let sign = [
        "models",
        "sign",
        &file,
        "--name",
        "night-shift",
        "--key",
        &key,
        "--licence",
        "CC0",
        "--json",
    ];
    let signed = here(&sign);
    assert_eq!(signed.code, Some(0), "{}", signed.err);
    let public = signed.json()["key"].as_str().expect("a key").to_owned();
    assert!(
        !signed
            .out
            .contains(std::fs::read_to_string(&key).expect("a key").trim())
    );

    let stranger = here(&["models", "add", &file]);
    assert_eq!(stranger.code, Some(1));
    assert!(
        stranger.err.contains("which is not trusted here"),
        "{}",
        stranger.err
    );

    assert_eq!(here(&["models", "trust", &public]).code, Some(0));
    let added = here(&["models", "add", &file, "--json"]);
    assert_eq!(added.code, Some(0), "{}", added.err);
    assert_eq!(added.json()["name"], "night-shift");
    let registry = Registry::open(folder.path());
    assert_eq!(registry.load("night-shift").expect("serves").licence, "CC0");

    let manifest = format!("{file}.manifest.json");
    let text = std::fs::read_to_string(&manifest).expect("a manifest");
    std::fs::write(&manifest, text.replace("night-shift", "day-shift")).expect("written");
    let changed = here(&["models", "add", &file]);
    assert!(
        changed.err.contains("changed after it was signed"),
        "{}",
        changed.err
    );

    assert_eq!(
        here(&["models", "trust", &public, "--revoke"]).code,
        Some(0)
    );
    assert!(here(&["models", "verify"]).out.contains("signature: "));
    registry.refresh().expect("the ledger is sound");
    assert_eq!(registry.status("night-shift").phase, Phase::Refused);
    assert!(registry.load("night-shift").is_err());
}

#[test]
fn without_weights_the_answer_is_the_command_that_installs_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = Registry::open(folder.path());
    assert_eq!(registry.status("latest").phase, Phase::Absent);
    let refused = registry
        .load("latest")
        .expect_err("nothing is there")
        .to_string();
    assert!(
        refused.starts_with("model_unavailable: the model large"),
        "{refused}"
    );
    assert!(
        refused.contains("`clarity models add PAT-L_29k_weights.h5`"),
        "{refused}"
    );
    assert!(
        !folder.path().join("models").exists(),
        "looking leaves no trace"
    );
}

#[test]
fn a_damaged_file_is_refused_and_the_last_good_one_serves() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = weights(Size::Small, 4);
    clarity::telemetry::collect_metrics().expect("the only recorder");
    install(folder.path(), &first);
    let registry = Registry::open(folder.path());
    assert_eq!(registry.status("fast").phase, Phase::Installed);
    let serving = registry.load("fast").expect("installed");
    assert_eq!(serving.sha256, Sha256::of(&first));

    // A new version that was damaged on the disk.
    let second = weights(Size::Small, 5);
    let file = folder
        .path()
        .join("models")
        .join(install(folder.path(), &second));
    flip_one_bit(&file, 777_777);
    registry.refresh().expect("the ledger is sound");
    let status = registry.status("fast");
    assert_eq!(
        (status.phase, status.serving),
        (Phase::Ready, Some(Sha256::of(&first)))
    );
    assert_eq!(
        status.refused.map(|refusal| refusal.reason),
        Some(Reason::Digest)
    );
    assert_eq!(
        registry.load("small").expect("the first").sha256,
        Sha256::of(&first)
    );

    let counted = clarity::telemetry::render();
    let digest = "clarity_models_refused_total{reason=\"digest\"}";
    assert!(counted.contains(digest), "{counted}");

    // A server that starts now falls back too, and one that finds only damage has no number to give.
    let restarted = Registry::open(folder.path());
    assert_eq!(
        restarted.load("fast").expect("the first").sha256,
        Sha256::of(&first)
    );
    let name = format!("small-{}.safetensors", Sha256::of(&first).short());
    flip_one_bit(&folder.path().join("models").join(name), 0);
    let restarted = Registry::open(folder.path());
    assert!(matches!(
        restarted.load("fast"),
        Err(ModelError::Refused(_))
    ));
    assert_eq!(restarted.status("fast").phase, Phase::Refused);

    // Installed again, it serves without a restart.
    install(folder.path(), &second);
    restarted.refresh().expect("the ledger is sound");
    assert_eq!(restarted.status("fast").phase, Phase::Ready);
    registry.refresh().expect("the ledger is sound");
    assert_eq!(
        registry.load("fast").expect("the second").sha256,
        Sha256::of(&second)
    );
}

#[test]
fn a_swap_drops_no_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let files: Vec<_> = (6..8).map(|seed| weights(Size::Small, seed)).collect();
    install(folder.path(), &files[0]);
    let registry = Registry::open(folder.path());
    let held = registry.load("fast").expect("installed");
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut seen = Vec::new();
            while seen.last() != Some(&Sha256::of(&files[1])) {
                seen.push(registry.load("fast").expect("always one").sha256);
            }
            seen.dedup();
            seen
        });
        install(folder.path(), &files[1]);
        registry.refresh().expect("the ledger is sound");
        let seen = asking.join().expect("no request failed");
        assert!(seen.len() <= 2, "from the first to the second, once");
    });
    assert_eq!(
        held.sha256,
        Sha256::of(&files[0]),
        "a request goes on with what it holds"
    );
}

#[test]
fn a_ledger_that_is_not_ours_is_never_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let models = folder.path().join("models");
    std::fs::create_dir(&models).expect("a folder");
    std::fs::write(models.join("models.json"), "{\"installed\": 1}").expect("written");
    let file = weights(Size::Small, 9);
    let offer = Offer {
        bytes: &file,
        name: None,
        confirmed: Some(Sha256::of(&file)),
        manifest: None,
    };
    let refused = Shelf::of(folder.path())
        .install(&offer, 1)
        .expect_err("refused");
    assert!(matches!(refused, ModelError::Ledger { .. }), "{refused}");
    assert!(Registry::open(folder.path()).load("fast").is_err());
    let kept = std::fs::read_to_string(models.join("models.json")).expect("still there");
    assert_eq!(kept, "{\"installed\": 1}");
}
