//! Values of fields: integers, numbers and texts of the base types, with `None` for the value that each type keeps for
//! "invalid".

/// A value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// Of a type with a sign.
    Signed(i64),
    /// Of a type without a sign.
    Unsigned(u64),
    /// Of a type with a decimal point.
    Real(f64),
}

impl Value {
    /// The value as an integer; `None` where it is none or too large.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a number without a fraction, which is checked"
    )]
    pub fn integer(self) -> Option<i64> {
        match self {
            Self::Signed(value) => Some(value),
            Self::Unsigned(value) => i64::try_from(value).ok(),
            Self::Real(value) => {
                let is_whole = value.fract() == 0.0 && value.abs() < 9e15;
                is_whole.then_some(value as i64)
            }
        }
    }

    /// The value as a number.
    pub fn number(self) -> f64 {
        match self {
            Self::Signed(value) => value as f64,
            Self::Unsigned(value) => value as f64,
            Self::Real(value) => value,
        }
    }
}

/// A base type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Base {
    /// Without a sign; the invalid value has every bit set.
    Unsigned(usize),
    /// Without a sign; the invalid value is zero.
    UnsignedOrZero(usize),
    /// With a sign; the invalid value is the largest.
    Signed(usize),
    /// With a decimal point; the invalid value has every bit set.
    Real(usize),
    /// Bytes; they are invalid when all of them have every bit set.
    Bytes,
    Text,
}

impl Base {
    /// The type of a code; what is not known is read as bytes.
    const fn of(code: u8) -> Self {
        match code {
            0x00 | 0x02 => Self::Unsigned(1),
            0x01 => Self::Signed(1),
            0x83 => Self::Signed(2),
            0x84 => Self::Unsigned(2),
            0x85 => Self::Signed(4),
            0x86 => Self::Unsigned(4),
            0x07 => Self::Text,
            0x88 => Self::Real(4),
            0x89 => Self::Real(8),
            0x0A => Self::UnsignedOrZero(1),
            0x8B => Self::UnsignedOrZero(2),
            0x8C => Self::UnsignedOrZero(4),
            0x8E => Self::Signed(8),
            0x8F => Self::Unsigned(8),
            0x90 => Self::UnsignedOrZero(8),
            _ => Self::Bytes,
        }
    }

    const fn length(self) -> usize {
        match self {
            Self::Unsigned(length)
            | Self::UnsignedOrZero(length)
            | Self::Signed(length)
            | Self::Real(length) => length,
            Self::Bytes | Self::Text => 1,
        }
    }
}

/// The values of a field, one after the other; `None` is the invalid one.
#[derive(Debug, Clone)]
pub struct FieldValues<'a> {
    bytes: &'a [u8],
    base: Base,
    is_big_endian: bool,
    /// Whether all bytes together are invalid.
    is_invalid: bool,
}

impl<'a> FieldValues<'a> {
    pub(super) fn new(bytes: &'a [u8], base: u8, is_big_endian: bool) -> Self {
        let base = Base::of(base);
        // A field whose length is no multiple of its type's is read as bytes.
        let base = if bytes.len().is_multiple_of(base.length()) {
            base
        } else {
            Base::Bytes
        };
        Self {
            bytes,
            base,
            is_big_endian,
            is_invalid: base == Base::Bytes && bytes.iter().all(|byte| *byte == 0xFF),
        }
    }

    /// Whether it is a text.
    pub fn is_text(&self) -> bool {
        self.base == Base::Text
    }

    /// The text up to its end; `None` for other types, an empty one and one that is not UTF-8.
    pub fn text(&self) -> Option<String> {
        if self.base != Base::Text {
            return None;
        }
        let end = self.bytes.iter().position(|byte| *byte == 0);
        let bytes = self.bytes.get(..end.unwrap_or(self.bytes.len()))?;
        let text = std::str::from_utf8(bytes).ok()?;
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn value(&self, bytes: &[u8]) -> Option<Value> {
        let mut raw = 0_u64;
        let mut push = |byte: &u8| raw = raw << 8 | u64::from(*byte);
        if self.is_big_endian {
            bytes.iter().for_each(&mut push);
        } else {
            bytes.iter().rev().for_each(&mut push);
        }
        let bits = 8 * u32::try_from(bytes.len()).ok()?;
        let all = u64::MAX >> (64 - bits.clamp(1, 64));
        match self.base {
            Base::Unsigned(_) => (raw != all).then_some(Value::Unsigned(raw)),
            Base::UnsignedOrZero(_) => (raw != 0).then_some(Value::Unsigned(raw)),
            Base::Signed(_) => {
                let shift = 64 - bits;
                #[expect(clippy::cast_possible_wrap, reason = "the sign is in the highest bit")]
                let value = (raw << shift) as i64 >> shift;
                (raw != all >> 1).then_some(Value::Signed(value))
            }
            Base::Real(4) => {
                let value = f32::from_bits(u32::try_from(raw).ok()?);
                let is_valid = raw != all && !value.is_nan();
                is_valid.then_some(Value::Real(f64::from(value)))
            }
            Base::Real(_) => {
                let value = f64::from_bits(raw);
                (!value.is_nan()).then_some(Value::Real(value))
            }
            Base::Bytes => (!self.is_invalid).then_some(Value::Unsigned(raw)),
            Base::Text => None,
        }
    }
}

impl Iterator for FieldValues<'_> {
    type Item = Option<Value>;

    fn next(&mut self) -> Option<Self::Item> {
        let (bytes, rest) = self.bytes.split_at_checked(self.base.length())?;
        if bytes.is_empty() {
            return None;
        }
        let value = self.value(bytes);
        self.bytes = rest;
        Some(value)
    }
}
