//! The compact protocol of Apache Thrift, in which a Parquet file states what it holds: walked through without being
//! believed. Nothing here allocates.

/// Structures in structures: a file nests eight.
const DEPTH_MAX: u32 = 24;

/// What an element of a list takes at least, in the bytes of a file; a structure holds a field and its end.
const ELEMENT_BYTES: usize = 1;
const STRUCTURE_BYTES: usize = 3;

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
pub(super) const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCTURE: u8 = 12;
const UUID: u8 = 13;

/// Bytes of the protocol and a place in them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk<'b> {
    bytes: &'b [u8],
}

impl<'b> Walk<'b> {
    pub(super) const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    /// Bytes that were not walked through yet.
    pub(super) const fn left(&self) -> usize {
        self.bytes.len()
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn pass(&mut self, bytes: usize) -> Option<()> {
        self.bytes = self.bytes.get(bytes..)?;
        Some(())
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A signed number: even ones are not negative, odd ones are.
    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// Walks through the fields of a structure, each with its number and kind; `field` says whether it walked through the
    /// value itself.
    pub(super) fn structure(
        &mut self,
        depth: u32,
        field: &mut dyn FnMut(&mut Self, i64, u8) -> Option<bool>,
    ) -> Option<()> {
        if depth > DEPTH_MAX {
            return None;
        }
        let mut id = 0_i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            id = match head >> 4 {
                0 => self.signed()?,
                step => id.checked_add(i64::from(step))?,
            };
            let kind = head & 0x0f;
            if !field(self, id, kind)? {
                self.value(kind, depth)?;
            }
        }
    }

    fn value(&mut self, kind: u8, depth: u32) -> Option<()> {
        match kind {
            TRUE | FALSE => Some(()),
            _ => self.element(kind, depth),
        }
    }

    /// A value that is no field: a truth takes a byte of its own.
    fn element(&mut self, kind: u8, depth: u32) -> Option<()> {
        match kind {
            TRUE | FALSE | BYTE => self.pass(1),
            I16 | I32 | I64 => self.number().map(drop),
            DOUBLE => self.pass(8),
            UUID => self.pass(16),
            BINARY => {
                let bytes = usize::try_from(self.number()?).ok()?;
                self.pass(bytes)
            }
            LIST | SET => self.list(depth + 1),
            MAP => self.map(depth + 1),
            STRUCTURE => self.structure(depth + 1, &mut |_, _, _| Some(false)),
            _ => None,
        }
    }

    fn list(&mut self, depth: u32) -> Option<()> {
        let head = self.byte()?;
        let kind = head & 0x0f;
        let count = match head >> 4 {
            15 => self.number()?,
            few => u64::from(few),
        };
        self.elements(count, kind, depth)
    }

    fn map(&mut self, depth: u32) -> Option<()> {
        let count = self.number()?;
        if count == 0 {
            return Some(());
        }
        let kinds = self.byte()?;
        if depth > DEPTH_MAX || count > self.left() as u64 {
            return None;
        }
        for _ in 0..count {
            self.element(kinds >> 4, depth)?;
            self.element(kinds & 0x0f, depth)?;
        }
        Some(())
    }

    /// A list that states more elements than bytes are left would be believed by whoever makes room for them.
    fn elements(&mut self, count: u64, kind: u8, depth: u32) -> Option<()> {
        let least = match kind {
            STRUCTURE => STRUCTURE_BYTES,
            _ => ELEMENT_BYTES,
        };
        if depth > DEPTH_MAX || count > (self.left() / least) as u64 {
            return None;
        }
        for _ in 0..count {
            self.element(kind, depth)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walks(bytes: &[u8]) -> bool {
        let mut walk = Walk::new(bytes);
        let end = walk.structure(0, &mut |_, _, _| Some(false));
        end.is_some() && walk.left() == 0
    }

    #[test]
    fn structures_are_walked_through() {
        // Nothing; 1: i32 7; 1: true; 2: "ab"; 3: [i32 1, 2]; 4: {1: i64 1}; 5: {}; 6: {"a": 1}.
        for bytes in [
            &b"\x00"[..],
            b"\x15\x0e\x00",
            b"\x11\x00",
            b"\x28\x02ab\x00",
            b"\x39\x25\x02\x04\x00",
            b"\x4c\x16\x02\x00\x00",
            b"\x5b\x00\x00",
            b"\x6b\x01\x85\x01a\x02\x00",
            b"\x05\x08\x0e\x00",
        ] {
            assert!(walks(bytes), "{bytes:?}");
            let cut = bytes.get(..bytes.len() - 1).unwrap_or_default();
            assert!(!walks(cut), "{cut:?}");
        }
    }

    #[test]
    fn what_is_stated_without_bytes_is_not_believed() {
        // A list of 2^31 structures, one of 2^40 truths, a text of 2^62 bytes, a map of 2^31 pairs.
        for bytes in [
            &b"\x19\xfc\x80\x80\x80\x80\x08\x00"[..],
            b"\x19\xf1\x80\x80\x80\x80\x80\x20\x00",
            b"\x18\x80\x80\x80\x80\x80\x80\x80\x80\x40\x00",
            b"\x1b\x80\x80\x80\x80\x08\x88\x00",
        ] {
            assert!(!walks(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn depth_has_an_end() {
        let deep = [vec![0x1c; 40], vec![0; 41]].concat();
        assert!(!walks(&deep));
        let shallow = [vec![0x1c; 20], vec![0; 21]].concat();
        assert!(walks(&shallow));
    }

    #[test]
    fn numbers_are_signed_in_turns() {
        for (bytes, number) in [(&[0][..], 0), (&[1], -1), (&[2], 1), (&[0xff, 0x01], -128)] {
            assert_eq!(Walk::new(bytes).signed(), Some(number));
        }
        assert_eq!(Walk::new(&[0x80; 11]).signed(), None);
    }
}
