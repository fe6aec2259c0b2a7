//! Workout activities: the numbers of HealthKit, one id each, and the names that apps and SDKs use.
//!
//! A name that is not in the table is kept as it came; this never guesses by similarity.

use crate::metric::squashed;

/// One workout activity.
#[derive(Debug, PartialEq, Eq)]
pub struct Activity {
    /// The raw value of HealthKit's enumeration.
    pub raw: u32,
    /// The id in responses: the HealthKit identifier without its prefix, in snake case.
    pub id: &'static str,
    /// Every other name that apps and SDKs use.
    pub aliases: &'static [&'static str],
}

/// The prefix of HealthKit's identifiers of activities.
const PREFIX: &str = "HKWorkoutActivityType";

/// The activity with this raw value in HealthKit.
pub fn by_raw(raw: u32) -> Option<&'static Activity> {
    ACTIVITIES
        .binary_search_by_key(&raw, |activity| activity.raw)
        .ok()
        .and_then(|at| ACTIVITIES.get(at))
}

/// The activity that any of its names means: its id, HealthKit identifier, an alias, or its raw value
/// in digits. Letter case, spaces, `_` and `-` do not matter.
pub fn by_name(name: &str) -> Option<&'static Activity> {
    let name = name.trim();
    if let Ok(raw) = name.parse() {
        return by_raw(raw);
    }
    let name = name.strip_prefix(PREFIX).unwrap_or(name);
    let mut buffer = [0; NAME_MAX];
    let name = squashed(name, &mut buffer)?;
    ACTIVITIES.iter().find(|activity| {
        let mut buffer = [0; NAME_MAX];
        let mut is = |known: &&str| squashed(known, &mut buffer) == Some(name);
        is(&activity.id) || activity.aliases.iter().any(is)
    })
}

/// The activity with this `EXERCISE_TYPE` number of Health Connect.
pub fn by_health_connect(number: u32) -> Option<&'static Activity> {
    HEALTH_CONNECT
        .iter()
        .find(|(known, _)| *known == number)
        .and_then(|(_, id)| by_name(id))
}

/// Whether the name of an activity says that it happened indoors.
pub fn indoor_in_name(name: &str) -> Option<bool> {
    let name = name.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if says(&["indoor", "treadmill", "stationary", "pool", "machine"]) {
        Some(true)
    } else if says(&["outdoor", "open_water", "open water", "trail"]) {
        Some(false)
    } else {
        None
    }
}

/// No known name is longer, squashed.
const NAME_MAX: usize = 64;

