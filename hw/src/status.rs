//! What a box would tell of itself (终端状态), read out of its journal without touching it: it may be running meanwhile.

use crate::{
    config::{Config, ConfigError},
    journal::{Book, Phase, peek},
};
use mingluo_model::{bulletin::EbmId, clock::Timestamp, link::Event};

/// The box's memory in short.
#[derive(Debug, PartialEq, Eq)]
pub struct Status {
    /// The latest moment in the journal.
    pub known_until: Timestamp,
    /// The version of the key set that came over the link; `None` when none did.
    pub key_set: Option<u64>,
    /// Reports that the city has not committed.
    pub n_pending: usize,
    /// Every bulletin that is remembered, how far it came, and what was reported of it last.
    pub bulletins: Vec<(EbmId, &'static str, Event)>,
}

/// What the journal of this configuration's box adds up to; one that has none yet has an empty one.
///
/// # Errors
/// [`ConfigError`] when it cannot be read.
pub fn book(config: &Config) -> Result<Book, ConfigError> {
    let path = config.own.state_dir.join("journal");
    let bytes = match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        outcome => outcome.map_err(|source| ConfigError::File { key: "box.state_dir", path, source })?,
    };
    Ok(peek(&bytes))
}

/// The box's memory in short, out of its journal.
pub fn told(book: &Book) -> Status {
    let word = |phase: &Phase| match phase {
        Phase::Waiting(_) => "等待 waiting",
        Phase::Begun => "播放 playing",
        Phase::Closed => "结束 over",
    };
    Status {
        known_until: book.floors().latest,
        key_set: book.keys().and_then(mingluo_model::bulletin::SignedKeySet::claimed_version),
        n_pending: book.pending().len(),
        bulletins: book.entries().map(|(ebm, entry)| (ebm, word(&entry.phase), entry.latest)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        journal::{Journal, Medium as _, MemoryMedium, Record},
        village::{NOW, bulletin, edition, order, root},
    };

    #[test]
    fn a_journal_is_told_without_being_touched() {
        let mut card = MemoryMedium::default();
        let mut journal = Journal::open(Box::new(card.clone()), NOW).unwrap();
        let (bulletin, order) = (bulletin(1), order(1));
        let taken = Record::Taken {
            ebm: order.ebm,
            key_id: bulletin.key_id,
            seq: 1,
            end: bulletin.end,
            digest: [0; 32],
            envelope: order.envelope,
        };
        let keys = Record::Keys(edition(4).sign(&root()).unwrap());
        journal.append(vec![taken, keys, Record::Begun { ebm: order.ebm, at: NOW }], NOW).unwrap();
        let before = card.read().unwrap();
        let told = told(&peek(&before));
        assert_eq!((told.key_set, told.known_until, told.n_pending), (Some(4), NOW, 0));
        assert_eq!(told.bulletins, [(order.ebm, "播放 playing", Event::Verified)]);
        assert_eq!(card.read().unwrap(), before);
    }
}
