//! A roster's edition as the ledger keeps it.

use mingluo_model::{audience::ChannelKind, clock::Timestamp, id::EditionId, mode::ModeKind, owner::Owner};
use std::collections::BTreeMap;

/// What is known of an edition without its blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionHead {
    /// Its id.
    pub id: EditionId,
    /// Live or drill: a drill never reads a live roster.
    pub mode: ModeKind,
    /// Whose roster it is.
    pub owner: Owner,
    /// Recipients.
    pub recipients: u32,
    /// The index (`targeting`'s bytes; opaque here): regions, groups and channels as ranges and bitmaps.
    pub index: Vec<u8>,
    /// When it was built.
    pub built_at: Timestamp,
    /// Whether every address in it is made up. Such an edition may only be sent to pretend accounts.
    pub pretend: bool,
}

/// 4,096 recipients of an edition: address columns by channel, each `u8 length + bytes` per recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionBlock {
    /// Number of the block, from 0.
    pub block_no: u32,
    /// Ordinal of its first recipient.
    pub first_ordinal: u32,
    /// Recipients in it.
    pub recipients: u32,
    /// Smallest village number in it.
    pub region_min: u64,
    /// Greatest village number in it.
    pub region_max: u64,
    /// Plain address columns; sealed by the vault before they are kept.
    pub columns: BTreeMap<ChannelKind, Vec<u8>>,
}
