//! Whether somebody still waits for what is being computed: a request that ran out of time or whose client left
//! should not keep a processor.

use std::sync::{Arc, Weak};

/// Held by whoever waits.
#[derive(Debug)]
pub(crate) struct Waiting(#[expect(dead_code, reason = "it is there or not")] Arc<()>);

/// Asked by what computes.
#[derive(Debug)]
pub struct StillWanted(Weak<()>);

/// Both sides.
pub(crate) fn wanted() -> (Waiting, StillWanted) {
    let waiting = Arc::new(());
    let wanted = Arc::downgrade(&waiting);
    (Waiting(waiting), StillWanted(wanted))
}

impl StillWanted {
    /// Whether somebody waits.
    pub fn is(&self) -> bool {
        self.0.strong_count() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_wanted_as_long_as_somebody_waits() {
        let (waiting, wanted) = wanted();
        assert!(wanted.is());
        drop(waiting);
        assert!(!wanted.is());
    }
}
