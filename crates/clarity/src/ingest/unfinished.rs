//! Uploads whose days could not be computed, or not from everything: they say so, and do not wait for ever.

use std::collections::BTreeSet;

use model::ids::{UploadId, UserId};
use store::Tx;
use store::uploads::{UploadState, UploadStatus};

use crate::app::App;
use crate::ingest::tally::{Remark, Tally};
use crate::person::measured::DamagedPart;

/// Uploads that are closed at a time; the rest is with the next job.
const AT_ONCE: u32 = 1_000;
/// What the state says where samples of the same days cannot be opened.
const DAMAGED: &str = "failed: samples of its days that were stored before cannot be opened";
/// What it says where the computation never came to its end.
const GIVEN_UP: &str = "failed: its days could not be computed; what was sent is stored";

/// Closes uploads of which days were computed without what cannot be opened.
pub(crate) async fn fail(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    uploads: &[UploadId],
    damaged: &BTreeSet<DamagedPart>,
    now_us: i64,
) -> Result<(), store::Error> {
    let remarks: Vec<Remark> = damaged
        .iter()
        .map(|part| Remark {
            place: format!("{} from {} to {}", part.metric, part.first_day, part.last_day),
            message: format!(
                "{} samples that were stored before cannot be opened; the days are computed without \
                 them, send or import them again",
                part.samples
            ),
        })
        .collect();
    close(app, tx, user, uploads, DAMAGED, &remarks, now_us).await
}

/// Closes the uploads in processing of a person whose days nobody computes any more.
pub(crate) async fn give_up(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    code: &str,
    now_us: i64,
) -> Result<(), store::Error> {
    let uploads = store::uploads::processing(tx, user, AT_ONCE).await?;
    let remark = Remark {
        place: "days".to_owned(),
        message: format!(
            "the computation failed ({code}); `clarity jobs list` on the server shows it, and \
             `clarity jobs retry` begins it again"
        ),
    };
    close(app, tx, user, &uploads, GIVEN_UP, &[remark], now_us).await
}

async fn close(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    uploads: &[UploadId],
    stage: &str,
    remarks: &[Remark],
    now_us: i64,
) -> Result<(), store::Error> {
    if uploads.is_empty() {
        return Ok(());
    }
    let key = app.vault.person_key(tx, user).await?;
    for id in uploads {
        let Some(upload) = store::uploads::by_id(tx, &key, user, *id).await? else {
            continue;
        };
        // An account that does not read is replaced by the reason alone.
        let mut tally: Tally = serde_json::from_slice(&upload.detail).unwrap_or_default();
        tally.damage.extend_from_slice(remarks);
        let detail = serde_json::to_vec(&tally).expect("an account is plain JSON");
        let state = UploadState {
            status: UploadStatus::Failed,
            stage,
            progress: upload.progress,
            accepted: upload.accepted,
            duplicates: upload.duplicates,
            rejected: upload.rejected,
            detail: &detail,
            dirty_seq: upload.dirty_seq,
            now_us,
        };
        store::uploads::save(tx, &key, user, *id, &state).await?;
    }
    Ok(())
}
