//! Arguments of `clarity models`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use lab::models::digest::Sha256;
use lab::models::manifest::PublicKey;

/// Arguments of `models`.
#[derive(Debug, Args)]
pub(crate) struct Models {
    #[command(subcommand)]
    pub(crate) command: ModelsCommand,
}

/// What to do with trained networks.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// Lists the published encoders and what is installed.
    List,
    /// Fetches a file of weights and installs it.
    ///
    /// The links stand on the authors' page
    /// (<https://github.com/njacobsonlab/Pretrained-Actigraphy-Transformer>) and may change, so none is
    /// built in: give one with --from, or set models.sources. A transfer that broke off goes on when the
    /// command is given again. Proxies come from the environment (`HTTPS_PROXY`, `NO_PROXY`).
    Pull(Pull),
    /// Installs a file of weights that is there already.
    Add(Add),
    /// Reads every installed file again and checks digest, voucher and network.
    Verify,
    /// Takes a model away; digests that were confirmed stay confirmed.
    Remove(ChosenModel),
    /// Writes a signed manifest for a file of one's own weights; makes the signing key if there is none.
    Sign(Sign),
    /// Lets manifests that are signed with a key count, or no longer.
    Trust(Trust),
}

/// Arguments of `models pull`.
#[derive(Debug, Args)]
pub(crate) struct Pull {
    /// small, medium, large, their aliases fast, stable, latest, or a name of one's own.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The link that downloads the file; without it, the one in models.sources.
    #[arg(long, value_name = "URL")]
    pub(crate) from: Option<String>,
    /// Accept a file with this digest although it is not the recorded one, and remember it.
    #[arg(long, value_name = "SHA256")]
    pub(crate) allow_unpinned: Option<Sha256>,
}

/// Arguments of `models add`.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// HDF5 as Keras writes it, or safetensors.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The name to install it under; without it, the published name or that of the network's size.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Its signed manifest; without it, FILE.manifest.json if there is one.
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    /// Accept a file with this digest although nobody recorded it, and remember it.
    #[arg(long, value_name = "SHA256")]
    pub(crate) allow_unpinned: Option<Sha256>,
}

/// A model by name.
#[derive(Debug, Args)]
pub(crate) struct ChosenModel {
    /// Its name or alias, as `models list` prints it.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

/// Arguments of `models sign`.
#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// The weights.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The name by which they are installed.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// File with the signing key; made if it is not there. Keep it to yourself.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The licence of the weights.
    #[arg(long, default_value = "", value_name = "TEXT")]
    pub(crate) licence: String,
    /// What is shown wherever a result of them is.
    #[arg(long, default_value = "", value_name = "TEXT")]
    pub(crate) attribution: String,
    /// Where to write the manifest; without it, FILE.manifest.json.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Arguments of `models trust`.
#[derive(Debug, Args)]
pub(crate) struct Trust {
    /// The public key, as `models sign` prints it.
    #[arg(value_name = "KEY", allow_hyphen_values = true)]
    pub(crate) key: PublicKey,
    /// Trust it no longer: what it vouched for stops serving.
    #[arg(long)]
    pub(crate) revoke: bool,
}
