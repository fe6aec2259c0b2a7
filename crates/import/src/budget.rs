//! How much memory files may hold that cannot be read as a stream, all those together that one process reads.
//!
//! A reader runs on one thread, so what it may hold belongs to the thread: whoever starts it says so
//! ([`Budget::scope`]). Without a budget a reader only has its own bounds. Nothing here waits: who holds a part and
//! waits for more could wait for ever.

use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Memory is asked for in steps of this size, so that counting costs nothing.
const STEP_BYTES: usize = 1 << 20;

/// Memory for a value of a channel: itself, and its place while the channel grows.
const VALUE_BYTES: usize = 2 * size_of::<f64>();

/// Why a file may not hold more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// It would hold more than any one file may.
    #[error(
        "the file cannot be read as a stream and needs more than {} MB of memory; `clarity import` and `clarity analyze` take it", .most >> 20
    )]
    Share {
        /// What one file may hold, in bytes.
        most: usize,
    },
    /// Other files hold the rest.
    #[error("other files are being read that hold the memory for it; send it again in a minute")]
    Others,
}

impl Full {
    /// The reason in an error of reading.
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref::<Self>().copied()
    }
}

impl From<Full> for io::Error {
    fn from(full: Full) -> Self {
        Self::other(full)
    }
}

/// What the files of a process may hold together, and one of them.
#[derive(Debug, Clone)]
pub struct Budget {
    free: Arc<AtomicUsize>,
    most: usize,
}

#[derive(Debug, Clone)]
struct Share {
    budget: Budget,
    /// What the file holds.
    own: Rc<Cell<usize>>,
    /// What of it is for values, which are held until the file is done with.
    values: Rc<Cell<usize>>,
}

thread_local! {
    static SHARE: RefCell<Option<Share>> = const { RefCell::new(None) };
}

impl Budget {
    /// So many bytes for all, and of them at most so many for one.
    pub fn new(bytes: usize, most: usize) -> Self {
        Self {
            free: Arc::new(AtomicUsize::new(bytes)),
            most: most.min(bytes),
        }
    }

    /// Reads a file on this thread within the budget.
    pub fn scope<T>(&self, read: impl FnOnce() -> T) -> T {
        let share = Share {
            budget: self.clone(),
            own: Rc::default(),
            values: Rc::default(),
        };
        // Put back also when the reader panics: the thread reads other files afterwards.
        let _before = Before(SHARE.replace(Some(share)));
        read()
    }

    /// Bytes that nobody holds.
    pub fn free(&self) -> usize {
        self.free.load(Ordering::Relaxed)
    }
}

struct Before(Option<Share>);

impl Drop for Before {
    fn drop(&mut self) {
        if let Some(share) = SHARE.replace(self.0.take()) {
            share.give_back(share.values.get());
        }
    }
}

/// Says that the file holds so many values in all by now.
pub(crate) fn hold_values(count: usize) -> Result<(), Full> {
    let bytes = count.saturating_mul(VALUE_BYTES);
    SHARE.with_borrow(|share| {
        let Some(share) = share else { return Ok(()) };
        let known = share.values.get();
        if bytes <= known {
            return Ok(());
        }
        let more = (bytes - known).next_multiple_of(STEP_BYTES);
        share.take(more)?;
        share.values.set(known + more);
        Ok(())
    })
}

impl Share {
    fn take(&self, bytes: usize) -> Result<(), Full> {
        let own = self.own.get().saturating_add(bytes);
        if own > self.budget.most {
            return Err(Full::Share {
                most: self.budget.most,
            });
        }
        let less = |free: usize| free.checked_sub(bytes);
        let taken = self
            .budget
            .free
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.map_err(|_| Full::Others)?;
        self.own.set(own);
        Ok(())
    }

    fn give_back(&self, bytes: usize) {
        self.own.set(self.own.get().saturating_sub(bytes));
        self.budget.free.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// What a reader holds; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Holding {
    share: Option<Share>,
    taken: usize,
    used: usize,
}

impl Holding {
    /// Nothing yet, on the budget of this thread.
    pub(crate) fn new() -> Self {
        Self {
            share: SHARE.with_borrow(Clone::clone),
            taken: 0,
            used: 0,
        }
    }

