//! The cost of hashing passwords, and the turns that bound how much memory it takes at once.

use std::sync::atomic::{AtomicU64, Ordering};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::sync::Semaphore;

use crate::config::Passwords;

/// Passwords hashed at the same time; bounds memory and leaves processors to other requests.
const AT_ONCE: usize = 2;

/// Bytes of a salt.
pub(super) const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// Hashes and checks passwords at a configured cost.
#[derive(Debug)]
pub struct Hasher {
    params: Params,
    /// Turns of hashing at the same time.
    pub(super) turns: Semaphore,
    checked: AtomicU64,
}

impl Hasher {
    /// A hasher at this cost, or why Argon2 cannot work with it.
    pub fn new(cost: &Passwords) -> Result<Self, argon2::Error> {
        Ok(Self {
            params: Params::new(
                cost.memory_kib,
                cost.iterations,
                cost.parallelism,
                Some(HASH_BYTES),
            )?,
            turns: Semaphore::new(AT_ONCE),
            checked: AtomicU64::new(0),
        })
    }

    /// Ready to hash at this cost.
    pub(super) fn argon2(&self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone())
    }

    /// Notes that a password was checked against a hash.
    pub(super) fn note_check(&self) {
        self.checked.fetch_add(1, Ordering::Relaxed);
    }

    /// How many passwords were checked against a hash, which is what a sign-in costs: as many for accounts that exist
    /// as for those that do not.
    pub fn checked(&self) -> u64 {
        self.checked.load(Ordering::Relaxed)
    }

    /// A hash of the right form that no password has: checking against it costs what a real check
    /// does.
    pub(super) fn nobody(&self) -> String {
        let (memory, passes, lanes) = (
            self.params.m_cost(),
            self.params.t_cost(),
            self.params.p_cost(),
        );
        format!(
            "$argon2id$v=19$m={memory},t={passes},p={lanes}${}${}",
            STANDARD_NO_PAD.encode([0_u8; SALT_BYTES]),
            STANDARD_NO_PAD.encode([0_u8; HASH_BYTES]),
        )
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::phc::PasswordHash;

    use super::*;
    use crate::config::PASSWORD_MEMORY_KIB;

    #[test]
    fn the_hash_of_nobody_can_be_checked_at_the_same_cost() {
        let hasher = Hasher::new(&Passwords::default()).expect("valid costs");
        let nobody = hasher.nobody();
        let hash = PasswordHash::new(&nobody).expect("a hash");
        assert_eq!(
            Params::try_from(&hash).expect("costs").m_cost(),
            PASSWORD_MEMORY_KIB
        );
    }
}
