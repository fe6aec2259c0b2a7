//! One column of a chunk: integers or floating-point numbers in the smallest of several forms.
//!
//! Reading is total: any bytes give numbers or [`Malformed`], never a panic and never more memory than
//! the stated count of numbers needs.

use pco::wrapped::{FileCompressor, FileDecompressor};
use pco::{ChunkConfig, DeltaSpec, ModeSpec};

/// The bytes are not a column of the expected length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// One number, for all.
const CONSTANT: u8 = 0;
/// Pairs of value and how often it repeats.
const RUNS: u8 = 1;
/// A variable-length number each.
const SHORT: u8 = 2;
/// A variable-length difference to the number before.
const STEPS: u8 = 3;
/// `pco` over the differences to the smallest number, which fit 32 bits.
const PACKED_32: u8 = 4;
/// The same with 64 bits.
const PACKED_64: u8 = 5;
/// Floating point as it is in memory.
const RAW: u8 = 6;
/// Floating point that is exactly a short decimal: its digits as a column of integers.
const DECIMAL: u8 = 7;
/// `pco` over floating-point numbers.
const PACKED_FLOAT: u8 = 8;

/// Times are mostly whole seconds or milliseconds; the divisor is stored.
const SCALES: [i64; 4] = [1, 1_000, 1_000_000, 60_000_000];
/// Powers of ten tried for decimals.
const TENS: [f64; 5] = [1.0, 10.0, 100.0, 1_000.0, 10_000.0];
/// Decimals with more digits than this do not survive the way through floating point.
const DECIMAL_MAX: f64 = 1e15;
/// Level 8 is 0.4 % smaller and a third slower.
const PCO_LEVEL: usize = 4;
/// A `pco` page costs some thirty bytes before its first number.
const PCO_WORTH_BYTES: usize = 48;

/// Reads from the front of a slice.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        let (&byte, rest) = self.0.split_first().ok_or(Malformed)?;
        self.0 = rest;
        Ok(byte)
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn word(&mut self) -> Result<u64, Malformed> {
        let (word, rest) = self.0.split_first_chunk::<8>().ok_or(Malformed)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*word))
    }

    pub(crate) fn number(&mut self) -> Result<u64, Malformed> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return Err(Malformed);
            }
            value |= part << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    pub(crate) fn count(&mut self) -> Result<usize, Malformed> {
        usize::try_from(self.number()?).map_err(|_| Malformed)
    }

    fn signed(&mut self) -> Result<i64, Malformed> {
        let folded = self.number()?;
        Ok((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }
}

/// Seven bits a byte, lowest first.
pub(crate) fn put_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_number(out, fold(value));
}

