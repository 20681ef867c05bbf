//! What the fuzz targets share: the codecs, and what is tried on them.
//!
//! The codecs are compiled from their own source and without the rest of the crate, so that the fuzzer counts the
//! branches of what it is to break and not those of the TLS beside it.

pub mod sms;
pub mod targets;
