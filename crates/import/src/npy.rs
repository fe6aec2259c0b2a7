//! Arrays of numbers as `NumPy` saves them (`.npy`, versions 1 to 3 of the format).
//!
//! Reads little-endian `f32` and `f64` in C order and refuses the rest by name: an array of objects
//! would be a program. It must never allocate more than the file has bytes.

use std::fmt::Display;

/// What a file begins with.
const MAGIC: [u8; 6] = *b"\x93NUMPY";
/// The longest header that is read; `NumPy` itself pads to a multiple of 64 and rarely passes 128.
const HEADER_BYTES_MAX: usize = 4096;
/// The most dimensions of an array.
const DIMENSIONS_MAX: usize = 8;

/// An array as the file has it, last dimension fastest.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// The length of each dimension.
    pub shape: Vec<usize>,
    /// The numbers.
    pub values: Values,
}

/// The numbers of an array, in the width of the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Four bytes each.
    F32(Vec<f32>),
    /// Eight bytes each.
    F64(Vec<f64>),
}

impl Values {
    /// The numbers as `f32`, rounded if they were wider.
    pub fn into_f32(self) -> Vec<f32> {
        match self {
            Self::F32(values) => values,
            #[expect(
                clippy::cast_possible_truncation,
                reason = "rounding is what is asked for"
            )]
            Self::F64(values) => values.into_iter().map(|value| value as f32).collect(),
        }
    }
}

/// Why a file is not read as an array.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NpyError {
    /// It begins like no file of `NumPy`.
    #[error("the file is no .npy; save the array with numpy.save")]
    NotNpy,
    /// The header is not what `NumPy` writes.
    #[error("the header of the .npy is damaged: {0}")]
    Header(String),
    /// Numbers of another type or order.
    #[error("{0} is not read; save the array with numpy.save after .astype('<f4') in C order")]
    Unsupported(String),
    /// More or fewer numbers than the shape says.
    #[error("shape {shape:?} needs {needed} bytes of numbers, the file has {found}")]
    Length {
        /// The shape in the header.
        shape: Vec<usize>,
        /// The bytes that it needs.
        needed: String,
        /// The bytes behind the header.
        found: usize,
    },
}

/// Reads an array.
pub fn read(bytes: &[u8]) -> Result<Array, NpyError> {
    let rest = bytes.strip_prefix(&MAGIC).ok_or(NpyError::NotNpy)?;
    let (header, numbers) = split(rest)?;
    let header = str::from_utf8(header).map_err(|_| damaged("it is no text"))?;
    let shape = shape(field(header, "shape")?)?;
    if field(header, "fortran_order")?
        .trim_start()
        .starts_with("True")
    {
        return Err(NpyError::Unsupported(
            "an array in Fortran order".to_owned(),
        ));
    }
    let kind = field(header, "descr")?.trim_start();
    let width = match kind.get(..5).unwrap_or_default() {
        "'<f4'" => 4_usize,
        "'<f8'" => 8,
        _ => {
            let kind: String = kind.chars().take_while(|c| *c != ',').take(40).collect();
            return Err(NpyError::Unsupported(format!("type {kind}")));
        }
    };
    let needed = shape
        .iter()
        .try_fold(width, |bytes, &length| bytes.checked_mul(length));
    if needed != Some(numbers.len()) {
        return Err(NpyError::Length {
            shape,
            needed: needed.map_or_else(|| "too many".to_owned(), |bytes| bytes.to_string()),
            found: numbers.len(),
        });
    }
    let values = if width == 4 {
        let (words, _) = numbers.as_chunks::<4>();
        Values::F32(words.iter().map(|word| f32::from_le_bytes(*word)).collect())
    } else {
        let (words, _) = numbers.as_chunks::<8>();
        Values::F64(words.iter().map(|word| f64::from_le_bytes(*word)).collect())
    };
    Ok(Array { shape, values })
}

