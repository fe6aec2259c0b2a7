//! The table: a row for each operation of the API. No code but what makes a row short.

use crate::access::Permission::{self, ManageUsers, ReadOwnData, SystemAdmin, WriteOwnData};
use crate::access::Watch::{self, Before, Nothing, Within};
use crate::access::scope::Reach::{self, Named, Of, Own};
use crate::access::scope::Scope;
use crate::access::{Recency, Rule};

const READ: Option<Permission> = Some(ReadOwnData);
const WRITE: Option<Permission> = Some(WriteOwnData);
const PEOPLE: Option<Permission> = Some(ManageUsers);
const SYSTEM: Option<Permission> = Some(SystemAdmin);
const HEART: Reach = Of(&[Scope::Heart]);
const SLEEP: Reach = Of(&[Scope::Sleep]);
const WORKOUTS: Reach = Of(&[Scope::Workouts]);
const PROFILE: Reach = Of(&[Scope::Profile]);
const NUTRITION: Reach = Of(&[Scope::Nutrition]);
const RHYTHM: Reach = Of(&[Scope::Activity, Scope::Sleep]);
const EFFORT: Reach = Of(&[Scope::Workouts, Scope::Heart]);
const FITNESS: Reach = Of(&[Scope::Heart, Scope::Activity]);
const ALL: Reach = Of(&[Scope::Everything]);
/// Live uploads are one thing, whatever form they have.
const UPLOAD: Watch = Within("upload");

const fn row(
    operation: &'static str,
    (needs, reach): (Option<Permission>, Reach),
    watch: Watch,
    says: &'static str,
) -> Rule {
    Rule {
        operation,
        needs,
        reach,
        watch,
        recency: Recency::Any,
        says,
    }
}

/// The same for what wants a recent sign-in.
const fn recent(rule: Rule) -> Rule {
    Rule {
        recency: Recency::Recent,
        ..rule
    }
}

