//! Which activity a sport of a FIT file is.

/// A sport and its kind, the activity, and whether it is indoors. A kind of `None` is every other one.
type Row = (u8, Option<u8>, &'static str, Option<bool>);

const ROWS: &[Row] = &[
    (1, Some(1), "running", Some(true)),
    (1, Some(45), "running", Some(true)),
    (1, Some(58), "running", Some(true)),
    (1, None, "running", None),
    (2, Some(5), "cycling", Some(true)),
    (2, Some(6), "cycling", Some(true)),
    (2, Some(12), "hand_cycling", None),
    (2, Some(58), "cycling", Some(true)),
    (2, Some(88), "hand_cycling", Some(true)),
    (2, None, "cycling", None),
    (3, None, "transition", None),
    (4, Some(14), "rowing", Some(true)),
    (4, Some(15), "elliptical", Some(true)),
    (4, Some(16), "stair_climbing", Some(true)),
    (4, Some(20), "traditional_strength_training", None),
    (4, Some(26), "mixed_cardio", None),
    (4, Some(43), "yoga", None),
    (4, Some(44), "pilates", None),
    (4, Some(70), "high_intensity_interval_training", None),
    (4, None, "mixed_cardio", None),
    (5, Some(17), "swimming", Some(true)),
    (5, Some(18), "swimming", Some(false)),
    (5, None, "swimming", None),
    (6, None, "basketball", None),
    (7, None, "soccer", None),
    (8, None, "tennis", None),
    (9, None, "american_football", None),
    (10, Some(19), "flexibility", None),
    (10, Some(20), "traditional_strength_training", None),
    (10, Some(26), "mixed_cardio", None),
    (10, Some(43), "yoga", None),
    (10, Some(44), "pilates", None),
    (10, Some(62), "mind_and_body", None),
    (10, Some(70), "high_intensity_interval_training", None),
    (10, None, "other", None),
    (11, Some(27), "walking", Some(true)),
    (11, None, "walking", None),
    (12, None, "cross_country_skiing", None),
    (13, None, "downhill_skiing", None),
    (14, None, "snowboarding", None),
    (15, Some(14), "rowing", Some(true)),
    (15, None, "rowing", None),
    (16, None, "climbing", None),
    (17, None, "hiking", None),
    (18, None, "swim_bike_run", None),
    (19, None, "paddle_sports", None),
    (37, None, "paddle_sports", None),
    (41, None, "paddle_sports", None),
    (21, None, "cycling", None),
    (25, None, "golf", None),
    (27, None, "equestrian_sports", None),
    (28, None, "hunting", None),
    (29, None, "fishing", None),
    (30, None, "skating_sports", None),
    (33, None, "skating_sports", None),
    (31, Some(68), "climbing", Some(true)),
    (31, Some(69), "climbing", Some(true)),
    (31, None, "climbing", None),
    (48, None, "climbing", None),
    (32, None, "sailing", None),
    (35, None, "hiking", None),
    (38, None, "surfing_sports", None),
    (39, None, "water_sports", None),
    (40, None, "water_sports", None),
    (42, None, "water_sports", None),
    (43, None, "water_sports", None),
    (44, None, "water_sports", None),
    (76, None, "water_sports", None),
    (77, None, "water_sports", None),
    (47, None, "boxing", None),
    (49, None, "baseball", None),
    (53, None, "underwater_diving", None),
    (82, None, "underwater_diving", None),
    (62, None, "high_intensity_interval_training", None),
    (64, Some(84), "pickleball", None),
    (64, Some(94), "squash", None),
    (64, Some(95), "badminton", None),
    (64, Some(96), "racquetball", None),
    (64, Some(97), "table_tennis", None),
    (65, None, "wheelchair_walk_pace", None),
    (66, None, "wheelchair_run_pace", None),
    (67, None, "mind_and_body", None),
    (69, None, "disc_sports", None),
    (71, None, "cricket", None),
    (72, None, "rugby", None),
    (73, None, "hockey", None),
    (74, None, "lacrosse", None),
    (75, None, "volleyball", None),
    (80, None, "martial_arts", None),
    (83, None, "dance", None),
    (84, None, "jump_rope", None),
];

/// The activity of a sport and its kind, and whether it is indoors where they say so.
pub(crate) fn activity(sport: Option<i64>, kind: Option<i64>) -> (&'static str, Option<bool>) {
    let (sport, kind) = (sport.unwrap_or_default(), kind.unwrap_or_default());
    let found = ROWS.iter().find(|(of, which, ..)| {
        i64::from(*of) == sport && which.is_none_or(|which| i64::from(which) == kind)
    });
    found.map_or(("other", None), |(_, _, activity, indoor)| {
        (activity, *indoor)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_activity_is_one_of_the_catalogue() {
        for (sport, kind, activity, _) in ROWS {
            let found = model::workout::by_name(activity).map(|known| known.id);
            assert_eq!(found, Some(*activity), "{sport} {kind:?}");
        }
        assert_eq!(activity(Some(1), Some(1)), ("running", Some(true)));
        assert_eq!(activity(Some(2), None), ("cycling", None));
        assert_eq!(activity(Some(250), Some(3)), ("other", None));
        assert_eq!(activity(None, None), ("other", None));
    }
}
