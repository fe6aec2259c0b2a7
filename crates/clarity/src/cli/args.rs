//! The commands and their arguments, as `--help` prints them.

pub(crate) mod audit;
pub(crate) mod export;
pub(crate) mod keys;
pub(crate) mod models;
pub(crate) mod pat;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use lab::examine::{LeaveOut, Windows};

/// A self-hosted, encrypted server for health data.
#[derive(Debug, Parser)]
#[command(
    name = "clarity",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Folder of the database and the master key.
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Settings file; without it, clarity.toml in the data folder if there is one.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs everything in one process: API and background work.
    Serve(Serve),
    /// Runs background work only, beside other servers on one database.
    Worker(Worker),
    /// Reads exports and payloads into a person's data.
    Import(Import),
    /// Writes everything of a person, in the clear.
    Export(export::Export),
    /// Analyses recordings of worn devices: measures, nights and days of each, into one table.
    Analyze(Box<Analyze>),
    /// Compares two groups of analysed recordings, measure by measure.
    Compare(Compare),
    /// Measures heart-rate variability from files of beat intervals (RR, IBI, NN) in ms or s.
    Hrv(Hrv),
    /// Prints the data dictionary of the results of analyze.
    Columns,
    /// Manages accounts.
    User(User),
    /// Manages the keys of phones and scripts that send health data.
    Device(Device),
    /// Looks at settings, key, database and address, with a remedy for each finding.
    Check,
    /// Prints every setting with its default and what it is for.
    Config,
    /// Prints the OpenAPI document.
    Openapi,
    /// Prints the catalogue of metrics.
    Metrics,
    /// Installs and checks trained networks, such as the Pretrained Actigraphy Transformer.
    Models(models::Models),
    /// Embeds weeks of movement with the actigraphy transformer, and trains heads on embeddings.
    Pat(pat::Pat),
    /// Shows background work, and what to do with work that was set aside.
    Jobs(Jobs),
    /// Checks the audit log, or writes that of a person.
    Audit(audit::Audit),
    /// Lists, replaces or takes back the keys that sign access tokens, while servers run.
    Keys(keys::Keys),
    /// Compares a person's totals of days with the phone's own numbers, and says why they differ.
    Reconcile(Reconcile),
    /// Prints the insight about a day of a person, with the facts behind its numbers.
    Insight(WantedInsight),
    /// Prints what a person's samples cost on disk, by metric.
    Storage(Storage),
    /// Copies everything into an empty database; the key file stays the same.
    Copy(Copy),
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Add a made-up person with sixty days of data.
    #[arg(long)]
    pub(crate) demo: bool,
}

/// Arguments of `worker`.
#[derive(Debug, Args)]
pub(crate) struct Worker {
    /// Jobs worked on at the same time; without it, the setting `workers`.
    #[arg(long, value_name = "COUNT")]
    pub(crate) workers: Option<usize>,
}

/// Arguments of `import`.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Files to read; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Whose data it is.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) user: String,
    /// What the files are; `auto` looks at their content.
    #[arg(long, default_value = "auto", value_name = "FORMAT")]
    pub(crate) format: String,
    /// Zone of local times without offset, such as a worn device's clock; the person's by default.
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<String>,
    /// What the columns of a table of epochs mean, as time=Date,count=PIM: for recordings of no known
    /// format.
    #[arg(long, value_name = "NAME=COLUMN,…")]
    pub(crate) columns: Option<String>,
    /// Seconds of an epoch, where a recording does not state them.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) epoch: Option<u32>,
    /// Also remove samples that are merely absent from a newer export.
    #[arg(long)]
    pub(crate) mirror: bool,
}

