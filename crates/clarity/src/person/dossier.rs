//! Everything that reading and writing a person's data depends on, loaded together.

use std::sync::{Arc, OnceLock};

use analysis::daily::rank::Ranks;
use analysis::daily::scored::Scorer;
use model::ids::UserId;
use model::metric::{Kind, MetricNo};
use model::source::SourceNo;
use model::zone::{Zone, ZoneHistory};
use store::docs::{DocName, Expected};
use store::{PersonKey, Tx, Vault};

use crate::person::dictionary::Dictionary;
use crate::person::document::{self, Document, DocumentError};
use crate::person::profile::{self, DayZone, EVERY_METRIC, Preferences};
use crate::person::whereabouts::Whereabouts;

/// Metrics that a phone which keeps the records of apps counts by its own order, and none of an app outside it.
const COUNTED_BY_PHONES: &[&str] = &[
    "step_count",
    "distance_walking_running",
    "distance_cycling",
    "distance_swimming",
    "distance_rowing",
    "distance_paddle_sports",
    "distance_skating_sports",
    "distance_wheelchair",
    "flights_climbed",
    "elevation_gained",
    "active_energy_burned",
    "total_energy_burned",
];

/// An order of sources to try.
#[derive(Debug)]
pub(crate) struct Tried {
    /// Those that were named.
    pub(crate) named: Vec<SourceNo>,
    /// Every source, best first.
    pub(crate) best_first: Vec<SourceNo>,
}

/// The documents themselves, and the zones that follow from them.
#[derive(Debug, Clone)]
pub(super) struct Known {
    dictionary: Document<Dictionary>,
    whereabouts: Document<Whereabouts>,
    profile: i64,
    profile_zone: Option<Zone>,
    preferences: Document<Preferences>,
    /// Made when it is first asked for.
    history: OnceLock<ZoneHistory>,
}

impl Known {
    /// Reads the documents.
    pub(super) async fn read(
        tx: &mut Tx,
        key: &PersonKey,
        user: UserId,
    ) -> Result<Self, DocumentError> {
        let profile = profile::load(tx, key, user).await?;
        // The profile only takes zones that parse; one that no longer does counts as not given.
        let zone = profile.value.time_zone;
        Ok(Self {
            dictionary: document::read(tx, key, user, DocName::Dictionary).await?,
            whereabouts: document::read(tx, key, user, DocName::Zones).await?,
            profile: profile.version,
            profile_zone: zone.and_then(|name| Zone::parse(&name).ok()),
            preferences: profile::load_preferences(tx, key, user).await?,
            history: OnceLock::new(),
        })
    }

    /// The documents with their versions.
    pub(super) fn versions(&self) -> [(DocName, i64); 4] {
        [
            (DocName::Dictionary, self.dictionary.version),
            (DocName::Zones, self.whereabouts.version),
            (DocName::Profile, self.profile),
            (DocName::Preferences, self.preferences.version),
        ]
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> u32 {
        self.dictionary
            .value
            .size()
            .saturating_add(self.whereabouts.value.size())
    }

    fn home(&self) -> Zone {
        self.profile_zone
            .clone()
            .or_else(|| self.whereabouts.value.most_seen())
            .unwrap_or_else(Zone::utc)
    }

    fn history(&self) -> &ZoneHistory {
        self.history
            .get_or_init(|| match self.preferences.value.day_zone {
                DayZone::Home => ZoneHistory::fixed(self.home()),
                DayZone::Travel => self.whereabouts.value.history(self.home()),
            })
    }
}

/// What is known about a person, loaded inside one transaction.
#[derive(Debug)]
pub(crate) struct Dossier {
    /// Opens and seals everything of this person.
    pub(crate) key: PersonKey,
    user: UserId,
    /// Shared with later readers until it is changed.
    known: Arc<Known>,
    unsaved: Unsaved,
}

/// Documents that were changed and not written yet.
#[derive(Debug, Default)]
struct Unsaved {
    dictionary: bool,
    whereabouts: bool,
}

/// A metric as responses show it.
pub(crate) struct Described {
    /// Its id, or the name of a type that the catalogue does not know.
    pub(crate) id: String,
    /// UCUM unit, or the unit text of an unknown type.
    pub(crate) unit: String,
    /// How its samples combine.
    pub(crate) kind: Kind,
}

impl Dossier {
    /// Loads what the person's days and samples depend on, to change it or beside a change. Requests
    /// that only read use [`Memory::load`](crate::person::memory::Memory::load).
    pub(crate) async fn load(
        tx: &mut Tx,
        vault: &Vault,
        user: UserId,
    ) -> Result<Self, DocumentError> {
        let key = vault.person_key(tx, user).await?;
        let known = Known::read(tx, &key, user).await?;
        Ok(Self::of(key, user, Arc::new(known)))
    }

    /// Of documents that were read before.
    pub(super) fn of(key: PersonKey, user: UserId, known: Arc<Known>) -> Self {
        // The form of an older version is replaced with the next write.
        let whereabouts = known.whereabouts.value.is_of_older_form();
        Self {
            key,
            user,
            known,
            unsaved: Unsaved {
                dictionary: false,
                whereabouts,
            },
        }
    }

