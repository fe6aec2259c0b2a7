//! One measurement over an interval of time, in the canonical unit of its metric.
//!
//! Samples carry instants, never local clock text. Category samples (sleep stages, symptoms, stand
//! hours) are the same with an integer code as their value.

use serde::{Deserialize, Serialize};

use crate::source::SourceNo;

/// A provider's object id, reduced to 64 bits; never zero.
pub type Uid = std::num::NonZeroU64;

/// The [`Uid`] of a provider's object id. It is stored, so it must never change: FNV-1a over 64 bits
/// with the finaliser of `MurmurHash3`. A UUID is one id in either case of letters.
pub fn uid_of(id: &str) -> Uid {
    let is_uuid = id.len() == 36
        && id
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in id.bytes() {
        let byte = if is_uuid {
            byte.to_ascii_lowercase()
        } else {
            byte
        };
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    Uid::new(hash ^ (hash >> 33)).unwrap_or(Uid::MAX)
}

/// Microseconds in one second.
pub const SECOND_US: i64 = 1_000_000;
/// Microseconds in one minute.
pub const MINUTE_US: i64 = 60 * SECOND_US;
/// Microseconds in one hour.
pub const HOUR_US: i64 = 60 * MINUTE_US;
/// Microseconds in one UTC day.
pub const DAY_US: i64 = 24 * HOUR_US;

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// First instant, microseconds since 1970-01-01T00:00:00Z.
    pub start_us: i64,
    /// End of the half-open interval; equal to the start for an instantaneous measurement.
    pub end_us: i64,
    /// Value in the metric's canonical unit, or the category code.
    pub value: f64,
    /// Offset of the person's clock from UTC, when the source gave the sample's own.
    pub zone_offset_min: Option<i16>,
    /// Who measured it: an index into the person's (or the reader's) table of sources.
    pub source: SourceNo,
    /// The provider's object id, when it has one.
    pub uid: Option<Uid>,
    /// Context that changes how the sample is merged or read.
    pub flags: Flags,
}

/// A set of [`Sample`] flags, stored as one 16-bit column.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Flags(u16);