/// Arguments of `analyze`.
///
/// Ends with 0 when the results were written and at least one recording is in them, 1 when nothing could
/// be analysed or written, 2 when it was called wrongly, and with `--strict` 3 when a file failed.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct Analyze {
    /// Recordings: files, folders with all that is in them, patterns such as 'data/*.AWD'.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Results; .csv and .parquet give three tables (recordings, nights, days), .json one document.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Go on where a run with the same output ended: what has the same content and options is not
    /// analysed again.
    #[arg(long)]
    pub(crate) resume: bool,
    /// Only these measures, groups or methods, and `nights` and `days`, separated by commas.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) methods: Vec<String>,
    /// Sleep diary: a table with recording, type (night, nap, nowear, active), start and end, or a wide log of GGIR.
    #[arg(long, value_name = "FILE")]
    pub(crate) diary: Option<PathBuf>,
    /// Days of work and free days, for social jetlag: a table with recording, date and day (work or free); a day
    /// without an entry is free on Saturday and Sunday. Diary, periods and calendar may be spreadsheets.
    #[arg(long, value_name = "FILE")]
    pub(crate) calendar: Option<PathBuf>,
    /// The part of each recording to use: a table with recording, start and end.
    #[arg(long, value_name = "FILE")]
    pub(crate) periods: Option<PathBuf>,
    /// Put recordings on the local clock of this zone, such as Europe/Oslo; their device's clock must
    /// have run on through clock changes.
    #[arg(long, value_name = "ZONE")]
    pub(crate) tz: Option<String>,
    /// Resample to epochs of this many seconds: counts are added up, the rest averaged.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) epoch: Option<u32>,
    /// What the columns of a table are, such as time=timestamp,count=activity,light=4,subject=id,
    /// or time=1,x=2,y=3,z=4 for raw acceleration.
    #[arg(long, value_name = "COLUMNS")]
    pub(crate) columns: Option<String>,
    /// Samples per second of raw acceleration in a table, where its times do not tell.
    #[arg(long, value_name = "HZ")]
    pub(crate) rate: Option<f64>,
    /// The format of the files; without it they are recognised by their content. beats for beat intervals whose
    /// file does not say that it holds them.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,
    /// The channel that is the activity, where a device has several.
    #[arg(long, value_name = "NAME")]
    pub(crate) channel: Option<String>,
    /// What scores sleep and wake; without it, the scorer of the device's maker, or one without a scale.
    #[arg(long, value_name = "NAME")]
    pub(crate) scorer: Option<String>,
    /// What to leave out as not worn; of raw acceleration, what van Hees 2013 finds.
    #[arg(long, value_enum, default_value = "choi", value_name = "RULE")]
    pub(crate) nonwear: NonwearRule,
    /// Where windows of rest come from without a diary.
    #[arg(long, value_enum, default_value = "found", value_name = "SOURCE")]
    pub(crate) windows: WindowSource,
    /// Nights that a mean over nights needs.
    #[arg(long, default_value_t = 3, value_name = "COUNT", value_parser = at_least_one)]
    pub(crate) min_nights: usize,
    /// Days of ten hours of wear that a mean over days needs.
    #[arg(long, default_value_t = 3, value_name = "COUNT", value_parser = at_least_one)]
    pub(crate) min_days: usize,
    /// The cut points of intensity, such as `troiano_2008`; without it, those published for the device and
    /// where it was worn, if there are any.
    #[arg(long, value_name = "NAME")]
    pub(crate) cut_points: Option<String>,
    /// List every epoch too: counts, wear, score and window, as a fourth table or in JSON.
    #[arg(long)]
    pub(crate) epochs: bool,
    /// Give the scores of every scorer epoch by epoch (in JSON).
    #[arg(long)]
    pub(crate) scores: bool,
    /// Also write a page for each recording and one for the cohort into this folder.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) report: Option<PathBuf>,
    /// Files worked on at the same time; without it, as many as there are cores.
    #[arg(long, value_name = "COUNT")]
    pub(crate) threads: Option<usize>,
    /// Refuse a file of which anything is lost, and end with 3 when any file failed.
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Results of analyze, .csv or .json.
    #[arg(value_name = "RESULTS")]
    pub(crate) results: PathBuf,
    /// CSV whose first column names recordings as their files are called.
    #[arg(long, value_name = "FILE")]
    pub(crate) groups: PathBuf,
    /// Its column with the group.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) by: String,
    /// The two groups to compare, where there are more, such as patient,control.
    #[arg(long, value_name = "FIRST,SECOND", value_delimiter = ',', num_args = 1)]
    pub(crate) between: Vec<String>,
    /// Only these measures, groups or methods, separated by commas.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) methods: Vec<String>,
}

/// Arguments of `jobs`.
#[derive(Debug, Args)]
pub(crate) struct Jobs {
    #[command(subcommand)]
    pub(crate) command: JobsCommand,
}

/// What to do with background work.
#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// Counts the work by kind and state, and lists what was set aside.
    List,
    /// Tries a job that was set aside again, now.
    Retry(ChosenJob),
    /// Forgets a job that was set aside.
    Drop(ChosenJob),
}

