//! Whether weeks that are embedded now are like the first ones: one gauge for each quantity.
//!
//! Each week gives one number, the mean of ln(1 + x) over its worn minutes. The numbers of the first
//! [`LEAST`] weeks are kept sealed in the database, those of the last as many in memory; the gauge is
//! the population stability index between them, beside the bound that it exceeds once in a thousand
//! comparisons when nothing changed. It must never tell whose weeks they were.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use pat::drift::{LEAST, stability};
use pat::week::Week;
use serde::{Deserialize, Serialize};
use store::{Tx, Vault};

/// Where the first weeks are kept.
const NAME: &str = "pat_first_weeks";

/// The first weeks of a quantity.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct First(BTreeMap<String, Vec<f64>>);

/// The last weeks of each quantity.
#[derive(Debug, Default)]
pub struct Drift(Mutex<BTreeMap<&'static str, VecDeque<f64>>>);

/// The number of a week; None when nothing was worn.
pub(crate) fn number(week: &Week) -> Option<f64> {
    let worn = week.values.iter().filter(|value| !value.is_nan());
    let (sum, count) = worn.fold((0.0, 0_u32), |(sum, count), value| {
        (sum + value.max(0.0).ln_1p(), count + 1)
    });
    (count > 0).then(|| sum / f64::from(count))
}

impl Drift {
    /// Counts a week: among the first while there are too few, and among the last always.
    pub(crate) async fn count(
        &self,
        vault: &Vault,
        tx: &mut Tx,
        quantity: &'static str,
        number: f64,
    ) -> Result<(), store::Error> {
        let mut first = match store::meta::get(tx, NAME).await? {
            Some(sealed) => {
                let bytes = vault.open_server(NAME, &sealed)?;
                // A form that an older version wrote begins anew.
                serde_json::from_slice(&bytes).unwrap_or_default()
            }
            None => First::default(),
        };
        let known = first.0.entry(quantity.to_owned()).or_default();
        if known.len() < LEAST {
            known.push(number);
            let bytes = serde_json::to_vec(&first).expect("numbers are JSON");
            let sealed = vault.seal_server(NAME, &bytes);
            return store::meta::put(tx, NAME, &sealed).await;
        }
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = last.entry(quantity).or_default();
        recent.push_back(number);
        if recent.len() > LEAST {
            recent.pop_front();
        }
        if let Ok(found) = stability(known, recent.make_contiguous()) {
            metrics::gauge!("clarity_pat_drift_psi", "quantity" => quantity).set(found.index);
            metrics::gauge!("clarity_pat_drift_bound", "quantity" => quantity).set(found.bound);
        }
        Ok(())
    }
}