/// Header and numbers, behind the magic.
fn split(rest: &[u8]) -> Result<(&[u8], &[u8]), NpyError> {
    let cut = || damaged("the file ends within it");
    let ([major, _minor], rest) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
    let (length, rest) = match major {
        1 => {
            let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        2 | 3 => {
            let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
            let length = u32::from_le_bytes(*length);
            (usize::try_from(length).unwrap_or(usize::MAX), rest)
        }
        _ => return Err(damaged(format!("version {major} is not known"))),
    };
    if length > HEADER_BYTES_MAX {
        return Err(damaged("it is longer than any of numbers"));
    }
    rest.split_at_checked(length).ok_or_else(cut)
}

/// What follows the colon of a member of the header.
fn field<'a>(header: &'a str, name: &str) -> Result<&'a str, NpyError> {
    let quoted = format!("'{name}':");
    let (_, value) = header
        .split_once(&quoted)
        .ok_or_else(|| damaged(format!("it does not say {name}")))?;
    Ok(value)
}

/// `(4, 10080), }` → 4, 10080; a single number has the shape `()`.
fn shape(text: &str) -> Result<Vec<usize>, NpyError> {
    let wrong = || damaged("its shape is not a list of lengths");
    let inner = text.trim_start().strip_prefix('(').ok_or_else(wrong)?;
    let (inner, _) = inner.split_once(')').ok_or_else(wrong)?;
    let lengths = inner
        .split(',')
        .map(str::trim)
        .filter(|length| !length.is_empty());
    let shape: Vec<usize> = lengths
        .map(|length| length.parse().map_err(|_| wrong()))
        .collect::<Result<_, _>>()?;
    if shape.len() > DIMENSIONS_MAX {
        return Err(damaged("it has too many dimensions"));
    }
    Ok(shape)
}

fn damaged(why: impl Display) -> NpyError {
    NpyError::Header(why.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(header: &str, numbers: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, 0]);
        let length = u16::try_from(header.len()).expect("short");
        bytes.extend(length.to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(numbers);
        bytes
    }

    const HEADER: &str = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }   \n";

    fn numbers() -> Vec<u8> {
        [1.5_f32, -2.0]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    }

    #[test]
    fn reads_what_numpy_writes() {
        let array = read(&file(HEADER, &numbers())).expect("a sound file");
        assert_eq!(
            (array.shape, array.values),
            (vec![1, 2], Values::F32(vec![1.5, -2.0]))
        );
        let wide = HEADER.replace("f4", "f8").replace("(1, 2)", "(1,)");
        let array = read(&file(&wide, &0.1_f64.to_le_bytes())).expect("a sound file");
        assert_eq!((array.shape, array.values.into_f32()), (vec![1], vec![0.1]));
    }

    #[test]
    fn the_rest_is_refused_by_name() {
        let check = |from: &str, to: &str, expect: &str| {
            let refused = read(&file(&HEADER.replace(from, to), &numbers())).expect_err("refused");
            assert!(refused.to_string().contains(expect), "{refused}");
        };
        check("<f4", "|O", "type '|O'");
        check("<f4", ">f4", "type '>f4'");
        check("False", "True", "Fortran order");
        check(
            "(1, 2)",
            "(1, 3)",
            "needs 12 bytes of numbers, the file has 8",
        );
        check(
            "(1, 2)",
            "(18446744073709551615, 2)",
            "needs too many bytes",
        );
        check("(1, 2)", "(-1, 2)", "not a list of lengths");
        check(
            "(1, 2)",
            "(1, 1, 1, 1, 1, 1, 1, 1, 2)",
            "too many dimensions",
        );
        check("'shape'", "'form'", "does not say shape");
        assert_eq!(read(b"1.5,2.0\n"), Err(NpyError::NotNpy));
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(at in 6_usize..80, byte in any::<u8>(), length in 0_usize..90) {
            let mut bytes = file(HEADER, &numbers());
            if let Some(changed) = bytes.get_mut(at) {
                *changed = byte;
            }
            bytes.truncate(length);
            let _ = read(&bytes);
        }
    }
}
