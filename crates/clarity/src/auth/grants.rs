//! Allowing another account to read, seeing what is allowed, and ending it.

use model::ids::{GrantId, UserId};
use store::grants::{NewGrant, StoredGrant};
use store::people::{Access, Person};
use store::{Error, PersonKey, Tx};

use crate::access::scope::Scopes;
use crate::app::App;
use crate::audit::entry::{Author, By, Granted, Note};
use crate::audit::writer;
use crate::auth::account::Email;
use crate::auth::{Caller, behalf};
use crate::problem::{Code, FieldError, Problem};

/// Grants of one person: a family, some doctors and apps.
const GRANTS_MAX: i64 = 50;
/// Characters of a purpose.
const PURPOSE_MAX: usize = 200;
/// What a person wishes to allow.
#[derive(Debug)]
pub struct Wish {
    /// The address of who may read.
    pub reader: Email,
    /// What may be read.
    pub scopes: Scopes,
    /// What for.
    pub purpose: Purpose,
    /// The first instant at which it holds no more.
    pub expires_us: i64,
}

/// What a grant is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purpose(String);

impl Purpose {
    /// Takes a text that the audit log can show.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        let length = text.chars().count();
        if (1..=PURPOSE_MAX).contains(&length) && !text.chars().any(char::is_control) {
            return Ok(Self(text.to_owned()));
        }
        let message = format!("must be 1 to {PURPOSE_MAX} characters that can be printed");
        Err(FieldError::new("/purpose", "invalid_purpose", message))
    }
}

/// A grant with what its owner said of it.
#[derive(Debug)]
pub struct GivenGrant {
    /// The columns.
    pub stored: StoredGrant,
    /// Whom the owner meant, and what for.
    pub words: Granted,
}

/// Allows somebody to read. The transaction is committed by whoever began it.
pub async fn make(
    app: &App,
    tx: &mut Tx,
    key: &PersonKey,
    caller: Caller,
    wish: &Wish,
) -> Result<GivenGrant, Problem> {
    let now_us = app.clock.now_us();
    let reader = reader(app, tx, caller.user, &wish.reader).await?;
    let words = Granted {
        reader: reader.email,
        purpose: wish.purpose.0.clone(),
    };
    let bytes = serde_json::to_vec(&words).map_err(Problem::internal)?;
    let new = NewGrant {
        id: app.ids.grant(now_us),
        reader: reader.id,
        scopes: &wish.scopes.text(),
        now_us,
        expires_us: wish.expires_us,
        words: &bytes,
    };
    let made = store::grants::create(tx, &app.vault, key, caller.user, &new, GRANTS_MAX).await?;
    if !made {
        return Err(Problem::new(
            Code::Conflict,
            format!("there are {GRANTS_MAX} grants; end one that is not used any more"),
        ));
    }
    let note = Note {
        grant: Some(words),
        ..caller.does("create_grant")
    };
    writer::within(app, tx, &note).await?;
    let made = store::grants::given(tx, &app.vault, caller.user).await?;
    let made = made.into_iter().find(|one| one.id == new.id);
    let stored = made.ok_or_else(|| Problem::internal("the grant that was just made"))?;
    let words = behalf::words(key, &stored)?;
    Ok(GivenGrant { stored, words })
}

/// The account that is to read.
async fn reader(app: &App, tx: &mut Tx, owner: UserId, email: &Email) -> Result<Person, Problem> {
    let refused =
        |code, message: &str| Problem::invalid(vec![FieldError::new("/reader", code, message)]);
    let found = store::people::by_email(tx, &app.vault, email.as_str()).await?;
    let found = found.filter(|person| person.access == Access::Enabled);
    match found {
        None => Err(refused(
            "unknown_reader",
            "has no account on this server; who is to read needs one",
        )),
        Some(person) if person.id == owner => Err(refused("own_account", "is your own address")),
        Some(person) => Ok(person),
    }
}

/// What a person allows others.
pub async fn given(app: &App, user: UserId) -> Result<Vec<GivenGrant>, Problem> {
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    let stored = store::grants::given(&mut tx, &app.vault, user).await?;
    let mut all = Vec::new();
    for stored in stored {
        if let Some(words) = behalf::readable(&key, &stored)? {
            all.push(GivenGrant { stored, words });
        }
    }
    Ok(all)
}

/// A grant that somebody else gave.
#[derive(Debug)]
pub struct Received {
    /// The grant.
    pub grant: GivenGrant,
    /// The address of its owner.
    pub owner: String,
}

/// What others allow a person.
pub async fn received(app: &App, user: UserId) -> Result<Vec<Received>, Problem> {
    let mut tx = app.store.read().await?;
    let mut all = Vec::new();
    for stored in store::grants::received(&mut tx, &app.vault, user).await? {
        let owner = store::people::by_id(&mut tx, &app.vault, stored.owner).await?;
        // Whoever is disabled lets nobody read for now.
        let Some(owner) = owner.filter(|owner| owner.access == Access::Enabled) else {
            continue;
        };
        let key = app.vault.person_key(&mut tx, stored.owner).await?;
        if let Some(words) = behalf::readable(&key, &stored)? {
            all.push(Received {
                grant: GivenGrant { stored, words },
                owner: owner.email,
            });
        }
    }
    Ok(all)
}

/// Ends a grant, by its owner or by who may read. Returns whether there was one.
pub async fn revoke(app: &App, caller: Caller, id: GrantId) -> Result<bool, Problem> {
    let mut tx = app.store.begin("end a grant").await?;
    let words = read_words(app, &mut tx, caller.user, id).await?;
    let Some(owner) = store::grants::revoke(&mut tx, caller.user, id).await? else {
        return Ok(false);
    };
    let (by, what) = if owner == caller.user {
        (caller.author.by, "revoke_grant")
    } else {
        (By::Grant(id), "give_back_grant")
    };
    let author = Author {
        by,
        ..caller.author
    };
    let note = Note {
        grant: words,
        ..author.does(what, owner)
    };
    writer::within(app, &mut tx, &note).await?;
    tx.commit().await?;
    Ok(true)
}

/// What the owner said of a grant, as far as it can be read: also one that was changed by somebody else can be ended.
async fn read_words(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    id: GrantId,
) -> Result<Option<Granted>, Problem> {
    let stored = match store::grants::by_id(tx, &app.vault, user, id).await {
        Ok(Some(stored)) => stored,
        Ok(None) | Err(Error::Damaged { .. }) => return Ok(None),
        Err(other) => return Err(other.into()),
    };
    let key = app.vault.person_key(tx, stored.owner).await?;
    Ok(behalf::words(&key, &stored).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_can_be_printed() {
        assert_eq!(
            Purpose::parse(" my sleep "),
            Ok(Purpose("my sleep".to_owned()))
        );
        for wrong in ["", "  ", "a\nb", &"ä".repeat(201)] {
            assert!(Purpose::parse(wrong).is_err(), "{wrong}");
        }
    }
}
