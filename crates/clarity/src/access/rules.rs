//! The table: a row for each operation of the API. No code but what makes a row short.

use crate::access::Permission::{self, ManageUsers, ReadOwnData, SystemAdmin, WriteOwnData};
use crate::access::Rule;
use crate::access::Watch::{self, Before, Nothing, Within};

const READ: Option<Permission> = Some(ReadOwnData);
const WRITE: Option<Permission> = Some(WriteOwnData);
const PEOPLE: Option<Permission> = Some(ManageUsers);
const SYSTEM: Option<Permission> = Some(SystemAdmin);
/// Live uploads are one thing, whatever form they have.
const UPLOAD: Watch = Within("upload");

const fn row(
    operation: &'static str,
    needs: Option<Permission>,
    watch: Watch,
    says: &'static str,
) -> Rule {
    Rule {
        operation,
        needs,
        watch,
        says,
    }
}

/// Every operation, in groups as the document has them.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    // Operations
    row("get_index", None, Nothing, ""),
    row("get_health", None, Nothing, ""),
    row("get_liveness", None, Nothing, ""),
    row("get_readiness", None, Nothing, ""),
    row("get_detailed_health", SYSTEM, Nothing, ""),
    row("get_metrics", None, Nothing, ""),
    row("get_openapi", None, Nothing, ""),
    row("list_people", PEOPLE, Before, "read the list of accounts"),
    row("list_settings", SYSTEM, Before, "read the settings of the server"),
    row("get_job_queue", SYSTEM, Before, "read the background work"),
    row("retry_job", SYSTEM, Within("retry_job"), "queued a job again"),
    row("forget_job", SYSTEM, Within("forget_job"), "forgot a job"),
    // Accounts
    row("get_public_keys", None, Nothing, ""),
    row("get_setup", None, Nothing, ""),
    row("read_key_to_keep", None, Nothing, ""),
    row("set_up", None, Within("set_up"), "opened the first account"),
    row("register", None, Within("register"), "opened the account"),
    row("login", None, Within("login"), "signed in"),
    row("refresh_tokens", None, Nothing, ""),
    row("logout", WRITE, Within("end_session"), "ended a session"),
    row("open_browser_session", None, Within("open_browser_session"), "signed in with a browser"),
    row("close_browser_session", WRITE, Within("end_session"), "ended a session"),
    row("get_account", READ, Before, "read the account"),
    row("update_account", WRITE, Within("update_account"), "changed the name or the password"),
    row("delete_account", WRITE, Nothing, ""),
    row("list_sessions", READ, Before, "read the list of sessions"),
    row("end_session", WRITE, Within("end_session"), "ended a session"),
    row("list_audit", READ, Before, "read the audit log"),
    // Person
    row("get_preferences", READ, Before, "read the preferences"),
    row("replace_preferences", WRITE, Within("replace_preferences"), "changed the preferences"),
    row("get_profile", READ, Before, "read the profile"),
    row("replace_profile", WRITE, Within("replace_profile"), "changed the profile"),
    row("list_goals", READ, Before, "read the goals"),
    row("add_goal", WRITE, Within("add_goal"), "set a goal"),
    row("get_goal", READ, Before, "read a goal"),
    row("replace_goal", WRITE, Within("replace_goal"), "changed a goal"),
    row("delete_goal", WRITE, Within("delete_goal"), "removed a goal"),
    // Devices
    row("list_devices", READ, Before, "read the list of devices"),
    row("add_device", WRITE, Within("add_device"), "added a device"),
    row("revoke_device", WRITE, Within("revoke_device"), "revoked the key of a device"),
    row("get_device_pairing", READ, Before, "read the key of a new device"),
    row("invite_device", WRITE, Within("invite_device"), "made a code for a device"),
    row("redeem_invitation", None, Within("redeem_invitation"), "exchanged a code for the key of a device"),
    row("refresh_device_token", None, Nothing, ""),
    row("revoke_device_token", None, Within("revoke_device"), "revoked the key of a device"),
    row("send_from_device", WRITE, UPLOAD, "sent health data"),
    // Uploads
    row("upload_health_data", WRITE, UPLOAD, "sent health data"),
    row("upload_batch", WRITE, UPLOAD, "sent health data"),
    row("upload_healthkit", WRITE, UPLOAD, "sent health data"),
    row("upload_health_auto_export", WRITE, UPLOAD, "sent health data"),
    row("sync_open_wearables", WRITE, UPLOAD, "sent health data"),
    row("ignore_sdk_logs", WRITE, Nothing, ""),
    row("get_processing", READ, Before, "read what became of an upload"),
    row("delete_upload", WRITE, Within("take_back"), "took back what an upload brought"),
    row("analyze_health_data", WRITE, Before, "had the days computed again"),
    // Imports
    row("create_import", WRITE, Within("create_import"), "imported a file"),
    row("list_imports", READ, Before, "read the list of imports"),
    row("get_import", READ, Before, "read what became of an import"),
    row("delete_import", WRITE, Within("take_back"), "took back what an upload brought"),
    row("stream_import_events", READ, Before, "watched an import"),
    // Reading
    row("list_metric_types", None, Nothing, ""),
    row("list_samples", READ, Before, "read samples"),
    row("get_series", READ, Before, "read a series"),
    row("list_daily_summaries", READ, Before, "read the daily summaries"),
    row("get_days", READ, Before, "read values by day"),
    row("get_coverage", READ, Before, "read which days have data"),
    row("list_own_metrics", READ, Before, "read which measures there are"),
    row("list_sources", READ, Before, "read the list of sources"),
    row("list_reconciled_totals", READ, Before, "read totals beside those of the phone"),
    row("list_nights", READ, Before, "read the nights"),
    row("get_sleep_debt", READ, Before, "read the sleep debt"),
    row("get_periodogram", READ, Before, "read the periodogram"),
    row("get_sleep_timing", READ, Before, "read the timing of sleep"),
    row("get_storage", READ, Before, "read how much is stored"),
    row("get_rhythm", READ, Before, "read the rhythm of rest and activity"),
    row("get_cardio", READ, Before, "read the measures of the heart"),
    row("get_fitness", READ, Before, "read the measures of fitness"),
    row("list_beat_series", READ, Before, "read the list of heartbeat series"),
    row("get_beat_series", READ, Before, "read a heartbeat series"),
    row("list_ecgs", READ, Before, "read the list of ECGs"),
    row("get_ecg", READ, Before, "read an ECG"),
    row("list_workouts", READ, Before, "read the workouts"),
    row("get_workout", READ, Before, "read a workout"),
    row("get_workout_effort", READ, Before, "read the effort of a workout"),
    row("get_training_load", READ, Before, "read the training load"),
    row("get_trend", READ, Before, "read a trend"),
    row("get_anomalies", READ, Before, "read the unusual days"),
    row("get_trial", READ, Before, "read a trial"),
    row("stream_events", READ, Before, "listened to live events"),
    // Export
    row("export_health_data", READ, Before, "exported all health data"),
    row("purge_health_data", WRITE, Within("purge_health_data"), "erased all health data"),
    row("get_erasure", READ, Before, "read the receipt of an erasure"),
    // Insights
    row("get_daily_insight", READ, Before, "read the insight of a day"),
    row("get_insight", READ, Before, "read an insight"),
    row("get_insight_status", READ, Before, "read how far insights are"),
    // Transformer and laboratory
    row("analyze_counts", WRITE, Before, "had a week of activity analysed"),
    row("analyze_steps", WRITE, Before, "had a week of steps analysed"),
    row("get_analysis", READ, Before, "read an analysis of activity"),
    row("list_pat_weeks", READ, Before, "read the weeks of activity"),
    row("get_pat_health", READ, Nothing, ""),
    row("list_pat_models", READ, Nothing, ""),
    row("analyze_recording", READ, Nothing, ""),
    row("write_recording_page", READ, Nothing, ""),
];
