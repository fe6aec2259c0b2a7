//! Trained networks: what is installed, how it gets there, and whether it is still what it was.
//!
//! Works on the folder of models alone; a server on the same folder notices within seconds. It must
//! never install what nobody vouches for, and never print a signing key.

use std::path::{Path, PathBuf};

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lab::models::digest::Sha256;
use lab::models::manifest::{Description, Manifest};
use lab::models::published::{self, Published};
use lab::models::shelf::{self, Installed, Ledger, Offer, Shelf, Voucher};
use lab::models::{ModelError, Phase};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::cli::args::Global;
use crate::cli::args::models::{Add, ChosenModel, ModelsCommand, Pull, Sign, Trust};
use crate::cli::failure::Failure;
use crate::cli::progress::Progress;
use crate::cli::{household, output};
use crate::clock::{Clock, Ids};
use crate::config::Config;
use crate::pull::{self, Source};

/// The end of a manifest's name, behind that of the file it is about.
const MANIFEST: &str = ".manifest.json";
/// The largest manifest.
const MANIFEST_BYTES_MAX: u64 = 64 << 10;

/// Does what is asked with the folder of models.
pub(super) async fn models(global: &Global, command: ModelsCommand) -> Result<(), Failure> {
    let config = household::settings_or_fail(global, &[])?;
    let shelf = Shelf::of(&config.data_dir);
    match command {
        ModelsCommand::List => list(global, &shelf),
        ModelsCommand::Pull(wanted) => pull(global, &config, &shelf, wanted).await,
        ModelsCommand::Add(wanted) => add(global, &shelf, &wanted),
        ModelsCommand::Verify => verify(global, &shelf),
        ModelsCommand::Remove(wanted) => remove(global, &shelf, &wanted),
        ModelsCommand::Sign(wanted) => sign(global, wanted),
        ModelsCommand::Trust(wanted) => trust(global, &shelf, &wanted),
    }
}

fn failed(error: ModelError) -> Failure {
    Failure::Failed(error.into())
}

fn list(global: &Global, shelf: &Shelf) -> Result<(), Failure> {
    let ledger = shelf.ledger().map_err(failed)?;
    if global.json {
        return output::json(&json!({
            "published": published::TABLE.iter().map(published_row).collect::<Vec<_>>(),
            "installed": ledger.installed,
            "pins": ledger.pins,
            "trusted": ledger.trusted,
        }));
    }
    let headings = [
        "name",
        "alias",
        "network",
        "parameters",
        "file",
        "SHA-256",
        "vouched for by",
    ];
    let mut rows: Vec<Vec<String>> = Vec::new();
    for known in &published::TABLE {
        if ledger.versions(known.name).next().is_none() {
            rows.push(vec![
                known.name.to_owned(),
                known.alias.to_owned(),
                known.size.name().to_owned(),
                output::grouped(u64::from(known.parameters)),
                format!(
                    "not installed ({}, about {} MB)",
                    known.file, known.megabytes
                ),
                known.sha256().short(),
                String::new(),
            ]);
        }
    }
    rows.extend(ledger.installed.iter().map(row));
    rows.sort_by(|left, right| left.first().cmp(&right.first()));
    output::table(&headings, &rows)?;
    output::note(&format!(
        "\nThe digests of the published files are as a third party recorded them; nobody here has seen the\n\
         files. Their links are on {}.\n{}",
        published::PAGE,
        published::ATTRIBUTION
    ));
    Ok(())
}

fn published_row(known: &Published) -> Value {
    json!({
        "name": known.name,
        "alias": known.alias,
        "file": known.file,
        "parameters": known.parameters,
        "megabytes": known.megabytes,
        "sha256": known.sha256(),
        "licence": published::LICENCE,
        "attribution": published::ATTRIBUTION,
        "page": published::PAGE,
    })
}

