//! Placeholder.
pub mod residents;
