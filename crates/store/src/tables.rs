//! Every table, once: its columns, and what becomes of a person's rows. Copying and erasing follow this
//! list, and tests hold it against the migrations, so that no table is forgotten. No SQL here.

/// How a column is stored.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Integer,
    Real,
    Text,
    Bytes,
    Id,
}

use Kind::{Bytes, Id, Integer, Real, Text};

/// When the rows of a person are erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Erased {
    /// The table concerns nobody, or refers to a person by way of another table, and follows it.
    Not,
    /// With everything that is known about the person's health. The expression counts what is lost.
    Health(&'static str),
    /// With the account, in a way of its own where only the health data is erased.
    Account,
}

use Erased::{Account, Health, Not};

/// One table with its columns.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// What becomes of a person's rows.
    pub(crate) erased: Erased,
    pub(crate) columns: &'static [(&'static str, Kind)],
}

/// Every table, in an order in which each refers only to those before it.
pub(crate) const TABLES: [Table; 33] = [
    Table {
        name: "meta",
        erased: Not,
        columns: &[("name", Text), ("value", Bytes)],
    },
    Table {
        name: "counters",
        erased: Not,
        columns: &[("name", Text), ("value", Integer)],
    },
    Table {
        name: "persons",
        erased: Not,
        columns: &[
            ("no", Integer),
            ("id", Id),
            ("email_key", Bytes),
            ("email_sealed", Bytes),
            ("password_hash", Text),
            ("role", Text),
            ("disabled", Integer),
            ("created_us", Integer),
            ("key_no", Integer),
            ("key_wrapped", Bytes),
            ("upload_seq", Integer),
            ("dirty_seq", Integer),
            ("catalogue", Integer),
            ("settled", Integer),
            ("bound", Bytes),
            ("days_seq", Integer),
            ("mfa", Integer),
        ],
    },
    Table {
        name: "docs",
        erased: Account,
        columns: &[
            ("person", Integer),
            ("name", Text),
            ("version", Integer),
            ("sealed", Bytes),
        ],
    },
    Table {
        name: "sessions",
        erased: Account,
        columns: &[
            ("id", Id),
            ("person", Integer),
            ("created_us", Integer),
            ("used_us", Integer),
            ("expires_us", Integer),
            ("revoked", Integer),
            ("label_sealed", Bytes),
            ("bound", Bytes),
            ("confirmed_us", Integer),
            ("confirmed_bound", Bytes),
        ],
    },
    Table {
        name: "session_tokens",
        erased: Not,
        columns: &[
            ("hash", Bytes),
            ("session", Id),
            ("spent", Integer),
            ("bound", Bytes),
        ],
    },
    Table {
        name: "totp",
        erased: Account,
        columns: &[
            ("person", Integer),
            ("secret_sealed", Bytes),
            ("created_us", Integer),
            ("last_step", Integer),
        ],
    },
    Table {
        name: "recovery_codes",
        erased: Account,
        columns: &[("person", Integer), ("hash", Bytes)],
    },
    Table {
        name: "devices",
        // A phone that kept its key would send again, within the hour, what was just erased.
        erased: Health("COUNT(*)"),
        columns: &[
            ("id", Id),
            ("person", Integer),
            ("scope", Text),
            ("hash", Bytes),
            ("secret_sealed", Bytes),
            ("name_sealed", Bytes),
            ("created_us", Integer),
            ("used_us", Integer),
        ],
    },
    Table {
        name: "invitations",
        erased: Not,
        columns: &[
            ("device", Id),
            ("hash", Bytes),
            ("expires_us", Integer),
            ("bound", Bytes),
        ],
    },
    Table {
        name: "api_keys",
        // As with devices, a program that kept its key would go on as if nothing had been erased.
        erased: Health("COUNT(*)"),
        columns: &[
            ("id", Id),
            ("person", Integer),
            ("scopes", Text),
            ("hash", Bytes),
            ("name_sealed", Bytes),
            ("created_us", Integer),
            ("expires_us", Integer),
            ("used_us", Integer),
        ],
    },
    Table {
        name: "grants",
        // What is measured afterwards was not what others were meant to read.
        erased: Health("COUNT(*)"),
        columns: &[
            ("id", Id),
            ("person", Integer),
            ("reader", Integer),
            ("scopes", Text),
            ("created_us", Integer),
            ("expires_us", Integer),
            ("sealed", Bytes),
            ("bound", Bytes),
        ],
    },
    Table {
        name: "idempotency",
        erased: Health("COUNT(*)"),
        columns: &[
            ("person", Integer),
            ("key_hash", Bytes),
            ("body_hash", Bytes),
            ("begun_us", Integer),
            ("sealed", Bytes),
        ],
    },
    Table {
        name: "uploads",
        erased: Health("COUNT(*)"),
        columns: &[
            ("person", Integer),
            ("no", Integer),
            ("id", Id),
            ("kind", Text),
            ("status", Text),
            ("stage", Text),
            ("progress", Real),
            ("accepted", Integer),
            ("duplicates", Integer),
            ("rejected", Integer),
            ("dirty_seq", Integer),
            ("exported_us", Integer),
            ("created_us", Integer),
            ("updated_us", Integer),
            ("sealed", Bytes),
            ("device", Id),
        ],
    },
    Table {
        name: "chunks",
        erased: Health("SUM(samples)"),
        columns: &[
            ("person", Integer),
            ("metric", Integer),
            ("bucket", Integer),
            ("samples", Integer),
            ("first_day", Integer),
            ("last_day", Integer),
            ("has_uid", Integer),
            ("far", Integer),
            ("sealed", Bytes),
        ],
    },
    Table {
        name: "chunks_aside",
        erased: Health("COUNT(*)"),
        columns: &[
            ("person", Integer),
            ("metric", Integer),
            ("bucket", Integer),
            ("upload", Integer),
            ("samples", Integer),
            ("sealed", Bytes),
        ],
    },
    Table {
        name: "metric_counts",
        erased: Health("COUNT(*)"),
        columns: &[
            ("person", Integer),
            ("metric", Integer),
            ("samples", Integer),
        ],
    },
    Table {
        name: "tombstones",
        erased: Health("COUNT(*)"),
        columns: &[
            ("person", Integer),
            ("uid", Integer),
            ("deleted_us", Integer),
            ("metric", Integer),
            ("sealed", Bytes),
        ],
    },
    Table {
        name: "records",
        erased: Health("COUNT(*)"),
        columns: &[
            ("person", Integer),
            ("id", Id),
            ("kind", Text),
            ("uid", Integer),
            ("content", Bytes),
            ("start_day", Integer),
            ("version", Integer),
            ("origin", Integer),
            ("seen", Integer),
            ("head_sealed", Bytes),
            ("body_sealed", Bytes),
        ],
    },
    Table {
        name: "days",
        erased: Health("COUNT(*)"),
        columns: &[
            ("person", Integer),
            ("day", Integer),
            ("sealed", Bytes),
            ("minutes_sealed", Bytes),
            ("methods", Integer),
        ],
    },
    Table {
        name: "day_blocks",
        erased: Health("COUNT(*)"),
        columns: &[("person", Integer), ("block", Integer), ("sealed", Bytes)],
    },
    Table {
        name: "dirty_days",
        erased: Health("COUNT(*)"),
        columns: &[
            ("person", Integer),
            ("day", Integer),
            ("seq", Integer),
            ("since", Integer),
            ("marked_us", Integer),
        ],
    },
    Table {
        name: "jobs",
        erased: Not,
        columns: &[
            ("id", Id),
            ("user_id", Id),
            ("kind", Text),
            ("state", Text),
            ("run_at_us", Integer),
            ("created_us", Integer),
            ("attempt", Integer),
            ("worker", Text),
            ("lease_until_us", Integer),
            ("error_code", Text),
        ],
    },
    Table {
        name: "insights",
        erased: Health("COUNT(*)"),
        columns: &[
            ("person", Integer),
            ("id", Id),
            ("kind", Text),
            ("day", Integer),
            ("source", Text),
            ("created_us", Integer),
            ("sealed", Bytes),
            ("methods", Integer),
        ],
    },
    Table {
        name: "goals",
        erased: Health("COUNT(*)"),
        columns: &[
            ("person", Integer),
            ("id", Id),
            ("version", Integer),
            ("created_us", Integer),
            ("sealed", Bytes),
        ],
    },
    Table {
        name: "entries",
        erased: Health("COUNT(*)"),
        columns: &[
            ("person", Integer),
            ("id", Id),
            ("kind", Text),
            ("metric", Integer),
            ("day", Integer),
            ("version", Integer),
            ("sealed", Bytes),
        ],
    },
    Table {
        name: "embeddings",
        erased: Health("COUNT(*)"),
        columns: &[
            ("person", Integer),
            ("id", Id),
            ("kind", Text),
            ("week", Integer),
            ("model", Text),
            ("input", Bytes),
            ("created_us", Integer),
            ("sealed", Bytes),
            ("methods", Integer),
        ],
    },
    Table {
        name: "upload_folds",
        erased: Health("SUM(uploads)"),
        columns: &[
            ("person", Integer),
            ("last_no", Integer),
            ("first_no", Integer),
            ("first_id", Id),
            ("last_id", Id),
            ("uploads", Integer),
            ("sealed", Bytes),
        ],
    },
    Table {
        name: "events",
        erased: Health("COUNT(*)"),
        columns: &[
            ("seq", Integer),
            ("person", Integer),
            ("origin", Integer),
            ("told_us", Integer),
            ("sealed", Bytes),
        ],
    },
    Table {
        name: "audit_heads",
        // Where only the health data is erased, the chain goes on after what was removed.
        erased: Account,
        columns: &[
            ("person", Integer),
            ("first", Integer),
            ("base", Bytes),
            ("seq", Integer),
            ("hash", Bytes),
            ("bound", Bytes),
        ],
    },
    Table {
        name: "audit",
        erased: Account,
        columns: &[
            ("person", Integer),
            ("seq", Integer),
            ("sealed", Bytes),
            ("hash", Bytes),
        ],
    },
    Table {
        name: "audit_checkpoints",
        erased: Not,
        columns: &[
            ("no", Integer),
            ("at_us", Integer),
            ("heads", Bytes),
            ("digest", Bytes),
            ("hash", Bytes),
            ("key_id", Text),
            ("signature", Bytes),
        ],
    },
    Table {
        name: "erasures",
        // What is left of somebody who was erased: that it was done.
        erased: Not,
        columns: &[
            ("id", Id),
            ("user_id", Id),
            ("what", Text),
            ("erased_us", Integer),
            ("done_us", Integer),
            ("sealed", Bytes),
        ],
    },
];