/// Every activity, ordered by raw value.
pub static ACTIVITIES: &[Activity] = &[
    activity(1, "american_football", &["football_american"]),
    activity(2, "archery", &[]),
    activity(3, "australian_football", &["football_australian"]),
    activity(4, "badminton", &[]),
    activity(5, "baseball", &[]),
    activity(6, "basketball", &[]),
    activity(7, "bowling", &[]),
    activity(8, "boxing", &[]),
    activity(9, "climbing", &["rock_climbing", "indoor_climbing"]),
    activity(10, "cricket", &[]),
    activity(11, "cross_training", &[]),
    activity(12, "curling", &[]),
    activity(
        13,
        "cycling",
        &[
            "biking",
            "bike",
            "outdoor_cycling",
            "indoor_cycling",
            "outdoor_cycle",
            "indoor_cycle",
            "outdoor_bike",
            "stationary_bike",
            "cycling_stationary",
            "biking_stationary",
            "mountain_bike",
            "mountain_biking",
            "spinning",
            "road_biking",
        ],
    ),
    activity(14, "dance", &["dancing"]),
    activity(15, "dance_inspired_training", &[]),
    activity(16, "elliptical", &["elliptical_trainer"]),
    activity(17, "equestrian_sports", &["equestrian", "horseback_riding"]),
    activity(18, "fencing", &[]),
    activity(19, "fishing", &[]),
    activity(
        20,
        "functional_strength_training",
        &["calisthenics", "functional_training"],
    ),
    activity(21, "golf", &[]),
    activity(22, "gymnastics", &[]),
    activity(23, "handball", &[]),
    activity(24, "hiking", &["snowshoeing", "backpacking"]),
    activity(
        25,
        "hockey",
        &["ice_hockey", "roller_hockey", "field_hockey"],
    ),
    activity(26, "hunting", &[]),
    activity(27, "lacrosse", &[]),
    activity(28, "martial_arts", &["karate", "judo", "taekwondo"]),
    activity(
        29,
        "mind_and_body",
        &["guided_breathing", "meditation", "mindful_cooldown"],
    ),
    activity(30, "mixed_metabolic_cardio_training", &[]),
    activity(
        31,
        "paddle_sports",
        &["paddling", "kayaking", "canoeing", "paddleboarding"],
    ),
    activity(32, "play", &[]),
    activity(33, "preparation_and_recovery", &[]),
    activity(34, "racquetball", &[]),
    activity(
        35,
        "rowing",
        &["rowing_machine", "rower", "indoor_rowing", "outdoor_rowing"],
    ),
    activity(36, "rugby", &[]),
    activity(
        37,
        "running",
        &[
            "run",
            "outdoor_run",
            "indoor_run",
            "outdoor_running",
            "indoor_running",
            "running_treadmill",
            "treadmill",
            "treadmill_running",
            "trail_running",
            "trail_run",
            "jogging",
        ],
    ),
    activity(38, "sailing", &[]),
    activity(
        39,
        "skating_sports",
        &["skating", "ice_skating", "inline_skating", "roller_skating"],
    ),
    activity(40, "snow_sports", &[]),
    activity(41, "soccer", &["football"]),
    activity(42, "softball", &[]),
    activity(43, "squash", &[]),
    activity(
        44,
        "stair_climbing",
        &["stair_climbing_machine", "stair_stepper", "stairclimber"],
    ),
    activity(45, "surfing_sports", &["surfing"]),
    activity(
        46,
        "swimming",
        &[
            "swim",
            "pool_swim",
            "open_water_swim",
            "swimming_pool",
            "swimming_open_water",
            "pool_swimming",
            "open_water_swimming",
        ],
    ),
    activity(47, "table_tennis", &[]),
    activity(48, "tennis", &[]),
    activity(49, "track_and_field", &[]),
    activity(
        50,
        "traditional_strength_training",
        &[
            "strength_training",
            "weightlifting",
            "weight_training",
            "gym",
            "strength",
        ],
    ),
    activity(51, "volleyball", &[]),
    activity(
        52,
        "walking",
        &[
            "walk",
            "outdoor_walk",
            "indoor_walk",
            "outdoor_walking",
            "indoor_walking",
            "treadmill_walking",
        ],
    ),
    activity(53, "water_fitness", &[]),
    activity(54, "water_polo", &[]),
    activity(55, "water_sports", &[]),
    activity(56, "wrestling", &[]),
    activity(57, "yoga", &[]),
    activity(58, "barre", &[]),
    activity(59, "core_training", &["core"]),
    activity(60, "cross_country_skiing", &["cross_country_ski"]),
    activity(61, "downhill_skiing", &["skiing", "alpine_skiing"]),
    activity(62, "flexibility", &["stretching"]),
    activity(63, "high_intensity_interval_training", &["hiit"]),
    activity(64, "jump_rope", &["jumping_rope", "rope_skipping"]),
    activity(65, "kickboxing", &[]),
    activity(66, "pilates", &[]),
    activity(67, "snowboarding", &[]),
    activity(68, "stairs", &[]),
    activity(69, "step_training", &[]),
    activity(
        70,
        "wheelchair_walk_pace",
        &[
            "wheelchair_walk",
            "wheelchair",
            "outdoor_wheelchair_walk_pace",
        ],
    ),
    activity(
        71,
        "wheelchair_run_pace",
        &["wheelchair_run", "outdoor_wheelchair_run_pace"],
    ),
    activity(72, "tai_chi", &[]),
    activity(
        73,
        "mixed_cardio",
        &[
            "cardio",
            "cardio_training",
            "boot_camp",
            "exercise_class",
            "aerobics",
            "mixed_metabolic",
        ],
    ),
    activity(74, "hand_cycling", &["outdoor_hand_cycling"]),
    activity(
        75,
        "disc_sports",
        &["frisbee_disc", "frisbee", "ultimate_frisbee"],
    ),
    activity(76, "fitness_gaming", &[]),
    activity(77, "cardio_dance", &["zumba"]),
    activity(78, "social_dance", &["ballroom_dance"]),
    activity(79, "pickleball", &["pickelball"]),
    activity(80, "cooldown", &[]),
    activity(82, "swim_bike_run", &["triathlon", "multisport"]),
    activity(83, "transition", &[]),
    activity(84, "underwater_diving", &["scuba_diving", "diving"]),
    activity(2_998, "rest", &[]),
    activity(2_999, "group", &[]),
    activity(
        3_000,
        "other",
        &[
            "workout",
            "other_workout",
            "exercise",
            "activity",
            "paragliding",
        ],
    ),
];

