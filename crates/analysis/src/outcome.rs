//! What every analysis returns: a value with its coverage, or the reason there is none.
//!
//! A method must never return a default, a zero or a NaN in place of a missing answer.

/// A value together with the share of the wanted input that was present.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured<T> {
    /// The result of the method.
    pub value: T,
    /// Share of the input epochs (or beats, or days) that were not missing, 0 to 1.
    pub coverage: f64,
}

impl<T> Measured<T> {
    /// Pairs a value with its coverage.
    pub const fn new(value: T, coverage: f64) -> Self {
        Self { value, coverage }
    }

    /// Keeps the coverage and transforms the value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Measured<U> {
        Measured {
            value: change(self.value),
            coverage: self.coverage,
        }
    }
}

/// Why a method has no answer: it needs more of something than there is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Insufficient {
    /// What is lacking, as a plural noun with its unit (`"complete hours"`).
    pub of: &'static str,
    /// How much of it the method needs at least.
    pub needs: f64,
    /// How much of it there is.
    pub has: f64,
}

impl Insufficient {
    /// States that `needs` of something are needed and `has` are present.
    pub const fn new(of: &'static str, needs: f64, has: f64) -> Self {
        Self { of, needs, has }
    }

    /// Returns an error unless at least `needs` are present.
    pub fn unless(of: &'static str, needs: usize, has: usize) -> Result<(), Self> {
        if has >= needs {
            Ok(())
        } else {
            Err(Self::new(of, needs as f64, has as f64))
        }
    }

    /// The answer for a series whose values are all the same.
    pub const fn constant() -> Self {
        Self::new("distinct values", 2.0, 1.0)
    }
}

impl std::fmt::Display for Insufficient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "needs {} {}, has {}",
            self.needs, self.of, self.has
        )
    }
}

impl std::error::Error for Insufficient {}

/// The result of an analysis.
pub type Outcome<T> = Result<Measured<T>, Insufficient>;
