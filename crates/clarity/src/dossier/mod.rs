//! What the server knows about a person beside samples: the table of their sources and unknown
//! types, where they have been, and the preferences that change how days are made.
//!
//! All of it is sealed under the person's key. This module reads and writes those documents inside
//! the caller's transaction; it must never answer requests or compute a measure.

pub(crate) mod dictionary;
pub(crate) mod whereabouts;

use analysis::daily::rank::Ranks;
use analysis::daily::scored::Scorer;
use model::ids::UserId;
use model::metric::{Kind, MetricNo};
use model::source::SourceNo;
use model::zone::{Zone, ZoneHistory};
use serde::{Deserialize, Serialize};
use store::docs::{DocName, Expected};
use store::{PersonKey, Tx, Vault};

use crate::dossier::dictionary::Dictionary;
use crate::dossier::whereabouts::Whereabouts;
use crate::person::{DayZone, EVERY_METRIC, Preferences, Profile};

/// A document of the person and the version it was read at.
struct Versioned<T> {
    value: T,
    version: Option<i64>,
    changed: bool,
}

/// What is known about a person, loaded inside one transaction.
pub(crate) struct Dossier {
    /// Opens and seals everything of this person.
    pub(crate) key: PersonKey,
    user: UserId,
    dictionary: Versioned<Dictionary>,
    whereabouts: Versioned<Whereabouts>,
    profile_zone: Option<Zone>,
    preferences: Preferences,
}

/// A metric as answers show it.
pub(crate) struct Described {
    /// Its id, or the name of a type that the catalogue does not know.
    pub(crate) id: String,
    /// UCUM unit, or the unit text of an unknown type.
    pub(crate) unit: String,
    /// How its samples combine.
    pub(crate) kind: Kind,
}

/// Why a person's documents could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DossierError {
    /// The store refused.
    #[error("reading or writing a person's documents")]
    Store(#[from] store::Error),
    /// A document does not have the form this version writes.
    #[error("reading the sealed document {name:?}")]
    Document {
        /// Which.
        name: &'static str,
        /// How it differs.
        #[source]
        source: serde_json::Error,
    },
}

impl Dossier {
    /// Loads what the person's days and samples depend on.
    pub(crate) async fn load(
        tx: &mut Tx,
        vault: &Vault,
        user: UserId,
    ) -> Result<Self, DossierError> {
        let key = vault.person_key(tx, user).await?;
        let dictionary = read(tx, &key, user, DocName::Dictionary, "dictionary").await?;
        let whereabouts = read(tx, &key, user, DocName::Zones, "zones").await?;
        let profile: Versioned<Profile> = read(tx, &key, user, DocName::Profile, "profile").await?;
        let preferences: Versioned<Preferences> =
            read(tx, &key, user, DocName::Preferences, "preferences").await?;
        // The profile only takes zones that parse; one that no longer does counts as not told.
        let profile_zone = profile
            .value
            .time_zone
            .and_then(|name| Zone::parse(&name).ok());
        Ok(Self {
            key,
            user,
            dictionary,
            whereabouts,
            profile_zone,
            preferences: preferences.value,
        })
    }

    /// Writes the documents that changed.
    pub(crate) async fn save(&mut self, tx: &mut Tx) -> Result<(), DossierError> {
        write(
            tx,
            &self.key,
            self.user,
            DocName::Dictionary,
            "dictionary",
            &mut self.dictionary,
        )
        .await?;
        write(
            tx,
            &self.key,
            self.user,
            DocName::Zones,
            "zones",
            &mut self.whereabouts,
        )
        .await
    }

    /// The table of sources and unknown types.
    pub(crate) fn dictionary(&self) -> &Dictionary {
        &self.dictionary.value
    }

    /// Changes the table through `change`, which tells whether it did.
    pub(crate) fn dictionary_mut<T>(
        &mut self,
        change: impl FnOnce(&mut Dictionary) -> (T, bool),
    ) -> T {
        let (value, changed) = change(&mut self.dictionary.value);
        self.dictionary.changed |= changed;
        value
    }

    /// Remembers where the person was seen.
    pub(crate) fn seen_in(&mut self, zones: &[import::batch::ZoneSeen]) {
        if zones.is_empty() {
            return;
        }
        let home = self.home();
        self.whereabouts.changed |= self.whereabouts.value.observe(zones, &home);
    }

    /// The zone that holds where nothing else is known: the profile's, else the one seen most often,
    /// else UTC.
    pub(crate) fn home(&self) -> Zone {
        self.profile_zone
            .clone()
            .or_else(|| self.whereabouts.value.most_seen())
            .unwrap_or_else(Zone::utc)
    }

    /// The zones that make this person's days.
    pub(crate) fn history(&self) -> ZoneHistory {
        match self.preferences.day_zone {
            DayZone::Home => ZoneHistory::fixed(self.home()),
            DayZone::Travel => self.whereabouts.value.history(self.home()),
        }
    }

    /// Who tells sleep from wake where only activity was recorded.
    pub(crate) fn scorer(&self) -> Scorer {
        self.preferences.sleep_scorer.into()
    }

    /// Which source is believed where they overlap, for a metric.
    pub(crate) fn ranks(&self, metric_id: &str) -> Ranks {
        let orders = &self.preferences.source_order;
        let wanted = orders.get(metric_id).or_else(|| orders.get(EVERY_METRIC));
        let order = self
            .dictionary
            .value
            .best_first(wanted.map_or(&[], Vec::as_slice));
        Ranks::in_order(&order)
    }

    /// The order of sources where the person did not choose one.
    pub(crate) fn usual_order(&self) -> Vec<SourceNo> {
        self.dictionary.value.best_first(&[])
    }

    /// What answers call a metric, its unit there, and how its samples combine. A type that the
    /// catalogue does not know is averaged: that claims least.
    pub(crate) fn describe(&self, no: MetricNo) -> Option<Described> {
        if let Some(metric) = model::metric::by_no(no) {
            return Some(Described {
                id: metric.id.to_owned(),
                unit: metric.unit.ucum().to_owned(),
                kind: metric.kind,
            });
        }
        let unknown = self.dictionary.value.unknown(no)?;
        Some(Described {
            id: unknown.name.clone(),
            unit: unknown.unit.clone(),
            kind: Kind::Discrete,
        })
    }

    /// The name of a source.
    pub(crate) fn source_name(&self, no: SourceNo) -> &str {
        self.dictionary
            .value
            .source(no)
            .map_or("unknown", |source| source.name.as_str())
    }
}

async fn read<T: Default + for<'de> Deserialize<'de>>(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    doc: DocName,
    name: &'static str,
) -> Result<Versioned<T>, DossierError> {
    let Some(found) = store::docs::get(tx, key, user, doc).await? else {
        return Ok(Versioned {
            value: T::default(),
            version: None,
            changed: false,
        });
    };
    let value = serde_json::from_slice(&found.bytes)
        .map_err(|source| DossierError::Document { name, source })?;
    Ok(Versioned {
        value,
        version: Some(found.version),
        changed: false,
    })
}

async fn write<T: Serialize>(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    doc: DocName,
    name: &'static str,
    document: &mut Versioned<T>,
) -> Result<(), DossierError> {
    if !document.changed {
        return Ok(());
    }
    let bytes = serde_json::to_vec(&document.value)
        .map_err(|source| DossierError::Document { name, source })?;
    let expected = document.version.map_or(Expected::Absent, Expected::Version);
    let version = store::docs::put(tx, key, user, doc, &bytes, expected).await?;
    document.version = Some(version);
    document.changed = false;
    Ok(())
}
