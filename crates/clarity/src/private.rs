//! Keeps the process to itself: it holds the keys of everybody's data, and what it writes belongs to its owner.
//!
//! It must never fail: a system that refuses is no reason not to serve.

use rustix::fs::Mode;
use rustix::process;

/// From now on files are made for their owner only, no dump of the memory is written when the process falls
/// over, and other processes of the same user cannot read its memory.
pub(crate) fn keep() {
    process::umask(Mode::RWXG | Mode::RWXO);
    let none = process::Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let limited = process::setrlimit(process::Resource::Core, none);
    // The limit does not count where the system hands dumps to a program; this does.
    #[cfg(target_os = "linux")]
    let limited = limited.and(process::set_dumpable_behavior(
        process::DumpableBehavior::NotDumpable,
    ));
    if let Err(error) = limited {
        tracing::warn!(%error, "a dump of the memory could not be ruled out; it would contain keys");
    }
}
