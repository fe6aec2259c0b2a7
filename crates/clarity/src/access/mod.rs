//! What everybody may do: one table of operations with the permission that each wants, and how it is recorded.
//!
//! `http/watch.rs` and the tests hold every route against it: an operation without a row is a fault of the program.
//! Nothing here may look at a request, or at what the store contains.

mod rules;
pub mod scope;

use crate::access::scope::Reach;
use crate::auth::role::Role;

pub use rules::RULES;

/// What somebody is permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Reads what is theirs.
    ReadOwnData,
    /// Changes what is theirs.
    WriteOwnData,
    /// Sees who has an account.
    ManageUsers,
    /// Sees and steers the background work.
    SystemAdmin,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 4] = [
        Self::ReadOwnData,
        Self::WriteOwnData,
        Self::ManageUsers,
        Self::SystemAdmin,
    ];

    /// The name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadOwnData => "read_own_data",
            Self::WriteOwnData => "write_own_data",
            Self::ManageUsers => "manage_users",
            Self::SystemAdmin => "system_admin",
        }
    }

    /// Whether somebody in this role has it.
    pub const fn is_of(self, role: Role) -> bool {
        match self {
            Self::ReadOwnData | Self::WriteOwnData => true,
            Self::ManageUsers | Self::SystemAdmin => matches!(role, Role::Admin),
        }
    }
}

/// How an operation is recorded in the audit log of whose data it concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watch {
    /// It concerns nobody's data.
    Nothing,
    /// Before the response is sent, under the name of the operation.
    Before,
    /// In the transaction that changes something, under this name.
    Within(&'static str),
}

/// Whether an operation wants that the person showed a moment ago that it is them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recency {
    /// It does not.
    Any,
    /// It takes data out, ends it, or opens it to others.
    Recent,
}

/// An operation: who may do it, and how that is recorded.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its `operationId`.
    pub operation: &'static str,
    /// What it wants; `None` where nobody has to be signed in.
    pub needs: Option<Permission>,
    /// How far it reaches, for others than the person.
    pub reach: Reach,
    /// How it is recorded.
    pub watch: Watch,
    /// Whether it wants a recent sign-in.
    pub recency: Recency,
    /// What somebody did who did it, after the name of who it was.
    pub says: &'static str,
}

impl Rule {
    /// The name under which it is recorded.
    pub const fn recorded_as(&self) -> Option<&'static str> {
        match self.watch {
            Watch::Nothing => None,
            Watch::Before => Some(self.operation),
            Watch::Within(name) => Some(name),
        }
    }
}

/// The rule of an operation.
pub fn rule(operation: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.operation == operation)
}

/// What is recorded beside the operations, by commands and by the server itself.
const BESIDE: [(&str, &str); 6] = [
    ("give_role", "gave the account another role"),
    (
        "disable_account",
        "disabled the account and ended its sessions",
    ),
    ("add_account", "added the account"),
    (
        "remove_second_factor",
        "turned codes at sign-in off for somebody who had lost them",
    ),
    ("give_back_grant", "gave back the permission to read"),
    (
        "detect_reuse",
        "used a refresh token for the second time, which ended the session",
    ),
];

/// What somebody did who did what is recorded under a name.
pub fn says(recorded: &str) -> &'static str {
    let beside = BESIDE.iter().find(|(name, _)| *name == recorded);
    if let Some((_, says)) = beside {
        return says;
    }
    let rule = RULES
        .iter()
        .find(|rule| rule.recorded_as() == Some(recorded));
    rule.map_or(
        "did what this version of the program does not know",
        |rule| rule.says,
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_operation_has_one_row_and_words() {
        let names: BTreeSet<&str> = RULES.iter().map(|rule| rule.operation).collect();
        assert_eq!(names.len(), RULES.len(), "an operation has two rows");
        for rule in RULES {
            assert_eq!(
                rule.says.is_empty(),
                rule.watch == Watch::Nothing,
                "{}",
                rule.operation
            );
            // What others read by a permission is recorded before they have it.
            let is_read =
                rule.needs == Some(Permission::ReadOwnData) && rule.watch == Watch::Before;
            assert!(is_read || rule.reach == Reach::Own, "{}", rule.operation);
            // A key of a program has no sign-in that could be recent.
            let is_open = rule.recency == Recency::Any;
            assert!(is_open || rule.reach == Reach::Own, "{}", rule.operation);
            if let Some(name) = rule.recorded_as() {
                assert!(!says(name).is_empty(), "{name}");
                assert!(
                    !BESIDE.iter().any(|(beside, _)| *beside == name),
                    "{name} is said twice"
                );
            }
        }
    }
}
