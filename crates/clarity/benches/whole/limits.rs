//! What the machine could do at best, measured in the same run: the figure beside each of ours.

use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use flate2::read::DeflateDecoder;

/// Bytes before the deflated data of the generated archive: a local header and its name.
const HEADER_BYTES: usize = 30 + 30;

/// Unpacks the archive and walks over its XML with an event reader, keeping nothing.
pub(crate) fn unzip_and_walk(path: &Path) -> std::io::Result<Duration> {
    let begun = Instant::now();
    let mut file = std::io::BufReader::with_capacity(1 << 20, std::fs::File::open(path)?);
    file.read_exact(&mut [0; HEADER_BYTES])?;
    let unpacked = std::io::BufReader::with_capacity(1 << 16, DeflateDecoder::new(file));
    let mut reader = quick_xml::Reader::from_reader(unpacked);
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer) {
            Ok(quick_xml::events::Event::Eof) => break,
            Ok(event) => drop(std::hint::black_box(event)),
            Err(error) => return Err(std::io::Error::other(error)),
        }
        buffer.clear();
    }
    Ok(begun.elapsed())
}

/// Copies memory for about a fifth of a second and returns bytes per second.
pub(crate) fn memory_copy() -> f64 {
    let from = vec![7_u8; 64 << 20];
    let mut to = vec![0_u8; 64 << 20];
    let begun = Instant::now();
    let mut copied = 0_u64;
    while begun.elapsed() < Duration::from_millis(200) {
        to.copy_from_slice(std::hint::black_box(&from));
        std::hint::black_box(&mut to);
        copied += from.len() as u64;
    }
    copied as f64 / begun.elapsed().as_secs_f64()
}

/// Appends 4 KiB blocks and waits for the disk after each, as a commit must; blocks per second.
pub(crate) fn synced_appends(folder: &Path) -> std::io::Result<f64> {
    use std::io::Write;
    let path = folder.join("synced");
    let mut file = std::fs::File::create(&path)?;
    let begun = Instant::now();
    let mut blocks = 0_u32;
    while begun.elapsed() < Duration::from_millis(500) {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        blocks += 1;
    }
    let rate = f64::from(blocks) / begun.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(rate)
}

/// Inserts blobs of the size of a day's chunk into a fresh database, in one transaction and without
/// any encryption; blobs per second.
pub(crate) fn plain_blobs(folder: &Path) -> Result<f64, Box<dyn std::error::Error>> {
    const BLOBS: u32 = 20_000;
    let target = store::Target::Sqlite {
        path: folder.join("plain.db"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let store = store::Store::open(&target).await?;
        store.migrate().await?;
        let blob = [7_u8; 2_048];
        let begun = Instant::now();
        let mut tx = store.write().await?;
        for number in 0..BLOBS {
            store::meta::put(&mut tx, &format!("blob {number}"), &blob).await?;
        }
        tx.commit().await?;
        let rate = f64::from(BLOBS) / begun.elapsed().as_secs_f64();
        store.close().await;
        Ok(rate)
    })
}