fn row(entry: &Installed) -> Vec<String> {
    let known = Published::find(&entry.name);
    vec![
        entry.name.clone(),
        known.map_or("", |known| known.alias).to_owned(),
        entry.size.clone(),
        output::grouped(u64::try_from(entry.parameters).unwrap_or(u64::MAX)),
        entry.file.clone(),
        entry.sha256.short(),
        match &entry.vouched {
            Voucher::Published => "published digest".to_owned(),
            Voucher::Confirmed => "confirmed digest".to_owned(),
            Voucher::Signed { manifest } => format!("key {}", manifest.key),
        },
    ]
}

async fn pull(
    global: &Global,
    config: &Config,
    shelf: &Shelf,
    wanted: Pull,
) -> Result<(), Failure> {
    let name = Published::find(&wanted.name).map_or(wanted.name.as_str(), |known| known.name);
    let link = wanted
        .from
        .as_deref()
        .or_else(|| config.models.source(name));
    let Some(link) = link else {
        return Err(Failure::usage(format!(
            "no link for {name} is known: the authors' links are on {} and may change, so none is built in; \
             give the one that downloads the file with --from URL, or set models.sources",
            published::PAGE
        )));
    };
    let source = Source::parse(link).map_err(|error| Failure::usage(error.to_string()))?;
    shelf.make_folder().map_err(failed)?;
    let part = source.part(shelf);
    let mut progress = Progress::begin(name.to_owned(), None);
    let fetched = pull::fetch(&source, &part, &mut |done, total| {
        progress.of_file(done, total);
    })
    .await;
    progress.end();
    fetched.map_err(|error| Failure::Failed(error.into()))?;
    let bytes = shelf::read_offered(&part).map_err(failed)?;
    output::note(&format!(
        "fetched {} bytes, SHA-256 {}",
        bytes.len(),
        Sha256::of(&bytes)
    ));
    let offer = Offer {
        bytes: &bytes,
        name: Some(name),
        confirmed: wanted.allow_unpinned,
        manifest: None,
    };
    let installed = shelf.install(&offer, Clock::System.now_us());
    // Whole and refused, or whole and installed: there is nothing to go on from.
    drop(std::fs::remove_file(&part));
    tell(global, &installed.map_err(failed)?)
}

fn add(global: &Global, shelf: &Shelf, wanted: &Add) -> Result<(), Failure> {
    let bytes = shelf::read_offered(&wanted.file).map_err(failed)?;
    let offer = Offer {
        bytes: &bytes,
        name: wanted.name.as_deref(),
        confirmed: wanted.allow_unpinned,
        manifest: manifest(wanted)?,
    };
    let installed = shelf
        .install(&offer, Clock::System.now_us())
        .map_err(failed)?;
    tell(global, &installed)
}

fn manifest(wanted: &Add) -> Result<Option<Manifest>, Failure> {
    let beside = beside(&wanted.file);
    let path = match &wanted.manifest {
        Some(path) => path,
        None if beside.is_file() => &beside,
        None => return Ok(None),
    };
    let bytes = shelf::read_bounded(path, MANIFEST_BYTES_MAX)
        .with_context(|| format!("reading {}", path.display()))?;
    let manifest = Manifest::read(&bytes).with_context(|| format!("{}", path.display()))?;
    Ok(Some(manifest))
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(MANIFEST);
    PathBuf::from(name)
}

fn tell(global: &Global, installed: &Installed) -> Result<(), Failure> {
    if global.json {
        return output::json(installed);
    }
    output::line(&format!(
        "installed {} ({} network, {} parameters), SHA-256 {}",
        installed.name,
        installed.size,
        output::grouped(u64::try_from(installed.parameters).unwrap_or(u64::MAX)),
        installed.sha256
    ))
}

fn verify(global: &Global, shelf: &Shelf) -> Result<(), Failure> {
    let ledger = shelf.ledger().map_err(failed)?;
    let checked: Vec<(&Installed, Option<String>)> = ledger
        .installed
        .iter()
        .map(|entry| (entry, refusal(shelf, &ledger, entry)))
        .collect();
    let refused = checked
        .iter()
        .filter(|(_, refused)| refused.is_some())
        .count();
    if global.json {
        let rows: Vec<Value> = checked
            .iter()
            .map(|(entry, refused)| {
                json!({ "name": entry.name, "sha256": entry.sha256, "file": entry.file, "refused": refused })
            })
            .collect();
        output::json(&rows)?;
    } else {
        for (entry, refused) in &checked {
            let verdict = refused.as_deref().unwrap_or("as installed");
            output::line(&format!(
                "{} {}: {verdict}",
                entry.name,
                entry.sha256.short()
            ))?;
        }
    }
    match refused {
        0 => Ok(()),
        count => Err(Failure::Failed(anyhow::anyhow!(
            "{count} of {} files would not be served; add them again",
            checked.len()
        ))),
    }
}

