//! How systems write a warning: pure text in, values out, and back.
//!
//! This crate knows the wire formats by which warning systems talk to each other, each in a module of its own
//! with its own small wire types. It refuses to know the hour, the network, the store, and who may warn whom:
//! it reads bytes that somebody else received, and hands back bytes that somebody else will send.
//!
//! Every reader forgives what it safely can and says in typed notes what it forgave. Every writer is strict:
//! what the standard forbids is an error that names the element, the value and the fix. Nothing read from
//! outside can make a reader panic, recurse without bound, or fetch anything.

pub mod atom;
pub mod cap;
