//! Accounts from the command line. Passwords come from standard input or a prompt, never from arguments:
//! those are seen by every process of the machine and kept by the shell.

use std::io::{BufRead, IsTerminal};

use anyhow::Context;
use console::Term;
use jiff::Timestamp;
use model::ids::UserId;
use model::zone::Zone;
use serde_json::json;
use store::docs::Expected;
use store::people::{Access, Factor, Found, Person};
use zeroize::Zeroizing;

use crate::app::App;
use crate::audit::entry::Author;
use crate::audit::writer;
use crate::auth::account::{self, Email};
use crate::auth::role::Role;
use crate::auth::{mfa, password};
use crate::cli::args::{Global, UserAdd, UserDisable, UserErase, UserMfaOff, UserRole};
use crate::cli::failure::Failure;
use crate::cli::{household, output};
use crate::erasure::{self, Erasure, ErasureError, State};
use crate::ingest::edit;
use crate::instant::rfc3339;
use crate::person::profile::Profile;
use crate::problem::Problem;

/// Adds an account.
pub(super) async fn add(global: &Global, wanted: UserAdd) -> Result<(), Failure> {
    let email = Email::parse(&wanted.email)
        .map_err(|wrong| Failure::usage(format!("{} {}", wanted.email, wrong.message)))?;
    let zone = wanted.time_zone.as_deref().map(Zone::parse).transpose();
    let zone = zone.map_err(|wrong| Failure::usage(wrong.to_string()))?;
    let password = new_password()?;
    let user = household::with(global, async |app| {
        password::accept(app, "/password", &password, &email.names())
            .map_err(|weak| Failure::usage(weak.message))?;
        let created = create(app, &email, &password, zone.as_ref()).await;
        created.map_err(|problem| refused(&problem))
    })
    .await?;
    if global.json {
        return output::json(&json!({ "user_id": user, "email": email.as_str() }));
    }
    if zone.is_none() {
        output::note("without --time-zone days begin at midnight UTC; set it in the profile");
    }
    output::line(&format!("added {} ({user})", email.as_str()))
}

/// Creates the account, its key and, when a zone is given, its profile: all or nothing.
pub(super) async fn create(
    app: &App,
    email: &Email,
    password: &str,
    zone: Option<&Zone>,
) -> Result<UserId, Problem> {
    let hash = password::hash(app, password).await?;
    let mut tx = app.store.begin("add a person").await?;
    let user = account::create(app, &mut tx, email, &hash, Role::Patient).await?;
    writer::within(app, &mut tx, &Author::OPERATOR.does("add_account", user)).await?;
    if let Some(zone) = zone {
        let key = app.vault.person_key(&mut tx, user).await?;
        let profile = Profile {
            time_zone: Some(zone.name().to_owned()),
            ..Profile::default()
        };
        edit::put_profile(app, &mut tx, &key, user, &profile, Expected::Absent).await?;
    }
    tx.commit().await?;
    Ok(user)
}

