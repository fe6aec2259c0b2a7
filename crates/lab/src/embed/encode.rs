//! The encoder of a run, and embeddings by the batch.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use pat::encoder::{Embedding, Encoder, Workspace};
use pat::week::WEEK_MIN;
use pat::{Size, random};

use crate::embed::weeks::Week;
use crate::models::digest::Sha256;
use crate::models::{LoadedModel, Registry};

/// Weeks that are embedded together: enough to keep every thread busy.
pub const BATCH: usize = 32;
/// What names of encoders that have learned nothing begin with.
const RANDOM: &str = "random-";

/// The encoder of a run.
pub struct Model {
    /// Its name, as results carry it.
    pub name: String,
    /// The digest of its weights.
    pub sha256: Sha256,
    /// What is shown wherever a result of it is.
    pub attribution: String,
    weights: Weights,
    workspace: Workspace,
}

enum Weights {
    Installed(Arc<LoadedModel>),
    Random(Box<Encoder>),
}

impl Model {
    /// The encoder of a name: installed, or `random-small` and the like, whose weights follow from
    /// the seed.
    pub fn open(
        data_dir: &Path,
        name: &str,
        seed: u64,
        threads: NonZeroUsize,
    ) -> anyhow::Result<Self> {
        let workspace = Workspace::new(threads);
        if let Some(size) = name.strip_prefix(RANDOM) {
            let size = Size::ALL.into_iter().find(|known| known.name() == size);
            let size = size.context(
                "the encoders with random weights are random-small, random-medium and random-large",
            )?;
            let tensors = random::weights(size, seed);
            let file =
                import::weights::to_safetensors(&tensors, &std::collections::BTreeMap::new());
            let encoder = Encoder::from_tensors(&tensors).context("building the encoder")?;
            return Ok(Self {
                name: name.to_owned(),
                sha256: Sha256::of(&file),
                attribution: format!(
                    "random weights of seed {seed}: an encoder that has learned nothing"
                ),
                weights: Weights::Random(Box::new(encoder)),
                workspace,
            });
        }
        let model = Registry::open(data_dir).load(name)?;
        Ok(Self {
            name: model.name.clone(),
            sha256: model.sha256,
            attribution: model.attribution.clone(),
            weights: Weights::Installed(model),
            workspace,
        })
    }

    /// Embeds weeks, in their order.
    pub fn embed(&mut self, weeks: &[Week]) -> anyhow::Result<Vec<Embedding>> {
        let mut values = Vec::with_capacity(weeks.len() * WEEK_MIN);
        for week in weeks {
            values.extend_from_slice(&week.scaled);
        }
        let encoder = match &self.weights {
            Weights::Installed(model) => &model.encoder,
            Weights::Random(encoder) => encoder,
        };
        let embedded = encoder.embed(&values, &mut self.workspace);
        let first = weeks
            .first()
            .map(|week| week.path.as_str())
            .unwrap_or_default();
        match embedded {
            Ok(embedded) => Ok(embedded),
            Err(error) => bail!("weeks from {first} on: {error}"),
        }
    }
}

/// Threads to use: as many as were asked for, else one for each core.
pub fn threads(wanted: Option<NonZeroUsize>) -> NonZeroUsize {
    wanted
        .or_else(|| std::thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN)
}
