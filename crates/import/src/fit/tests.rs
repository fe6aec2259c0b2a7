//! Containers that are whole, cut, wrong and none.

use super::*;

/// A file of messages, with its header and checksum.
fn file(messages: &[u8]) -> Vec<u8> {
    let mut bytes = vec![12, 0x20, 0, 0];
    bytes.extend(u32::try_from(messages.len()).expect("small").to_le_bytes());
    bytes.extend(SIGNATURE);
    bytes.extend(messages);
    let sum = checksum(0, &bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// Number of a message, its time stamp and its first value.
type Seen = (u16, Option<u32>, Option<i64>);

/// The messages, and the codes of damages.
fn read(mut bytes: &[u8]) -> (Vec<Seen>, Vec<&'static str>) {
    let mut reader = Reader::new(&mut bytes);
    let (mut messages, mut damages) = (Vec::new(), Vec::new());
    loop {
        match reader.advance().expect("bytes in memory") {
            Step::Message(message) => {
                messages.push((message.number(), message.stamp, message.integer(3)));
            }
            Step::Damage(damage) => damages.push(damage.code),
            Step::File => {}
            Step::End => return (messages, damages),
        }
    }
}

/// Local type 0: message 20 with a time stamp and field 3; local type 1: message 20 with field 3.
const DEFINED: [u8; 21] = [
    0x40, 0, 0, 20, 0, 2, 253, 4, 0x86, 3, 1, 2, // with a time stamp
    0x41, 0, 1, 0, 20, 1, 3, 1, 2, // without, in the other byte order
];

fn full(stamp: u32, value: u8) -> Vec<u8> {
    let mut message = vec![0];
    message.extend(stamp.to_le_bytes());
    message.push(value);
    message
}

#[test]
fn compressed_stamps_count_on_the_last_full_one() {
    let mut messages = DEFINED.to_vec();
    messages.extend(full(1_000_030, 100));
    // The low five bits of 1 000 030 are 30: 31 is a second later, 2 is after the turn.
    messages.extend([0xA0 | 31, 101, 0xA0 | 2, 102, 1, 0xFF]);
    let (found, damages) = read(&file(&messages));
    let low = 1_000_030 % 32;
    assert_eq!((low, damages.len()), (30, 0));
    let expect = [
        (20, Some(1_000_030), Some(100)),
        (20, Some(1_000_031), Some(101)),
        (20, Some(1_000_034), Some(102)),
        (20, None, None),
    ];
    assert_eq!(found, expect);
}

#[test]
fn files_follow_each_other_and_damage_is_told() {
    let mut messages = DEFINED.to_vec();
    messages.extend(full(1_000_000, 60));
    let whole = file(&messages);
    let mut two = whole.clone();
    two.extend(&whole);
    assert_eq!(read(&two).0.len(), 2);
    let mut flipped = whole.clone();
    *flipped.last_mut().expect("a file") ^= 1;
    assert_eq!(read(&flipped), (read(&whole).0, vec!["checksum"]));
    flipped.extend(&whole);
    assert_eq!(read(&flipped).0.len(), 2, "a wrong checksum costs nothing");
    for length in 1..whole.len() {
        let (found, damages) = read(&whole[..length]);
        assert!(found.len() <= 1 && damages.len() == 1, "{length}");
    }
    // A message of no definition costs the rest of its file, and not the next one.
    let mut lost = file(&[5, 1, 2, 3]);
    lost.extend(&whole);
    assert_eq!(read(&lost), (read(&whole).0, vec!["malformed_message"]));
    let mut beyond = DEFINED.to_vec();
    beyond.extend([0, 1]);
    assert_eq!(read(&file(&beyond)).1, ["malformed_message"]);
    let mut trailing = whole;
    trailing.extend(b"rubbish");
    assert_eq!(read(&trailing).1, ["trailing_bytes"]);
}

#[test]
fn any_bytes_come_to_an_end() {
    let mut state = 1_u32;
    for length in 0..600_usize {
        let mut bytes = file(&[]);
        bytes.truncate(12);
        bytes[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        bytes.extend((0..length).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        }));
        read(&bytes);
    }
}

/// CRC-16/ARC of the customary check string.
#[test]
fn the_checksum_is_the_published_one() {
    assert_eq!(checksum(0, b"123456789"), 0xBB3D);
}
