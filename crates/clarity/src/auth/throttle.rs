//! Slows down guessing. Tries of one account from one network wait longer and longer; tries from networks from
//! which nobody ever signed in to the account share a budget, so that many networks guess no faster than one.
//!
//! A network from which somebody signed in counts alone: nobody can lock the owner out from elsewhere. A try
//! counts as failed until it succeeds. It holds keyed hashes of addresses, never addresses.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::auth::network::Network;

/// Failures of one network that cost no waiting: people mistype.
const FREE_FAILURES: u32 = 5;
/// Failures of all strange networks together that cost no waiting.
const FREE_STRANGE: u32 = 20;
/// The longest wait of one network.
const WAIT_MAX_S: i64 = 15 * 60;
/// The longest wait for a place among strange networks: whoever travels must get in.
const STRANGE_WAIT_MAX_S: i64 = 60;
/// The same for codes of six digits, of which three are right at a time: 96 guesses a day are one in three thousand. Whoever
/// travels has recovery codes, which wait for no place.
const STRANGE_WAIT_MAX_OF_CODES_S: i64 = 15 * 60;
/// Failures are forgotten after this long without another.
const MEMORY_US: i64 = 3_600 * 1_000_000;
/// A network is known for this long after a sign-in.
const KNOWN_US: i64 = 90 * 24 * 3_600 * 1_000_000;
/// Entries of each table; about 10 MB.
const ENTRIES_MAX: usize = 100_000;

type Account = [u8; 32];
type Pair = (Account, Network);

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last_us: i64,
}

impl Failures {
    /// Seconds until the next try, or none.
    fn wait_s(self, free: u32, most_s: i64, now_us: i64) -> Option<u64> {
        let over = self.count.checked_sub(free)?;
        let wait_s = 1_i64.checked_shl(over).unwrap_or(most_s).clamp(1, most_s);
        let wait_us = wait_s * 1_000_000;
        let left_us = self.last_us + wait_us - now_us;
        let left_us = u64::try_from(left_us).ok().filter(|left| *left > 0)?;
        Some(left_us.div_ceil(1_000_000))
    }

    const fn is_old(self, now_us: i64) -> bool {
        self.last_us + MEMORY_US <= now_us
    }
}

#[derive(Debug, Default)]
struct Tables {
    of_pair: HashMap<Pair, Failures>,
    of_strangers: HashMap<Account, Failures>,
    /// When somebody signed in from there last.
    known: HashMap<Pair, i64>,
}

impl Tables {
    fn is_known(&self, pair: &Pair, now_us: i64) -> bool {
        let last_us = self.known.get(pair);
        last_us.is_some_and(|last_us| last_us + KNOWN_US > now_us)
    }
}

/// The memory of sign-ins of this process.
#[derive(Debug)]
pub struct Throttle {
    tables: Mutex<Tables>,
    strange_wait_max_s: i64,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            tables: Mutex::default(),
            strange_wait_max_s: STRANGE_WAIT_MAX_S,
        }
    }
}

impl Throttle {
    /// For codes beside a password.
    pub fn of_codes() -> Self {
        Self {
            tables: Mutex::default(),
            strange_wait_max_s: STRANGE_WAIT_MAX_OF_CODES_S,
        }
    }

    /// The same as [`Throttle::begin`] for what is too long to be guessed: tries from elsewhere do not count.
    pub fn begin_alone(&self, account: Account, network: Network, now_us: i64) -> Result<(), u64> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = (account, network);
        if let Some(failures) = tables.of_pair.get_mut(&pair) {
            failures.last_us = failures.last_us.min(now_us);
        }
        let found = tables.of_pair.get(&pair);
        let found = found.filter(|failures| !failures.is_old(now_us));
        let wait_s = found.and_then(|found| found.wait_s(FREE_FAILURES, WAIT_MAX_S, now_us));
        if let Some(wait_s) = wait_s {
            return Err(wait_s);
        }
        count(&mut tables.of_pair, pair, now_us);
        Ok(())
    }

    /// Begins a try and counts it as failed, or returns how many seconds to wait before the next.
    pub fn begin(&self, account: Account, network: Network, now_us: i64) -> Result<(), u64> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = (account, network);
        // A clock that was set back: what came later than now counts as now, once and for all, so that it does not
        // begin anew with each try.
        if let Some(failures) = tables.of_pair.get_mut(&pair) {
            failures.last_us = failures.last_us.min(now_us);
        }
        if let Some(failures) = tables.of_strangers.get_mut(&account) {
            failures.last_us = failures.last_us.min(now_us);
        }
        let wait = |failures: Option<&Failures>, free, most_s| {
            let failures = failures.filter(|failures| !failures.is_old(now_us))?;
            failures.wait_s(free, most_s, now_us)
        };
        let strange = !tables.is_known(&pair, now_us);
        let own = wait(tables.of_pair.get(&pair), FREE_FAILURES, WAIT_MAX_S);
        let shared = strange
            .then(|| tables.of_strangers.get(&account))
            .and_then(|found| wait(found, FREE_STRANGE, self.strange_wait_max_s));
        if let Some(wait_s) = own.max(shared) {
            return Err(wait_s);
        }
        count(&mut tables.of_pair, pair, now_us);
        if strange {
            count(&mut tables.of_strangers, account, now_us);
        }
        Ok(())
    }

    /// Knows a network from now on: somebody who is signed in came from it.
    pub fn at_home(&self, account: Account, network: Network, now_us: i64) {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut tables.known, |last_us| last_us + KNOWN_US <= now_us);
        tables.known.insert((account, network), now_us);
    }

    /// Forgets the failures of a network from which a sign-in worked; from now on it is known.
    pub fn succeeded(&self, account: Account, network: Network, now_us: i64) {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = (account, network);
        tables.of_pair.remove(&pair);
        let strange = !tables.is_known(&pair, now_us);
        if strange && let Some(failures) = tables.of_strangers.get_mut(&account) {
            // This one was none.
            failures.count = failures.count.saturating_sub(1);
        }
        make_room(&mut tables.known, |last_us| last_us + KNOWN_US <= now_us);
        tables.known.insert(pair, now_us);
    }
}

