//! The scorers of sleep and wake by name, each with the settings that its name stands for.
//!
//! A bare name is the published definition; a name with a suffix is what a program makes of it.

use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::score::scored::{Scored, counted};
use crate::score::{cole_kripke, crespo, oakley, roenneberg, sadeh, scripps, webster};
use crate::series::Series;

/// A scorer with its settings.
#[derive(Debug)]
pub struct Scorer {
    /// Name on the command line and in results.
    pub id: &'static str,
    /// The method behind it.
    pub method: &'static Analysis,
    /// What it does and with which settings, in a sentence.
    pub about: &'static str,
    /// Whether its weights and limits are those of counts.
    pub needs: Needs,
    /// Scores a series whatever its unit; sleep (or rest) is 1. Recordings go through [`Scorer::judge`].
    pub score: fn(&Series) -> Outcome<Scored>,
}

/// What the activity counts; many rules were made for counts and mean nothing on another scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivityScale {
    /// Counts of a device.
    Counts,
    /// Acceleration, steps, or a unit that nobody names.
    Other,
}

/// What a scorer can be applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Counts: its limits are numbers of them.
    Counts,
    /// Activity of any unit: its limits are shares of the recording.
    AnyScale,
}

impl Scorer {
    /// Scores a recording; an error where its scale or its unit is not one that the scorer was made for.
    pub fn judge(&self, series: &Series, scale: ActivityScale) -> Outcome<Scored> {
        self.fits(scale)?;
        if self.needs == Needs::Counts {
            counted(series)?;
        }
        (self.score)(series)
    }

    /// An error when the activity has a scale that the scorer was not made for.
    pub fn fits(&self, scale: ActivityScale) -> Result<(), Insufficient> {
        match (self.needs, scale) {
            (Needs::Counts, ActivityScale::Other) => {
                let of = "activity in counts, which the limits of the scorer are";
                Err(Insufficient::new(of, 1.0, 0.0))
            }
            (Needs::Counts, ActivityScale::Counts) | (Needs::AnyScale, _) => Ok(()),
        }
    }
}

/// Oakley with the threshold taken from the recording: the default for counts.
pub const OAKLEY_AUTOMATIC: Scorer = Scorer {
    id: "oakley_automatic",
    method: &oakley::OAKLEY,
    about: "Oakley with the automatic threshold, on the epoch of the recording.",
    needs: Needs::Counts,
    score: |series| oakley::score(series, oakley::Threshold::Automatic, oakley::Tie::Sleep),
};

/// Oakley at the medium threshold, the setting of Actiware.
pub const OAKLEY: Scorer = Scorer {
    id: "oakley",
    method: &oakley::OAKLEY,
    about: "Oakley at the medium threshold of 40, on the epoch of the recording.",
    needs: Needs::Counts,
    score: |series| oakley::score(series, oakley::Threshold::Fixed(40.0), oakley::Tie::Sleep),
};

/// Cole-Kripke as `ActiLife` applies it to `ActiGraph` counts.
pub const COLE_KRIPKE_ACTILIFE: Scorer = Scorer {
    id: "cole_kripke_actilife",
    method: &cole_kripke::COLE_KRIPKE,
    about: "Cole-Kripke on minute sums divided by 100 and clipped at 300, as ActiLife 6.",
    needs: Needs::Counts,
    score: |series| cole_kripke::score(series, &cole_kripke::ACTILIFE),
};

/// Cole-Kripke as `ActiLife` applies it, with Webster's rules: what the nights of the server are scored by.
pub const COLE_KRIPKE_ACTILIFE_WEBSTER: Scorer = Scorer {
    id: "cole_kripke_actilife_webster",
    method: &webster::WEBSTER,
    about: "Cole-Kripke as ActiLife 6, then Webster's rules, as nights of the server are scored.",
    needs: Needs::Counts,
    score: |series| rescored(&cole_kripke::score(series, &cole_kripke::ACTILIFE)?),
};

