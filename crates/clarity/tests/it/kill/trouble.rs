//! What else goes wrong in the lives of a server that is killed: the disk is full, the database restarts, and
//! the person erases everything.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Story;
use crate::binary::Server;

/// What goes wrong in one life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Only the end.
    None,
    /// No file can grow by more than so many bytes.
    FullDisk(u64),
    /// The database ends every connection, again and again.
    Restarts,
    /// Everything is erased, and the server is killed meanwhile or afterwards.
    Purge,
}

/// A purge is killed this long after it was asked for, at most: about as long as it takes.
const PURGE_MS: u64 = 120;
/// Between two restarts of the database.
const RESTART: Duration = Duration::from_millis(120);
/// Between two looks at how many uploads there were.
const LOOK: Duration = Duration::from_millis(1);
/// Bytes by which files may still grow where the disk is full soon.
const ROOM: u64 = 400_000;

impl Story {
    /// What goes wrong this time: mostly nothing.
    pub(super) fn trouble(&mut self) -> Trouble {
        match self.chance.below(8) {
            0 if self.place.has_postgres() => Trouble::Restarts,
            0 | 1 if !self.place.has_postgres() => Trouble::FullDisk(self.chance.below(ROOM)),
            2 => Trouble::Purge,
            _ => Trouble::None,
        }
    }

    /// Waits for the end of this life, with what goes wrong in it: so many uploads, or the time is over.
    pub(super) fn live(&self, trouble: Trouble, life: Duration, (count, most): (&AtomicU64, u64)) {
        let begun = Instant::now();
        let mut restarted = begun;
        while begun.elapsed() < life && count.load(Ordering::Relaxed) < most {
            std::thread::sleep(LOOK);
            if trouble == Trouble::Restarts && restarted.elapsed() > RESTART {
                self.place.end_connections();
                restarted = Instant::now();
            }
        }
    }

    /// Asks for the erasure of everything, and kills the server.
    pub(super) fn purge(&mut self, server: Server) {
        let (address, token) = (server.address(), self.token.clone());
        let asked = std::thread::spawn(move || {
            let path = "/api/v1/health-data/purge";
            let mut client = crate::binary::Client::connect(address).ok()?;
            client.send("DELETE", path, Some(&token), &[], b"").ok()
        });
        std::thread::sleep(Duration::from_millis(self.chance.below(PURGE_MS)));
        server.kill();
        match asked.join().expect("a client") {
            Some(reply) => {
                assert!(matches!(reply.status, 200 | 202), "{}", reply.text());
                self.forget();
            }
            // Without an answer it was done or not; only looking tells.
            None => self.purge_is_open = true,
        }
    }

    /// Looks what became of a purge without an answer: everything is there, or nothing.
    pub(super) fn settle_purge(&mut self, server: &Server) {
        if !std::mem::take(&mut self.purge_is_open) {
            return;
        }
        let kept: Value = self.get(server, "/api/v1/health-data?limit=1");
        if kept["data"].as_array().is_some_and(Vec::is_empty) {
            self.forget();
        }
    }

    /// From now on nothing of what was acknowledged may be found.
    fn forget(&mut self) {
        self.purges += 1;
        for phone in &mut self.phones {
            let acknowledged = std::mem::take(&mut phone.acknowledged);
            let samples = acknowledged.into_iter().flat_map(|upload| upload.samples);
            self.erased.extend(samples);
        }
        let done = self.exports.extract_if(.., |export| export.done);
        self.erased.extend(done.flat_map(|export| export.samples));
    }
}