fn count<K: std::hash::Hash + Eq>(table: &mut HashMap<K, Failures>, key: K, now_us: i64) {
    make_room(table, |failures| failures.is_old(now_us));
    let fresh = Failures {
        count: 0,
        last_us: now_us,
    };
    let entry = table.entry(key).or_insert(fresh);
    if entry.is_old(now_us) {
        *entry = fresh;
    }
    entry.count = entry.count.saturating_add(1);
    entry.last_us = now_us;
}

fn make_room<K: std::hash::Hash + Eq, V: Copy>(
    table: &mut HashMap<K, V>,
    is_old: impl Fn(V) -> bool,
) {
    if table.len() < ENTRIES_MAX {
        return;
    }
    table.retain(|_, value| !is_old(*value));
    // Still full means an attack from very many networks: starting over costs it little.
    if table.len() >= ENTRIES_MAX {
        table.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    const SECOND_US: i64 = 1_000_000;

    fn network(number: u32) -> Network {
        Network::of(IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number)))
    }

    #[test]
    fn waiting_doubles_and_ends() {
        let throttle = Throttle::default();
        let (account, here) = ([1; 32], network(1));
        let mut waits = Vec::new();
        let mut now_us = 0;
        for _ in 0..9 {
            let waited = throttle.begin(account, here, now_us).err().unwrap_or(0);
            if waited > 0 {
                now_us += i64::try_from(waited).expect("short") * SECOND_US;
                throttle.begin(account, here, now_us).expect("waited");
            }
            waits.push(waited);
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8]);
        assert!(throttle.begin([2; 32], here, now_us).is_ok());
        throttle.succeeded(account, here, now_us);
        assert_eq!(throttle.begin(account, here, now_us), Ok(()));
    }

    #[test]
    fn a_clock_that_is_set_back_lengthens_nothing() {
        let throttle = Throttle::default();
        let (account, here) = ([1; 32], network(1));
        let late_us = 1_000_000 * SECOND_US;
        for _ in 0..FREE_FAILURES {
            throttle.begin(account, here, late_us).expect("free");
        }
        assert_eq!(throttle.begin(account, here, 0), Err(1));
        assert_eq!(throttle.begin(account, here, SECOND_US), Ok(()));
    }

    #[test]
    fn codes_are_guessed_slowly_and_recovery_codes_wait_for_nobody() {
        let throttle = Throttle::of_codes();
        let account = [1; 32];
        let mut guesses = 0;
        for minute in 0..24 * 60 {
            for number in 0..10 {
                let from = network(1 + number + minute * 10);
                let now_us = i64::from(minute) * 60 * SECOND_US;
                guesses += u32::from(throttle.begin(account, from, now_us).is_ok());
            }
            let travelling = network(1_000_000 + minute);
            let now_us = i64::from(minute) * 60 * SECOND_US;
            assert_eq!(throttle.begin_alone(account, travelling, now_us), Ok(()));
        }
        assert!((20..130).contains(&guesses), "{guesses} guesses in a day");
    }

    #[test]
    fn many_networks_share_the_guesses_and_the_owner_is_not_locked_out() {
        let throttle = Throttle::default();
        let (account, home) = ([1; 32], network(0));
        throttle.begin(account, home, 0).expect("the owner");
        throttle.succeeded(account, home, 0);
        let mut guesses = 0;
        for second in 0..3_600 {
            // A hundred other networks in every second.
            for number in 1..100 {
                let from = network(1 + (number + second * 100) % 50_000);
                let tried = throttle.begin(account, from, i64::from(second) * SECOND_US);
                guesses += u32::from(tried.is_ok());
            }
            if second % 600 == 0 {
                let now_us = i64::from(second) * SECOND_US;
                assert_eq!(throttle.begin(account, home, now_us), Ok(()), "{second}");
                throttle.succeeded(account, home, now_us);
            }
        }
        assert!((20..120).contains(&guesses), "{guesses} guesses in an hour");
    }
}
