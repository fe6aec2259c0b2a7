//! Runs the server, or workers only, until a signal ends them.

use std::sync::Arc;

use anyhow::Context;
use model::ids::UserId;
use model::zone::Zone;
use serde_json::json;
use store::people::Access;
use tokio::net::TcpListener;

use crate::app::App;
use crate::auth::account::Email;
use crate::auth::password::{self, Verdict};
use crate::cli::args::{Global, Serve, Worker};
use crate::cli::failure::Failure;
use crate::cli::{household, output, user};
use crate::config::{Config, Environment, Log, LogFormat};
use crate::demo;
use crate::demo::who::Who;
use crate::housekeeping;
use crate::http::{serve as server, window};
use crate::jobs;
use crate::problem::Problem;
use crate::relay::{self, Station};
use crate::supervise::Task;
use crate::telemetry;

/// Workers when the setting leaves it open and the machine does not tell its cores.
const WORKERS_UNKNOWN: usize = 2;

/// Everything in one process.
pub(super) async fn serve(global: &Global, wanted: Serve) -> Result<(), Failure> {
    let mut flags = Vec::new();
    if let Some(listen) = wanted.listen {
        flags.push(("listen".to_owned(), listen.to_string()));
    }
    let mut config = household::settings_or_fail(global, &flags)?;
    if wanted.demo {
        refuse_public_demo(&config)?;
        if config.log == Log::default() {
            // A demo is looked at, not collected: keep the sign-in on the screen.
            config.log = Log {
                format: LogFormat::Text,
                level: "warn".to_owned(),
            };
        }
    }
    watch(&config)?;
    let has_key = config.key_file().exists();
    let app = household::open_with(config).await?;
    if !has_key {
        output::note(&format!(
            "the master key was made: {}; keep a copy of it apart, without it nothing can be read",
            app.config.key_file().display()
        ));
    }
    let address = app.config.listen;
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("listening on {address}"))?;
    let address = listener.local_addr().context("reading the address")?;
    server::stop_on_signals(&app).context("listening for signals")?;
    jobs::worker::start(&app, workers(&app.config));
    relay::start(&app, Station::Server);
    crate::pat::watch_models(&app);
    if wanted.demo {
        seed(&app)
            .await
            .map_err(|problem| user::refused(&problem))?;
    } else {
        close_demo(&app)
            .await
            .map_err(|problem| user::refused(&problem))?;
    }
    tracing::info!(%address, "listening");
    let setup = setup_code(&app).await.context("counting accounts")?;
    announce(
        global,
        &format!("http://{address}"),
        wanted.demo,
        setup.as_deref(),
    )?;
    server::serve(&app, listener).await;
    ended_well(app.supervisor.gave_up())
}

/// A process whose task gave up has failed, however orderly it ended.
fn ended_well(gave_up: Option<Task>) -> Result<(), Failure> {
    match gave_up {
        None => Ok(()),
        Some(task) => Err(Failure::Failed(anyhow::anyhow!(
            "the task {:?} kept failing; the log says where it panicked",
            task.name()
        ))),
    }
}

/// Background work only.
pub(super) async fn worker(global: &Global, wanted: Worker) -> Result<(), Failure> {
    let mut flags = Vec::new();
    if let Some(workers) = wanted.workers {
        flags.push(("workers".to_owned(), workers.to_string()));
    }
    let config = household::settings_or_fail(global, &flags)?;
    watch(&config)?;
    let app = household::open_with(config).await?;
    server::stop_on_signals(&app).context("listening for signals")?;
    let count = workers(&app.config);
    relay::start(&app, Station::Worker);
    jobs::worker::start(&app, count);
    housekeeping::start(&app, || {});
    crate::pat::watch_models(&app);
    tracing::info!(count, "working");
    app.shutdown.cancelled().await;
    household::close(&app).await;
    ended_well(app.supervisor.gave_up())
}

fn watch(config: &Config) -> Result<(), Failure> {
    telemetry::log(&config.log);
    Ok(telemetry::collect_metrics().context("collecting metrics")?)
}

fn workers(config: &Config) -> usize {
    match config.workers {
        0 => std::thread::available_parallelism().map_or(WORKERS_UNKNOWN, Into::into),
        count => count,
    }
}

/// The demo's password is public, so nobody else may reach it.
fn refuse_public_demo(config: &Config) -> Result<(), Failure> {
    if !config.listen.ip().is_loopback() {
        return Err(Failure::usage(
            "CONFIG_DEMO: --demo has a public password and only listens on loopback addresses",
        ));
    }
    if config.environment == Environment::Production {
        return Err(Failure::usage(
            "CONFIG_DEMO: --demo has no place in production",
        ));
    }
    Ok(())
}

