//! Slows down guessing: failed sign-ins of one account from one network wait longer and longer.
//!
//! Counted per (account, network), so that nobody can lock a victim out from elsewhere. It holds
//! keyed hashes of addresses, never addresses.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::auth::network::Network;

/// Failures that cost no waiting: people mistype.
const FREE_FAILURES: u32 = 5;
/// The longest wait.
const WAIT_MAX_S: i64 = 15 * 60;
/// Failures are forgotten after this long without another.
const MEMORY_US: i64 = 3_600 * 1_000_000;
/// Pairs remembered at once; about 10 MB.
const PAIRS_MAX: usize = 100_000;

type Pair = ([u8; 32], Network);

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last_us: i64,
}

/// The memory of failed sign-ins of this process.
#[derive(Debug, Default)]
pub struct Throttle {
    failures: Mutex<HashMap<Pair, Failures>>,
}

impl Throttle {
    /// Seconds to wait before the next attempt, or none.
    pub fn wait_s(&self, account: [u8; 32], network: Network, now_us: i64) -> Option<u64> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = failures.get(&(account, network))?;
        let over = failures.count.checked_sub(FREE_FAILURES)?;
        let wait_s = 1_i64
            .checked_shl(over)
            .unwrap_or(WAIT_MAX_S)
            .clamp(1, WAIT_MAX_S);
        let until_us = failures.last_us + wait_s * 1_000_000;
        let left_us = u64::try_from(until_us - now_us)
            .ok()
            .filter(|left| *left > 0)?;
        Some(left_us.div_ceil(1_000_000))
    }

    /// Remembers a failure.
    pub fn failed(&self, account: [u8; 32], network: Network, now_us: i64) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= PAIRS_MAX {
            failures.retain(|_, failures| failures.last_us + MEMORY_US > now_us);
            // Still full means an attack from very many networks: starting over costs it little.
            if failures.len() >= PAIRS_MAX {
                failures.clear();
            }
        }
        let entry = failures.entry((account, network)).or_insert(Failures {
            count: 0,
            last_us: now_us,
        });
        if entry.last_us + MEMORY_US <= now_us {
            entry.count = 0;
        }
        entry.count = entry.count.saturating_add(1);
        entry.last_us = now_us;
    }

    /// Forgets the failures after a sign-in that worked.
    pub fn succeeded(&self, account: [u8; 32], network: Network) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&(account, network));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: i64 = 1_000_000;

    #[test]
    fn waiting_doubles_and_ends() {
        let throttle = Throttle::default();
        let (account, network) = ([1; 32], Network::UNKNOWN);
        let mut waits = Vec::new();
        for _ in 0..8 {
            throttle.failed(account, network, 0);
            waits.push(throttle.wait_s(account, network, 0).unwrap_or(0));
        }
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8]);
        assert_eq!(throttle.wait_s(account, network, 8 * SECOND_US), None);
        assert_eq!(throttle.wait_s([2; 32], network, 0), None);
        for _ in 0..100 {
            throttle.failed(account, network, 0);
        }
        assert_eq!(throttle.wait_s(account, network, 0), Some(900));
        throttle.succeeded(account, network);
        assert_eq!(throttle.wait_s(account, network, 0), None);
    }
}
