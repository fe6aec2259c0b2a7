//! Chance that is not: a sequence of numbers that a date and a purpose always repeat.
//!
//! Written out here (`SplitMix64`, Steele et al. 2014) because the sequences of a library may change with
//! its version, and then the demo person's past would. It must never make a secret.

use jiff::civil::Date;

use crate::demo::who::Who;

/// A repeatable sequence.
pub(super) struct Chance(u64);

impl Chance {
    /// The sequence of a purpose on a date of a person.
    pub(super) fn of(date: Date, purpose: &str, who: Who) -> Self {
        let date = date.to_string();
        Self(digest(&[
            date.as_bytes(),
            purpose.as_bytes(),
            who.name().as_bytes(),
        ]))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in `[0, 1)`.
    fn fraction(&mut self) -> f64 {
        let bits = u32::try_from(self.next() >> 32).unwrap_or_default();
        f64::from(bits) / (f64::from(u32::MAX) + 1.0)
    }

    /// A number in `[low, high)`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.fraction()
    }

    /// A number near `mean`, at most twice `spread` away.
    pub(super) fn around(&mut self, mean: f64, spread: f64) -> f64 {
        // The sum of four uniform numbers is close to a bell.
        let sum: f64 = (0..4).map(|_| self.fraction()).sum();
        mean + spread * (sum - 2.0)
    }

    /// A whole number in `[low, high)`.
    pub(super) fn whole(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high - low).unwrap_or(1).max(1);
        low + i64::try_from(self.next() % width).unwrap_or_default()
    }

    /// True in the given share of cases.
    pub(super) fn happens(&mut self, share: f64) -> bool {
        self.fraction() < share
    }
}

/// A 64-bit digest (FNV-1a) of parts; the same parts always give the same.
pub(super) fn digest(parts: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.iter().chain(&[0xff]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn numbers_stay_in_their_bounds_and_repeat() {
        let mut one = Chance::of(date(2026, 5, 1), "steps", Who::Robin);
        let mut two = Chance::of(date(2026, 5, 1), "steps", Who::Robin);
        for _ in 0..1_000 {
            let number = one.around(10.0, 3.0);
            assert!((4.0..=16.0).contains(&number));
            assert_eq!(number.to_bits(), two.around(10.0, 3.0).to_bits());
            assert!((-3..4).contains(&one.whole(-3, 4)));
            two.whole(-3, 4);
        }
        let mut other = Chance::of(date(2026, 5, 2), "steps", Who::Robin);
        assert_ne!(one.next(), other.next());
    }
}
