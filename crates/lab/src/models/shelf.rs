//! The folder of models: files of weights as they were given, and a ledger of what is there and why.
//!
//! A file gets its name only after its digest was vouched for: by the table of published files, by
//! a manifest with a trusted key, or by somebody who typed the digest. At each load the digest and
//! the voucher are checked again. The ledger is replaced as a whole, under a lock between processes.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use import::weights::{self, FILE_BYTES_MAX, Weights};
use pat::encoder::Encoder;
use serde::{Deserialize, Serialize};

use crate::models::digest::Sha256;
use crate::models::manifest::{Manifest, PublicKey};
use crate::models::published::{self, Published};
use crate::models::{LoadedModel, ModelError, Phase, Reason, Refusal, Stamp};

/// Name of the folder within the data folder.
const FOLDER: &str = "models";
/// Name of the ledger within it.
const LEDGER: &str = "models.json";
/// Name of the file that one process at a time holds locked.
const LOCK: &str = "models.lock";
/// Versions of a model that are kept: the one that serves when the newest turns out damaged.
const VERSIONS_KEPT: usize = 2;
/// The longest name of a model.
const NAME_BYTES_MAX: usize = 40;
/// The largest ledger: hundreds of models.
const LEDGER_BYTES_MAX: u64 = 1 << 20;

/// What the ledger says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ledger {
    /// Files that are there, of each name the newest first.
    pub installed: Vec<Installed>,
    /// Digests that somebody confirmed.
    pub pins: Vec<Pin>,
    /// Keys whose manifests count.
    pub trusted: Vec<PublicKey>,
}

/// A file of weights that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Installed {
    /// The name by which it is asked for.
    pub name: String,
    /// The file within the folder.
    pub file: String,
    /// Its digest.
    pub sha256: Sha256,
    /// Its size.
    pub bytes: u64,
    /// Size of the network (`"small"`).
    pub size: String,
    /// Numbers in it.
    pub parameters: usize,
    /// Who says that it is the right file.
    pub vouched: Voucher,
    /// When it was installed, in microseconds since 1970.
    pub installed_us: i64,
}

/// Who says that a file is the right one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Voucher {
    /// The table of published files.
    Published,
    /// Somebody who typed the digest.
    Confirmed,
    /// A manifest with a trusted key.
    Signed {
        /// The manifest.
        manifest: Box<Manifest>,
    },
}

/// A digest that was confirmed for a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The model.
    pub name: String,
    /// The digest.
    pub sha256: Sha256,
}

/// A file that somebody wants installed.
#[derive(Debug)]
pub struct Offer<'a> {
    /// Its content.
    pub bytes: &'a [u8],
    /// The name it should get; without it, the one that its voucher or its size gives.
    pub name: Option<&'a str>,
    /// The digest that was typed.
    pub confirmed: Option<Sha256>,
    /// The manifest that came with it.
    pub manifest: Option<Manifest>,
}

