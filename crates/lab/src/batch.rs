//! Works through a list of files on all cores.
//!
//! Every thread takes the next file when it has finished one; results go to the caller as they come. At
//! most one file per thread and a few finished documents are in memory, however long the list is. A file
//! whose reading panics counts as one that failed: nothing ends the batch.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Finished results that wait for the writer, per thread.
const WAITING_PER_THREAD: usize = 2;

/// Calls `work` for every file on `threads` threads and `told` for every result, in the order in which
/// they are finished; `told` gets the place of the file in the list. An error of `told` ends the batch.
pub fn run<T: Send, E>(
    files: &[PathBuf],
    threads: usize,
    work: &(dyn Fn(&Path) -> Result<T, String> + Sync),
    told: &mut dyn FnMut(usize, Result<T, String>) -> Result<(), E>,
) -> Result<(), E> {
    let threads = threads.clamp(1, files.len().max(1));
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::sync_channel(threads * WAITING_PER_THREAD);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let sender = sender.clone();
            let next = &next;
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = files.get(index) else {
                        return;
                    };
                    let done = catch_unwind(AssertUnwindSafe(|| work(path)))
                        .unwrap_or_else(|_| Err("the program failed on this file".to_owned()));
                    // Nobody listens any more when the writer has failed.
                    if sender.send((index, done)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        // Dropping the receiver on the way out of an error lets the threads end.
        for (index, done) in receiver {
            told(index, done)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_worked_on_once_and_failures_stay_alone() {
        let files: Vec<PathBuf> = (0..100).map(|index| format!("{index}").into()).collect();
        let work = |path: &Path| {
            let number: usize = path.to_string_lossy().parse().expect("a number");
            assert_ne!(number, 13, "a bad file");
            if number.is_multiple_of(10) {
                return Err("ten".to_owned());
            }
            Ok(number)
        };
        let mut seen = vec![0; files.len()];
        let mut failed = 0;
        run::<_, ()>(&files, 4, &work, &mut |index, done| {
            seen[index] += 1;
            match done {
                Ok(number) => assert_eq!(number, index),
                Err(_) => failed += 1,
            }
            Ok(())
        })
        .expect("the writer never fails");
        assert!(seen.iter().all(|&count| count == 1));
        assert_eq!(failed, 11);
    }

    #[test]
    fn a_writer_that_fails_ends_the_batch() {
        let files: Vec<PathBuf> = (0..1000).map(|index| format!("{index}").into()).collect();
        let mut count = 0;
        let ended = run(&files, 2, &|_| Ok(()), &mut |_, _| {
            count += 1;
            if count == 3 { Err("disk full") } else { Ok(()) }
        });
        assert_eq!(ended, Err("disk full"));
        assert_eq!(count, 3);
    }
}
