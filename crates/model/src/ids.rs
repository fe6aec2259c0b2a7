//! Typed ids. Each is a version 7 UUID made at the edge of the program and handed in; nothing here
//! makes one up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text was not a UUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind} id")]
pub struct InvalidId {
    kind: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps an id that was made at the edge or read back from the store.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId { kind: $kind })
            }
        }
    };
}

id!(
    /// A person who owns data, and the account they sign in with.
    UserId,
    "user"
);
id!(
    /// One upload or import: whatever brought a set of samples in one request.
    UploadId,
    "processing"
);
id!(
    /// A stored record: workout, ECG, correlation and the like.
    RecordId,
    "record"
);
id!(
    /// An erasure that was ordered.
    ErasureId,
    "erasure"
);
id!(
    /// A unit of background work.
    JobId,
    "job"
);
id!(
    /// A stored insight.
    InsightId,
    "insight"
);
id!(
    /// A stored result of the actigraphy transformer.
    AnalysisId,
    "analysis"
);
id!(
    /// A signed-in device: a family of rotated refresh tokens.
    SessionId,
    "session"
);
id!(
    /// A device with a key of its own, which sends health data.
    DeviceId,
    "device"
);
id!(
    /// What a person wants to reach.
    GoalId,
    "goal"
);
id!(
    /// What a person entered by hand.
    EntryId,
    "entry"
);
id!(
    /// A key with which a program of a person asks the API.
    ApiKeyId,
    "API key"
);
id!(
    /// What a person allows another account to read.
    GrantId,
    "grant"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_and_refuse_rubbish() {
        let text = "0190a6e0-7c1a-7000-8000-000000000001";
        let id: UserId = text.parse().expect("a valid id");
        assert_eq!(id.to_string(), text);
        assert_eq!(
            "12".parse::<UserId>().unwrap_err().to_string(),
            "not a valid user id"
        );
    }
}
