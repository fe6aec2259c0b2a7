//! The second factor of a sign-in: codes that change every half minute (RFC 6238), and codes for when the phone is gone.
//!
//! A code counts once. Guessing is slowed as guessing a password is; recovery codes, which nobody guesses, are only slowed
//! for the network that tries, so that whoever floods an account with guesses keeps nobody out who has one.

use model::ids::UserId;
use serde::Serialize;
use store::Tx;
use store::people::{Access, Factor, Person};
use totp_rs::{Builder, Totp};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::app::App;
use crate::audit::entry::Note;
use crate::audit::writer;
use crate::auth::Caller;
use crate::auth::keys::Claims;
use crate::auth::network::Network;
use crate::problem::{Code, FieldError, Problem};

/// 160 bits, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;
/// Seconds of a step, as every authenticator app has them.
const STEP_S: u64 = 30;
/// Steps that the clock of a phone may be off by.
const SKEW_STEPS: u16 = 1;
/// Digits of a code.
const DIGITS: u8 = 6;
/// Recovery codes of one person.
const CODES: usize = 10;
/// What recovery codes are made of: letters and digits that are not mistaken for each other, five bits each.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Fifty bits.
const CODE_LETTERS: usize = 10;
/// Seconds in which a sign-in can be completed with a code.
const CHALLENGE_S: i64 = 5 * 60;

/// A secret that was just made.
pub struct Enrolment {
    /// The secret in base 32, for whoever types it.
    pub secret: Zeroizing<String>,
    /// The address that authenticator apps read from a QR code.
    pub uri: Zeroizing<String>,
}

/// That a sign-in wants a code.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Challenge {
    /// Always true.
    pub mfa_required: bool,
    /// Send it with the code; it opens nothing by itself.
    pub challenge: String,
    /// Seconds in which it can be used.
    pub expires_in: i64,
}

/// What somebody typed as a code.
enum Given {
    /// Of an authenticator app.
    Changing(String),
    /// Of the list.
    Recovery(Zeroizing<String>),
}

impl Given {
    /// Reads a code as people type it: spaces, hyphens and small letters do not matter.
    fn parse(text: &str) -> Option<Self> {
        let plain = |c: &char| !c.is_whitespace() && *c != '-';
        let text: String = text.chars().filter(plain).take(64).collect();
        let text = Zeroizing::new(text.to_ascii_uppercase());
        if text.len() == usize::from(DIGITS) && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Changing(text.to_string()));
        }
        let is_recovery = text.len() == CODE_LETTERS && text.bytes().all(|b| LETTERS.contains(&b));
        is_recovery.then_some(Self::Recovery(text))
    }
}

fn totp(secret: &[u8], account: Option<&str>, issuer: &str) -> Totp {
    let builder = Builder::new()
        .with_secret(secret.to_vec())
        .with_digits(DIGITS)
        .with_skew(SKEW_STEPS)
        .with_step_duration(STEP_S);
    let named = match account {
        Some(account) => builder
            .with_account_name(account.replace(':', " "))
            .with_issuer(Some(issuer.replace(':', " "))),
        None => builder,
    };
    named
        .build()
        .expect("20 bytes and 6 digits are what RFC 6238 has")
}

/// Makes a secret; nothing asks for its codes until one was shown.
pub async fn begin(app: &App, caller: Caller) -> Result<Enrolment, Problem> {
    let secret = Zeroizing::new(app.ids.bytes::<SECRET_BYTES>());
    let mut tx = app.store.begin("begin a second factor").await?;
    let person = person(app, &mut tx, caller.user).await?;
    if person.factor == Factor::Totp {
        return Err(on_already());
    }
    let now_us = app.clock.now_us();
    store::mfa::put(&mut tx, &app.vault, caller.user, secret.as_slice(), now_us).await?;
    writer::within(app, &mut tx, &caller.does("begin_totp")).await?;
    tx.commit().await?;
    let totp = totp(secret.as_slice(), Some(&person.email), "Clarity");
    let uri = totp.to_url().map_err(Problem::internal)?;
    Ok(Enrolment {
        secret: Zeroizing::new(totp.secret().to_base32()),
        uri: Zeroizing::new(uri),
    })
}

/// Turns codes at sign-in on, once the app has shown the right one. Returns the recovery codes.
pub async fn turn_on(
    app: &App,
    caller: Caller,
    code: &str,
    network: Network,
) -> Result<Vec<Zeroizing<String>>, Problem> {
    let mut tx = app.store.read().await?;
    let owner = person(app, &mut tx, caller.user).await?;
    let begun = store::mfa::get(&mut tx, &app.vault, caller.user).await?;
    tx.rollback().await?;
    if owner.factor == Factor::Totp {
        return Err(on_already());
    }
    if begun.is_none() {
        let detail = "no secret waits for its first code; begin with POST /auth/mfa/totp";
        return Err(Problem::new(Code::Conflict, detail));
    }
    let codes = new_codes(app);
    let mut spent = spend(app, &owner, code, network).await?;
    let tx = &mut spent.tx;
    store::people::set_factor(tx, &app.vault, caller.user, Factor::Totp).await?;
    store::mfa::put_codes(tx, &app.vault, caller.user, &codes).await?;
    writer::within(app, tx, &caller.does("verify_totp")).await?;
    spent.commit(app).await?;
    Ok(codes)
}