/// Every operation, in groups as the document has them.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    // Operations
    row("get_index", (None, Own), Nothing, ""),
    row("get_health", (None, Own), Nothing, ""),
    row("get_liveness", (None, Own), Nothing, ""),
    row("get_readiness", (None, Own), Nothing, ""),
    row("get_detailed_health", (SYSTEM, Own), Nothing, ""),
    row("get_metrics", (None, Own), Nothing, ""),
    row("get_openapi", (None, Own), Nothing, ""),
    row("list_people", (PEOPLE, Own), Before, "read the list of accounts"),
    row("list_settings", (SYSTEM, Own), Before, "read the settings of the server"),
    row("get_job_queue", (SYSTEM, Own), Before, "read the background work"),
    row("retry_job", (SYSTEM, Own), Within("retry_job"), "queued a job again"),
    row("forget_job", (SYSTEM, Own), Within("forget_job"), "forgot a job"),
    row("list_signing_keys", (SYSTEM, Own), Before, "read the list of keys that sign access tokens"),
    recent(row("rotate_signing_keys", (SYSTEM, Own), Within("rotate_signing_keys"), "replaced the key that signs access tokens")),
    recent(row("revoke_signing_key", (SYSTEM, Own), Within("revoke_signing_key"), "took back a key that signed access tokens")),
    // Accounts
    row("get_public_keys", (None, Own), Nothing, ""),
    row("get_setup", (None, Own), Nothing, ""),
    row("read_key_to_keep", (None, Own), Nothing, ""),
    row("set_up", (None, Own), Within("set_up"), "opened the first account"),
    row("register", (None, Own), Within("register"), "opened the account"),
    row("login", (None, Own), Within("login"), "signed in"),
    row("refresh_tokens", (None, Own), Nothing, ""),
    row("logout", (WRITE, Own), Within("end_session"), "ended a session"),
    row("open_browser_session", (None, Own), Within("open_browser_session"), "signed in with a browser"),
    row("close_browser_session", (WRITE, Own), Within("end_session"), "ended a session"),
    row("login_with_code", (None, Own), Within("login_with_code"), "signed in with a code"),
    row("open_browser_session_with_code", (None, Own), Within("open_browser_session_with_code"), "signed in with a browser and a code"),
    row("confirm_sign_in", (WRITE, Own), Within("confirm_sign_in"), "confirmed the sign-in"),
    row("get_second_factor", (READ, Own), Before, "read how they sign in"),
    recent(row("begin_totp", (WRITE, Own), Within("begin_totp"), "made a secret for codes at sign-in")),
    recent(row("verify_totp", (WRITE, Own), Within("verify_totp"), "turned codes at sign-in on")),
    recent(row("remove_totp", (WRITE, Own), Within("remove_totp"), "turned codes at sign-in off")),
    recent(row("make_recovery_codes", (WRITE, Own), Within("make_recovery_codes"), "made recovery codes")),
    row("get_account", (READ, Own), Before, "read the account"),
    row("update_account", (WRITE, Own), Within("update_account"), "changed the name or the password"),
    recent(row("delete_account", (WRITE, Own), Nothing, "")),
    row("list_sessions", (READ, Own), Before, "read the list of sessions"),
    row("end_session", (WRITE, Own), Within("end_session"), "ended a session"),
    recent(row("create_api_key", (WRITE, Own), Within("create_api_key"), "made a key for a program")),
    row("list_api_keys", (READ, Own), Before, "read the list of keys for programs"),
    row("revoke_api_key", (WRITE, Own), Within("revoke_api_key"), "revoked the key of a program"),
    recent(row("create_grant", (WRITE, Own), Within("create_grant"), "allowed somebody to read")),
    row("list_grants", (READ, Own), Before, "read the list of who may read"),
    row("list_received_grants", (READ, Own), Before, "read the list of whose data they may read"),
    row("revoke_grant", (WRITE, Own), Within("revoke_grant"), "ended what somebody was allowed to read"),
    row("list_audit", (READ, Own), Before, "read the audit log"),
    // Person
    row("get_preferences", (READ, Own), Before, "read the preferences"),
    row("replace_preferences", (WRITE, Own), Within("replace_preferences"), "changed the preferences"),
    row("get_profile", (READ, PROFILE), Before, "read the profile"),
    row("replace_profile", (WRITE, Own), Within("replace_profile"), "changed the profile"),
    row("list_goals", (READ, Own), Before, "read the goals"),
    row("add_goal", (WRITE, Own), Within("add_goal"), "set a goal"),
    row("get_goal", (READ, Own), Before, "read a goal"),
    row("replace_goal", (WRITE, Own), Within("replace_goal"), "changed a goal"),
    row("delete_goal", (WRITE, Own), Within("delete_goal"), "removed a goal"),
    row("list_entered_metrics", (READ, Named), Before, "read the measurements entered by hand"),
    row("list_metrics_entered_by", (READ, Named), Before, "read the measurements entered by hand"),
    row("enter_metric", (WRITE, Own), Within("enter_metric"), "entered a measurement"),
    row("get_entered_metric", (READ, Own), Before, "read a measurement entered by hand"),
    row("replace_entered_metric", (WRITE, Own), Within("replace_entered_metric"), "changed a measurement entered by hand"),
    row("delete_entered_metric", (WRITE, Own), Within("delete_entered_metric"), "took out a measurement entered by hand"),
    row("list_meals", (READ, NUTRITION), Before, "read the meals"),
    row("list_meals_of", (READ, NUTRITION), Before, "read the meals"),
    row("get_nutrition_totals", (READ, NUTRITION), Before, "read what was eaten by day"),
    row("enter_meal", (WRITE, Own), Within("enter_meal"), "entered a meal"),
    row("copy_meal", (WRITE, Own), Within("copy_meal"), "entered a meal once more"),
    row("get_meal", (READ, Own), Before, "read a meal"),
    row("replace_meal", (WRITE, Own), Within("replace_meal"), "changed a meal"),
    row("delete_meal", (WRITE, Own), Within("delete_meal"), "took out a meal"),
    row("list_favourites", (READ, Own), Before, "read the favourite meals"),
    row("keep_favourite", (WRITE, Own), Within("keep_favourite"), "kept a favourite meal"),
    row("delete_favourite", (WRITE, Own), Within("delete_favourite"), "forgot a favourite meal"),
    row("list_written_insights", (READ, ALL), Before, "read the insights that the person wrote"),
    row("list_insights_written_by", (READ, ALL), Before, "read the insights that the person wrote"),
    row("write_insight", (WRITE, Own), Within("write_insight"), "wrote an insight"),
    row("get_written_insight", (READ, Own), Before, "read an insight that the person wrote"),
    row("rewrite_insight", (WRITE, Own), Within("rewrite_insight"), "changed an insight that the person wrote"),
    row("mark_insight_read", (WRITE, Own), Within("mark_insight_read"), "marked an insight as read"),
    row("delete_written_insight", (WRITE, Own), Within("delete_written_insight"), "took out an insight that the person wrote"),
    // Devices
    row("list_devices", (READ, Own), Before, "read the list of devices"),
    recent(row("add_device", (WRITE, Own), Within("add_device"), "added a device")),
    row("revoke_device", (WRITE, Own), Within("revoke_device"), "revoked the key of a device"),
    recent(row("get_device_pairing", (READ, Own), Before, "read the key of a new device")),
    recent(row("invite_device", (WRITE, Own), Within("invite_device"), "made a code for a device")),
    row("redeem_invitation", (None, Own), Within("redeem_invitation"), "exchanged a code for the key of a device"),
    row("refresh_device_token", (None, Own), Nothing, ""),
    row("revoke_device_token", (None, Own), Within("revoke_device"), "revoked the key of a device"),
    row("send_from_device", (WRITE, Own), UPLOAD, "sent health data"),
    // Uploads
    row("upload_health_data", (WRITE, Own), UPLOAD, "sent health data"),
    row("upload_batch", (WRITE, Own), UPLOAD, "sent health data"),
    row("upload_healthkit", (WRITE, Own), UPLOAD, "sent health data"),
    row("upload_health_auto_export", (WRITE, Own), UPLOAD, "sent health data"),
    row("sync_open_wearables", (WRITE, Own), UPLOAD, "sent health data"),
    row("ignore_sdk_logs", (WRITE, Own), Nothing, ""),
    row("get_processing", (READ, Own), Before, "read what became of an upload"),
    row("delete_upload", (WRITE, Own), Within("take_back"), "took back what an upload brought"),
    row("analyze_health_data", (WRITE, Own), Before, "had the days computed again"),
    // Imports
    row("create_import", (WRITE, Own), Within("create_import"), "imported a file"),
    row("list_imports", (READ, Own), Before, "read the list of imports"),
    row("get_import", (READ, Own), Before, "read what became of an import"),
    row("delete_import", (WRITE, Own), Within("take_back"), "took back what an upload brought"),
    row("stream_import_events", (READ, Own), Before, "watched an import"),
    // Reading
    row("list_metric_types", (None, Own), Nothing, ""),
    row("list_samples", (READ, Named), Before, "read samples"),
    row("get_series", (READ, Named), Before, "read a series"),
    row("list_daily_summaries", (READ, ALL), Before, "read the daily summaries"),
    row("get_days", (READ, Named), Before, "read values by day"),
    row("get_coverage", (READ, ALL), Before, "read which days have data"),
    row("list_own_metrics", (READ, ALL), Before, "read which measures there are"),
    row("list_sources", (READ, ALL), Before, "read the list of sources"),
    row("list_reconciled_totals", (READ, Named), Before, "read totals beside those of the phone"),
    row("list_nights", (READ, SLEEP), Before, "read the nights"),
    row("get_sleep_debt", (READ, SLEEP), Before, "read the sleep debt"),
    row("get_periodogram", (READ, RHYTHM), Before, "read the periodogram"),
    row("get_sleep_timing", (READ, SLEEP), Before, "read the timing of sleep"),
    row("get_storage", (READ, Own), Before, "read how much is stored"),
    row("get_rhythm", (READ, RHYTHM), Before, "read the rhythm of rest and activity"),
    row("get_cardio", (READ, HEART), Before, "read the measures of the heart"),
    row("get_fitness", (READ, FITNESS), Before, "read the measures of fitness"),
    row("list_beat_series", (READ, HEART), Before, "read the list of heartbeat series"),
    row("get_beat_series", (READ, HEART), Before, "read a heartbeat series"),
    row("list_ecgs", (READ, HEART), Before, "read the list of ECGs"),
    row("get_ecg", (READ, HEART), Before, "read an ECG"),
    row("list_workouts", (READ, WORKOUTS), Before, "read the workouts"),
    row("get_workout", (READ, WORKOUTS), Before, "read a workout"),
    row("get_workout_effort", (READ, EFFORT), Before, "read the effort of a workout"),
    row("get_training_load", (READ, EFFORT), Before, "read the training load"),
    row("get_trend", (READ, Named), Before, "read a trend"),
    row("get_anomalies", (READ, ALL), Before, "read the unusual days"),
    row("get_trial", (READ, Named), Before, "read a trial"),
    row("stream_events", (READ, Own), Before, "listened to live events"),
    // Export
    recent(row("export_health_data", (READ, Own), Before, "exported all health data")),
    recent(row("purge_health_data", (WRITE, Own), Within("purge_health_data"), "erased all health data")),
    row("get_erasure", (READ, Own), Before, "read the receipt of an erasure"),
    // Insights
    row("get_daily_insight", (READ, ALL), Before, "read the insight of a day"),
    row("get_insight", (READ, ALL), Before, "read an insight"),
    row("get_insight_status", (READ, Own), Before, "read how far insights are"),
    // Transformer and laboratory
    row("analyze_counts", (WRITE, Own), Before, "had a week of activity analysed"),
    row("analyze_steps", (WRITE, Own), Before, "had a week of steps analysed"),
    row("get_analysis", (READ, RHYTHM), Before, "read an analysis of activity"),
    row("list_pat_weeks", (READ, RHYTHM), Before, "read the weeks of activity"),
    row("get_pat_health", (READ, Own), Nothing, ""),
    row("list_pat_models", (READ, Own), Nothing, ""),
    row("analyze_recording", (READ, Own), Nothing, ""),
    row("write_recording_page", (READ, Own), Nothing, ""),
];
