//! A writer of small HDF5 files, for tests: the structures that Keras's files consist of, and nothing
//! that checks whether they make sense.

/// An HDF5 file while it is built.
pub(super) struct Tiny {
    bytes: Vec<u8>,
}

/// A message of `f32`, little-endian.
pub(super) const F32: [u8; 20] = [
    0x11, 0x20, 0x1f, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0,
];

impl Tiny {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0; 96] }
    }

    pub(super) fn at(&self) -> u64 {
        u64::try_from(self.bytes.len()).expect("tests are small")
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> u64 {
        let at = self.at();
        self.bytes.extend(bytes);
        at
    }

    /// An array with its numbers; gives its header.
    pub(super) fn array(&mut self, shape: &[u64], values: &[f32]) -> u64 {
        let numbers: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let at = self.append(&numbers);
        let length = u64::try_from(numbers.len()).expect("tests are small");
        self.array_at(shape, at, length)
    }

    /// An array that claims to have its numbers at a place.
    pub(super) fn array_at(&mut self, shape: &[u64], at: u64, length: u64) -> u64 {
        let rank = u8::try_from(shape.len()).expect("tests are small");
        let mut space = vec![1, rank, 0, 0, 0, 0, 0, 0];
        space.extend(shape.iter().flat_map(|length| length.to_le_bytes()));
        let mut place = vec![3, 1];
        place.extend(at.to_le_bytes());
        place.extend(length.to_le_bytes());
        self.header(&[(0x01, &space), (0x03, &F32), (0x08, &place)])
    }

    /// A header with these messages.
    pub(super) fn header(&mut self, messages: &[(u16, &[u8])]) -> u64 {
        let mut block = Vec::new();
        for (kind, body) in messages {
            let length = u16::try_from(body.len()).expect("tests are small");
            block.extend(kind.to_le_bytes());
            block.extend(length.to_le_bytes());
            block.extend([0; 4]);
            block.extend(*body);
        }
        let count = u16::try_from(messages.len()).expect("tests are small");
        let length = u32::try_from(block.len()).expect("tests are small");
        let at = self.append(&[1, 0]);
        self.append(&count.to_le_bytes());
        self.append(&1_u32.to_le_bytes());
        self.append(&length.to_le_bytes());
        self.append(&[0; 4]);
        self.append(&block);
        at
    }

    /// A group of named headers.
    pub(super) fn group(&mut self, members: &[(&str, u64)]) -> u64 {
        let (symbols, heap) = self.symbols(members);
        let tree = self.tree(0, &[symbols]);
        self.group_of(tree, heap)
    }

    /// A group with this index and these names.
    pub(super) fn group_of(&mut self, tree: u64, heap: u64) -> u64 {
        let mut body = tree.to_le_bytes().to_vec();
        body.extend(heap.to_le_bytes());
        self.header(&[(0x11, &body)])
    }

    /// The members of a group and the heap of their names.
    pub(super) fn symbols(&mut self, members: &[(&str, u64)]) -> (u64, u64) {
        let mut names = vec![0; 8];
        let mut entries = Vec::new();
        for (name, header) in members {
            entries.extend(u64::try_from(names.len()).expect("small").to_le_bytes());
            entries.extend(header.to_le_bytes());
            entries.extend([0; 24]);
            names.extend(name.as_bytes());
            names.push(0);
        }
        let names_at = self.append(&names);
        let heap = self.append(b"HEAP\0\0\0\0");
        let size = u64::try_from(names.len()).expect("small");
        self.append(&size.to_le_bytes());
        self.append(&u64::MAX.to_le_bytes());
        self.append(&names_at.to_le_bytes());
        let count = u16::try_from(members.len()).expect("small");
        let symbols = self.append(b"SNOD\x01\0");
        self.append(&count.to_le_bytes());
        self.append(&entries);
        (symbols, heap)
    }

    /// A node of an index.
    pub(super) fn tree(&mut self, level: u8, children: &[u64]) -> u64 {
        let count = u16::try_from(children.len()).expect("small");
        let at = self.append(b"TREE\0");
        self.append(&[level]);
        self.append(&count.to_le_bytes());
        self.append(&[0xff; 16]);
        self.append(&[0; 8]);
        for child in children {
            self.append(&child.to_le_bytes());
            self.append(&[0; 8]);
        }
        at
    }

    /// Overwrites eight bytes.
    pub(super) fn set(&mut self, at: u64, value: u64) {
        let at = usize::try_from(at).expect("tests are small");
        self.bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }

    /// The whole file, with its superblock.
    pub(super) fn finish(mut self, root: u64) -> Vec<u8> {
        self.bytes[..8].copy_from_slice(b"\x89HDF\r\n\x1a\n");
        self.bytes[13] = 8;
        self.bytes[14] = 8;
        self.set(40, self.at());
        self.set(64, root);
        self.bytes
    }
}
