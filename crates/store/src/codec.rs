//! The columnar chunk codec: samples of one metric and one bucket as one short run of bytes.
//!
//! `version, count, nine columns`, each column preceded by its length. Reading is total: hostile bytes
//! give [`Malformed`], never a panic, and the count is bounded before anything is allocated.

use model::sample::{Flags, Sample, Uid};
use model::source::SourceNo;

use crate::column::{self, Malformed, Reader};

/// Version of the format, first byte of every chunk.
pub(crate) const VERSION: u8 = 1;

/// Samples that a chunk can hold: three a second for thirty days, or a hundred a second for one.
pub(crate) const SAMPLES_MAX: usize = 1 << 23;

/// A zone column holds minutes east of UTC, shifted so that zero is free to mean "not told".
const ZONE_SHIFT: i64 = 1 << 15;
/// Place of the column of object ids.
const UID_COLUMN: usize = 5;

/// A sample with where it came from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stored {
    /// The sample.
    pub(crate) sample: Sample,
    /// Number of the upload that brought it.
    pub(crate) origin: u32,
    /// Number of the latest-dated snapshot that contains it; 0 when none does.
    pub(crate) seen: u32,
}

/// Writes a chunk.
pub(crate) fn encode(rows: &[Stored]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len() * 4 + 64);
    out.push(VERSION);
    column::put_number(&mut out, rows.len() as u64);
    let mut scratch = Vec::new();
    let mut integers = Vec::with_capacity(rows.len());
    let mut put = |out: &mut Vec<u8>, value: &dyn Fn(&Stored) -> i64| {
        integers.clear();
        integers.extend(rows.iter().map(value));
        put_column(out, &mut scratch, |out| {
            column::put_integers(out, &integers);
        });
    };
    put(&mut out, &|row| row.sample.start_us);
    put(&mut out, &|row| {
        row.sample.end_us.wrapping_sub(row.sample.start_us)
    });
    let mut floats = Vec::new();
    let values: Vec<f64> = rows.iter().map(|row| row.sample.value).collect();
    column::put_floats(&mut floats, &values);
    column::put_number(&mut out, floats.len() as u64);
    out.extend_from_slice(&floats);
    put(&mut out, &|row| {
        row.sample
            .zone_offset_min
            .map_or(0, |minutes| i64::from(minutes) + ZONE_SHIFT + 1)
    });
    put(&mut out, &|row| i64::from(row.sample.source.0));
    let uids: Vec<u64> = rows
        .iter()
        .map(|row| row.sample.uid.map_or(0, Uid::get))
        .collect();
    let mut words = Vec::new();
    column::put_words(&mut words, &uids);
    column::put_number(&mut out, words.len() as u64);
    out.extend_from_slice(&words);
    put(&mut out, &|row| i64::from(row.sample.flags.bits()));
    put(&mut out, &|row| i64::from(row.origin));
    put(&mut out, &|row| i64::from(row.seen));
    out
}

fn put_column(out: &mut Vec<u8>, scratch: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    scratch.clear();
    write(scratch);
    column::put_number(out, scratch.len() as u64);
    out.extend_from_slice(scratch);
}

struct Columns<'a> {
    count: usize,
    columns: [&'a [u8]; 9],
}

fn split(bytes: &[u8]) -> Result<Columns<'_>, Malformed> {
    let mut reader = Reader(bytes);
    if reader.byte()? != VERSION {
        return Err(Malformed);
    }
    let count = reader.count()?;
    if count > SAMPLES_MAX {
        return Err(Malformed);
    }
    let mut columns = [<&[u8]>::default(); 9];
    for column in &mut columns {
        let length = reader.count()?;
        *column = reader.take(length)?;
    }
    if !reader.0.is_empty() {
        return Err(Malformed);
    }
    Ok(Columns { count, columns })
}

/// Reads a chunk.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<Stored>, Malformed> {
    let Columns { count, columns } = split(bytes)?;
    let [
        start,
        duration,
        value,
        zone,
        source,
        uid,
        flags,
        origin,
        seen,
    ] = columns;
    let starts = column::integers(start, count)?;
    let durations = column::integers(duration, count)?;
    let values = column::floats(value, count)?;
    let zones = column::integers(zone, count)?;
    let sources = column::integers(source, count)?;
    let uids = column::words(uid, count)?;
    let flags = column::integers(flags, count)?;
    let origins = column::integers(origin, count)?;
    let seen_at = column::integers(seen, count)?;
    let times = starts.into_iter().zip(durations).zip(values);
    let contexts = zones.into_iter().zip(sources).zip(uids).zip(flags);
    let histories = origins.into_iter().zip(seen_at);
    times
        .zip(contexts)
        .zip(histories)
        .map(|((time, context), (origin, seen))| {
            let ((start_us, duration_us), value) = time;
            let (((zone, source), uid), flags) = context;
            Ok(Stored {
                sample: Sample {
                    start_us,
                    end_us: start_us.wrapping_add(duration_us),
                    value,
                    zone_offset_min: zone_offset(zone)?,
                    source: SourceNo(narrow(source)?),
                    uid: Uid::new(uid),
                    flags: Flags::from_bits(narrow(flags)?),
                },
                origin: narrow(origin)?,
                seen: narrow(seen)?,
            })
        })
        .collect()
}

