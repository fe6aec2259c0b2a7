//! Reads files into a person's data and reports what became of every record.

use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use import::format;
use import::recording::columns::Columns;
use model::ids::{UploadId, UserId};
use model::zone::Zone;
use serde::Serialize;
use store::samples::Mirror;

use crate::app::App;
use crate::audit::entry::Author;
use crate::cli::args::{Global, Import};
use crate::cli::failure::Failure;
use crate::cli::progress::Progress;
use crate::cli::{household, output};
use crate::ingest::file;
use crate::ingest::tally::Tally;

/// The file name that means standard input.
const STANDARD_INPUT: &str = "-";

/// What became of one file.
#[derive(Debug, Serialize)]
struct Account {
    import_id: UploadId,
    file: String,
    #[serde(flatten)]
    tally: Tally,
    bytes: u64,
    seconds: f64,
}

/// Imports the files one after the other; stops at the first that cannot be read.
pub(super) async fn import(global: &Global, wanted: Import) -> Result<(), Failure> {
    let missing = wanted
        .files
        .iter()
        .find(|path| !is_standard_input(path) && !path.is_file());
    if let Some(missing) = missing {
        return Err(Failure::usage(format!(
            "there is no file {}",
            missing.display()
        )));
    }
    if wanted.format != format::AUTO
        && let Err(unknown) = format::by_name(&wanted.format)
    {
        return Err(Failure::usage(unknown.to_string()));
    }
    let zone = wanted.zone.as_deref().map(Zone::parse).transpose();
    let columns = wanted.columns.as_deref().map(Columns::parse).transpose();
    let hints = file::Told {
        zone: zone.map_err(|unknown| Failure::usage(unknown.to_string()))?,
        columns: columns.map_err(|wrong| Failure::usage(wrong.to_string()))?,
        epoch_s: wanted.epoch,
        aggregation: None,
        name: None,
    };
    household::with(global, async |app| {
        let user = household::person(app, &wanted.user).await?.id;
        let several = wanted.files.len() > 1;
        let mut accounts = Vec::new();
        for path in &wanted.files {
            let account = one(app, user, path, (&wanted, &hints)).await?;
            if !global.json {
                output::text(&told(&account))?;
            }
            accounts.push(account);
        }
        match accounts.as_slice() {
            [only] if global.json && !several => output::json(only)?,
            all if global.json => output::json(&all)?,
            _ => {}
        }
        taken(&accounts)
    })
    .await
}

/// Fails when a file brought nothing but records that were refused, or documents and not one of its samples.
fn taken(accounts: &[Account]) -> Result<(), Failure> {
    let nothing = accounts.iter().find(|account| {
        let tally = &account.tally;
        let taken = tally.accepted + tally.duplicates + tally.linked + tally.deleted;
        let is_any_sample_refused = tally.by_type.values().any(|of| of.rejected > 0);
        let is_all = tally.records.is_empty() && tally.rejected > 0;
        taken == 0 && (is_all || is_any_sample_refused)
    });
    let Some(Account { file, tally, .. }) = nothing else {
        return Ok(());
    };
    let why = listed(tally.rejected_by_code.iter());
    let (what, which) = if tally.records.is_empty() {
        ("nothing", "records")
    } else {
        ("no sample", "samples")
    };
    Err(Failure::Failed(anyhow::anyhow!(
        "{what} of {file} was taken in: all its {which} were refused ({why})"
    )))
}

async fn one(
    app: &Arc<App>,
    user: UserId,
    path: &Path,
    (wanted, told): (&Import, &file::Told),
) -> Result<Account, Failure> {
    let (input, bytes_total): (Box<dyn Read + Send>, _) = if is_standard_input(path) {
        (Box::new(std::io::stdin()), None)
    } else {
        let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
        let bytes = file.metadata().map(|metadata| metadata.len()).ok();
        (Box::new(file), bytes)
    };
    let name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned();
    let what = file::Import {
        author: Author::OPERATOR,
        user,
        id: app.ids.upload(app.clock.now_us()),
        format: wanted.format.clone(),
        told: file::Told {
            name: Some(name.clone()),
            ..told.clone()
        },
        mirror: if wanted.mirror {
            Mirror::Remove
        } else {
            Mirror::Keep
        },
        bytes_total,
    };
    let import_id = what.id;
    let begun = Instant::now();
    let mut progress = Progress::begin(name.clone(), bytes_total);
    let watch = |now: file::Progress| progress.at(now.bytes_read, now.records);
    let imported = file::import(app, what, input, watch).await;
    progress.end();
    let imported = imported.with_context(|| format!("importing {}", path.display()))?;
    Ok(Account {
        import_id,
        file: name,
        tally: imported.tally,
        bytes: imported.bytes,
        seconds: begun.elapsed().as_secs_f64(),
    })
}

fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == STANDARD_INPUT
}

/// The account in words.
fn told(account: &Account) -> String {
    let tally = &account.tally;
    let records = tally.accepted + tally.duplicates + tally.rejected;
    let per_second = records as f64 / account.seconds.max(1e-9);
    let mut out = format!(
        "{}: {} accepted, {} duplicates, {} rejected in {:.1} s ({per_second:.0} records/s)\n",
        account.file,
        output::grouped(tally.accepted),
        output::grouped(tally.duplicates),
        output::grouped(tally.rejected),
        account.seconds,
    );
    let mut more = |what: &str, text: String| {
        if !text.is_empty() {
            writeln!(out, "  {what}: {text}").expect("a String takes every text");
        }
    };
    more("rejected", listed(tally.rejected_by_code.iter()));
    more("records", listed(tally.records.iter()));
    let unknown = tally
        .unknown_types
        .iter()
        .map(|name| match tally.nearest_types.get(name) {
            Some(nearest) => format!("{name} (did you mean {nearest}?)"),
            None => name.clone(),
        });
    let unknown: Vec<String> = unknown.collect();
    more("unknown types, kept as they came", unknown.join(", "));
    let older = [
        ("superseded", tally.snapshot.superseded),
        ("absent, kept", tally.snapshot.absent),
        ("removed", tally.snapshot.removed),
    ];
    let older = older.iter().filter(|(_, count)| *count > 0);
    more(
        "against older exports",
        listed(older.map(|(what, count)| (what, count))),
    );
    for renamed in &tally.renamed {
        more(
            "renamed",
            format!("{} is now {}", renamed.former, renamed.now),
        );
    }
    if let Some(recording) = &tally.recording {
        let offset = recording.clock_offset_s;
        let device = recording.device.as_deref().unwrap_or(&recording.format);
        let told_by = &recording.clock_told_by;
        more(
            "recording",
            format!("{device}, clock {offset} s from UTC as the {told_by} says"),
        );
    }
    for remark in &tally.notes {
        more("found", format!("{}: {}", remark.place, remark.message));
    }
    for remark in &tally.damage {
        more("damage", format!("{}: {}", remark.place, remark.message));
    }
    for remark in &tally.skipped {
        more("left out", format!("{}: {}", remark.place, remark.message));
    }
    out
}

fn listed<'a, T: std::fmt::Display + 'a>(counts: impl Iterator<Item = (T, &'a u64)>) -> String {
    let counts = counts.map(|(what, count)| format!("{what} {}", output::grouped(*count)));
    counts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_in_words_leaves_out_what_is_not_there() {
        let id = "0190a6e0-7c1a-7000-8000-000000000001"
            .parse()
            .expect("an id");
        let mut account = Account {
            import_id: id,
            file: "export.zip".to_owned(),
            tally: Tally {
                accepted: 1_200,
                duplicates: 3,
                ..Tally::default()
            },
            bytes: 10,
            seconds: 2.0,
        };
        assert_eq!(
            told(&account),
            "export.zip: 1,200 accepted, 3 duplicates, 0 rejected in 2.0 s (602 records/s)\n"
        );
        account.tally.rejected = 1;
        account
            .tally
            .rejected_by_code
            .insert("interval_negative".to_owned(), 1);
        account.tally.snapshot.absent = 4;
        let told = told(&account);
        assert!(told.contains("  rejected: interval_negative 1\n"), "{told}");
        assert!(
            told.contains("  against older exports: absent, kept 4\n"),
            "{told}"
        );
    }
}
