//! Addresses that stand in a roster twice (重复地址): whoever has them would hear every warning twice. Kept as hashes
//! with the line they came from, some 20 bytes each, so that a million need no copy of the roster.

use super::{BadRow, Recipient, RowProblem, row::COLUMNS};
use crate::telling::masked;
use mingluo_model::audience::ChannelKind;
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

/// The channels with their columns.
const CHANNELS: [(ChannelKind, &str); 6] = [
    (ChannelKind::Sms, COLUMNS[2]),
    (ChannelKind::WeChat, COLUMNS[3]),
    (ChannelKind::Email, COLUMNS[4]),
    (ChannelKind::Speaker, COLUMNS[5]),
    (ChannelKind::WeCom, COLUMNS[6]),
    (ChannelKind::Robot, COLUMNS[7]),
];

/// The addresses so far. Two addresses of one hash would be taken for one: among two million the chance is one in ten
/// million files, and the row would be told, not lost.
#[derive(Default)]
pub(super) struct Repeats {
    lines: HashMap<u64, u64>,
    hasher: RandomState,
}

impl Repeats {
    /// Notes the addresses of a row, or names the first that an earlier row has. A row that is refused leaves no trace.
    pub(super) fn note(&mut self, line: u64, recipient: &Recipient) -> Result<(), BadRow> {
        let mut hashes = [None; CHANNELS.len()];
        for ((channel, field), slot) in CHANNELS.into_iter().zip(&mut hashes) {
            let Some(address) = recipient.address(channel) else { continue };
            let hash = self.hasher.hash_one((channel, address.expose()));
            if let Some(first) = self.lines.get(&hash) {
                let value = masked(address.expose().trim_start_matches("+86"));
                return Err(BadRow { line, field, value, problem: RowProblem::Repeated { first: *first } });
            }
            *slot = Some(hash);
        }
        self.lines.extend(hashes.into_iter().flatten().map(|hash| (hash, line)));
        Ok(())
    }
}
