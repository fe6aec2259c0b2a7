//! The list of methods: what each is called, which version it has and what it returns.
//!
//! One line per method, so that a column of a result table, a page of the documentation and a
//! stored value can all name the same thing. A version grows when a value may change.

use crate::accel::calibration;
use crate::accel::measure::Measure;
use crate::accel::nonwear;
use crate::effort::{cadence, fitness, guideline, intensity, load, recovery, zones};
use crate::heart::{
    self, artefact, correction, entropy, frequency, geometry, poincare, saturation, time,
};
use crate::method::Analysis;
use crate::report::{day, night};
use crate::rhythm::{
    adat, antilogistic, cosinor, extremes, flm, fluctuation, level, lids, light, periodogram,
    profile, regularity, ssa, stability, timing, transitions, turn,
};
use crate::score::{
    angle, cole_kripke, comparison, crespo, diary, endpoints, naps, need, oakley, periods,
    roenneberg, sadeh, scripps, webster,
};
use crate::stats::{
    anomaly, baseline, changepoint, circular, hampel, kendall, multiplicity, permutation, slope,
    trial, two_groups, weekday,
};
use crate::wear::{choi, inactivity, troiano};

/// Every method of the actigraphy, heart and statistics rooms, in the order of the documentation.
pub const ALL: &[Analysis] = &[
    stability::INTERDAILY_STABILITY,
    stability::INTRADAILY_VARIABILITY,
    extremes::RELATIVE_AMPLITUDE,
    extremes::L5,
    extremes::M10,
    profile::AVERAGE_DAY,
    level::ACTIVITY_LEVEL,
    adat::ADAT,
    turn::ACTIVITY_ONSET,
    turn::ACTIVITY_OFFSET,
    regularity::SLEEP_REGULARITY,
    transitions::KRA,
    transitions::KAR,
    cosinor::COSINOR,
    cosinor::COSINOR_FREE_PERIOD,
    antilogistic::EXTENDED_COSINOR,
    periodogram::LOMB_SCARGLE,
    periodogram::CHI_SQUARE,
    fluctuation::FLUCTUATION,
    lids::LIDS,
    flm::FUNCTIONAL_LINEAR,
    ssa::SINGULAR_SPECTRUM,
    light::TIME_ABOVE,
    light::LIGHT_TIMING,
    timing::SOCIAL_JETLAG,
    timing::CHRONOTYPE,
    timing::COMPOSITE_PHASE_DEVIATION,
    cole_kripke::COLE_KRIPKE,
    webster::WEBSTER,
    sadeh::SADEH,
    scripps::SCRIPPS,
    oakley::OAKLEY,
    crespo::CRESPO,
    roenneberg::ROENNEBERG,
    angle::SUSTAINED_INACTIVITY,
    angle::SLEEP_PERIOD,
    periods::TUDOR_LOCKE,
    endpoints::SLEEP_ENDPOINTS,
    endpoints::SLEEP_MIDPOINT,
    night::NIGHTS,
    day::DAYS,
    diary::SLEEP_DIARY,
    naps::NAPS,
    need::SLEEP_DEBT,
    comparison::SCORING_AGREEMENT,
    choi::CHOI,
    troiano::TROIANO,
    inactivity::INACTIVITY,
    *Measure::Enmo.analysis(),
    *Measure::EnmoAbsolute.analysis(),
    *Measure::VectorMagnitude.analysis(),
    *Measure::Mad.analysis(),
    *Measure::AngleZ.analysis(),
    *Measure::AngleZOfMedians.analysis(),
    *Measure::ActivityIndex.analysis(),
    *Measure::ActivityIndexFiltered.analysis(),
    *Measure::Bfen.analysis(),
    *Measure::Hfen.analysis(),
    *Measure::HfenPlus.analysis(),
    *Measure::CountsX.analysis(),
    *Measure::CountsY.analysis(),
    *Measure::CountsZ.analysis(),
    *Measure::CountsMagnitude.analysis(),
    calibration::AUTOCALIBRATION,
    nonwear::NONWEAR_RAW,
    time::SDNN,
    time::RMSSD,
    time::PNN50,
    geometry::TRIANGULAR_INDEX,
    geometry::TINN,
    poincare::POINCARE,
    frequency::BAND_POWER,
    frequency::BAND_POWER_LOMB,
    entropy::SAMPLE_ENTROPY,
    entropy::APPROXIMATE_ENTROPY,
    heart::fluctuation::ALPHA1,
    heart::fluctuation::ALPHA2,
    artefact::ARTEFACT,
    correction::BEAT_CORRECTION,
    saturation::T90,
    saturation::DESATURATION_INDEX,
    recovery::HEART_RATE_RECOVERY,
    zones::HEART_RATE_ZONES,
    load::TRIMP,
    load::ACUTE_CHRONIC,
    fitness::FITNESS_PERCENTILE,
    fitness::FITNESS_TREND,
    cadence::CADENCE_BANDS,
    cadence::PEAK_CADENCE,
    intensity::INTENSITY,
    guideline::WEEKLY_TARGET,
    slope::THEIL_SEN,
    kendall::MANN_KENDALL,
    hampel::HAMPEL,
    baseline::ROBUST_Z,
    changepoint::CHANGE_POINTS,
    permutation::PERMUTATION,
    two_groups::MANN_WHITNEY,
    multiplicity::BENJAMINI_HOCHBERG,
    circular::CIRCULAR,
    weekday::DAY_OF_WEEK,
    anomaly::ANOMALY_DAYS,
    trial::BEFORE_AFTER,
    trial::CROSSOVER,
    trial::LAGGED_ASSOCIATION,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_its_own_name() {
        let mut names: Vec<&str> = ALL.iter().map(|analysis| analysis.id).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(
            ALL.iter()
                .all(|analysis| analysis.version > 0 && !analysis.title.is_empty())
        );
    }
}