fn refusal(shelf: &Shelf, ledger: &Ledger, entry: &Installed) -> Option<String> {
    let mut silent = |_: Phase| {};
    let refused = shelf.load(ledger, entry, &mut silent).err()?;
    Some(format!("{}: {}", refused.reason.label(), refused.detail))
}

fn remove(global: &Global, shelf: &Shelf, wanted: &ChosenModel) -> Result<(), Failure> {
    let name = Published::find(&wanted.name).map_or(wanted.name.as_str(), |known| known.name);
    let files = shelf.remove(name).map_err(failed)?;
    if global.json {
        return output::json(&json!({ "name": name, "files": files }));
    }
    output::line(&format!("removed {name} ({files} files)"))
}

fn sign(global: &Global, wanted: Sign) -> Result<(), Failure> {
    let bytes = shelf::read_offered(&wanted.file).map_err(failed)?;
    import::weights::read(&bytes)
        .with_context(|| format!("{} is not signed", wanted.file.display()))?;
    let description = Description {
        name: wanted.name,
        sha256: Sha256::of(&bytes),
        bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        licence: wanted.licence,
        attribution: wanted.attribution,
    };
    let seed = signing_key(&wanted.key)?;
    let manifest = Manifest::sign(description, &seed).context("signing")?;
    let out = wanted.out.unwrap_or_else(|| beside(&wanted.file));
    let text = serde_json::to_string_pretty(&manifest).context("writing the manifest")?;
    std::fs::write(&out, text).with_context(|| format!("writing {}", out.display()))?;
    if global.json {
        return output::json(&manifest);
    }
    output::line(&format!(
        "signed {} with the key {}; where it is to be installed: `clarity models trust {}`",
        out.display(),
        manifest.key,
        manifest.key
    ))
}

/// Reads the seed of a signing key, or makes one that only its owner can read.
fn signing_key(path: &Path) -> Result<Zeroizing<[u8; 32]>, Failure> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    let mut options = std::fs::OpenOptions::new();
    match options.write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            let seed = Zeroizing::new(Ids::Random.bytes::<32>());
            let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(seed.as_slice()));
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
                .with_context(|| format!("writing {}", path.display()))?;
            output::note(&format!(
                "made the signing key {}; back it up",
                path.display()
            ));
            return Ok(seed);
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => {
            let error = anyhow::Error::new(error).context(format!("creating {}", path.display()));
            return Err(Failure::Failed(error));
        }
    }
    let text = shelf::read_bounded(path, 1_000).map(Zeroizing::new);
    let text = text.with_context(|| format!("reading {}", path.display()))?;
    let seed = URL_SAFE_NO_PAD
        .decode(text.trim_ascii())
        .map(Zeroizing::new)
        .ok();
    let seed = seed.and_then(|seed| <[u8; 32]>::try_from(seed.as_slice()).ok());
    seed.map(Zeroizing::new)
        .ok_or_else(|| Failure::usage(format!("{} holds no signing key", path.display())))
}

fn trust(global: &Global, shelf: &Shelf, wanted: &Trust) -> Result<(), Failure> {
    let (done, verdict) = if wanted.revoke {
        (shelf.distrust(wanted.key), "is trusted no longer")
    } else {
        (shelf.trust(wanted.key), "is trusted")
    };
    done.map_err(failed)?;
    if global.json {
        return output::json(&json!({ "key": wanted.key, "trusted": !wanted.revoke }));
    }
    output::line(&format!("the key {} {verdict}", wanted.key))
}
