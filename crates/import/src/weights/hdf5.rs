//! The part of HDF5 that Keras writes: superblock 0, groups as B-trees of symbols, object headers of
//! version 1, whole (not chunked, not compressed) arrays of little-endian `f32`.
//!
//! Offsets are taken as hostile. Every structure is read through a bounds check, every object is
//! visited once (a cycle is a second visit), B-trees descend by exactly one level a step, and the
//! structures visited are counted. Attributes, links to other files and anything newer are not read.
//! Names of structures follow the *HDF5 File Format Specification* 3.0, sections II, III.A, III.D, IV.A.

mod header;

use std::ops::Range;

use rustc_hash::FxHashSet;

use crate::weights::{ARRAYS_MAX, FILE_BYTES_MAX, WeightsError, floats};
use header::Object;

/// What an HDF5 file begins with.
pub(crate) const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// The most structures (headers, nodes, heaps) of one file; the largest published one has some 500.
const STRUCTURES_MAX: usize = 8192;
/// The deepest nesting of groups; Keras nests six.
const DEPTH_MAX: usize = 16;
/// The longest name of a group or array, as file systems have it.
const NAME_BYTES_MAX: usize = 255;
/// "Nowhere".
const UNDEFINED: u64 = u64::MAX;

/// An array of the file, not yet read.
#[derive(Debug)]
pub(crate) struct Array {
    /// Its path, without a leading slash.
    pub(crate) path: String,
    /// The length of each dimension.
    pub(crate) shape: Vec<usize>,
    /// Where its numbers are, or why they cannot be read.
    pub(crate) place: Result<Range<usize>, String>,
}

impl Array {
    /// Its numbers, read from the same file.
    pub(crate) fn values(&self, bytes: &[u8]) -> Result<Vec<f32>, WeightsError> {
        let place = self
            .place
            .clone()
            .map_err(|why| WeightsError::item(&self.path, why))?;
        bytes.get(place).map(floats).ok_or_else(|| {
            WeightsError::item(&self.path, "its numbers lie behind the end of the file")
        })
    }
}

/// Every array of a file, in the order of its directory.
pub(crate) fn arrays(bytes: &[u8]) -> Result<Vec<Array>, WeightsError> {
    let mut walk = Walk {
        file: File { bytes },
        structures: 0,
        seen: FxHashSet::default(),
        array_bytes: 0,
        found: Vec::new(),
    };
    let root = walk.file.root()?;
    let mut groups = vec![Group {
        header: root,
        path: String::new(),
        depth: 0,
    }];
    while let Some(group) = groups.pop() {
        walk.group(&group, &mut groups)?;
    }
    Ok(walk.found)
}

/// A group whose members are still to be listed.
struct Group {
    header: u64,
    path: String,
    depth: usize,
}

struct Walk<'a> {
    file: File<'a>,
    structures: usize,
    seen: FxHashSet<u64>,
    array_bytes: usize,
    found: Vec<Array>,
}

