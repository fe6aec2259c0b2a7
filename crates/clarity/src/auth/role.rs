//! What an account may do.

/// What an account is for. Only administrators may do more than read and write their own data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A person with their own data.
    Patient,
    /// Reads what persons grant.
    Clinician,
    /// Reads what is anonymised.
    Researcher,
    /// Manages accounts; sees no health data.
    Admin,
}

impl Role {
    /// The name in tokens and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Clinician => "clinician",
            Self::Researcher => "researcher",
            Self::Admin => "admin",
        }
    }

    /// The role of this name; an unknown one may do the least.
    pub fn named(name: &str) -> Self {
        match name {
            "clinician" => Self::Clinician,
            "researcher" => Self::Researcher,
            "admin" => Self::Admin,
            _ => Self::Patient,
        }
    }
}