/// The folder of models of a data folder.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    /// The folder of models in `data_dir`; it need not be there.
    pub fn of(data_dir: &Path) -> Self {
        Self {
            folder: data_dir.join(FOLDER),
        }
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is there; an absent folder is an empty one.
    pub fn ledger(&self) -> Result<Ledger, ModelError> {
        let path = self.folder.join(LEDGER);
        let bytes = match read_bounded(&path, LEDGER_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Ledger::default()),
            Err(error) => return Err(ModelError::io("reading", &path, error)),
        };
        serde_json::from_slice(&bytes).map_err(|error| ModelError::Ledger { path, error })
    }

    /// Tells the state of the ledger: another value after each change.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::metadata(self.folder.join(LEDGER)).ok()?;
        Some((metadata.modified().ok()?, metadata.ino()))
    }

    /// Checks a file and puts it on the shelf.
    pub fn install(&self, offer: &Offer<'_>, now_us: i64) -> Result<Installed, ModelError> {
        let sha256 = Sha256::of(offer.bytes);
        self.change(|ledger| {
            let (named, vouched) = ledger.vouch(offer, sha256)?;
            let (weights, encoder) = network(offer.bytes).map_err(ModelError::Refused)?;
            let name = named
                .or_else(|| offer.name.map(str::to_owned))
                .unwrap_or_else(|| encoder.size().name().to_owned());
            check_name(&name, &vouched, &encoder)?;
            let extension = if offer.bytes.get(8) == Some(&b'{') {
                "safetensors"
            } else {
                "h5"
            };
            let entry = Installed {
                file: format!("{name}-{}.{extension}", sha256.short()),
                sha256,
                bytes: u64::try_from(offer.bytes.len()).unwrap_or(u64::MAX),
                size: encoder.size().name().to_owned(),
                parameters: weights
                    .tensors
                    .iter()
                    .map(|tensor| tensor.values().len())
                    .sum(),
                vouched,
                installed_us: now_us,
                name,
            };
            replace(&self.folder.join(&entry.file), offer.bytes)?;
            ledger.put(entry.clone());
            Ok(entry)
        })
    }

    /// Takes every version of a model away; digests that were confirmed stay confirmed.
    pub fn remove(&self, name: &str) -> Result<usize, ModelError> {
        self.change(|ledger| {
            let before = ledger.installed.len();
            ledger.installed.retain(|entry| entry.name != name);
            match before - ledger.installed.len() {
                0 => Err(ModelError::unavailable(name)),
                removed => Ok(removed),
            }
        })
    }

    /// Lets manifests of a key count.
    pub fn trust(&self, key: PublicKey) -> Result<(), ModelError> {
        self.change(|ledger| {
            ledger.trusted.retain(|known| *known != key);
            ledger.trusted.push(key);
            Ok(())
        })
    }

    /// Lets them count no longer: what the key vouched for is refused at the next load.
    pub fn distrust(&self, key: PublicKey) -> Result<(), ModelError> {
        self.change(|ledger| {
            ledger.trusted.retain(|known| *known != key);
            Ok(())
        })
    }

    /// Reads a file with all its checks.
    pub fn load(
        &self,
        ledger: &Ledger,
        entry: &Installed,
        told: &mut dyn FnMut(Phase),
    ) -> Result<LoadedModel, Refusal> {
        told(Phase::Verifying);
        ledger.still_vouches(entry)?;
        let bytes = self.verified(entry)?;
        told(Phase::Loading);
        let (weights, encoder) = network(&bytes)?;
        if encoder.size().name() != entry.size {
            let detail = format!("it is the {} network, not {}", encoder.size(), entry.size);
            return Err(Refusal::new(Reason::Network, detail));
        }
        let (licence, attribution) = terms(entry);
        Ok(LoadedModel {
            name: entry.name.clone(),
            sha256: entry.sha256,
            layout: weights.layout,
            licence,
            attribution,
            encoder,
        })
    }

    /// The bytes of a file whose digest is the recorded one.
    fn verified(&self, entry: &Installed) -> Result<Vec<u8>, Refusal> {
        let name = Path::new(&entry.file);
        if name.file_name() != Some(name.as_os_str()) {
            let detail = "the ledger names a file outside the folder of models".to_owned();
            return Err(Refusal::new(Reason::Digest, detail));
        }
        let path = self.folder.join(name);
        let bytes = read_bounded(&path, entry.bytes).map_err(|error| {
            Refusal::new(Reason::Unreadable, format!("{}: {error}", entry.file))
        })?;
        let found = Sha256::of(&bytes);
        if found != entry.sha256 {
            let detail = format!(
                "{} was changed after it was installed: its SHA-256 is {found}, not {}",
                entry.file, entry.sha256
            );
            return Err(Refusal::new(Reason::Digest, detail));
        }
        Ok(bytes)
    }

    /// Changes the ledger, alone among processes; files that it no longer names are deleted after.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Ledger) -> Result<T, ModelError>,
    ) -> Result<T, ModelError> {
        self.make_folder()?;
        let path = self.folder.join(LOCK);
        let lock = File::create(&path).map_err(|error| ModelError::io("creating", &path, error))?;
        lock.lock()
            .map_err(|error| ModelError::io("locking", &path, error))?;
        let before = self.ledger()?;
        let mut after = before.clone();
        let done = change(&mut after)?;
        // Written even when it says the same: a file may have been repaired, and servers watch the ledger.
        let bytes = serde_json::to_vec_pretty(&after).expect("texts and numbers are JSON");
        replace(&self.folder.join(LEDGER), &bytes)?;
        for gone in before.installed.iter().map(|entry| &entry.file) {
            if !after.installed.iter().any(|entry| entry.file == *gone) {
                // A file that nobody names does no harm if it cannot be deleted.
                drop(std::fs::remove_file(self.folder.join(gone)));
            }
        }
        Ok(done)
    }

    /// Makes the folder, for its owner only.
    pub fn make_folder(&self) -> Result<(), ModelError> {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(|error| ModelError::io("creating", &self.folder, error))
    }
}