impl Walk<'_> {
    fn group(&mut self, group: &Group, groups: &mut Vec<Group>) -> Result<(), WeightsError> {
        let members = match self.object(group.header, &group.path)? {
            Object::Group { tree, heap } => self.members(tree, heap)?,
            Object::Array { shape, place } => return self.array(&group.path, shape, place),
        };
        for (name, header) in members {
            let path = match group.path.as_str() {
                "" => name,
                parent => format!("{parent}/{name}"),
            };
            if group.depth == DEPTH_MAX {
                return Err(WeightsError::item(&path, "nested deeper than any network"));
            }
            groups.push(Group {
                header,
                path,
                depth: group.depth + 1,
            });
        }
        Ok(())
    }

    fn object(&mut self, at: u64, path: &str) -> Result<Object, WeightsError> {
        if !self.seen.insert(at) {
            return Err(WeightsError::item(
                path,
                "the same object under a second name",
            ));
        }
        self.count()?;
        header::read(self.file, at, path)
    }

    fn array(
        &mut self,
        path: &str,
        shape: Vec<usize>,
        place: Result<Range<usize>, String>,
    ) -> Result<(), WeightsError> {
        if path.is_empty() {
            return Err(damaged(0, "the root of the file is no group"));
        }
        if self.found.len() == ARRAYS_MAX {
            return Err(WeightsError::TooMany {
                what: "arrays",
                limit: ARRAYS_MAX,
            });
        }
        // Arrays that share their bytes could otherwise ask for far more memory than the file has.
        self.array_bytes += place.as_ref().map_or(0, ExactSizeIterator::len);
        if self.array_bytes > self.file.bytes.len() {
            return Err(WeightsError::item(
                path,
                "the arrays up to here claim more bytes than the file has",
            ));
        }
        self.found.push(Array {
            path: path.to_owned(),
            shape,
            place,
        });
        Ok(())
    }

    /// Names and headers of a group's members.
    fn members(&mut self, tree: u64, heap: u64) -> Result<Vec<(String, u64)>, WeightsError> {
        let names = self.file.heap(heap)?;
        self.count()?;
        let mut members = Vec::new();
        // The level is only known once the root of the tree is read.
        let mut nodes = vec![(tree, None)];
        while let Some((at, level)) = nodes.pop() {
            self.count()?;
            if level == Some(0) {
                self.file.symbols(at, names, &mut members)?;
                continue;
            }
            let node = self.file.tree_node(at)?;
            if level.is_some_and(|level| level != node.level + 1) {
                return Err(damaged(
                    at,
                    "a node of a group's index is at the wrong level",
                ));
            }
            let below = node.level;
            nodes.extend(
                node.children
                    .into_iter()
                    .rev()
                    .map(|child| (child, Some(below))),
            );
        }
        Ok(members)
    }

    fn count(&mut self) -> Result<(), WeightsError> {
        self.structures += 1;
        if self.structures > STRUCTURES_MAX {
            return Err(WeightsError::TooMany {
                what: "structures",
                limit: STRUCTURES_MAX,
            });
        }
        Ok(())
    }
}

/// A node of a group's index.
struct TreeNode {
    level: u16,
    children: Vec<u64>,
}

/// The bytes of the file, read with care.
#[derive(Clone, Copy)]
struct File<'a> {
    bytes: &'a [u8],
}

impl<'a> File<'a> {
    /// Checks the superblock and gives the header of the root group.
    fn root(self) -> Result<u64, WeightsError> {
        let version = self.byte(8)?;
        if version != 0 {
            return Err(unsupported(8, "superblocks newer than version 0 are"));
        }
        if self.slice(9, 6)? != [0, 0, 0, 0, 8, 8] {
            return Err(unsupported(9, "other than 8-byte offsets are"));
        }
        if self.number(24)? != 0 {
            return Err(unsupported(24, "files within files are"));
        }
        let end = self.number(40)?;
        if end > as_u64(self.bytes.len()) {
            return Err(damaged(
                40,
                "the file was longer when it was written: it is cut",
            ));
        }
        self.number(64)
    }

