//! What an intake says beside its samples and records when an input is larger than one batch: refusals with a
//! position of their own, notes, and batches that are handed over on the way.

use crate::batch::{Fact, Position, Rejection};
use crate::check::Refusal;
use crate::live::{FACTS_MAX, Intake, REJECTIONS_MAX, cut};
use crate::tables::Stopped;

impl Intake<'_, '_, '_> {
    /// Hands over what was taken in so far, when it is enough for a batch.
    pub(crate) fn flush_when_full(&mut self, bytes_read: u64) -> Result<(), Stopped> {
        if self.outbox.is_full() {
            return self.outbox.flush(bytes_read);
        }
        Ok(())
    }

    /// Whether nothing was taken in, refused or noted yet.
    pub(crate) fn is_untouched(&self) -> bool {
        self.taken() == 0 && self.known.is_empty() && self.uses.is_empty()
    }

    /// Notes that a part of the input was refused.
    #[cold]
    pub(crate) fn reject_at(
        &mut self,
        field: String,
        position: Position,
        type_index: Option<u32>,
        refusal: Refusal,
    ) {
        self.rejected += 1;
        if self.outbox.sent().rejections >= REJECTIONS_MAX {
            return;
        }
        self.outbox.reject(Rejection {
            type_index,
            code: refusal.code,
            field,
            position,
            message: refusal.message.to_owned(),
        });
    }

    /// Notes where the input is damaged.
    pub(crate) fn damage(&mut self, position: Position, message: &str) {
        if self.skipped < FACTS_MAX {
            self.skipped += 1;
            let message = message.to_owned();
            self.outbox.fact(Fact::Damage { position, message });
        }
    }

    /// Notes what was found out while reading.
    pub(crate) fn note(&mut self, place: &str, message: String) {
        let place = cut(place);
        self.outbox.fact(Fact::Noted { place, message });
    }

    /// Notes how many parts of a kind were left out on purpose.
    pub(crate) fn left_out(&mut self, name: String, reason: &'static str) {
        self.outbox.fact(Fact::Skipped { name, reason });
    }
}