/// Makes sure that the made-up people can sign in, and lets their data come in meanwhile, one after the other.
async fn seed(app: &Arc<App>) -> Result<(), Problem> {
    let mut people = Vec::new();
    for who in Who::ALL {
        people.push((who, account(app, who).await?));
    }
    let owner = Arc::clone(app);
    app.spawn("demo", async move {
        for (who, person) in people {
            match demo::bring(&owner, person, who).await {
                Ok(accepted) => tracing::info!(accepted, "the demo is ready"),
                Err(problem) => {
                    tracing::error!(problem = %problem, "storing a person of the demo failed");
                }
            }
        }
    });
    Ok(())
}

/// Switches off the accounts of made-up people that an earlier start with `--demo` left and that can still be
/// entered with the public password: without `--demo` a server may be reached by anybody.
async fn close_demo(app: &App) -> Result<(), Problem> {
    for who in Who::ALL {
        let mut tx = app.store.read().await?;
        let known = store::people::by_email(&mut tx, &app.vault, who.email()).await;
        tx.rollback().await?;
        let person = match known {
            Ok(Some(person)) if person.access == Access::Enabled => person,
            // Nobody gets in with a damaged account either.
            Ok(_) | Err(store::Error::Damaged { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let hash = Some(person.password_hash);
        if password::verify(app, who.password(), hash).await? != Verdict::Right {
            continue;
        }
        let mut tx = app.store.begin("close the demo").await?;
        store::people::set_access(&mut tx, &app.vault, person.id, Access::Disabled).await?;
        store::sessions::revoke_all(&mut tx, person.id).await?;
        tx.commit().await?;
        output::note(&format!(
            "the account {} of the demo has a public password and is switched off; --demo switches it on again",
            who.email()
        ));
    }
    Ok(())
}

/// The account of a made-up person, with the password that is printed.
async fn account(app: &App, who: Who) -> Result<UserId, Problem> {
    let email = Email::parse(who.email()).expect("the address is fixed");
    let mut tx = app.store.read().await?;
    let known = store::people::by_email(&mut tx, &app.vault, who.email()).await?;
    drop(tx);
    if let Some(person) = known {
        // Whoever changed the password meant to play; what is printed must work.
        let hash = password::hash(app, who.password()).await?;
        let mut tx = app.store.begin("seed the demo").await?;
        store::people::set_password_hash(&mut tx, &app.vault, person.id, &hash).await?;
        store::people::set_access(&mut tx, &app.vault, person.id, Access::Enabled).await?;
        tx.commit().await?;
        return Ok(person.id);
    }
    let home = Zone::parse(who.home()).expect("the zone is fixed");
    user::create(app, &email, who.password(), Some(&home)).await
}

/// The code of the first account, where there is none yet.
async fn setup_code(app: &App) -> Result<Option<String>, store::Error> {
    let mut tx = app.store.read().await?;
    let count = store::people::count(&mut tx).await?;
    Ok((count == 0).then(|| app.keys.setup_code()))
}

fn announce(
    global: &Global,
    address: &str,
    with_demo: bool,
    setup: Option<&str>,
) -> Result<(), Failure> {
    if global.json {
        let sign_in = |who: Who| json!({ "email": who.email(), "password": who.password() });
        let demo = with_demo.then(|| sign_in(Who::Robin));
        let other = with_demo.then(|| sign_in(Who::Kim));
        return output::line(
            &json!({ "address": address, "demo": demo, "demo_other": other, "setup_code": setup })
                .to_string(),
        );
    }
    output::line(&format!(
        "Clarity listens on {address}\n  API documentation  {address}/docs"
    ))?;
    if with_demo {
        for who in Who::ALL {
            let (email, password) = (who.email(), who.password());
            output::line(&format!("  demo sign-in       {email}  {password}"))?;
        }
    }
    if let Some(code) = setup {
        // After the #: a browser keeps that part to itself.
        output::line(&format!("  first account      {address}/setup#{code}"))?;
    }
    if !window::is_built() {
        output::line("  no pages for people in this build; see `make window`")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_gave_up_fails_the_process() {
        assert!(ended_well(None).is_ok());
        for task in Task::ALL {
            let failure = ended_well(Some(task)).expect_err("a failure");
            assert!(failure.to_string().contains(task.name()), "{failure}");
        }
    }

    #[test]
    fn a_demo_stays_on_this_machine() {
        let check = |listen: &str, environment, expect: bool| {
            let listen = listen.parse().expect("an address");
            let config = Config {
                listen,
                environment,
                ..Config::default()
            };
            assert_eq!(refuse_public_demo(&config).is_ok(), expect, "{listen}");
        };
        check("127.0.0.1:8080", Environment::Development, true);
        check("[::1]:8080", Environment::Development, true);
        check("0.0.0.0:8080", Environment::Development, false);
        check("127.0.0.1:8080", Environment::Production, false);
    }
}