    /// The names of a group's members.
    fn heap(self, at: u64) -> Result<&'a [u8], WeightsError> {
        self.signature(at, *b"HEAP", "a group's names are not where it says")?;
        let size = self.number(at.saturating_add(8))?;
        let names = self.number(at.saturating_add(24))?;
        self.slice(names, size)
    }

    fn tree_node(self, at: u64) -> Result<TreeNode, WeightsError> {
        self.signature(at, *b"TREE", "a group's index is not where it says")?;
        if self.byte(at.saturating_add(4))? != 0 {
            return Err(damaged(at, "the index of a group is of another kind"));
        }
        let level = u16::from(self.byte(at.saturating_add(5))?);
        let count = usize::from(self.short(at.saturating_add(6))?);
        // Keys and children alternate, and a key is first and last.
        let entries = self.slice(at.saturating_add(24), as_u64(8 * (2 * count + 1)))?;
        let (words, _) = entries.as_chunks::<8>();
        let children = words.iter().skip(1).step_by(2);
        Ok(TreeNode {
            level,
            children: children.map(|word| u64::from_le_bytes(*word)).collect(),
        })
    }

    fn symbols(
        self,
        at: u64,
        names: &[u8],
        members: &mut Vec<(String, u64)>,
    ) -> Result<(), WeightsError> {
        self.signature(
            at,
            *b"SNOD",
            "a group's members are not where its index says",
        )?;
        let count = u64::from(self.short(at.saturating_add(6))?);
        let entries = self.slice(at.saturating_add(8), 40 * count)?;
        let (entries, _) = entries.as_chunks::<40>();
        for entry in entries {
            let entry = File { bytes: entry };
            let name = name_at(names, entry.number(0)?)
                .ok_or(damaged(at, "the name of a group's member is no name"))?;
            let header = entry.number(8)?;
            // Kind 2 is a link by name; its header is nowhere.
            if header == UNDEFINED || entry.slice(16, 4)? == [2, 0, 0, 0] {
                return Err(unsupported(at, "links by name are"));
            }
            members.push((name.to_owned(), header));
        }
        Ok(())
    }

    fn signature(self, at: u64, wanted: [u8; 4], why: &'static str) -> Result<(), WeightsError> {
        if self.slice(at, 4)? == wanted && self.byte(at.saturating_add(4))? <= 1 {
            Ok(())
        } else {
            Err(damaged(at, why))
        }
    }

    fn slice(self, at: u64, length: u64) -> Result<&'a [u8], WeightsError> {
        place(at, length, self.bytes.len())
            .and_then(|place| self.bytes.get(place))
            .ok_or(damaged(at, "the file ends before the structure there does"))
    }

    fn byte(self, at: u64) -> Result<u8, WeightsError> {
        let bytes = self.slice(at, 1)?;
        Ok(bytes.first().copied().expect("the slice has one byte"))
    }

    fn short(self, at: u64) -> Result<u16, WeightsError> {
        let bytes = self.slice(at, 2)?;
        Ok(u16::from_le_bytes(
            bytes.try_into().expect("the slice has two bytes"),
        ))
    }

    fn word(self, at: u64) -> Result<u32, WeightsError> {
        let bytes = self.slice(at, 4)?;
        Ok(u32::from_le_bytes(
            bytes.try_into().expect("the slice has four bytes"),
        ))
    }

    fn number(self, at: u64) -> Result<u64, WeightsError> {
        let bytes = self.slice(at, 8)?;
        Ok(u64::from_le_bytes(
            bytes.try_into().expect("the slice has eight bytes"),
        ))
    }
}

fn name_at(names: &[u8], at: u64) -> Option<&str> {
    let rest = names.get(usize::try_from(at).ok()?..)?;
    let end = memchr::memchr(0, rest)?;
    let name = str::from_utf8(rest.get(..end)?).ok()?;
    let plain = !name.contains('/') && !name.chars().any(char::is_control);
    (plain && !matches!(name, "" | "." | "..") && name.len() <= NAME_BYTES_MAX).then_some(name)
}

/// The range of `length` bytes from `at`, if the file of `size` bytes has them.
fn place(at: u64, length: u64, size: usize) -> Option<Range<usize>> {
    let until = at.checked_add(length)?;
    let range = usize::try_from(at).ok()?..usize::try_from(until).ok()?;
    (range.end <= size).then_some(range)
}

fn as_u64(length: usize) -> u64 {
    u64::try_from(length).expect("lengths in memory have at most 64 bits")
}

fn damaged(at: u64, why: &'static str) -> WeightsError {
    WeightsError::Damaged { at, why }
}

fn unsupported(at: u64, what: &'static str) -> WeightsError {
    WeightsError::Unsupported { at, what }
}

const _: () = assert!(
    FILE_BYTES_MAX < u32::MAX as usize,
    "positions fit in 32 bits"
);
