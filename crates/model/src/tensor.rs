//! A named array of numbers, as files of trained weights hold them.
//!
//! It must never know which network it belongs to: names and shapes are checked by whoever builds one.

/// An array of `f32` with its name and shape, last dimension fastest.
#[derive(Clone, PartialEq)]
pub struct Tensor {
    name: String,
    shape: Vec<usize>,
    values: Vec<f32>,
}

impl Tensor {
    /// Pairs values with their name and shape; `None` unless the shape holds exactly that many.
    pub fn new(name: String, shape: Vec<usize>, values: Vec<f32>) -> Option<Self> {
        let count = shape
            .iter()
            .try_fold(1_usize, |count, &length| count.checked_mul(length))?;
        (count == values.len()).then_some(Self {
            name,
            shape,
            values,
        })
    }

    /// The name, without a leading slash (`"dense/dense/kernel:0"`).
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The length of each dimension, slowest first; empty for a single number.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The numbers, last dimension fastest.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

impl std::fmt::Debug for Tensor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Tensor {} {:?}", self.name, self.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_must_fit() {
        let tensor = |shape: &[usize]| Tensor::new("t".to_owned(), shape.to_vec(), vec![1.0; 6]);
        assert!(tensor(&[2, 3]).is_some());
        assert!(tensor(&[2, 2]).is_none());
        assert!(tensor(&[usize::MAX, 2]).is_none());
    }
}