/// Turns codes at sign-in off, for whoever has one.
pub async fn turn_off(
    app: &App,
    caller: Caller,
    code: &str,
    network: Network,
) -> Result<(), Problem> {
    let mut tx = app.store.read().await?;
    let owner = person(app, &mut tx, caller.user).await?;
    tx.rollback().await?;
    if owner.factor == Factor::None {
        return Err(off());
    }
    let mut spent = spend(app, &owner, code, network).await?;
    let note = caller.does("remove_totp");
    remove(app, &mut spent.tx, caller.user, &note).await?;
    spent.commit(app).await
}

/// Removes the second factor of somebody who has lost it.
pub async fn remove(app: &App, tx: &mut Tx, user: UserId, note: &Note) -> Result<(), Problem> {
    store::people::set_factor(tx, &app.vault, user, Factor::None).await?;
    store::mfa::remove(tx, user).await?;
    writer::within(app, tx, note).await?;
    Ok(())
}

/// Makes new recovery codes; the old ones open nothing any more.
pub async fn renew_codes(app: &App, caller: Caller) -> Result<Vec<Zeroizing<String>>, Problem> {
    let codes = new_codes(app);
    let mut tx = app.store.begin("make recovery codes").await?;
    if person(app, &mut tx, caller.user).await?.factor == Factor::None {
        return Err(off());
    }
    store::mfa::put_codes(&mut tx, &app.vault, caller.user, &codes).await?;
    writer::within(app, &mut tx, &caller.does("make_recovery_codes")).await?;
    tx.commit().await?;
    Ok(codes)
}

fn on_already() -> Problem {
    let detail = "codes at sign-in are on already; turn them off first";
    Problem::new(Code::Conflict, detail)
}

fn off() -> Problem {
    Problem::new(Code::Conflict, "codes at sign-in are off")
}

async fn person(app: &App, tx: &mut Tx, user: UserId) -> Result<Person, Problem> {
    let person = store::people::by_id(tx, &app.vault, user).await?;
    person.ok_or_else(Problem::not_found)
}

fn new_codes(app: &App) -> Vec<Zeroizing<String>> {
    let code = || {
        let chance: Zeroizing<[u8; 32]> = Zeroizing::new(app.ids.bytes());
        let letters = chance.iter().take(CODE_LETTERS);
        let letters = letters.filter_map(|byte| LETTERS.get(usize::from(byte % 32)));
        Zeroizing::new(letters.copied().map(char::from).collect::<String>())
    };
    std::iter::repeat_with(code).take(CODES).collect()
}

/// A recovery code as people read it.
pub fn readable(code: &str) -> String {
    let (first, second) = code.split_at(code.len() / 2);
    format!("{first}-{second}")
}

/// A code that is used up with the commit of its transaction.
pub struct Spent {
    /// The transaction, for what the code was shown for.
    pub tx: Tx,
    account: [u8; 32],
    network: Network,
}

impl Spent {
    /// Uses the code up.
    pub async fn commit(self, app: &App) -> Result<(), Problem> {
        self.tx.commit().await?;
        let now_us = app.clock.now_us();
        app.codes.succeeded(self.account, self.network, now_us);
        Ok(())
    }
}

/// Checks a code and uses it up.
pub async fn spend(
    app: &App,
    person: &Person,
    code: &str,
    network: Network,
) -> Result<Spent, Problem> {
    let (account, now_us) = (app.vault.email_key(&person.email), app.clock.now_us());
    let given = Given::parse(code).ok_or_else(wrong)?;
    // Counted before it is looked at: tries at the same time do not pass each other by.
    let begun = match given {
        Given::Changing(_) => app.codes.begin(account, network, now_us),
        Given::Recovery(_) => app.codes.begin_alone(account, network, now_us),
    };
    begun.map_err(|wait_s| {
        metrics::counter!("clarity_auth_failures_total", "reason" => "throttled").increment(1);
        let detail = format!("too many wrong codes; wait {wait_s} seconds");
        Problem::new(Code::TooManyAttempts, detail).retry_after(wait_s)
    })?;
    let mut tx = app.store.begin("use a code").await?;
    let is_right = match &given {
        Given::Changing(code) => spend_changing(app, &mut tx, person.id, code, now_us).await?,
        Given::Recovery(code) => {
            store::mfa::spend_code(&mut tx, &app.vault, person.id, code).await?
        }
    };
    if !is_right {
        metrics::counter!("clarity_auth_failures_total", "reason" => "code").increment(1);
        return Err(wrong());
    }
    Ok(Spent {
        tx,
        account,
        network,
    })
}