impl Flags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// The person typed the value in.
    pub const MANUAL: Self = Self(1);
    /// An app merged or averaged several samples into this one before sending it. Such a value is
    /// never added to raw samples of the same time, and a later one for the same interval replaces it.
    pub const AGGREGATED: Self = Self(1 << 1);
    /// With [`Flags::AGGREGATED`]: the smallest value of the interval.
    pub const MINIMUM: Self = Self(1 << 2);
    /// With [`Flags::AGGREGATED`]: the largest value of the interval.
    pub const MAXIMUM: Self = Self(1 << 3);
    /// Of a total: its interval may be covered in part only, so it is at least this. The largest that was said
    /// holds.
    pub const AT_LEAST: Self = Self::AGGREGATED.with(Self::MINIMUM);
    /// Heart rate measured while sedentary (HealthKit motion context 1).
    pub const SEDENTARY: Self = Self(1 << 4);
    /// Heart rate measured while active (HealthKit motion context 2).
    pub const ACTIVE: Self = Self(1 << 5);
    /// The source marked the value as one to be reviewed.
    pub const REVIEW: Self = Self(1 << 6);
    /// The person said that the sample was taken before a meal (HealthKit meal time 1).
    pub const BEFORE_MEAL: Self = Self(1 << 7);
    /// The person said that the sample was taken after a meal (HealthKit meal time 2).
    pub const AFTER_MEAL: Self = Self(1 << 8);

    /// The flags that have a name, as responses and files print them.
    pub const NAMED: [(Self, &str); 9] = [
        (Self::MANUAL, "manual"),
        (Self::AGGREGATED, "aggregated"),
        (Self::MINIMUM, "minimum"),
        (Self::MAXIMUM, "maximum"),
        (Self::SEDENTARY, "sedentary"),
        (Self::ACTIVE, "active"),
        (Self::REVIEW, "review"),
        (Self::BEFORE_MEAL, "before_meal"),
        (Self::AFTER_MEAL, "after_meal"),
    ];

    /// Which of several objects of one content this is, seven bits: two foods of one meal and of equal energy
    /// differ in nothing else. Zero where nothing distinguishes them.
    pub const VARIANT: Self = Self(0x7f << 9);

    /// The set that holds which object this is, from a name that tells it from others of its content.
    pub fn variant_named(name: &str) -> Self {
        let name = name.trim();
        if name.is_empty() {
            return Self::NONE;
        }
        let folded = uid_of(&name.to_lowercase()).get() % 0x7f;
        Self((1 + u16::try_from(folded).unwrap_or(0)) << 9)
    }

    /// Which of several objects of one content this is.
    pub const fn variant(self) -> u16 {
        self.0 & Self::VARIANT.0
    }

    /// Whether samples with these flags can be one object: one that no name distinguishes can be any.
    pub const fn are_one_variant(a: Self, b: Self) -> bool {
        a.variant() == b.variant() || a.variant() == 0 || b.variant() == 0
    }

    /// The names of the flags that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let set = Self::NAMED.into_iter();
        set.filter(move |(flag, _)| self.contains(*flag))
            .map(|(_, name)| name)
    }

    /// The set of names with spaces between them; `None` where one of them is unknown.
    pub fn named(names: &str) -> Option<Self> {
        let mut words = names.split_ascii_whitespace();
        words.try_fold(Self::NONE, |set, word| {
            let found = Self::NAMED.iter().find(|(_, name)| *name == word);
            found.map(|(flag, _)| set.with(*flag))
        })
    }

    /// Reads the stored form. Unknown bits are kept.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// The stored form.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether all flags of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// This set and `other` together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_their_hash_forever() {
        let upper = uid_of("550E8400-E29B-41D4-A716-446655440000");
        assert_eq!(upper, uid_of("550e8400-e29b-41d4-a716-446655440000"));
        assert_ne!(uid_of("abc"), uid_of("ABC"));
        assert_ne!(uid_of("abc"), uid_of("abd"));
        // Stored values: a change of these numbers is a change of the stored format.
        assert_eq!(uid_of("").get(), 0xefd0_1f60_ba99_2926);
    }

    #[test]
    fn variants_are_distinguished_and_one_without_a_name_can_be_any() {
        let (apple, banana) = (
            Flags::variant_named("Apple"),
            Flags::variant_named("Banana"),
        );
        assert_eq!(apple, Flags::variant_named(" apple "));
        assert!(!Flags::are_one_variant(apple, banana));
        assert!(Flags::are_one_variant(apple, Flags::MANUAL));
        assert_eq!(apple.with(Flags::MANUAL).variant(), apple.bits());
        for n in 0..1_000 {
            let named = Flags::variant_named(&n.to_string());
            assert!(named.variant() != 0 && named.bits() & !Flags::VARIANT.bits() == 0);
        }
        // Stored values, as those of ids.
        assert_eq!((apple.bits() >> 9, banana.bits() >> 9), (10, 48));
    }

    #[test]
    fn flags_combine() {
        let flags = Flags::MANUAL.with(Flags::ACTIVE);
        assert!(flags.contains(Flags::MANUAL) && flags.contains(Flags::ACTIVE));
        assert!(!flags.contains(Flags::AGGREGATED));
        assert_eq!(Flags::from_bits(flags.bits()), flags);
    }

    #[test]
    fn flags_are_named() {
        let flags = Flags::MANUAL.with(Flags::AFTER_MEAL);
        assert!(flags.names().eq(["manual", "after_meal"]));
        assert_eq!(Flags::named("manual after_meal"), Some(flags));
        assert_eq!(Flags::named(""), Some(Flags::NONE));
        assert_eq!(Flags::named("manual other"), None);
    }
}