/// Reads only the object ids of a chunk; zero means none.
pub(crate) fn decode_uids(bytes: &[u8]) -> Result<Vec<u64>, Malformed> {
    let Columns { count, columns } = split(bytes)?;
    let column = columns.get(UID_COLUMN).ok_or(Malformed)?;
    column::words(column, count)
}

fn narrow<T: TryFrom<i64>>(value: i64) -> Result<T, Malformed> {
    T::try_from(value).map_err(|_| Malformed)
}

fn zone_offset(stored: i64) -> Result<Option<i16>, Malformed> {
    match stored {
        0 => Ok(None),
        _ => narrow(stored.checked_sub(ZONE_SHIFT + 1).ok_or(Malformed)?).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bits(rows: &[Stored]) -> Vec<(Stored, u64)> {
        rows.iter()
            .map(|row| {
                let mut bare = *row;
                bare.sample.value = 0.0;
                (bare, row.sample.value.to_bits())
            })
            .collect()
    }

    fn any_stored() -> impl Strategy<Value = Stored> {
        let context = (any::<u16>(), prop::option::of(any::<u64>()), any::<u16>());
        let zone = prop::option::of(any::<i16>());
        let history = (any::<u32>(), any::<u32>());
        let floats = prop_oneof![any::<f64>(), any::<u64>().prop_map(f64::from_bits)];
        (any::<i64>(), any::<i64>(), floats, zone, context, history).prop_map(
            |(start_us, end_us, value, zone_offset_min, (source, uid, flags), (origin, seen))| {
                Stored {
                    sample: Sample {
                        start_us,
                        end_us,
                        value,
                        zone_offset_min,
                        source: SourceNo(source),
                        uid: uid.and_then(Uid::new),
                        flags: Flags::from_bits(flags),
                    },
                    origin,
                    seen,
                }
            },
        )
    }

    fn heart_rates(count: u16) -> Vec<Stored> {
        (0..count)
            .map(|at| {
                let start_us = 1_780_000_000_000_000 + i64::from(at) * 5_000_000;
                Stored {
                    sample: Sample {
                        start_us,
                        end_us: start_us,
                        value: 60.0 + f64::from(at * 7 % 31),
                        zone_offset_min: None,
                        source: SourceNo(2),
                        uid: None,
                        flags: Flags::NONE,
                    },
                    origin: 3,
                    seen: 3,
                }
            })
            .collect()
    }

    #[test]
    fn one_sample_is_cheap() {
        let length = encode(&heart_rates(1)).len();
        assert!(length <= 48, "{length} bytes");
    }

    #[test]
    fn hostile_counts_are_refused_before_memory_is_taken() {
        let mut bytes = vec![VERSION];
        column::put_number(&mut bytes, u64::MAX);
        bytes.extend_from_slice(&[0; 64]);
        assert!(decode(&bytes).is_err());
        let mut bytes = vec![VERSION];
        column::put_number(&mut bytes, SAMPLES_MAX as u64 + 1);
        for _ in 0..9 {
            bytes.extend_from_slice(&[2, 0, 0]);
        }
        assert!(decode(&bytes).is_err());
        assert!(decode(&[]).is_err());
        assert!(decode(&[VERSION + 1, 0]).is_err());
    }

    #[test]
    fn every_truncation_and_flip_of_a_plain_chunk_is_survived() {
        for rows in [heart_rates(3), heart_rates(700)] {
            let bytes = encode(&rows);
            for length in 0..bytes.len() {
                assert!(
                    decode(&bytes[..length]).is_err(),
                    "{length} of {}",
                    bytes.len()
                );
            }
            let mut changed = bytes.clone();
            for at in 0..bytes.len() {
                for flip in [1_u8, 0x80, 0xff] {
                    changed[at] ^= flip;
                    // Anything may come out but a panic; the seal is what makes it impossible.
                    let _ = decode(&changed);
                    let _ = decode_uids(&changed);
                    changed[at] = bytes[at];
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_samples_round_trip(rows in prop::collection::vec(any_stored(), 0..200)) {
            let bytes = encode(&rows);
            let back = decode(&bytes).expect("a chunk just written");
            prop_assert_eq!(bits(&back), bits(&rows));
            let uids: Vec<u64> = rows.iter().map(|row| row.sample.uid.map_or(0, Uid::get)).collect();
            prop_assert_eq!(decode_uids(&bytes), Ok(uids));
        }

        #[test]
        fn any_bytes_are_survived(mut bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&bytes);
            if let Some(first) = bytes.first_mut() {
                *first = VERSION;
            }
            let _ = decode(&bytes);
        }
    }
}