/// Lists accounts.
pub(super) async fn list(global: &Global) -> Result<(), Failure> {
    let people = household::with(global, async |app| {
        let mut tx = app.store.read().await.context("opening the database")?;
        let people = store::people::list(&mut tx, &app.vault).await;
        Ok(people.context("listing accounts")?)
    })
    .await?;
    let (mut damaged, mut accounts) = (Vec::new(), Vec::new());
    for found in people {
        match found {
            Found::Account(person) => accounts.push(person),
            Found::Damaged(id) => damaged.push(id.to_string()),
        }
    }
    let people = accounts;
    if !damaged.is_empty() {
        output::note(&format!(
            "damaged and left out: {} ({}); restore them from a backup of the database",
            damaged.len(),
            damaged.join(", ")
        ));
    }
    if global.json {
        let people: Vec<_> = people.iter().map(described).collect();
        return output::json(&people);
    }
    let row = |person: &Person| {
        let access = access(person).to_owned();
        vec![
            person.email.clone(),
            person.role.clone(),
            access,
            created(person),
            person.id.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = people.iter().map(row).collect();
    output::table(&["address", "role", "access", "since", "id"], &rows)
}

/// Gives an account another role.
pub(super) async fn role(global: &Global, wanted: UserRole) -> Result<(), Failure> {
    let user = household::with(global, async |app| {
        let user = household::person(app, &wanted.email).await?.id;
        let given = async {
            let mut tx = app.store.begin("give a role").await?;
            store::people::set_role(&mut tx, &app.vault, user, &wanted.role).await?;
            writer::within(app, &mut tx, &Author::OPERATOR.does("give_role", user)).await?;
            tx.commit().await
        };
        given.await.context("changing the role")?;
        Ok(user)
    })
    .await?;
    if global.json {
        return output::json(&json!({ "user_id": user, "role": wanted.role }));
    }
    output::line(&format!(
        "{} is {} within seconds",
        wanted.email, wanted.role
    ))
}

/// Turns codes at sign-in off; sessions stay, since whoever asked for it has none.
pub(super) async fn mfa_off(global: &Global, wanted: UserMfaOff) -> Result<(), Failure> {
    let user = household::with(global, async |app| {
        let person = household::person(app, &wanted.email).await?;
        if person.factor == Factor::None {
            return Err(Failure::Failed(anyhow::anyhow!("codes at sign-in are off")));
        }
        let note = Author::OPERATOR.does("remove_second_factor", person.id);
        let removed = async {
            let mut tx = app.store.begin("turn a second factor off").await?;
            mfa::remove(app, &mut tx, person.id, &note).await?;
            tx.commit().await?;
            Ok::<(), Problem>(())
        };
        removed.await.map_err(|problem| refused(&problem))?;
        Ok(person.id)
    })
    .await?;
    if global.json {
        return output::json(&json!({ "user_id": user }));
    }
    output::line(&format!(
        "{} signs in with the password alone",
        wanted.email
    ))
}

/// Keeps an account from signing in.
pub(super) async fn disable(global: &Global, wanted: UserDisable) -> Result<(), Failure> {
    let (user, sessions) = household::with(global, async |app| {
        let user = household::person(app, &wanted.email).await?.id;
        let disabled = async {
            let mut tx = app.store.begin("disable a person").await?;
            store::people::set_access(&mut tx, &app.vault, user, Access::Disabled).await?;
            let sessions = store::sessions::revoke_all(&mut tx, user).await?;
            let note = Author::OPERATOR.does("disable_account", user);
            writer::within(app, &mut tx, &note).await?;
            tx.commit().await?;
            Ok::<u64, store::Error>(sessions)
        };
        Ok((user, disabled.await.context("disabling the account")?))
    })
    .await?;
    if global.json {
        return output::json(&json!({ "user_id": user, "sessions_ended": sessions }));
    }
    output::line(&format!(
        "disabled {}; sessions ended: {sessions}",
        wanted.email
    ))
}

/// Erases a person for good.
pub(super) async fn erase(global: &Global, wanted: UserErase) -> Result<(), Failure> {
    if !wanted.yes {
        confirm(&wanted.email)?;
    }
    let (erasure, state) = household::with(global, async |app| {
        let user = household::person(app, &wanted.email).await?.id;
        let erased = async {
            let erasure = erasure::of_person(app, user).await?;
            let state = erasure::settle(app, &erasure).await?;
            Ok::<_, ErasureError>((erasure, state))
        };
        Ok(erased.await.context("erasing the person")?)
    })
    .await?;
    if global.json {
        let erased = &erasure.account.counts;
        return output::json(&json!({
            "user_id": erasure.user,
            "erased": erased,
            "erasure_id": erasure.id,
            "state": state,
        }));
    }
    let counts: Vec<String> = erasure
        .account
        .counts
        .iter()
        .map(|(table, rows)| format!("{table} {rows}"))
        .collect();
    let key = match state {
        State::Done => "and the key",
        State::Pending => {
            "but another program has the database file open, so that old bytes are still in it"
        }
    };
    output::line(&format!(
        "erased {} {key} ({}); delete old backups too",
        wanted.email,
        counts.join(", ")
    ))?;
    if state == State::Pending {
        output::note(
            "end that program; a running server then finishes, and so does `clarity user erasures`",
        );
    }
    Ok(())
}

/// Finishes erasures that could not be, and lists them all.
pub(super) async fn erasures(global: &Global) -> Result<(), Failure> {
    let all = household::with(global, async |app| {
        let listed = async {
            erasure::finish(app).await?;
            erasure::list(app).await
        };
        Ok(listed.await.context("finishing erasures")?)
    })
    .await?;
    if global.json {
        let all: Vec<_> = all
            .iter()
            .map(|one| {
                json!({
                    "erasure_id": one.id,
                    "user_id": one.user,
                    "what": one.what,
                    "erased_at": rfc3339(one.erased_us),
                    "state": one.state(),
                    "erased": one.account.counts,
                })
            })
            .collect();
        return output::json(&all);
    }
    let row = |one: &Erasure| {
        let state = match one.state() {
            State::Done => "done",
            State::Pending => "pending",
        };
        vec![
            one.id.to_string(),
            one.what.clone(),
            one.user.to_string(),
            rfc3339(one.erased_us),
            state.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    output::table(&["id", "what", "of", "at", "state"], &rows)
}

fn described(person: &Person) -> serde_json::Value {
    json!({
        "user_id": person.id,
        "email": person.email,
        "role": person.role,
        "access": access(person),
        "created_at": created(person),
    })
}

const fn access(person: &Person) -> &'static str {
    match person.access {
        Access::Enabled => "enabled",
        Access::Disabled => "disabled",
    }
}

fn created(person: &Person) -> String {
    let at: Timestamp = model::zone::timestamp(person.created_us);
    format!("{at:.0}")
}

/// The problem as the command line prints it: what happened, and for failures of the machine why.
pub(super) fn refused(problem: &Problem) -> Failure {
    let told = anyhow::anyhow!("{}", problem.detail());
    Failure::Failed(match problem.cause() {
        Some(cause) => anyhow::anyhow!("{cause}").context(told.to_string()),
        None => told,
    })
}

/// Reads a new password: the first line of standard input, or from a person, twice and unseen.
fn new_password() -> Result<Zeroizing<String>, Failure> {
    if !std::io::stdin().is_terminal() {
        let mut line = Zeroizing::new(String::new());
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .context("reading the password")?;
        let password = Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned());
        if password.is_empty() {
            return Err(Failure::usage("give the password on standard input"));
        }
        return Ok(password);
    }
    let term = Term::stderr();
    let ask = |prompt: &str| {
        let typed = term
            .write_str(prompt)
            .and_then(|()| term.read_secure_line());
        typed.map(Zeroizing::new).context("reading the password")
    };
    let (first, second) = (ask("Password: ")?, ask("Once more: ")?);
    if *first != *second {
        return Err(Failure::usage("the two passwords differ"));
    }
    Ok(first)
}

/// Asks a person to type the address again; without a person, `--yes` must say it.
fn confirm(email: &str) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("erasing cannot be undone; say --yes"));
    }
    let term = Term::stderr();
    let question =
        format!("This erases all data of {email} and cannot be undone. Type the address: ");
    let typed = term.write_str(&question).and_then(|()| term.read_line());
    if typed.context("reading the answer")?.trim() != email {
        return Err(Failure::usage("the address differs; nothing was erased"));
    }
    Ok(())
}
