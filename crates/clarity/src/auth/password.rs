//! Passwords: what is accepted, and how they are kept.
//!
//! A password is never logged, stored or compared in the clear; hashing runs apart from the request
//! threads and only a few at a time, because each takes 19 MiB.

use argon2::password_hash::phc::PasswordHash;
use argon2::{PasswordHasher, PasswordVerifier};

use crate::app::App;
use crate::auth::hasher::SALT_BYTES;
use crate::problem::{FieldError, Problem};

/// The zxcvbn score (0 to 4) that a password needs: no length makes up for `123456789012`.
const SCORE_ENOUGH: u8 = 3;
/// Characters that are looked at: the time it takes grows with their square.
const LOOKED_AT: usize = 100;
/// Longer passwords are refused: hashing them costs, and nobody types them.
const LENGTH_MAX: usize = 1_024;
/// Names shorter than this may occur in a good password by chance.
const NAME_MIN: usize = 4;
/// Whether a password fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the account's.
    Right,
    /// It is not, or there is no such account.
    Wrong,
}

/// Hashes a new password into the text that the store keeps.
pub async fn hash(app: &App, password: &str) -> Result<String, Problem> {
    let turn = app.passwords.turns.acquire().await;
    let argon2 = app.passwords.argon2();
    let (salt, password) = (app.ids.bytes::<SALT_BYTES>(), password.to_owned());
    let hash = app
        .compute(move || argon2.hash_password_with_salt(password.as_bytes(), &salt))
        .await?
        .map_err(Problem::internal)?;
    drop(turn);
    Ok(hash.to_string())
}

/// Checks a password against an account's hash; without an account it takes as long and is wrong.
pub async fn verify(app: &App, password: &str, hash: Option<String>) -> Result<Verdict, Problem> {
    let turn = app.passwords.turns.acquire().await;
    let argon2 = app.passwords.argon2();
    app.passwords.note_check();
    let known = hash.is_some();
    let hash = hash.unwrap_or_else(|| app.passwords.nobody());
    let password = password.to_owned();
    let fits = app
        .compute(move || {
            PasswordHash::new(&hash)
                .map(|hash| argon2.verify_password(password.as_bytes(), &hash).is_ok())
        })
        .await?
        .map_err(Problem::internal)?;
    drop(turn);
    Ok(if known && fits {
        Verdict::Right
    } else {
        Verdict::Wrong
    })
}

/// Whether a new password is strong enough. `names` are what others know about the account.
pub fn check(pointer: &str, password: &str, names: &[&str]) -> Result<(), FieldError> {
    let weak = |message: &str| Err(FieldError::new(pointer, "weak_password", message));
    if password.len() > LENGTH_MAX {
        return weak("the password is longer than 1024 bytes");
    }
    let rest: String = besides_names(password, names)
        .chars()
        .take(LOOKED_AT)
        .collect();
    if u8::from(zxcvbn::zxcvbn(&rest, names).score()) >= SCORE_ENOUGH {
        return Ok(());
    }
    weak(
        "too easy to guess: use several unrelated words or random characters besides your names and address",
    )
}

/// The same, and that it is on no list that whoever runs the server brought.
pub fn accept(app: &App, pointer: &str, password: &str, names: &[&str]) -> Result<(), FieldError> {
    check(pointer, password, names)?;
    if app.refused.has(password) {
        let message = "is on a list of passwords that are tried first; choose another one";
        return Err(FieldError::new(pointer, "weak_password", message));
    }
    Ok(())
}

/// What is left when the account's own names are taken out; in lower case where one was.
fn besides_names(password: &str, names: &[&str]) -> String {
    let lower = password.to_lowercase();
    let mut rest = lower.clone();
    for name in names.iter().filter(|name| name.chars().count() >= NAME_MIN) {
        rest = rest.replace(&name.to_lowercase(), "");
    }
    if rest == lower {
        return password.to_owned();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_or_hard_to_guess() {
        let names = ["ada.lovelace@example.org", "ada.lovelace", "example.org"];
        let check = |password: &str, expect: bool| {
            assert_eq!(
                check("/password", password, &names).is_ok(),
                expect,
                "{password}"
            );
        };
        check("correct horse battery", true);
        check("xK9#mQ2$vL", true);
        check("aaaaaaaaaaaa", false);
        check("abababababababab", false);
        check("123456789012", false);
        check("password1234", false);
        check("qwertyuiopas", false);
        check("Ada.Lovelace-qwerty", false);
        check("short", false);
        check("password1", false);
        check("ada.lovelace1815", false);
        check("Ada.Lovelace@example.org", false);
        check(&"x".repeat(2_000), false);
    }
}