const fn activity(raw: u32, id: &'static str, aliases: &'static [&'static str]) -> Activity {
    Activity { raw, id, aliases }
}

/// `ExerciseSessionRecord.EXERCISE_TYPE_*` of Health Connect.
const HEALTH_CONNECT: &[(u32, &str)] = &[
    (0, "other"),
    (2, "badminton"),
    (4, "baseball"),
    (5, "basketball"),
    (8, "cycling"),
    (9, "cycling"),
    (10, "mixed_cardio"),
    (11, "boxing"),
    (13, "functional_strength_training"),
    (14, "cricket"),
    (16, "dance"),
    (25, "elliptical"),
    (26, "mixed_cardio"),
    (27, "fencing"),
    (28, "american_football"),
    (29, "australian_football"),
    (31, "disc_sports"),
    (32, "golf"),
    (33, "mind_and_body"),
    (34, "gymnastics"),
    (35, "handball"),
    (36, "high_intensity_interval_training"),
    (37, "hiking"),
    (38, "hockey"),
    (39, "skating_sports"),
    (44, "martial_arts"),
    (46, "paddle_sports"),
    (47, "other"),
    (48, "pilates"),
    (50, "racquetball"),
    (51, "climbing"),
    (52, "hockey"),
    (53, "rowing"),
    (54, "rowing"),
    (55, "rugby"),
    (56, "running"),
    (57, "running"),
    (58, "sailing"),
    (59, "underwater_diving"),
    (60, "skating_sports"),
    (61, "downhill_skiing"),
    (62, "snowboarding"),
    (63, "hiking"),
    (64, "soccer"),
    (65, "softball"),
    (66, "squash"),
    (68, "stair_climbing"),
    (69, "stair_climbing"),
    (70, "traditional_strength_training"),
    (71, "flexibility"),
    (72, "surfing_sports"),
    (73, "swimming"),
    (74, "swimming"),
    (75, "table_tennis"),
    (76, "tennis"),
    (78, "volleyball"),
    (79, "walking"),
    (80, "water_polo"),
    (81, "traditional_strength_training"),
    (82, "wheelchair_walk_pace"),
    (83, "yoga"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn names_are_unambiguous_and_numbers_sorted() {
        assert!(ACTIVITIES.is_sorted_by(|a, b| a.raw < b.raw));
        let mut seen = BTreeMap::new();
        for activity in ACTIVITIES {
            for name in [activity.id].iter().chain(activity.aliases) {
                let other = seen.insert(name.replace('_', ""), activity.id);
                assert_eq!(other, None, "{name} is {} too", activity.id);
            }
        }
        for (_, id) in HEALTH_CONNECT {
            assert_eq!(by_name(id).map(|activity| activity.id), Some(*id));
        }
    }

    #[test]
    fn names_of_apps_are_known() {
        let check = |name: &str, expect: &str| {
            assert_eq!(
                by_name(name).map(|activity| activity.id),
                Some(expect),
                "{name}"
            );
        };
        check("HKWorkoutActivityTypeRunning", "running");
        check("Outdoor Run", "running");
        check("CYCLING_STATIONARY", "cycling");
        check(
            "High Intensity Interval Training",
            "high_intensity_interval_training",
        );
        check(
            "Traditional Strength Training",
            "traditional_strength_training",
        );
        check("3000", "other");
        check("52", "walking");
        assert_eq!(by_name("Quidditch"), None);
        assert_eq!(
            by_health_connect(56).map(|activity| activity.id),
            Some("running")
        );
        assert_eq!(indoor_in_name("Indoor Run"), Some(true));
        assert_eq!(indoor_in_name("Outdoor Run"), Some(false));
        assert_eq!(indoor_in_name("Running"), None);
    }

    #[test]
    fn every_healthkit_activity_is_in_the_table() {
        let Some(path) = oracle::data::beside("healthkit_types.csv") else {
            return;
        };
        let table = oracle::data::text(&path);
        let mut count = 0;
        for line in table.lines() {
            let mut fields = line.split(',');
            let (Some(identifier), Some("workout")) = (fields.next(), fields.next()) else {
                continue;
            };
            count += 1;
            let activity = by_name(identifier).unwrap_or_else(|| panic!("{identifier}"));
            assert!(
                line.contains(&format!("raw value {}", activity.raw)),
                "{identifier}"
            );
        }
        assert_eq!(count, ACTIVITIES.len());
    }
}
