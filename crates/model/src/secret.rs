//! A value that must not be printed. It shows as `***` in `Debug`, is wiped when dropped and has no
//! `Display`, `Serialize` or `Clone`.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Wraps key material, passwords and tokens.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes the value in; from here on it leaves only through [`Secret::expose`].
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, at the one place that needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Secret::new(vec![1_u8, 2])), "***");
    }
}
