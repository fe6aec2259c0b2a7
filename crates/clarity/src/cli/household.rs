//! Opens the data folder for one command: settings, database, key.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use model::ids::UserId;
use store::Target;
use store::people::Person;

use crate::app::App;
use crate::audit::entry::Author;
use crate::audit::writer;
use crate::cli::args::Global;
use crate::cli::failure::Failure;
use crate::cli::user::refused;
use crate::clock::{Clock, Ids};
use crate::config::{Config, ConfigError};
use crate::http::serve::DRAIN;
use crate::private;

/// Name of the settings file in the data folder.
const SETTINGS_FILE: &str = "clarity.toml";

/// Settings from file, environment and flags. `more` are flags of the one command.
pub(super) fn settings(global: &Global, more: &[(String, String)]) -> Result<Config, ConfigError> {
    let environment = Config::environment();
    let mut flags = Vec::new();
    if let Some(folder) = &global.data_dir {
        flags.push(("data_dir".to_owned(), folder.to_string_lossy().into_owned()));
    }
    flags.extend_from_slice(more);
    let file = if let Some(file) = &global.config {
        Some(file.clone())
    } else {
        // The folder may itself be set by the environment; the file in it is read afterwards.
        let first = Config::load(None, &environment, &flags)?;
        Some(first.data_dir.join(SETTINGS_FILE)).filter(|file| file.is_file())
    };
    Config::load(file.as_deref(), &environment, &flags)
}

/// The same, as a command needs it.
pub(super) fn settings_or_fail(
    global: &Global,
    more: &[(String, String)],
) -> Result<Config, Failure> {
    settings(global, more).map_err(|refused| Failure::Failed(refused.into()))
}

/// Opens everything a command needs, on the machine's clock.
async fn open(global: &Global) -> Result<Arc<App>, Failure> {
    let config = settings_or_fail(global, &[])?;
    open_with(config).await
}

/// The same with settings that are read already.
pub(super) async fn open_with(config: Config) -> Result<Arc<App>, Failure> {
    private::keep();
    prepare_folder(&config.data_dir)?;
    let app = App::open(config, Clock::System, Ids::Random).await;
    Ok(app.context("opening the data folder")?)
}

/// Opens the data folder for one piece of work and closes it after it, however it ended.
pub(super) async fn with<T>(
    global: &Global,
    work: impl AsyncFnOnce(&Arc<App>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let app = open(global).await?;
    let done = work(&app).await;
    close(&app).await;
    done
}

/// Ends the background tasks of the application and closes the database.
pub(super) async fn close(app: &App) {
    app.shutdown.cancel();
    app.tasks.close();
    if tokio::time::timeout(DRAIN, app.tasks.wait()).await.is_err() {
        tracing::warn!("some work did not finish in time and was cut off");
    }
    app.store.close().await;
}

/// Creates the data folder for its owner only. An existing folder is left as it is.
pub(super) fn prepare_folder(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt;

    let mut builder = std::fs::DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(folder);
    Ok(made.with_context(|| format!("creating {}", folder.display()))?)
}

/// Finds a person by address.
pub(super) async fn person(app: &App, email: &str) -> Result<Person, Failure> {
    let mut tx = app.store.read().await.context("opening the database")?;
    let found = store::people::by_email(&mut tx, &app.vault, email).await;
    let found = found.context("looking the account up")?;
    found.ok_or_else(|| {
        Failure::Failed(anyhow::anyhow!(
            "no account has this address; `clarity user list` shows all, `clarity user add` adds one"
        ))
    })
}

/// Finds a person by address whose data is about to be read, once that is recorded in their audit log.
pub(super) async fn read_by_operator(
    app: &App,
    email: &str,
    what: &str,
) -> Result<UserId, Failure> {
    let user = person(app, email).await?.id;
    let recorded = writer::before(app, &Author::OPERATOR.does(what, user)).await;
    recorded.map_err(|problem| refused(&problem))?;
    Ok(user)
}

/// What a text on the command line names: a PostgreSQL address, a data folder or a SQLite file.
pub(super) fn target(text: &str) -> Target {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Target::Postgres {
            url: text.to_owned(),
        };
    }
    let path = PathBuf::from(text);
    let names_file = path.extension().is_some_and(|extension| extension == "db");
    let path = if names_file && !path.is_dir() {
        path
    } else {
        path.join("clarity.db")
    };
    Target::Sqlite { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_folders_files_or_addresses() {
        let check = |text: &str, expect: &str| {
            assert_eq!(format!("{:?}", target(text)), expect, "{text}");
        };
        check("there", "Sqlite { path: \"there/clarity.db\" }");
        check("there/copy.db", "Sqlite { path: \"there/copy.db\" }");
        check("postgres://a@b/c", "Postgres { url: \"postgres://a@b/c\" }");
    }

    #[test]
    fn flags_name_the_folder_whose_file_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(SETTINGS_FILE), "workers = 7\n").expect("a file");
        let data_dir = Some(folder.path().to_owned());
        let global = Global {
            data_dir,
            config: None,
            json: false,
        };
        let config = settings(&global, &[]).expect("settings");
        assert_eq!(
            (config.workers, config.data_dir.as_path()),
            (7, folder.path())
        );
        let more = [("workers".to_owned(), "9".to_owned())];
        assert_eq!(settings(&global, &more).expect("settings").workers, 9);
    }
}
