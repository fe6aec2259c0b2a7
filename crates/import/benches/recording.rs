//! Speed of the readers of raw acceleration, in bytes of the (unpacked) stream for each second.
//!
//! Two hours at 100 Hz (a GENEActiv file of two hours as well), in memory; who takes the blocks looks at
//! each once.

#![expect(
    clippy::indexing_slicing,
    reason = "the writers are those of the tests"
)]

#[path = "../tests/recording/writers.rs"]
mod writers;

use std::hint::black_box;
use std::io::{Read, Write};
use std::ops::ControlFlow;

use divan::Bencher;
use divan::counter::BytesCount;
use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use import::recording::front::read;
use import::recording::options::Options;

use self::writers::{Layout, Pack, START_S};

/// Two hours at 100 Hz.
const SAMPLES: usize = 2 * 3_600 * 100;

fn main() {
    divan::main();
}

/// Reads a file whose stream has so many bytes.
fn bench(bencher: Bencher<'_, '_>, file: &[u8], bytes: usize) {
    bencher.counter(BytesCount::new(bytes)).bench(|| {
        let mut samples = 0;
        let content = read(&mut &*file, &Options::default(), &mut |block| {
            samples += black_box(block.samples_g).len();
            ControlFlow::Continue(())
        });
        assert!(content.is_ok());
        assert_eq!(samples, SAMPLES);
    });
}

#[divan::bench(args = [Layout::Packed, Layout::Wide, Layout::Six])]
fn cwa(bencher: Bencher<'_, '_>, layout: Layout) {
    let file = writers::cwa(layout, &writers::steps(SAMPLES, 9));
    bench(bencher, &file, file.len());
}

#[divan::bench(args = [(0, Pack::Stored), (26, Pack::Stored), (0, Pack::Deflated)])]
fn gt3x(bencher: Bencher<'_, '_>, (kind, pack): (u8, Pack)) {
    let log = [
        writers::record(21, START_S, &writers::parameters(100)),
        writers::log(kind, 100, &writers::steps(SAMPLES, 12)),
    ]
    .concat();
    let info = writers::info("MOS2E1", 100, "");
    let file = writers::zip(pack, &[("log.bin", &log), ("info.txt", info.as_bytes())]);
    bench(bencher, &file, log.len());
}

/// The limit of a packed archive: its log unpacked and looked at by nobody.
#[divan::bench]
fn gt3x_unpacking_alone(bencher: Bencher<'_, '_>) {
    let log = writers::log(0, 100, &writers::steps(SAMPLES, 12));
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::new(6));
    packed.write_all(&log).expect("a list takes all");
    let packed = packed.finish().expect("a list takes all");
    let mut out = vec![0; 128 << 10];
    bencher.counter(BytesCount::new(log.len())).bench_local(|| {
        let mut unpacked = DeflateDecoder::new(packed.as_slice());
        while unpacked.read(&mut out).expect("it was packed above") > 0 {
            black_box(&out);
        }
    });
}

#[divan::bench]
fn geneactiv(bencher: Bencher<'_, '_>) {
    let file = writers::geneactiv(&writers::steps(SAMPLES, 12)).into_bytes();
    bench(bencher, &file, file.len());
}
