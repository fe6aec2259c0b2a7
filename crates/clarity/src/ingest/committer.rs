//! The queue of live uploads: each waits here until the commit that holds it is durable.
//!
//! The other side, which writes several at a time, is in `commit.rs`.

use import::batch::Batch;
use model::ids::{DeviceId, UploadId, UserId};
use store::idempotency::Request;
use store::uploads::UploadStatus;
use tokio::sync::{mpsc, oneshot};

use crate::audit::entry::Author;
use crate::audit::recorder::Recorded;
use crate::ingest::IngestError;
use crate::ingest::tally::Tally;

/// Uploads that wait; more are held back by the sender, which slows the client down.
const QUEUE_MAX: usize = 256;

/// A parsed upload on its way to the store.
#[derive(Debug)]
pub(crate) struct LiveUpload {
    /// Whose data it is.
    pub(crate) user: UserId,
    /// Its id.
    pub(crate) id: UploadId,
    /// Who sent it.
    pub(crate) author: Author,
    /// The device that sent it under its own key.
    pub(crate) device: Option<DeviceId>,
    /// What kind of upload.
    pub(crate) kind: &'static str,
    /// Its content.
    pub(crate) batch: Batch,
    /// Whether a person should look at it.
    pub(crate) review: Review,
    /// The key under which the client may send it again, if it chose one.
    pub(crate) repeat: Option<Repeat>,
}

/// A request that may come twice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repeat {
    /// Key and content.
    pub(crate) request: Request,
    /// Makes the answer that is kept, in the same transaction, for those that come again.
    pub(crate) answer: fn(&Receipt) -> Vec<u8>,
}

/// How the committing of an upload ended.
#[derive(Debug, Clone)]
pub(crate) enum Committed {
    /// It is stored.
    Done(Box<Receipt>),
    /// It came before, and this was the answer.
    Repeated(Vec<u8>),
}

/// Whether a person should look at an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Review {
    /// Nothing in it is odd.
    NotNeeded,
    /// Something in it contradicts itself.
    Wanted,
}

/// What a committed upload did.
#[derive(Debug, Clone)]
pub(crate) struct Receipt {
    /// Its id.
    pub(crate) id: UploadId,
    /// Where it stands.
    pub(crate) status: UploadStatus,
    /// Its account.
    pub(crate) tally: Tally,
    /// How it is in the audit log.
    pub(crate) recorded: Recorded,
}

/// An upload and who waits for it.
#[derive(Debug)]
pub(super) struct Waiting {
    /// What to store.
    pub(super) upload: LiveUpload,
    /// Where the receipt goes.
    pub(super) reply: oneshot::Sender<Result<Committed, IngestError>>,
}

/// The queues of live uploads, one per committing task.
#[derive(Debug)]
pub struct Committer {
    queues: Vec<mpsc::Sender<Waiting>>,
}

/// The receiving ends, for the tasks that `commit::start` spawns.
pub struct Queues(pub(super) Vec<mpsc::Receiver<Waiting>>);

impl Committer {
    /// Makes `count` queues. SQLite has one writer, so one is right there; PostgreSQL takes more.
    pub fn new(count: usize) -> (Self, Queues) {
        let (queues, receivers) = (0..count.max(1)).map(|_| mpsc::channel(QUEUE_MAX)).unzip();
        (Self { queues }, Queues(receivers))
    }

    /// Hands an upload over and waits until it is durable.
    pub(crate) async fn commit(&self, upload: LiveUpload) -> Result<Committed, IngestError> {
        let stopped = || IngestError::Interrupted {
            message: "the server is stopping".to_owned(),
        };
        // One person's uploads stay in order: they always use the same queue.
        let shard = usize::try_from(upload.user.uuid().as_u64_pair().1 % (1 << 16)).unwrap_or(0);
        let queue = self
            .queues
            .get(shard % self.queues.len())
            .ok_or_else(stopped)?;
        let (reply, answer) = oneshot::channel();
        queue
            .send(Waiting { upload, reply })
            .await
            .map_err(|_| stopped())?;
        // Nobody drops it unanswered but a task that falls over, and its transaction with it.
        answer.await.map_err(|_| IngestError::Interrupted {
            message: "the commit did not finish; nothing of this upload was stored".to_owned(),
        })?
    }
}