/// Small negative numbers become small positive ones.
const fn fold(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

fn number_bytes(value: u64) -> usize {
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// Writes a column of integers.
pub(crate) fn put_integers(out: &mut Vec<u8>, values: &[i64]) {
    let first = values.first().copied().unwrap_or(0);
    if values.iter().all(|value| *value == first) {
        out.push(CONSTANT);
        put_signed(out, first);
        return;
    }
    let scale_at = scale_of(values);
    let scale = SCALES.get(usize::from(scale_at)).copied().unwrap_or(1);
    let scaled: Vec<i64>;
    let values = if scale == 1 {
        values
    } else {
        scaled = values.iter().map(|value| value / scale).collect();
        &scaled
    };
    let (runs, short, steps) = form_bytes(values);
    let smallest = runs.min(short).min(steps);
    let mut packed = Vec::new();
    if smallest > PCO_WORTH_BYTES && smallest > values.len() / 16 {
        packed = pack_integers(values);
    }
    if !packed.is_empty() && packed.len() < smallest {
        // The packed form names its own width.
        let (&form, rest) = packed.split_first().expect("a packed column has a form");
        out.push(form);
        out.push(scale_at);
        out.extend_from_slice(rest);
    } else if runs == smallest {
        put_runs(out, scale_at, values);
    } else if short == smallest {
        out.extend_from_slice(&[SHORT, scale_at]);
        for value in values {
            put_signed(out, *value);
        }
    } else {
        out.extend_from_slice(&[STEPS, scale_at]);
        let mut before = 0_i64;
        for value in values {
            put_signed(out, value.wrapping_sub(before));
            before = *value;
        }
    }
}

/// Index of the largest scale that divides every value.
fn scale_of(values: &[i64]) -> u8 {
    let mut at = SCALES.len() - 1;
    for value in values {
        while at > 0 && SCALES.get(at).is_some_and(|scale| value % scale != 0) {
            at -= 1;
        }
        if at == 0 {
            break;
        }
    }
    at.to_le_bytes()[0]
}

/// Bytes that each of the plain forms would take.
fn form_bytes(values: &[i64]) -> (usize, usize, usize) {
    let (mut runs, mut short, mut steps) = (0, 0, 0);
    let mut before = 0_i64;
    let mut run = 0_u64;
    for value in values {
        let own = number_bytes(fold(*value));
        short += own;
        steps += number_bytes(fold(value.wrapping_sub(before)));
        if run > 0 && *value == before {
            run += 1;
        } else {
            runs += own + number_bytes(run);
            run = 1;
        }
        before = *value;
    }
    (runs + number_bytes(run), short, steps)
}

fn put_runs(out: &mut Vec<u8>, scale_at: u8, values: &[i64]) {
    out.extend_from_slice(&[RUNS, scale_at]);
    for run in values.chunk_by(|a, b| a == b) {
        put_signed(out, run.first().copied().unwrap_or(0));
        put_number(out, run.len() as u64);
    }
}

/// Form, smallest value, page.
fn pack_integers(values: &[i64]) -> Vec<u8> {
    let smallest = values.iter().copied().min().unwrap_or(0);
    let largest = values.iter().copied().max().unwrap_or(0);
    let rising = values.is_sorted();
    let delta = if rising {
        DeltaSpec::TryConsecutive(1)
    } else {
        DeltaSpec::NoOp
    };
    let config = ChunkConfig::default()
        .with_compression_level(PCO_LEVEL)
        .with_delta_spec(delta);
    let mut out = Vec::new();
    if u32::try_from(largest.wrapping_sub(smallest).cast_unsigned()).is_ok() {
        out.push(PACKED_32);
        put_signed(&mut out, smallest);
        let offsets: Vec<u32> = values
            .iter()
            .map(|value| low_half(value.wrapping_sub(smallest)))
            .collect();
        pack(&mut out, &offsets, &config);
    } else {
        out.push(PACKED_64);
        put_signed(&mut out, smallest);
        let offsets: Vec<u64> = values
            .iter()
            .map(|value| value.wrapping_sub(smallest).cast_unsigned())
            .collect();
        pack(&mut out, &offsets, &config);
    }
    out
}

fn low_half(value: i64) -> u32 {
    let bytes = value.to_le_bytes();
    let (low, _) = bytes
        .split_first_chunk::<4>()
        .expect("8 bytes hold 4 bytes");
    u32::from_le_bytes(*low)
}

fn pack<T: pco::data_types::Number>(out: &mut Vec<u8>, numbers: &[T], config: &ChunkConfig) {
    let config = config
        .clone()
        .with_paging_spec(pco::PagingSpec::Exact(vec![numbers.len()]));
    let file = FileCompressor::default();
    file.write_header(&mut *out)
        .expect("writing into memory does not fail");
    let mut chunk = file
        .chunk_compressor(numbers, &config)
        .expect("the configuration is valid and the count below pco's limit");
    chunk
        .write_meta(&mut *out)
        .expect("writing into memory does not fail");
    chunk
        .write_page(0, &mut *out)
        .expect("writing into memory does not fail");
}

fn unpack<T: pco::data_types::Number + Default>(
    bytes: &[u8],
    count: usize,
) -> Result<Vec<T>, Malformed> {
    let (file, rest) = FileDecompressor::new(bytes).map_err(|_| Malformed)?;
    let (mut chunk, rest) = file
        .chunk_decompressor::<T, _>(rest)
        .map_err(|_| Malformed)?;
    let mut page = chunk
        .page_decompressor(rest, count)
        .map_err(|_| Malformed)?;
    let mut numbers = vec![T::default(); count];
    let progress = page.read(&mut numbers).map_err(|_| Malformed)?;
    if progress.n_processed != count || !page.into_src().is_empty() {
        return Err(Malformed);
    }
    Ok(numbers)
}

/// Reads a column of `count` integers that takes all of `bytes`.
pub(crate) fn integers(bytes: &[u8], count: usize) -> Result<Vec<i64>, Malformed> {
    let mut reader = Reader(bytes);
    let form = reader.byte()?;
    if form == CONSTANT {
        let value = reader.signed()?;
        return finished(&reader, vec![value; count]);
    }
    let scale_at = reader.byte()?;
    let scale = *SCALES.get(usize::from(scale_at)).ok_or(Malformed)?;
    let values = match form {
        RUNS => runs(&mut reader, count)?,
        SHORT | STEPS => {
            // Each number takes a byte at least.
            if count > reader.0.len() {
                return Err(Malformed);
            }
            let mut values = Vec::with_capacity(count);
            let mut before = 0_i64;
            for _ in 0..count {
                let value = reader.signed()?;
                before = match form {
                    SHORT => value,
                    _ => before.wrapping_add(value),
                };
                values.push(before);
            }
            values
        }
        PACKED_32 => {
            let smallest = reader.signed()?;
            unpack::<u32>(reader.take(reader.0.len())?, count)?
                .into_iter()
                .map(|offset| smallest.wrapping_add(i64::from(offset)))
                .collect()
        }
        PACKED_64 => {
            let smallest = reader.signed()?;
            unpack::<u64>(reader.take(reader.0.len())?, count)?
                .into_iter()
                .map(|offset| smallest.wrapping_add(offset.cast_signed()))
                .collect()
        }
        _ => return Err(Malformed),
    };
    let values = finished(&reader, values)?;
    if scale == 1 {
        return Ok(values);
    }
    values
        .into_iter()
        .map(|value| value.checked_mul(scale).ok_or(Malformed))
        .collect()
}

fn runs(reader: &mut Reader<'_>, count: usize) -> Result<Vec<i64>, Malformed> {
    let mut values = Vec::with_capacity(count);
    while values.len() < count {
        let value = reader.signed()?;
        let run = reader.count()?;
        if run == 0 || run > count - values.len() {
            return Err(Malformed);
        }
        values.resize(values.len() + run, value);
    }
    Ok(values)
}

fn finished<T>(reader: &Reader<'_>, values: Vec<T>) -> Result<Vec<T>, Malformed> {
    if reader.0.is_empty() {
        Ok(values)
    } else {
        Err(Malformed)
    }
}

/// Writes a column of floating-point numbers, bit for bit.
pub(crate) fn put_floats(out: &mut Vec<u8>, values: &[f64]) {
    let first = values.first().copied().unwrap_or(0.0);
    if values.iter().all(|v| v.to_bits() == first.to_bits()) {
        out.push(CONSTANT);
        out.extend_from_slice(&first.to_le_bytes());
        return;
    }
    if let Some((tens_at, digits)) = decimals(values) {
        out.extend_from_slice(&[DECIMAL, tens_at]);
        put_integers(out, &digits);
        return;
    }
    let mut packed = vec![PACKED_FLOAT];
    if values.len() * 8 > PCO_WORTH_BYTES {
        let config = ChunkConfig::default()
            .with_compression_level(PCO_LEVEL)
            .with_mode_spec(ModeSpec::Auto)
            .with_delta_spec(DeltaSpec::NoOp);
        pack(&mut packed, values, &config);
    }
    if packed.len() > 1 && packed.len() < 1 + values.len() * 8 {
        out.extend_from_slice(&packed);
    } else {
        out.push(RAW);
        for value in values {
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
}

/// The digits of every value under the smallest power of ten that makes all of them whole.
fn decimals(values: &[f64]) -> Option<(u8, Vec<i64>)> {
    let mut at = 0;
    let mut digits = Vec::with_capacity(values.len());
    'powers: while let Some(&tens) = TENS.get(at) {
        digits.clear();
        for value in values {
            let Some(whole) = whole_digits(*value, tens) else {
                at += 1;
                continue 'powers;
            };
            digits.push(whole);
        }
        return Some((at.to_le_bytes()[0], digits));
    }
    None
}

fn whole_digits(value: f64, tens: f64) -> Option<i64> {
    let scaled = (value * tens).round_ties_even();
    if scaled.abs() > DECIMAL_MAX || (scaled / tens).to_bits() != value.to_bits() {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and far below 2^53, as just checked; NaN fails the comparison of bits"
    )]
    let digits = scaled as i64;
    (value.to_bits() != (-0.0_f64).to_bits()).then_some(digits)
}

/// Reads a column of `count` floating-point numbers that takes all of `bytes`.
pub(crate) fn floats(bytes: &[u8], count: usize) -> Result<Vec<f64>, Malformed> {
    let mut reader = Reader(bytes);
    match reader.byte()? {
        CONSTANT => {
            let value = f64::from_bits(reader.word()?);
            finished(&reader, vec![value; count])
        }
        RAW => {
            if reader.0.len() != count.checked_mul(8).ok_or(Malformed)? {
                return Err(Malformed);
            }
            (0..count)
                .map(|_| reader.word().map(f64::from_bits))
                .collect()
        }
        DECIMAL => {
            let tens = *TENS.get(usize::from(reader.byte()?)).ok_or(Malformed)?;
            let digits = integers(reader.0, count)?;
            Ok(digits
                .into_iter()
                .map(|whole| whole as f64 / tens)
                .collect())
        }
        PACKED_FLOAT => unpack(reader.0, count),
        _ => Err(Malformed),
    }
}

/// Writes a column of random 64-bit words of which zero means none: where they are, then they.
pub(crate) fn put_words(out: &mut Vec<u8>, words: &[u64]) {
    let present: Vec<i64> = words.iter().map(|word| i64::from(*word != 0)).collect();
    let mut presence = Vec::new();
    put_integers(&mut presence, &present);
    put_number(out, presence.len() as u64);
    out.extend_from_slice(&presence);
    for word in words.iter().filter(|word| **word != 0) {
        out.extend_from_slice(&word.to_le_bytes());
    }
}

/// Reads a column of `count` words that takes all of `bytes`.
pub(crate) fn words(bytes: &[u8], count: usize) -> Result<Vec<u64>, Malformed> {
    let mut reader = Reader(bytes);
    let length = reader.count()?;
    let present = integers(reader.take(length)?, count)?;
    let words: Vec<u64> = present
        .into_iter()
        .map(|present| match present {
            0 => Ok(0),
            1 => reader.word(),
            _ => Err(Malformed),
        })
        .collect::<Result<_, _>>()?;
    finished(&reader, words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_integers(values: &[i64]) -> usize {
        let mut bytes = Vec::new();
        put_integers(&mut bytes, values);
        assert_eq!(integers(&bytes, values.len()).as_deref(), Ok(values));
        bytes.len()
    }

    fn check_floats(values: &[f64]) -> usize {
        let mut bytes = Vec::new();
        put_floats(&mut bytes, values);
        let back = floats(&bytes, values.len()).expect("a column just written");
        let bits = |values: &[f64]| -> Vec<u64> { values.iter().map(|v| v.to_bits()).collect() };
        assert_eq!(bits(&back), bits(values));
        bytes.len()
    }

    #[test]
    fn simple_columns_are_cheap() {
        assert!(check_integers(&vec![7; 5_000]) <= 2);
        assert!(check_integers(&[0, 0, 0, 60, 60]) <= 6);
        assert!(check_floats(&[72.0; 900]) <= 9);
        assert!(check_floats(&[72.5, 73.0, 71.25]) <= 9);
        assert!(check_integers(&[]) <= 2);
    }

    #[test]
    fn odd_floats_keep_their_bits() {
        let nan = f64::from_bits(0x7ff0_0000_dead_beef);
        let odd = [0.0, -0.0, f64::NAN, nan, f64::INFINITY, f64::MIN_POSITIVE];
        check_floats(&odd);
        check_floats(&[-0.0, 1.0, 2.0]);
        let many: Vec<f64> = odd.iter().copied().cycle().take(1_000).collect();
        check_floats(&many);
        check_floats(&[f64::NEG_INFINITY, f64::MAX, f64::MIN, 5e-324]);
    }

    proptest! {
        #[test]
        fn integers_round_trip(values in prop::collection::vec(any::<i64>(), 0..300)) {
            check_integers(&values);
        }

        #[test]
        fn whole_seconds_round_trip(values in prop::collection::vec(-10_000_i64..10_000, 0..300)) {
            check_integers(&values.iter().map(|v| v * 1_000_000).collect::<Vec<_>>());
        }

        #[test]
        fn floats_round_trip(values in prop::collection::vec(any::<f64>(), 0..300)) {
            check_floats(&values);
        }

        #[test]
        fn decimals_round_trip(values in prop::collection::vec(-1_000_000_i32..1_000_000, 0..300)) {
            check_floats(&values.iter().map(|v| f64::from(*v) / 1_000.0).collect::<Vec<_>>());
        }

        #[test]
        fn words_round_trip(values in prop::collection::vec(prop_oneof![Just(0), any::<u64>()], 0..300)) {
            let mut bytes = Vec::new();
            put_words(&mut bytes, &values);
            prop_assert_eq!(words(&bytes, values.len()), Ok(values));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), count in 0_usize..5_000) {
            let _ = integers(&bytes, count);
            let _ = floats(&bytes, count);
            let _ = words(&bytes, count);
        }
    }
}