impl Ledger {
    /// The versions of a model, newest first.
    pub fn versions(&self, name: &str) -> impl Iterator<Item = &Installed> {
        self.installed
            .iter()
            .filter(move |entry| entry.name == name)
    }

    /// Whether a version is installed for which nobody vouches any longer.
    pub(super) fn disowns(&self, name: &str, sha256: Sha256) -> bool {
        self.versions(name)
            .find(|entry| entry.sha256 == sha256)
            .is_some_and(|entry| self.still_vouches(entry).is_err())
    }

    /// Finds who vouches for a file, and the name that follows from it.
    fn vouch(
        &mut self,
        offer: &Offer<'_>,
        sha256: Sha256,
    ) -> Result<(Option<String>, Voucher), ModelError> {
        let fits = |name: &str| match offer.name {
            Some(wanted) if wanted != name => Err(ModelError::OtherModel {
                found: name.to_owned(),
                wanted: wanted.to_owned(),
            }),
            Some(_) | None => Ok(Some(name.to_owned())),
        };
        if let Some(known) = published::TABLE
            .iter()
            .find(|model| model.sha256() == sha256)
        {
            return Ok((fits(known.name)?, Voucher::Published));
        }
        if let Some(manifest) = &offer.manifest {
            self.check_manifest(manifest, sha256)
                .map_err(|detail| ModelError::Refused(Refusal::new(Reason::Signature, detail)))?;
            let name = fits(&manifest.model.name)?;
            let manifest = Box::new(manifest.clone());
            return Ok((name, Voucher::Signed { manifest }));
        }
        if let Some(pin) = self.pins.iter().find(|pin| pin.sha256 == sha256) {
            return Ok((fits(&pin.name)?, Voucher::Confirmed));
        }
        if offer.confirmed == Some(sha256) {
            return Ok((None, Voucher::Confirmed));
        }
        Err(ModelError::Unconfirmed {
            found: sha256,
            expected: offer.name.and_then(Published::find).map(Published::sha256),
        })
    }

    /// Whether a voucher holds today as it did when the file was installed.
    fn still_vouches(&self, entry: &Installed) -> Result<(), Refusal> {
        let digest = |detail: &str| Err(Refusal::new(Reason::Digest, detail.to_owned()));
        match &entry.vouched {
            Voucher::Published => match Published::find(&entry.name) {
                Some(known) if known.sha256() == entry.sha256 => Ok(()),
                Some(_) | None => digest("its digest is not the published one"),
            },
            Voucher::Confirmed => {
                let pinned = |pin: &Pin| pin.name == entry.name && pin.sha256 == entry.sha256;
                if self.pins.iter().any(pinned) {
                    Ok(())
                } else {
                    digest("nobody confirmed its digest")
                }
            }
            Voucher::Signed { manifest } => self
                .check_manifest(manifest, entry.sha256)
                .map_err(|detail| Refusal::new(Reason::Signature, detail)),
        }
    }