    /// Holds so many bytes more.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Full> {
        self.used = self.used.saturating_add(bytes);
        let Some(share) = &self.share else {
            return Ok(());
        };
        if self.used > self.taken {
            let more = (self.used - self.taken).next_multiple_of(STEP_BYTES);
            share.take(more)?;
            self.taken += more;
        }
        Ok(())
    }
}

impl Default for Holding {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        if let Some(share) = &self.share {
            share.give_back(self.taken);
        }
    }
}

/// Reads at most so many bytes to the end, each of which costs `each` bytes of memory until what is made of
/// them is done.
pub(crate) fn read_to_end(
    input: &mut dyn Read,
    limit: u64,
    each: usize,
) -> io::Result<(Vec<u8>, Holding)> {
    let mut holding = Holding::new();
    let mut bytes = Vec::new();
    let mut left = limit;
    loop {
        let step = left.min(STEP_BYTES as u64);
        let read = (&mut *input).take(step).read_to_end(&mut bytes)?;
        holding.grow(read.saturating_mul(each))?;
        left -= read as u64;
        if read == 0 || left == 0 {
            return Ok((bytes, holding));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    #[test]
    fn a_file_has_its_share_and_leaves_some_for_the_next() {
        let budget = Budget::new(8 * MIB, 6 * MIB);
        budget.scope(|| {
            let mut first = Holding::new();
            first.grow(5 * MIB).expect("room");
            let other = budget.clone();
            let told = std::thread::spawn(move || {
                other.scope(|| {
                    let mut held = Holding::new();
                    held.grow(3 * MIB).expect("what the first may not have");
                    held.grow(1)
                })
            });
            assert_eq!(told.join().expect("an end"), Err(Full::Others));
            first.grow(MIB).expect("its share");
            let most = 6 * MIB;
            assert_eq!(first.grow(1), Err(Full::Share { most }));
            assert_eq!(budget.free(), 2 * MIB);
        });
        assert_eq!(budget.free(), 8 * MIB, "all is given back");
        Holding::new()
            .grow(usize::MAX)
            .expect("no budget, no bound");
    }

    #[test]
    fn values_are_held_until_the_file_is_done_with() {
        let budget = Budget::new(8 * MIB, 4 * MIB);
        budget.scope(|| {
            for count in 0..=MIB / 8 {
                hold_values(count).expect("room");
            }
            assert_eq!(budget.free(), 6 * MIB);
            assert!(hold_values(MIB).is_err());
        });
        assert_eq!(budget.free(), 8 * MIB);
        hold_values(usize::MAX).expect("no budget, no bound");
    }

    #[test]
    fn a_reader_that_panics_gives_back_what_it_held() {
        let budget = Budget::new(8 * MIB, 8 * MIB);
        let read = std::panic::AssertUnwindSafe(|| {
            budget.scope(|| {
                let mut held = Holding::new();
                held.grow(7 * MIB).expect("room");
                panic!("a damaged file");
            })
        });
        assert!(std::panic::catch_unwind(read).is_err());
        assert_eq!(budget.free(), 8 * MIB);
        Holding::new()
            .grow(usize::MAX)
            .expect("the thread has no budget any more");
    }

    #[test]
    fn bytes_that_are_read_whole_count() {
        let budget = Budget::new(8 * MIB, 8 * MIB);
        let bytes = vec![7; 3 * MIB];
        budget.scope(|| {
            let read = read_to_end(&mut bytes.as_slice(), u64::MAX, 2).expect("room");
            assert_eq!((read.0.len(), budget.free()), (3 * MIB, 2 * MIB));
            let full = read_to_end(&mut bytes.as_slice(), u64::MAX, 1).expect_err("no room");
            assert_eq!(Full::of(&full), Some(Full::Share { most: 8 * MIB }));
        });
        let (cut, _) = read_to_end(&mut bytes.as_slice(), 10, 1).expect("no budget");
        assert_eq!(cut.len(), 10);
    }
}
