//! Trained networks that are installed: found by name, checked at each load, swapped while serving.
//!
//! It must never serve a file whose digest is not vouched for, and never put a number in the place
//! of a model that is not there: without weights the answer is `model_unavailable` and the command
//! that installs them.

pub mod digest;
pub mod manifest;
pub mod published;
pub mod shelf;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use import::weights::Layout;
use pat::encoder::Encoder;

use crate::models::digest::Sha256;
use crate::models::published::Published;
use crate::models::shelf::{Ledger, Shelf};

/// A network that serves.
#[derive(Debug)]
pub struct LoadedModel {
    /// The name by which it is installed.
    pub name: String,
    /// The digest of its file.
    pub sha256: Sha256,
    /// How the file was written.
    pub layout: Layout,
    /// The licence of the weights.
    pub licence: String,
    /// What is shown wherever a result of it is.
    pub attribution: String,
    /// The network itself.
    pub encoder: Encoder,
}

/// Why a file is not served, as the metric counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The file cannot be read from disk.
    Unreadable,
    /// Its digest is not the recorded one, or nobody vouches for it.
    Digest,
    /// Its manifest is broken or signed by a stranger.
    Signature,
    /// It is no file of weights.
    Format,
    /// Its arrays are not those of an encoder.
    Network,
}

impl Reason {
    /// The label of the metric.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Digest => "digest",
            Self::Signature => "signature",
            Self::Format => "format",
            Self::Network => "network",
        }
    }
}

/// A file that is not served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// The kind of reason.
    pub reason: Reason,
    /// What exactly is wrong.
    pub detail: String,
}

impl Refusal {
    pub fn new(reason: Reason, detail: String) -> Self {
        Self { reason, detail }
    }
}

/// How far a model is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phase {
    /// No file of it is installed.
    #[default]
    Absent,
    /// A file is installed; nobody asked for it yet.
    Installed,
    /// Its digest is being checked.
    Verifying,
    /// The network is being built.
    Loading,
    /// It serves.
    Ready,
    /// Every version of it was refused.
    Refused,
}

impl Phase {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Installed => "installed",
            Self::Verifying => "verifying",
            Self::Loading => "loading",
            Self::Ready => "ready",
            Self::Refused => "refused",
        }
    }
}

/// What is known about a model now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// How far it is.
    pub phase: Phase,
    /// The digest of the file that serves.
    pub serving: Option<Sha256>,
    /// Why the newest file does not serve, when it was refused; an older one may serve meanwhile.
    pub refused: Option<Refusal>,
}

/// Why a model was not had, installed or removed.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It is not installed.
    #[error("model_unavailable: the model {name} is not installed; {remedy}")]
    Unavailable {
        /// What was asked for.
        name: String,
        /// The command that installs it.
        remedy: String,
    },
    /// A file was refused.
    #[error("model_unavailable: the file of weights was refused")]
    Refused(#[source] Refusal),
    /// Nobody vouches for the digest of a file.
    #[error(
        "the file has the SHA-256 {found}, which is not pinned{}; if it is the file you want, \
         confirm it once with --allow-unpinned {found}",
        expected.map(|digest| format!(" (the recorded one is {digest})")).unwrap_or_default()
    )]
    Unconfirmed {
        /// The digest of the file.
        found: Sha256,
        /// The digest that the table of published files records.
        expected: Option<Sha256>,
    },
    /// The file is known, but as another model.
    #[error("the file is the model {found}, not {wanted}")]
    OtherModel {
        /// What it is.
        found: String,
        /// What it should be.
        wanted: String,
    },
    /// A name that a model cannot have.
    #[error("a model cannot be named {name:?} here: {why}")]
    Name {
        /// The name.
        name: String,
        /// Why not.
        why: String,
    },
    /// The ledger is not what this program writes.
    #[error("{} is not readable; restore it, or move it away and add the models again", path.display())]
    Ledger {
        /// The ledger.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        error: serde_json::Error,
    },
    /// The disk.
    #[error("{what} {}", path.display())]
    Io {
        /// What was attempted.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        #[source]
        error: std::io::Error,
    },
}

impl ModelError {
    fn io(what: &'static str, path: &Path, error: std::io::Error) -> Self {
        let path = path.to_owned();
        Self::Io { what, path, error }
    }

    fn unavailable(name: &str) -> Self {
        let remedy = match Published::find(name) {
            Some(known) => format!(
                "`clarity models add {}` installs a file, `clarity models pull {}` fetches it",
                known.file, known.name
            ),
            None => {
                "`clarity models list` shows what is, `clarity models add FILE` installs a file"
                    .to_owned()
            }
        };
        Self::Unavailable {
            name: name.to_owned(),
            remedy,
        }
    }
}

#[derive(Debug, Default)]
struct Slot {
    status: Status,
    model: Option<Arc<LoadedModel>>,
    /// The ledger that the slot was brought in line with.
    ledger: Option<Stamp>,
}

/// Tells one state of the ledger from another: when it was written, and which file it is.
type Stamp = (SystemTime, u64);

/// The models of a data folder, as a server uses them.
#[derive(Debug)]
pub struct Registry {
    shelf: Shelf,
    slots: RwLock<BTreeMap<String, Slot>>,
    /// Held while files are read, so that no file is read twice at the same time.
    turn: Mutex<()>,
}