/// A job.
#[derive(Debug, Args)]
pub(crate) struct ChosenJob {
    /// Its id, as `jobs list` prints it.
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

/// Arguments of `insight`.
#[derive(Debug, Args)]
pub(crate) struct WantedInsight {
    /// Whose.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) user: String,
    /// The local day, any that is over; without it, the newest insight.
    #[arg(long, value_name = "DATE")]
    pub(crate) date: Option<jiff::civil::Date>,
}

/// Arguments of `storage`.
#[derive(Debug, Args)]
pub(crate) struct Storage {
    /// Whose samples.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) user: String,
}

/// Arguments of `user`.
#[derive(Debug, Args)]
pub(crate) struct User {
    #[command(subcommand)]
    pub(crate) command: UserCommand,
}

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Adds an account; the password comes from standard input, or is asked for on a terminal.
    Add(UserAdd),
    /// Lists accounts.
    List,
    /// Gives an account another role: patient, clinician, researcher or admin.
    Role(UserRole),
    /// Keeps an account from signing in and ends its sessions; its data stays.
    Disable(UserDisable),
    /// Turns codes at sign-in off for somebody who has lost phone and recovery codes.
    MfaOff(UserMfaOff),
    /// Erases a person: account, data and key. Cannot be undone.
    Erase(UserErase),
    /// Lists erasures and finishes those that another program held up.
    Erasures,
}

/// Arguments of `user add`.
#[derive(Debug, Args)]
pub(crate) struct UserAdd {
    /// The address to sign in with.
    pub(crate) email: String,
    /// Where the person lives, such as Europe/Berlin; decides when their days begin.
    #[arg(long, value_name = "ZONE")]
    pub(crate) time_zone: Option<String>,
}

/// Arguments of `user role`.
#[derive(Debug, Args)]
pub(crate) struct UserRole {
    /// The account's address.
    pub(crate) email: String,
    /// What it is for.
    #[arg(value_parser = ["patient", "clinician", "researcher", "admin"])]
    pub(crate) role: String,
}

/// Arguments of `user disable`.
#[derive(Debug, Args)]
pub(crate) struct UserDisable {
    /// The account's address.
    pub(crate) email: String,
}

/// Arguments of `user mfa-off`.
#[derive(Debug, Args)]
pub(crate) struct UserMfaOff {
    /// The account's address.
    pub(crate) email: String,
}

/// Arguments of `user erase`.
#[derive(Debug, Args)]
pub(crate) struct UserErase {
    /// The account's address.
    pub(crate) email: String,
    /// Do not ask.
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Arguments of `device`.
#[derive(Debug, Args)]
pub(crate) struct Device {
    #[command(subcommand)]
    pub(crate) command: DeviceCommand,
}

/// What to do with devices.
#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// Adds a device and prints its key, once, with the address and the text for a QR code.
    Add(DeviceAdd),
    /// Makes a code by which the Open Wearables app gets the key of a device, once.
    Invite(DeviceInvite),
    /// Lists devices and when each was last heard.
    List(DeviceList),
    /// Revokes the key of a device, at once; what it sent stays.
    Revoke(DeviceRevoke),
}

/// Arguments of `device add`.
#[derive(Debug, Args)]
pub(crate) struct DeviceAdd {
    /// What to call the device, such as 'My phone'.
    pub(crate) name: String,
    /// Whose data it sends.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) user: String,
}

/// Arguments of `device invite`.
#[derive(Debug, Args)]
pub(crate) struct DeviceInvite {
    /// The id of the device.
    pub(crate) device: String,
    /// Whose device it is.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) user: String,
}

/// Arguments of `device list`.
#[derive(Debug, Args)]
pub(crate) struct DeviceList {
    /// Whose devices.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) user: String,
}

/// Arguments of `device revoke`.
#[derive(Debug, Args)]
pub(crate) struct DeviceRevoke {
    /// The id of the device.
    pub(crate) device: String,
    /// Whose device it is.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) user: String,
}

/// Arguments of `reconcile`.
#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    /// Whose days.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) user: String,
    /// First day; without it, 30 days before the end. At most 400 days.
    #[arg(long, value_name = "DATE")]
    pub(crate) start: Option<String>,
    /// The day after the last one; without it, tomorrow.
    #[arg(long, value_name = "DATE")]
    pub(crate) end: Option<String>,
    /// Metrics, separated by commas; all of which the phone has a number without it.
    #[arg(long, value_name = "METRICS")]
    pub(crate) metrics: Option<String>,
    /// Print only those that differ.
    #[arg(long)]
    pub(crate) differing: bool,
}

