//! Whose products measure and keep files of their own, and the names under which their apps repeat those
//! measurements in the stores of a phone.
//!
//! It only names. What follows from a repetition is decided by the merge rules.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::source::{Source, normalised};

/// A maker of devices and apps whose files are read.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Maker {
    /// Fitbit.
    Fitbit,
    /// Garmin.
    Garmin,
    /// Samsung.
    Samsung,
    /// Oura.
    Oura,
    /// WHOOP.
    Whoop,
    /// Withings.
    Withings,
    /// Google Fit.
    GoogleFit,
    /// Xiaomi, with Mi Fitness.
    MiFitness,
    /// Zepp, with Zepp Life, which was Mi Fit.
    Zepp,
    /// Polar.
    Polar,
    /// Huawei.
    Huawei,
    /// Suunto.
    Suunto,
    /// COROS.
    Coros,
    /// Wahoo.
    Wahoo,
    /// Strava.
    Strava,
    /// Sleep as Android.
    SleepAsAndroid,
    /// Dexcom.
    Dexcom,
    /// Abbott, with `FreeStyle` Libre.
    Libre,
    /// Cronometer.
    Cronometer,
    /// MyFitnessPal.
    MyFitnessPal,
    /// OMRON.
    Omron,
}

/// The names of a maker.
struct Names {
    maker: Maker,
    /// The source of its own files.
    own: &'static str,
    /// Its apps as phones show them, in small letters.
    apps: &'static [&'static str],
    /// Beginnings of their package and bundle ids.
    ids: &'static [&'static str],
}

const fn names(
    maker: Maker,
    own: &'static str,
    apps: &'static [&'static str],
    ids: &'static [&'static str],
) -> Names {
    Names {
        maker,
        own,
        apps,
        ids,
    }
}

const ALL: &[Names] = &[
    names(Maker::Fitbit, "Fitbit", &["fitbit"], &["com.fitbit."]),
    names(
        Maker::Garmin,
        "Garmin",
        &["connect", "garmin connect", "garmin"],
        &["com.garmin."],
    ),
    names(
        Maker::Samsung,
        "Samsung Health",
        &["samsung health", "s health"],
        &["com.sec.android.app.shealth", "com.samsung.health"],
    ),
    names(Maker::Oura, "Oura", &["oura"], &["com.ouraring."]),
    names(Maker::Whoop, "WHOOP", &["whoop"], &["com.whoop."]),
    names(
        Maker::Withings,
        "Withings",
        &["withings", "health mate"],
        &["com.withings."],
    ),
    names(
        Maker::GoogleFit,
        "Google Fit",
        &["google fit", "fit"],
        &["com.google.android.apps.fitness", "com.google.fit"],
    ),
    names(
        Maker::MiFitness,
        "Mi Fitness",
        &["mi fitness", "xiaomi wear"],
        &["com.xiaomi.wearable", "com.mi.health"],
    ),
    names(
        Maker::Zepp,
        "Zepp",
        &["zepp", "zepp life", "mi fit", "amazfit"],
        &["com.huami.", "com.xiaomi.hm.health"],
    ),
    names(
        Maker::Polar,
        "Polar",
        &["polar flow", "polar", "polar beat"],
        &["fi.polar."],
    ),
    names(
        Maker::Huawei,
        "Huawei Health",
        &["huawei health"],
        &["com.huawei.health", "com.huawei.iossporthealth"],
    ),
    names(
        Maker::Suunto,
        "Suunto",
        &["suunto"],
        &["com.stt.android.suunto", "com.sports-tracker.suunto"],
    ),
    names(Maker::Coros, "COROS", &["coros"], &["com.yf.smart.coros"]),
    names(
        Maker::Wahoo,
        "Wahoo",
        &["wahoo", "wahoo fitness"],
        &["com.wahoofitness."],
    ),
    names(Maker::Strava, "Strava", &["strava"], &["com.strava"]),
    names(
        Maker::SleepAsAndroid,
        "Sleep as Android",
        &["sleep as android", "sleep"],
        &["com.urbandroid.sleep"],
    ),
    names(
        Maker::Dexcom,
        "Dexcom",
        &["dexcom", "dexcom g6", "dexcom g7", "dexcom one", "clarity"],
        &["com.dexcom."],
    ),
    names(
        Maker::Libre,
        "LibreView",
        &[
            "librelink",
            "freestyle librelink",
            "libre 3",
            "freestyle libre 3",
            "libre by abbott",
        ],
        &["com.freestylelibre.", "com.abbott."],
    ),
    names(
        Maker::Cronometer,
        "Cronometer",
        &["cronometer"],
        &["com.cronometer."],
    ),
    names(
        Maker::MyFitnessPal,
        "MyFitnessPal",
        &["myfitnesspal"],
        &["com.myfitnesspal."],
    ),
    names(
        Maker::Omron,
        "OMRON",
        &["omron connect", "omron"],
        &["jp.co.omron.healthcare.", "com.omronhealthcare."],
    ),
];

impl Maker {
    /// The maker whose own files have sources of this name.
    pub fn of_files(name: &str) -> Option<Self> {
        let found = ALL.iter().find(|names| names.own == name)?;
        Some(found.maker)
    }

    /// The maker of the app that a source is, where it is one: by its id, or else by its name.
    pub fn of_app(source: &Source) -> Option<Self> {
        let found = if let Some(id) = &source.app_id {
            ALL.iter().find(|names| {
                let mut ids = names.ids.iter();
                ids.any(|begin| id.starts_with(begin))
            })
        } else {
            let name = normalised(&source.name);
            ALL.iter().find(|names| names.apps.contains(&name.as_str()))
        };
        found.map(|names| names.maker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apps_are_known_by_their_ids_or_names() {
        let of = |name: &str, id: Option<&str>| {
            Maker::of_app(&Source {
                app_id: id.map(str::to_owned),
                ..Source::named(name)
            })
        };
        assert_eq!(of("Connect", None), Some(Maker::Garmin));
        assert_eq!(of("OURA", None), Some(Maker::Oura));
        assert_eq!(
            of("x", Some("com.fitbit.FitbitMobile")),
            Some(Maker::Fitbit)
        );
        // An id says more than a name that somebody gave.
        assert_eq!(of("Fitbit", Some("org.example.sync")), None);
        assert_eq!(of("Ada's Apple Watch", None), None);
        assert_eq!(Maker::of_files("WHOOP"), Some(Maker::Whoop));
        assert_eq!(Maker::of_files("Open mHealth"), None);
    }

    #[test]
    fn no_name_is_of_two_makers() {
        for (at, one) in ALL.iter().enumerate() {
            for other in ALL.iter().skip(at + 1) {
                assert!(one.maker != other.maker && one.own != other.own);
                let is_shared = |name: &&&str| other.apps.contains(*name);
                assert!(one.apps.iter().find(is_shared).is_none(), "{}", one.own);
                let mut ids = one.ids.iter();
                assert!(!ids.any(|id| other.ids.iter().any(|begin| id.starts_with(begin))));
            }
        }
    }
}