impl Registry {
    /// The models of a data folder; nothing is read before it is asked for.
    pub fn open(data_dir: &Path) -> Self {
        Self {
            shelf: Shelf::of(data_dir),
            slots: RwLock::default(),
            turn: Mutex::default(),
        }
    }

    /// The model of a name or alias, read and checked when it is first asked for.
    ///
    /// Reads files and builds a network: not for a thread that answers requests.
    pub fn load(&self, name: &str) -> Result<Arc<LoadedModel>, ModelError> {
        let name = Published::find(name).map_or(name, |known| known.name);
        if let Some(model) = self.serving(name) {
            return Ok(model);
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = self.serving(name) {
            return Ok(model);
        }
        let stamp = self.shelf.stamp();
        if let Some(refusal) = self.refused(name, stamp) {
            return Err(ModelError::Refused(refusal));
        }
        let ledger = self.shelf.ledger()?;
        self.compare(&ledger, stamp, name)
    }

    /// The model of a name or alias if it serves already; never waits.
    pub fn loaded(&self, name: &str) -> Option<Arc<LoadedModel>> {
        self.serving(Published::find(name).map_or(name, |known| known.name))
    }

    /// Looks whether the ledger changed, and swaps what serves for what is installed now. A request
    /// that holds a model goes on with it. Reads files, as [`Registry::load`] does.
    pub fn refresh(&self) -> Result<(), ModelError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = self.shelf.stamp();
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let behind = slots.iter().filter(|(_, slot)| slot.ledger != stamp);
        let names: Vec<String> = behind.map(|(name, _)| name.clone()).collect();
        drop(slots);
        if names.is_empty() {
            return Ok(());
        }
        let ledger = self.shelf.ledger()?;
        for name in names {
            // What is wrong with one model is in its status; the others are looked at all the same.
            drop(self.compare(&ledger, stamp, &name));
        }
        Ok(())
    }

    /// What is known about a model now; never waits for one that is being read.
    pub fn status(&self, name: &str) -> Status {
        let name = Published::find(name).map_or(name, |known| known.name);
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(name) {
            return slot.status.clone();
        }
        drop(slots);
        let installed = self
            .shelf
            .ledger()
            .is_ok_and(|ledger| ledger.versions(name).next().is_some());
        Status {
            phase: if installed {
                Phase::Installed
            } else {
                Phase::Absent
            },
            ..Status::default()
        }
    }

    /// The folder and the ledger behind it.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    fn serving(&self, name: &str) -> Option<Arc<LoadedModel>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.get(name)?.model.clone()
    }

    /// Why a slot was refused, unless the ledger changed since.
    fn refused(&self, name: &str, stamp: Option<Stamp>) -> Option<Refusal> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.get(name).filter(|slot| slot.ledger == stamp)?;
        slot.status.refused.clone()
    }

    /// Brings a slot to what the ledger says: the newest version that passes serves. What passes is
    /// read before it takes its place; where nothing passes, what serves goes on serving.
    fn compare(
        &self,
        ledger: &Ledger,
        stamp: Option<Stamp>,
        name: &str,
    ) -> Result<Arc<LoadedModel>, ModelError> {
        let before = self
            .serving(name)
            .filter(|model| !ledger.disowns(name, model.sha256));
        let mut refused = None;
        let mut passed = None;
        for entry in ledger.versions(name) {
            if let Some(same) = before.as_ref().filter(|model| model.sha256 == entry.sha256) {
                passed = Some(Arc::clone(same));
                break;
            }
            let mut told = |phase| self.tell(name, phase);
            match self.shelf.load(ledger, entry, &mut told) {
                Ok(model) => {
                    tracing::info!(model = name, sha256 = %model.sha256, "a model serves");
                    passed = Some(Arc::new(model));
                    break;
                }
                Err(refusal) => {
                    count(name, &refusal);
                    refused.get_or_insert(refusal);
                }
            }
        }
        if passed.is_none() && refused.is_none() {
            self.forget(name);
            return Err(ModelError::unavailable(name));
        }
        let model = passed.or(before);
        self.settle(name, model.clone(), refused.clone(), stamp);
        match (model, refused) {
            (Some(model), _) => Ok(model),
            (None, Some(refusal)) => Err(ModelError::Refused(refusal)),
            (None, None) => Err(ModelError::unavailable(name)),
        }
    }

    fn tell(&self, name: &str, phase: Phase) {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry(name.to_owned()).or_default();
        // While a model serves, what happens behind it does not make it less ready.
        if slot.model.is_none() {
            slot.status.phase = phase;
        }
    }

    fn settle(
        &self,
        name: &str,
        model: Option<Arc<LoadedModel>>,
        refused: Option<Refusal>,
        ledger: Option<Stamp>,
    ) {
        let status = Status {
            phase: if model.is_some() {
                Phase::Ready
            } else {
                Phase::Refused
            },
            serving: model.as_ref().map(|model| model.sha256),
            refused,
        };
        let slot = Slot {
            status,
            model,
            ledger,
        };
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        slots.insert(name.to_owned(), slot);
    }

    fn forget(&self, name: &str) {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        slots.remove(name);
    }
}

fn count(name: &str, refusal: &Refusal) {
    let reason = refusal.reason.label();
    metrics::counter!("clarity_models_refused_total", "reason" => reason).increment(1);
    tracing::warn!(
        model = name,
        reason,
        detail = refusal.detail,
        "a model was refused"
    );
}
