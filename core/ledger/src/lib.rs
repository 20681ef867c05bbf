//! What happened. The only SQL of the house lives here, on two engines behind one set-oriented [`store::Store`].
//!
//! The cast: a [`store::Change`] is everything that one click makes durable at once (alerts, plans, the audit
//! line); a [`event::Event`] is a batch of progress of one plan, appended to a stream by whoever holds the
//! [`store::Lease`]; the [`scribe::Scribe`] gathers what waits into one transaction and wakes the waiters when it
//! is on disk; the [`vault::Vault`] seals addresses before any engine sees them; the audit log is a hash chain.
//!
//! The promises: what was answered `Ok` is on disk; nothing is written per recipient before it is sent; a lost
//! lease fences every append; times are milliseconds UTC; blobs carry a version and a checksum.

#![expect(
    clippy::duplicate_mod,
    reason = "`verbs` is the SQL that both engines share, written once and compiled in each"
)]

pub mod audit;
pub mod chunk;
pub mod event;
pub mod scribe;
pub mod store;
pub mod vault;

mod address;
mod codec;
mod postgres;
mod sqlite;

pub use codec::CodecError;
pub use store::{Store, StoreError, migrate, open};
