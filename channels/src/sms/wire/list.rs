//! The numbers of one frame, never more than its count can state.

use std::ops::Deref;

use super::DecodeError;

/// At most `MAX` items in order, read as a slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> List<T, MAX> {
    /// Takes `items`, counted by the field called `field`.
    ///
    /// # Errors
    /// [`DecodeError::TooMany`] beyond `MAX` items.
    pub fn new(field: &'static str, items: Vec<T>) -> Result<Self, DecodeError> {
        let count = items.len();
        if count > MAX { Err(DecodeError::TooMany { field, count, max: MAX }) } else { Ok(Self(items)) }
    }

    /// The list of one item.
    pub fn one(item: T) -> Self {
        Self(vec![item])
    }
}

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> Deref for List<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_left_out_in_silence() {
        let error = List::<u8, 99>::new("DestUsr_tl", vec![0; 100]).unwrap_err();
        assert_eq!(error.to_string(), "DestUsr_tl is 100, the standard allows 99");
        assert_eq!(List::<u8, 99>::new("DestUsr_tl", vec![0; 99]).unwrap().len(), 99);
    }
}
