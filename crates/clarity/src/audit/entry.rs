//! What an entry of the log says.

use jiff::civil::Date;
use model::ids::{ApiKeyId, DeviceId, ErasureId, GrantId, SessionId, UserId};
use serde::{Deserialize, Serialize};

use crate::auth::network::Network;

/// By what right somebody does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The person, in a session of theirs; `None` before there is one.
    Own(Option<SessionId>),
    /// A device with a key of the person.
    Device(DeviceId),
    /// A program with a key of the person.
    Key(ApiKeyId),
    /// Somebody else whom the person allowed to read.
    Grant(GrantId),
    /// Whoever runs the server, on the machine itself.
    Operator,
}

/// Who does something, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author {
    /// By what right.
    pub by: By,
    /// Where the request comes from, if it came through a network.
    pub network: Network,
}

impl Author {
    /// Whoever runs the server.
    pub const OPERATOR: Self = Self {
        by: By::Operator,
        network: Network::UNKNOWN,
    };

    /// Somebody about to sign in.
    pub const fn arriving(network: Network) -> Self {
        Self {
            by: By::Own(None),
            network,
        }
    }

    /// That they do something with a person's data.
    pub fn does(self, what: &str, user: UserId) -> Note {
        Note {
            user,
            author: self,
            what: what.to_owned(),
            metric: None,
            period: None,
            erasure: None,
            grant: None,
        }
    }
}

/// Whom a grant allows to read, and what for, as it was when something was done with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The address of who may read.
    pub reader: String,
    /// What for, in the words of the owner.
    pub purpose: String,
}

/// Something that is done, and about to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Whose data it concerns.
    pub user: UserId,
    /// Who does it.
    pub author: Author,
    /// The name of what is done.
    pub what: String,
    /// The metric, where it is about one.
    pub metric: Option<&'static str>,
    /// The days that were asked for, the second not included.
    pub period: Option<(Date, Date)>,
    /// The erasure, where it is one.
    pub erasure: Option<ErasureId>,
    /// The grant by which or with which it is done.
    pub grant: Option<Granted>,
}

impl Note {
    /// The entry of it.
    pub fn at(&self, now_us: i64) -> Entry {
        Entry {
            at_us: now_us,
            what: self.what.clone(),
            by: self.author.by,
            metric: self.metric.map(str::to_owned),
            from: self.period.map(|(from, _)| from),
            until: self.period.map(|(_, until)| until),
            network: self.author.network.text(),
            erasure: self.erasure,
            grant: self.grant.clone(),
            repeats: None,
        }
    }
}

/// How often the same was done again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeats {
    /// Times beside the one that has an entry of its own.
    pub count: u64,
    /// When that one was.
    pub since_us: i64,
}

/// An entry, as it is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was done; of repeats the last time.
    pub at_us: i64,
    /// The name of what was done.
    pub what: String,
    /// By what right.
    pub by: By,
    /// The metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// The first day that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The day after the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Where the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// The erasure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erasure: Option<ErasureId>,
    /// The grant by which or with which it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Granted>,
    /// Where it stands for others like one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Repeats>,
}

impl Entry {
    /// The bytes that are sealed.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an entry is plain JSON")
    }

    /// Reads them again; `None` where a later version wrote them.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}