    /// Writes the documents that changed.
    pub(crate) async fn save(&mut self, tx: &mut Tx) -> Result<(), DocumentError> {
        let (key, user) = (&self.key, self.user);
        let known = Arc::make_mut(&mut self.known);
        if std::mem::take(&mut self.unsaved.dictionary) {
            save(tx, key, user, DocName::Dictionary, &mut known.dictionary).await?;
        }
        if std::mem::take(&mut self.unsaved.whereabouts) {
            save(tx, key, user, DocName::Zones, &mut known.whereabouts).await?;
        }
        Ok(())
    }

    /// The table of sources and unknown types.
    pub(crate) fn dictionary(&self) -> &Dictionary {
        &self.known.dictionary.value
    }

    /// Changes the table through `change`, which says whether it did.
    pub(crate) fn dictionary_mut<T>(
        &mut self,
        change: impl FnOnce(&mut Dictionary) -> (T, bool),
    ) -> T {
        let known = Arc::make_mut(&mut self.known);
        let (value, changed) = change(&mut known.dictionary.value);
        self.unsaved.dictionary |= changed;
        value
    }

    /// Remembers where the person was seen.
    pub(crate) fn seen_in(&mut self, zones: &[import::batch::ZoneSeen]) {
        if zones.is_empty() {
            return;
        }
        let home = self.home();
        let known = Arc::make_mut(&mut self.known);
        if known.whereabouts.value.observe(zones, &home) {
            self.unsaved.whereabouts = true;
            known.history = OnceLock::new();
        }
    }

    /// The zone that holds where nothing else is known: the profile's, else the one seen most often,
    /// else UTC.
    pub(crate) fn home(&self) -> Zone {
        self.known.history().home().clone()
    }

    /// The zones that make this person's days.
    pub(crate) fn history(&self) -> ZoneHistory {
        self.known.history().clone()
    }

    /// Which scorer separates sleep from wake where only activity was recorded.
    pub(crate) fn scorer(&self) -> Scorer {
        self.known.preferences.value.sleep_scorer.into()
    }

    /// Which source is believed where they overlap, for a metric.
    pub(crate) fn ranks(&self, metric_id: &str) -> Ranks {
        let left_out = self.left_out(metric_id);
        Ranks::in_order(&self.order(Some(metric_id)))
            .knowing(self.dictionary().copies().to_vec(), left_out)
    }

    /// The same if the sources came in another order.
    pub(crate) fn ranks_in(&self, metric_id: &str, tried: &Tried) -> Ranks {
        let mut left_out = self.left_out(metric_id);
        left_out.retain(|no| !tried.named.contains(no));
        Ranks::in_order(&tried.best_first).knowing(self.dictionary().copies().to_vec(), left_out)
    }

    /// Sources of which nothing counts, because the phone that keeps their records counts nothing of them.
    fn left_out(&self, metric_id: &str) -> Vec<SourceNo> {
        if !COUNTED_BY_PHONES.contains(&metric_id) {
            return Vec::new();
        }
        self.dictionary().left_out(self.wanted(Some(metric_id)))
    }

    /// The order that the person chose.
    fn wanted(&self, metric_id: Option<&str>) -> &[String] {
        let orders = &self.known.preferences.value.source_order;
        let own = metric_id.and_then(|id| orders.get(id));
        let wanted = own.or_else(|| orders.get(EVERY_METRIC));
        wanted.map_or(&[], Vec::as_slice)
    }

    /// Every source, best first, for a metric or for those without an order of their own.
    pub(crate) fn order(&self, metric_id: Option<&str>) -> Vec<SourceNo> {
        self.dictionary()
            .best_first(self.wanted(metric_id))
            .to_vec()
    }

    /// The order of sources where the person did not choose one.
    pub(crate) fn usual_order(&self) -> Arc<[SourceNo]> {
        self.dictionary().usual_order()
    }

    /// What responses call a metric, its unit there, and how its samples combine. A type that the
    /// catalogue does not know is averaged: that claims least.
    pub(crate) fn describe(&self, no: MetricNo) -> Option<Described> {
        if let Some(metric) = model::metric::by_no(no) {
            return Some(Described {
                id: metric.id.to_owned(),
                unit: metric.unit.ucum().to_owned(),
                kind: metric.kind,
            });
        }
        let unknown = self.dictionary().unknown(no)?;
        Some(Described {
            id: unknown.name.clone(),
            unit: unknown.unit.clone(),
            kind: Kind::Discrete,
        })
    }

    /// The name of a source.
    pub(crate) fn source_name(&self, no: SourceNo) -> &str {
        self.dictionary()
            .source(no)
            .map_or("unknown", |source| source.name.as_str())
    }
}

async fn save<T: serde::Serialize>(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    name: DocName,
    document: &mut Document<T>,
) -> Result<(), DocumentError> {
    let expected = match document.version {
        0 => Expected::Absent,
        version => Expected::Version(version),
    };
    document.version = document::write(tx, key, user, name, &document.value, expected).await?;
    Ok(())
}