async fn spend_changing(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    code: &str,
    now_us: i64,
) -> Result<bool, Problem> {
    let Some(stored) = store::mfa::get(tx, &app.vault, user).await? else {
        // Somebody who writes to the database removed it: that lets nobody in.
        return Ok(false);
    };
    let now_s = u64::try_from(now_us.div_euclid(1_000_000)).unwrap_or(0);
    let step = totp(&stored.secret, None, "").check(code, now_s);
    let step = step.and_then(|step| i64::try_from(step).ok());
    let Some(step) = step.filter(|step| *step > stored.last_step) else {
        return Ok(false);
    };
    Ok(store::mfa::spend_step(tx, user, step).await?)
}

fn wrong() -> Problem {
    let error = FieldError::new("/code", "wrong", "is not right, or was used before");
    let detail = "the code is not right, or was used before";
    Problem::new(Code::CredentialsInvalid, detail).with_errors(vec![error])
}

/// What a sign-in goes on with, whose password was right.
pub fn challenge(app: &App, user: UserId) -> Result<Challenge, Problem> {
    let now_us = app.clock.now_us();
    let iat = now_us.div_euclid(1_000_000);
    let claims = Claims {
        iss: issuer(app),
        sub: user,
        // It is the token of no session.
        sid: app.ids.session(now_us),
        role: String::new(),
        iat,
        exp: iat + CHALLENGE_S,
    };
    Ok(Challenge {
        mfa_required: true,
        challenge: app.keys.issue(&claims).map_err(Problem::internal)?,
        expires_in: CHALLENGE_S,
    })
}

/// Completes a sign-in with a code. Returns whose it is, and the transaction in which their session begins.
pub async fn redeem(
    app: &App,
    challenge: &str,
    code: &str,
    network: Network,
) -> Result<(Person, Spent), Problem> {
    let now_us = app.clock.now_us();
    let read = app.keys.verify(challenge, &issuer(app), now_us);
    let ended = || {
        let detail = "the sign-in took too long; begin it again with the password";
        Problem::new(Code::TokenInvalid, detail)
    };
    let claims = read.map_err(|_| ended())?;
    let mut tx = app.store.read().await?;
    let person = store::people::by_id(&mut tx, &app.vault, claims.sub).await?;
    tx.rollback().await?;
    let person = person.filter(|one| one.access == Access::Enabled && one.factor == Factor::Totp);
    let person = person.ok_or_else(ended)?;
    let spent = spend(app, &person, code, network).await?;
    Ok((person, spent))
}

/// The issuer of challenges: as an access token one is refused, and an access token is no challenge.
fn issuer(app: &App) -> String {
    format!("{}#mfa", app.config.tokens.issuer)
}

#[cfg(test)]
mod tests {
    use totp_rs::Algorithm;

    use super::*;

    /// RFC 6238, Appendix B.
    #[test]
    fn codes_are_those_of_the_specification() {
        let seeds: [(Algorithm, &[u8]); 3] = [
            (Algorithm::SHA1, b"12345678901234567890"),
            (Algorithm::SHA256, b"12345678901234567890123456789012"),
            (
                Algorithm::SHA512,
                b"1234567890123456789012345678901234567890123456789012345678901234",
            ),
        ];
        let times = [
            (59, ["94287082", "46119246", "90693936"]),
            (1_111_111_109, ["07081804", "68084774", "25091201"]),
            (1_111_111_111, ["14050471", "67062674", "99943326"]),
            (1_234_567_890, ["89005924", "91819424", "93441116"]),
            (2_000_000_000, ["69279037", "90698825", "38618901"]),
            (20_000_000_000, ["65353130", "77737706", "47863826"]),
        ];
        for (time_s, codes) in times {
            for ((algorithm, seed), code) in seeds.iter().zip(codes) {
                let totp = Builder::new()
                    .with_algorithm(*algorithm)
                    .with_secret(seed.to_vec())
                    .with_digits(8)
                    .build()
                    .expect("the specification's own");
                assert!(totp.check(code, time_s).is_some(), "{algorithm:?} {time_s}");
            }
            // Ours are the last six digits of the first column.
            let ours = totp(b"12345678901234567890", None, "");
            let code = codes[0].get(2..).expect("eight digits");
            let step = ours.check(code, time_s);
            assert_eq!(step, Some(time_s / STEP_S), "{time_s}");
            assert_eq!(ours.check(code, time_s + 2 * STEP_S), None);
        }
    }

    #[test]
    fn codes_are_read_as_people_type_them() {
        let read = |text: &str| match Given::parse(text) {
            Some(Given::Changing(code)) => code,
            Some(Given::Recovery(code)) => format!("recovery {}", code.as_str()),
            None => "nothing".to_owned(),
        };
        assert_eq!(read(" 123 456 "), "123456");
        assert_eq!(read("abcde-23456"), "recovery ABCDE23456");
        for wrong in [
            "",
            "12345",
            "1234567",
            "ABCDE-2345O",
            "ABCDE-2345",
            "١٢٣٤٥٦",
        ] {
            assert_eq!(read(wrong), "nothing", "{wrong}");
        }
        assert_eq!(readable("ABCDE23456"), "ABCDE-23456");
    }
}
