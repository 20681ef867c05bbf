//! The pack's tables as rows, and what is said when one cannot be read.

use super::PackError;
use serde::de::DeserializeOwned;
use std::{fmt, path::Path};

/// All rows of a table with a header.
pub(super) fn rows<T: DeserializeOwned>(file: &Path) -> Result<Vec<T>, PackError> {
    let broken = |source| PackError::Table { file: file.to_owned(), source };
    let reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(file);
    reader.map_err(broken)?.into_deserialize().collect::<Result<_, _>>().map_err(broken)
}

/// A value that cannot be used.
pub(super) fn bad(
    file: &Path,
    field: &'static str,
    value: impl fmt::Display,
    fix: &'static str,
) -> PackError {
    PackError::Value { file: file.to_owned(), field, value: value.to_string(), fix }
}
