//! Errors as codes with typed fields. The words that people read are made from them at the edge, in the
//! officer's language; what stands in `Display` is for logs and for developers.

use std::io;

/// An error that an officer or operator can be told about in their own language.
pub trait Problem: std::error::Error {
    /// A stable code in kebab-case, the key of the text in the language files.
    fn code(&self) -> &'static str;

    /// The values that the text names: the field, the value, the limit, the fix.
    fn fields(&self) -> Vec<(&'static str, String)>;
}

/// Why a file cannot be used, as the language files know it.
pub fn file_fault(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::NotFound => "not-found",
        io::ErrorKind::PermissionDenied => "denied",
        io::ErrorKind::InvalidData => "not-utf8",
        io::ErrorKind::IsADirectory => "directory",
        io::ErrorKind::AlreadyExists => "exists",
        _ => "other",
    }
}
