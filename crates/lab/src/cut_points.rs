//! Which cut points of intensity fit a recording when none are named.
//!
//! Cut points belong to a device, a place on the body and a way of counting. Where the recording does not
//! fit one of the publications there are none: minutes of moderate movement must never come from cut points
//! of another device.

use analysis::effort::intensity::{self, CutPoints};

use crate::load::Loaded;

/// The cut points that fit what the recording says about itself.
pub(crate) fn of(loaded: &Loaded) -> Option<&'static CutPoints> {
    let place = loaded.header.worn_at.as_deref().unwrap_or_default();
    let id = fitting(loaded.header.format, &loaded.channel, place)?;
    intensity::named(id)
}

fn fitting(format: &str, channel: &str, place: &str) -> Option<&'static str> {
    let place = place.to_lowercase();
    let is_hip = ["hip", "waist"].iter().any(|name| place.contains(name));
    let is_elsewhere = !is_hip && !place.is_empty() && !place.contains("wrist");
    // Counts are worn at the hip unless the file says otherwise, raw acceleration at the wrist.
    match (format, channel) {
        _ if is_elsewhere => None,
        ("agd" | "actigraph_csv", "vector_magnitude") if !place.contains("wrist") => {
            Some("sasaki_2011")
        }
        ("agd" | "actigraph_csv", "axis1") | ("nhanes_minutes", "activity")
            if !place.contains("wrist") =>
        {
            Some("troiano_2008")
        }
        ("gt3x", "enmo") if is_hip => Some("hildebrand_hip_actigraph"),
        ("gt3x", "enmo") => Some("hildebrand_wrist_actigraph"),
        ("geneactiv", "enmo") if is_hip => Some("hildebrand_hip_geneactiv"),
        ("geneactiv", "enmo") => Some("hildebrand_wrist_geneactiv"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_published_for_the_device_and_place_is_used() {
        let check = |format: &str, channel: &str, place: &str, expect: Option<&str>| {
            let found = fitting(format, channel, place);
            assert_eq!(found, expect, "{format} {channel} {place}");
            assert!(
                found.is_none_or(|id| intensity::named(id).is_some()),
                "{found:?}"
            );
        };
        check("agd", "vector_magnitude", "", Some("sasaki_2011"));
        check("agd", "axis1", "Left Waist", Some("troiano_2008"));
        check("agd", "axis1", "Non-Dominant Wrist", None);
        check(
            "gt3x",
            "enmo",
            "Dominant Wrist",
            Some("hildebrand_wrist_actigraph"),
        );
        check(
            "gt3x",
            "enmo",
            "Right Hip",
            Some("hildebrand_hip_actigraph"),
        );
        check("gt3x", "mad", "", None);
        check("geneactiv", "enmo", "left ankle", None);
        check("nhanes_minutes", "activity", "", Some("troiano_2008"));
        check("nhanes_minutes", "mims", "", None);
        check("awd", "activity", "", None);
    }
}
