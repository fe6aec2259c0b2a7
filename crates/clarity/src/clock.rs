//! Where time, ids and randomness enter the program.
//!
//! Everything else takes `now_us`, ids and random bytes as values. No other file may read the clock
//! or a random number generator; clippy enforces it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use model::ids::{
    AnalysisId, ApiKeyId, DeviceId, ErasureId, GoalId, GrantId, InsightId, JobId, RecordId,
    SessionId, UploadId, UserId,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use uuid::{Builder, Uuid};

/// Tells the time in microseconds since 1970 (UTC).
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until it is told to move; for tests and the demo.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `now_us`.
    pub fn fixed(now_us: i64) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(now_us)))
    }

    /// The present.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock"
    )]
    pub fn now_us(&self) -> i64 {
        match self {
            Self::System => Timestamp::now().as_microsecond(),
            Self::Fixed(now_us) => now_us.load(Ordering::SeqCst),
        }
    }

    /// Today's date in UTC.
    pub fn today_utc(&self) -> Date {
        model::zone::Zone::utc().date_at(self.now_us())
    }

    /// Moves a fixed clock forward; the machine's clock moves by itself.
    pub fn advance_us(&self, by_us: i64) {
        match self {
            Self::System => {}
            Self::Fixed(now_us) => {
                now_us.fetch_add(by_us, Ordering::SeqCst);
            }
        }
    }
}

/// Makes ids, nonces and secrets.
#[derive(Debug)]
pub enum Ids {
    /// From the operating system's generator.
    Random,
    /// A sequence that a seed repeats; for tests and the demo, never for secrets that matter.
    Seeded(Box<Mutex<StdRng>>),
}

impl Ids {
    /// A repeatable sequence.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Box::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// Random bytes.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads a random number generator"
    )]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Self::Random => rand::rng().fill_bytes(&mut bytes),
            Self::Seeded(rng) => rng
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .fill_bytes(&mut bytes),
        }
        bytes
    }

    /// A number in `[0, 1)`, for jitter.
    pub fn fraction(&self) -> f64 {
        f64::from(u32::from_le_bytes(self.bytes())) / (f64::from(u32::MAX) + 1.0)
    }

    /// A version 7 UUID: its order follows time to the millisecond.
    pub fn uuid(&self, now_us: i64) -> Uuid {
        let millis = u64::try_from(now_us / 1_000).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }

    /// A new person.
    pub fn user(&self, now_us: i64) -> UserId {
        UserId::from_uuid(self.uuid(now_us))
    }

    /// A new upload.
    pub fn upload(&self, now_us: i64) -> UploadId {
        UploadId::from_uuid(self.uuid(now_us))
    }

    /// A new record.
    pub fn record(&self, now_us: i64) -> RecordId {
        RecordId::from_uuid(self.uuid(now_us))
    }

    /// A new job.
    pub fn job(&self, now_us: i64) -> JobId {
        JobId::from_uuid(self.uuid(now_us))
    }

    /// A new insight.
    pub fn insight(&self, now_us: i64) -> InsightId {
        InsightId::from_uuid(self.uuid(now_us))
    }

    /// A new analysis.
    pub fn analysis(&self, now_us: i64) -> AnalysisId {
        AnalysisId::from_uuid(self.uuid(now_us))
    }

    /// A new erasure.
    pub fn erasure(&self, now_us: i64) -> ErasureId {
        ErasureId::from_uuid(self.uuid(now_us))
    }

    /// A new device.
    pub fn device(&self, now_us: i64) -> DeviceId {
        DeviceId::from_uuid(self.uuid(now_us))
    }

    /// A new goal.
    pub fn goal(&self, now_us: i64) -> GoalId {
        GoalId::from_uuid(self.uuid(now_us))
    }

    /// A new API key.
    pub fn api_key(&self, now_us: i64) -> ApiKeyId {
        ApiKeyId::from_uuid(self.uuid(now_us))
    }

    /// A new grant.
    pub fn grant(&self, now_us: i64) -> GrantId {
        GrantId::from_uuid(self.uuid(now_us))
    }

    /// A new session.
    pub fn session(&self, now_us: i64) -> SessionId {
        SessionId::from_uuid(self.uuid(now_us))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_ids_repeat_and_follow_time() {
        let (a, b) = (Ids::seeded(7), Ids::seeded(7));
        assert_eq!(a.uuid(1_000_000), b.uuid(1_000_000));
        let earlier = a.uuid(1_000_000);
        let later = a.uuid(2_000_000);
        assert!(earlier < later);
        assert_eq!(later.get_version_num(), 7);
    }

    #[test]
    fn a_fixed_clock_moves_only_when_told() {
        let clock = Clock::fixed(5);
        assert_eq!(clock.now_us(), 5);
        clock.clone().advance_us(3);
        assert_eq!(clock.now_us(), 8);
    }
}
