//! Arguments of `clarity keys`.

use clap::{Args, Subcommand};

/// Arguments of `keys`.
#[derive(Debug, Args)]
pub(crate) struct Keys {
    #[command(subcommand)]
    pub(crate) command: KeysCommand,
}

/// What to do with the keys that sign access tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Lists the keys, newest first.
    List,
    /// Adds a key that signs two minutes later; the old one is accepted until its last token has ended.
    Rotate,
    /// Takes a key back that others may know: its tokens are refused within seconds, and people sign in again.
    Revoke {
        /// The key, as `clarity keys list` names it.
        key: String,
    },
}