    fn check_manifest(&self, manifest: &Manifest, sha256: Sha256) -> Result<(), String> {
        manifest
            .check()
            .map_err(|error| format!("the manifest: {error}"))?;
        if manifest.model.sha256 != sha256 {
            return Err(format!(
                "the manifest is about a file with the SHA-256 {}, this one has {sha256}",
                manifest.model.sha256
            ));
        }
        if !self.trusted.contains(&manifest.key) {
            return Err(format!(
                "the manifest is signed with the key {0}, which is not trusted here; `clarity models trust {0}` changes that",
                manifest.key
            ));
        }
        Ok(())
    }

    /// Adds a version, and a pin if it needs one; drops versions that are too many.
    fn put(&mut self, entry: Installed) {
        let pin = Pin {
            name: entry.name.clone(),
            sha256: entry.sha256,
        };
        if entry.vouched == Voucher::Confirmed && !self.pins.contains(&pin) {
            self.pins.push(pin);
        }
        let name = entry.name.clone();
        self.installed
            .retain(|other| other.name != entry.name || other.sha256 != entry.sha256);
        self.installed.insert(0, entry);
        let mut versions = 0;
        self.installed.retain(|other| {
            versions += usize::from(other.name == name);
            other.name != name || versions <= VERSIONS_KEPT
        });
    }
}

/// A name is short and plain, says the truth if it is a published one, and is no alias.
fn check_name(name: &str, vouched: &Voucher, encoder: &Encoder) -> Result<(), ModelError> {
    let refused = |why: String| {
        Err(ModelError::Name {
            name: name.to_owned(),
            why,
        })
    };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(plain) {
        return refused(format!(
            "a name is up to {NAME_BYTES_MAX} lowercase letters, digits and hyphens"
        ));
    }
    let Some(known) = Published::find(name) else {
        return Ok(());
    };
    if known.alias == name {
        return refused(format!("it always stands for {}", known.name));
    }
    if matches!(vouched, Voucher::Signed { .. }) {
        return refused("it is kept for the published encoder".to_owned());
    }
    if encoder.size() != known.size {
        return refused(format!("the file holds the {} network", encoder.size()));
    }
    Ok(())
}

/// Reads weights and builds the network, so that nothing else is ever installed or served.
fn network(bytes: &[u8]) -> Result<(Weights, Encoder), Refusal> {
    let weights =
        weights::read(bytes).map_err(|error| Refusal::new(Reason::Format, error.to_string()))?;
    let encoder = Encoder::from_tensors(&weights.tensors)
        .map_err(|error| Refusal::new(Reason::Network, error.to_string()))?;
    Ok((weights, encoder))
}

/// Licence and attribution of a file.
fn terms(entry: &Installed) -> (String, String) {
    match &entry.vouched {
        Voucher::Published => (
            published::LICENCE.to_owned(),
            published::ATTRIBUTION.to_owned(),
        ),
        Voucher::Confirmed => (
            "not recorded".to_owned(),
            format!(
                "network of the Pretrained Actigraphy Transformer (PAT), Ruan et al. 2024, \
                 arXiv:2411.15240; weights with SHA-256 {} confirmed on this machine",
                entry.sha256
            ),
        ),
        Voucher::Signed { manifest } => (
            manifest.model.licence.clone(),
            manifest.model.attribution.clone(),
        ),
    }
}

/// Reads a file of at most `bytes_max` bytes.
pub fn read_bounded(path: &Path, bytes_max: u64) -> std::io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > bytes_max) {
        let why = format!("it has more than {bytes_max} bytes");
        return Err(std::io::Error::new(ErrorKind::InvalidData, why));
    }
    Ok(bytes)
}

/// Reads a file that somebody offers as weights.
pub fn read_offered(path: &Path) -> Result<Vec<u8>, ModelError> {
    let limit = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX);
    read_bounded(path, limit).map_err(|error| ModelError::io("reading", path, error))
}

/// Writes a file beside its place, makes it durable, and moves it there.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), ModelError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    });
    written.map_err(|error| ModelError::io("writing", path, error))
}
