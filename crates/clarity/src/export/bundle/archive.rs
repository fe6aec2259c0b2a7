//! A zip archive that is written while it is read: what was packed so far is passed on, nothing goes back.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::app::App;
use crate::export::ExportError;

/// Bytes packed at once.
const PART_BYTES: usize = 256 * 1024;

/// Packed bytes that wait to be passed on.
#[derive(Debug, Clone, Default)]
struct Packed(Arc<Mutex<Vec<u8>>>);

impl Packed {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type Zip = Box<ZipWriter<StreamWriter<Packed>>>;

/// The archive, and where it goes.
pub(super) struct Archive<'a> {
    app: &'a App,
    /// Away while it packs.
    zip: Option<Zip>,
    packed: Packed,
    out: &'a mut (dyn AsyncWrite + Send + Unpin),
}

impl<'a> Archive<'a> {
    pub(super) fn new(app: &'a App, out: &'a mut (dyn AsyncWrite + Send + Unpin)) -> Self {
        let packed = Packed::default();
        Self {
            app,
            zip: Some(Box::new(ZipWriter::new_stream(packed.clone()))),
            packed,
            out,
        }
    }

    /// Begins a member; the one before is complete.
    pub(super) async fn begin(&mut self, name: &'static str) -> Result<(), ExportError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            // How long it will be is not known yet.
            .large_file(true);
        self.packing(move |zip| zip.start_file(name, options).map_err(io::Error::from))
            .await
    }

    /// Adds bytes to the member.
    pub(super) async fn add(&mut self, bytes: Vec<u8>) -> Result<(), ExportError> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.packing(move |zip| zip.write_all(&bytes)).await
    }

    /// Adds everything that comes to the member.
    pub(super) async fn pass(
        &mut self,
        mut from: impl AsyncRead + Unpin,
    ) -> Result<(), ExportError> {
        loop {
            let mut part = Vec::with_capacity(PART_BYTES);
            while part.len() < PART_BYTES && from.read_buf(&mut part).await? > 0 {}
            if part.is_empty() {
                return Ok(());
            }
            self.add(part).await?;
        }
    }

    /// Writes the list of members, and that this is the end.
    pub(super) async fn finish(mut self) -> Result<(), ExportError> {
        let zip = self.zip.take().ok_or(ExportError::Compute)?;
        let end = self.app.compute(move || zip.finish().map(drop)).await?;
        end.map_err(io::Error::from)?;
        self.send().await?;
        self.out.flush().await?;
        Ok(())
    }

    async fn packing(
        &mut self,
        work: impl FnOnce(&mut Zip) -> io::Result<()> + Send + 'static,
    ) -> Result<(), ExportError> {
        let mut zip = self.zip.take().ok_or(ExportError::Compute)?;
        let done = self.app.compute(move || {
            let done = work(&mut zip);
            (zip, done)
        });
        let (zip, done) = done.await?;
        self.zip = Some(zip);
        done?;
        self.send().await
    }

    async fn send(&mut self) -> Result<(), ExportError> {
        let bytes = self.packed.take();
        self.out.write_all(&bytes).await?;
        Ok(())
    }
}
