//! Reading the data of somebody who allowed it: which grant opens what a request asks for.
//!
//! It is looked up for each request, so that a grant holds until the instant it ends or is revoked, on every node.
//! Whoever has none does not learn whether there is such a person.

use model::ids::{GrantId, UserId};
use store::grants::StoredGrant;
use store::people::Access;
use store::{Error, PersonKey};

use crate::access::scope::{Scope, Scopes};
use crate::app::App;
use crate::audit::entry::{Author, By, Granted, Note};
use crate::auth::{Caller, Credential, standing_role};
use crate::problem::{Code, Problem};

/// Whose data a request reads, and by which grant.
#[derive(Debug, Clone)]
pub struct Behalf {
    owner: UserId,
    grant: GrantId,
    words: Granted,
}

impl Behalf {
    /// What somebody does by the grant, for the log of its owner.
    pub fn does(&self, author: Author, what: &str) -> Note {
        let by_grant = Author {
            by: By::Grant(self.grant),
            ..author
        };
        Note {
            grant: Some(self.words.clone()),
            ..by_grant.does(what, self.owner)
        }
    }

    /// The caller with the owner in their place.
    pub(super) fn stands_for(&self, reader: Caller) -> Caller {
        Caller {
            user: self.owner,
            author: Author {
                by: By::Grant(self.grant),
                ..reader.author
            },
            ..reader
        }
    }
}

/// The grant by which somebody may read `wanted` of a person; `None` where they ask for their own.
pub async fn find(
    app: &App,
    credential: &Credential,
    owner: UserId,
    wanted: &[Scope],
) -> Result<Option<Behalf>, Problem> {
    let Credential::Token(claims) = credential else {
        return Ok(None);
    };
    standing_role(app, claims.sub, claims.sid).await?;
    if claims.sub == owner {
        return Ok(None);
    }
    let now_us = app.clock.now_us();
    let mut tx = app.store.read().await?;
    let person = store::people::by_id(&mut tx, &app.vault, owner).await?;
    if person.is_none_or(|person| person.access == Access::Disabled) {
        return Err(Problem::not_found());
    }
    let held = store::grants::between(&mut tx, &app.vault, owner, claims.sub, now_us).await?;
    let scopes = |one: &StoredGrant| Scopes::read(&one.scopes);
    let Some(first) = held.first() else {
        return Err(Problem::not_found());
    };
    let fits = held
        .iter()
        .find(|one| scopes(one).missing(wanted).is_empty());
    let Some(grant) = fits else {
        let missing = scopes(first).missing(wanted);
        let names: Vec<&str> = missing.iter().map(|scope| scope.name()).collect();
        let detail = format!(
            "the grant does not cover {}; ask its owner for another one",
            names.join(", ")
        );
        return Err(Problem::new(Code::Forbidden, detail));
    };
    let key = app.vault.person_key(&mut tx, owner).await?;
    Ok(Some(Behalf {
        owner,
        grant: grant.id,
        words: words(&key, grant)?,
    }))
}

/// What the owner said of a grant.
pub(super) fn words(key: &PersonKey, grant: &StoredGrant) -> Result<Granted, Error> {
    let bytes = grant.words(key)?;
    let read = serde_json::from_slice(&bytes);
    read.map_err(|_| Error::Damaged { what: "grant" })
}

/// The same for one of a list, which is left out and counted where it does not open.
pub(crate) fn readable(key: &PersonKey, grant: &StoredGrant) -> Result<Option<Granted>, Error> {
    match words(key, grant) {
        Ok(words) => Ok(Some(words)),
        Err(Error::Damaged { what }) => {
            metrics::counter!("clarity_damaged_rows_total", "what" => what).increment(1);
            tracing::warn!(grant = %grant.id, "the words of a grant cannot be opened; it is left out");
            Ok(None)
        }
        Err(other) => Err(other),
    }
}
