//! Arguments of `clarity audit`.

use clap::{Args, Subcommand};

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    pub(crate) command: AuditCommand,
}

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Reads the whole log again and names the first entry of each chain that is not what was written.
    Verify,
    /// Writes the log of a person to standard output, a JSON document for each entry, oldest first.
    Export(AuditExport),
}

/// Arguments of `audit export`.
#[derive(Debug, Args)]
pub(crate) struct AuditExport {
    /// The account's address.
    pub(crate) email: String,
}
