//! Every entry of the reference files is either compared by a test of this folder or listed here
//! with the reason why not.

use std::collections::BTreeSet;

use crate::reference::{Recording, recordings};

/// Entries that are compared, by their last name.
const COMPARED: &[&str] = &[
    "CK_mean",
    "CK_mean_norescore",
    "CK_30sec_max_non_overlap",
    "CK_10sec_max_non_overlap",
    "CK_30sec_max_non_overlap_norescore",
    "CK_10sec_max_non_overlap_norescore",
    "Sadeh",
    "Scripps",
    "Oakley_20",
    "Oakley_40",
    "Oakley_80",
    "Oakley_automatic",
    "Oakley_automatic_threshold_value",
    "Crespo",
    "Roenneberg",
    "Sadeh1994_clip300_threshold_minus4",
    "Sadeh1994_clip300_threshold_0",
    "Sadeh1994_noclip_threshold_minus4",
    "Sadeh_PS_first20",
    "CK1992_60s_actilife_counts_div100_clip300",
    "CK1992_60s_unscaled",
    "CK1992_max30s_weight121",
    "CK1992_max10s_weight309",
    "nonparametric",
    "average_daily_profile",
    "transition_probabilities",
    "sleep",
    "cosinor",
    "fractal",
    "LIDS",
    "FLM",
    "SSA",
    "light",
    "inactivity_mask_2h",
    "sleep_diary_report",
    "nparACT_base_unrounded",
    "nparACT_base_unrounded_fulldays_FALSE",
    "GGIR_g.IVIS_counts",
    "ActCR_calendar_days",
    "cosinor_and_extended_cosinor_counts",
    "cosinor_and_extended_cosinor_log1p",
];

/// Entries that describe and measure nothing.
const DESCRIPTIONS: &[&str] = &[
    "meta",
    "definition",
    "start",
    "epoch_seconds",
    "n",
    "R",
    "nparACT",
    "GGIR",
    "ActCR",
    "note",
];

/// Entries that are not compared, with the reason.
const NOT_COMPARED: &[(&str, &str)] = &[
    (
        "Roenneberg_10min",
        "a resampled form that the package cannot finish at the end of recordings",
    ),
    (
        "CK_10sec_max_overlap",
        "the package's weights are neither the paper's nor documented",
    ),
    (
        "CK_10sec_max_overlap_norescore",
        "the package's weights are neither the paper's nor documented",
    ),
    (
        "CSM",
        "the device's own sleep scoring on its own counts, not published",
    ),
    (
        "nparACT_base_as_published_rounded_2_digits",
        "the unrounded values are compared",
    ),
    (
        "GGIR_g.IVIS_threshold40",
        "the same arithmetic on inactivity coded as 1",
    ),
    (
        "GGIR_SSP_60s",
        "its scales and segments are GGIR's own (alpha 0.936 where pyActigraphy has 0.991); its ABI is \
         compared on its own alpha",
    ),
    (
        "GGIR_HASIB_counts_as_zeroCrossing",
        "Sadeh and Cole-Kripke for zero crossings: counts / 6, sleep at 0 and above instead of above -4, \
         and GGIR's own padding; ActiLife's and the published forms are compared instead",
    ),
];

#[test]
fn every_reference_is_compared_or_excused() {
    let mut seen = BTreeSet::new();
    for recording in recordings() {
        let Recording {
            reference,
            r,
            scoring,
            textbook,
            ..
        } = recording;
        for file in [reference, r, scoring, textbook] {
            for name in file.as_object().unwrap().keys() {
                let excused = NOT_COMPARED.iter().any(|(entry, _)| entry == name);
                let known = [COMPARED, DESCRIPTIONS].concat().contains(&name.as_str()) || excused;
                assert!(
                    known,
                    "{name} of {} is neither compared nor excused",
                    recording.id
                );
                if excused {
                    seen.insert(name.clone());
                }
            }
        }
    }
    let mut section = "| entry | reason |\n|---|---|\n".to_owned();
    for (entry, reason) in NOT_COMPARED {
        section.push_str(&["| ", entry, " | ", reason, " |\n"].concat());
    }
    crate::pages::validated("not compared", &section);
    for (entry, reason) in NOT_COMPARED {
        println!("not compared: {entry}: {reason}");
        assert!(
            seen.contains(*entry) || !oracle::data::has_both(),
            "{entry} is in no reference"
        );
    }
}
