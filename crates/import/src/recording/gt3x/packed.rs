//! Samples of twelve bits, two of them in nine bytes.
//!
//! It must never hand over a sample of which a part is missing.

/// Bytes of two samples.
pub(super) const PAIR_BYTES: usize = 9;

/// Order of the axes in the packed bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As the first records have them.
    Yxz,
    /// As later ones have them.
    Xyz,
}

/// Adds the whole samples of some bytes in g.
pub(super) fn unpack(bytes: &[u8], order: Order, unit_g: f32, samples: &mut Vec<[f32; 3]>) {
    let (pairs, rest) = bytes.as_chunks::<PAIR_BYTES>();
    let begin = samples.len();
    samples.resize(begin + pairs.len() * 2, [0.0; 3]);
    let places = samples.get_mut(begin..).unwrap_or_default();
    for (place, pair) in places.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
        *place = two(pair).map(|sample| scaled(sample, order, unit_g));
    }
    // An odd sample ends in the middle of a byte.
    if let Some(odd) = rest.first_chunk::<5>() {
        let mut pair = [0; PAIR_BYTES];
        for (to, from) in pair.iter_mut().zip(odd) {
            *to = *from;
        }
        let [one, _] = two(&pair);
        samples.push(scaled(one, order, unit_g));
    }
}

#[inline]
fn scaled(sample: [f32; 3], order: Order, unit_g: f32) -> [f32; 3] {
    let [first, second, third] = sample.map(|axis| axis * unit_g);
    match order {
        Order::Yxz => [second, first, third],
        Order::Xyz => [first, second, third],
    }
}

/// Six numbers of twelve bits, the highest bits first.
#[inline]
fn two(pair: &[u8; PAIR_BYTES]) -> [[f32; 3]; 2] {
    let [head @ .., end] = *pair;
    let first = u64::from_be_bytes(head).cast_signed();
    let last = i64::from(end) << 52 | first << 60;
    #[expect(clippy::cast_precision_loss, reason = "twelve bits")]
    let at = |bits: i64| (bits >> 52) as f32;
    [
        [at(first), at(first << 12), at(first << 24)],
        [at(first << 36), at(first << 48), at(last)],
    ]
}

/// Adds the whole samples of three times sixteen bits.
pub(super) fn wide(bytes: &[u8], unit_g: f32, samples: &mut Vec<[f32; 3]>) {
    samples.extend(bytes.as_chunks::<6>().0.iter().map(|one| {
        let [x0, x1, y0, y1, z0, z1] = *one;
        [[x0, x1], [y0, y1], [z0, z1]].map(|axis| f32::from(i16::from_le_bytes(axis)) * unit_g)
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes and numbers of the example in the maker's description (three samples, y before x).
    #[test]
    fn the_described_example_is_read() {
        let bytes = [
            0x00, 0x60, 0x08, 0xeb, 0xd0, 0x07, 0x00, 0x9e, 0xbf, 0x00, 0x70, 0x08, 0xeb, 0xf0,
        ];
        let mut samples = Vec::new();
        unpack(&bytes, Order::Yxz, 1.0, &mut samples);
        assert_eq!(
            samples,
            [[8.0, 6.0, -323.0], [9.0, 7.0, -321.0], [8.0, 7.0, -321.0]]
        );
        samples.clear();
        unpack(&bytes[..4], Order::Xyz, 1.0, &mut samples);
        assert!(samples.is_empty(), "a part is no sample");
    }
}