/// Roenneberg: the default where the activity is not counted.
pub const ROENNEBERG: Scorer = Scorer {
    id: "roenneberg",
    method: &roenneberg::ROENNEBERG,
    about: "Consolidated sleep bouts of Roenneberg.",
    needs: Needs::AnyScale,
    score: roenneberg::score,
};

/// Every scorer of activity.
pub const SCORERS: &[Scorer] = &[
    Scorer {
        id: "cole_kripke",
        method: &cole_kripke::COLE_KRIPKE,
        about: "Cole-Kripke on minute sums as they are (mean activity per minute).",
        needs: Needs::Counts,
        score: |series| cole_kripke::score(series, &cole_kripke::PAPER_MEAN),
    },
    COLE_KRIPKE_ACTILIFE,
    Scorer {
        id: "cole_kripke_webster",
        method: &webster::WEBSTER,
        about: "Cole-Kripke on minute sums as they are, then Webster's rules, as in Cole's paper.",
        needs: Needs::Counts,
        score: |series| rescored(&cole_kripke::score(series, &cole_kripke::PAPER_MEAN)?),
    },
    COLE_KRIPKE_ACTILIFE_WEBSTER,
    Scorer {
        id: "sadeh",
        method: &sadeh::SADEH,
        about: "Sadeh on minute sums clipped at 300, sleep above 0.",
        needs: Needs::Counts,
        score: |series| sadeh::score(series, &sadeh::PAPER),
    },
    Scorer {
        id: "sadeh_actilife",
        method: &sadeh::SADEH,
        about: "Sadeh on minute sums clipped at 300, sleep above -4, as ActiLife 6.",
        needs: Needs::Counts,
        score: |series| sadeh::score(series, &sadeh::ACTILIFE),
    },
    Scorer {
        id: "scripps",
        method: &scripps::SCRIPPS,
        about: "Scripps, on the epoch of the recording.",
        needs: Needs::Counts,
        score: scripps::score,
    },
    OAKLEY,
    OAKLEY_AUTOMATIC,
    Scorer {
        id: "crespo",
        method: &crespo::CRESPO,
        about: "Rest periods of Crespo, zeros counted in minutes.",
        needs: Needs::AnyScale,
        score: |series| crespo::score(series, crespo::Zeros::Minutes),
    },
    ROENNEBERG,
];

/// Minutes after Webster's rules.
fn rescored(scored: &Measured<Scored>) -> Outcome<Scored> {
    let value = webster::rescored(&scored.value)?;
    Ok(Measured::new(value, scored.coverage))
}

/// The scorer of a name.
pub fn named(name: &str) -> Option<&'static Scorer> {
    SCORERS.iter().find(|scorer| scorer.id == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `analyze` scores with Webster's rules is what the server does.
    #[test]
    fn rescoring_changes_quiet_wakefulness_only() {
        let counts = (0..3 * 1440_u32).map(|minute| {
            let active = minute / 480 % 3 > 0 && minute % 71 > 12;
            if active { 9_000.0 } else { 0.0 }
        });
        let series = Series::new(0, 60, counts.collect());
        for (plain, rescored) in [
            ("cole_kripke", "cole_kripke_webster"),
            ("cole_kripke_actilife", "cole_kripke_actilife_webster"),
        ] {
            let of = |id| (named(id).unwrap().score)(&series).unwrap().value;
            let (plain, found) = (of(plain), of(rescored));
            assert!(found == webster::rescored(&plain).unwrap());
            let asleep = |scored: &Scored| scored.text().matches('1').count();
            assert!(asleep(&found) < asleep(&plain));
        }
    }

    #[test]
    fn every_scorer_scores_one_minute_epochs() {
        let counts = (0..3 * 1440_u32).map(|minute| f64::from(minute / 480 % 3 * (minute % 71)));
        let series = Series::new(0, 60, counts.collect());
        for scorer in SCORERS {
            let scored = (scorer.score)(&series).unwrap_or_else(|_| panic!("{}", scorer.id));
            assert_eq!(scored.value.len(), series.len(), "{}", scorer.id);
            assert!(named(scorer.id).is_some());
        }
    }
}