/// Arguments of `copy`.
#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// A data folder, a SQLite file, or the address of a PostgreSQL database. An address with a password is given
    /// as `env:NAME`, the variable that has it: arguments are seen by every process of the machine.
    pub(crate) from: String,
    /// The same; it must hold nothing yet.
    pub(crate) to: String,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn flags_may_stand_before_and_after_the_command() {
        let check = |line: &str| {
            let arguments = Arguments::try_parse_from(line.split(' ')).expect("valid arguments");
            assert!(arguments.global.json, "{line}");
            assert_eq!(
                arguments.global.data_dir,
                Some(PathBuf::from("there")),
                "{line}"
            );
        };
        check("clarity --json --data-dir there user list");
        check("clarity user list --json --data-dir there");
        check("clarity import - --user a@example.org --json --data-dir there");
    }

    #[test]
    fn an_import_needs_a_file_and_a_person() {
        let check = |line: &str| {
            let refused = Arguments::try_parse_from(line.split(' ')).expect_err("refused");
            assert_eq!(refused.exit_code(), 2, "{line}");
        };
        check("clarity import --user a@example.org");
        check("clarity import file.zip");
        check("clarity export --user a@example.org --format xml --out f");
        check("clarity nonsense");
    }
}

/// A count of nights or days.
fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=1_000) => Ok(count),
        _ => Err("must be a number from 1 to 1000".to_owned()),
    }
}

/// Rules for what is left out as not worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum NonwearRule {
    /// Nothing but what a diary says was not worn.
    Kept,
    /// Non-wear by Choi 2011, of 90 minutes at the hip and of 180 elsewhere.
    Choi,
    /// Non-wear by Choi 2011, of 90 minutes wherever the device was worn.
    #[value(name = "choi-90")]
    ChoiPublished,
    /// Non-wear by Troiano 2008.
    Troiano,
    /// Two hours or more without any movement.
    Stillness,
    /// What the device's off-wrist sensor finds, and what its program excluded.
    Device,
}

/// Where windows of rest come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum WindowSource {
    /// They are found in the recording.
    Found,
    /// The rest intervals that the device's program states.
    Device,
}

impl WindowSource {
    /// The source as the laboratory knows it.
    pub(crate) const fn windows(self) -> Windows {
        match self {
            Self::Found => Windows::Found,
            Self::Device => Windows::Device,
        }
    }
}

impl NonwearRule {
    /// The rule as the laboratory knows it.
    pub(crate) const fn leave_out(self) -> LeaveOut {
        match self {
            Self::Kept => LeaveOut::Kept,
            Self::Choi => LeaveOut::Choi,
            Self::ChoiPublished => LeaveOut::ChoiPublished,
            Self::Troiano => LeaveOut::Troiano,
            Self::Stillness => LeaveOut::Stillness,
            Self::Device => LeaveOut::Device,
        }
    }
}

/// Arguments of `hrv`.
#[derive(Debug, Args)]
pub(crate) struct Hrv {
    /// Files, folders or patterns: one interval per line, a table with a column named RR, IBI or NN
    /// (Kubios, Elite HRV, Polar Sensor Logger), a Polar HRM file, or a FIT file with beat intervals.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// What is done about faulty beats before anything is computed.
    #[arg(long, value_enum, default_value = "beats", value_name = "RULE")]
    pub(crate) artefacts: HrvArtefacts,
    /// Milliseconds from the median of eleven intervals that make an artefact, for `threshold`.
    #[arg(long, default_value_t = 250, value_name = "MS", value_parser = clap::value_parser!(u32).range(20..=1_000))]
    pub(crate) threshold_ms: u32,
    /// Also follow DFA alpha 1 in consecutive windows of so many seconds.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(60..=3_600))]
    pub(crate) window: Option<u32>,
}

/// Rules for faulty beats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HrvArtefacts {
    /// Beats are kept as they are.
    Kept,
    /// Ectopic, missed, extra, long and short beats are put right (Lipponen and Tarvainen 2019).
    Beats,
    /// Intervals too far from the median around them are interpolated.
    Threshold,
}
