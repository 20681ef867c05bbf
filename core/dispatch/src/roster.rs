//! Addresses for ordinals, a block at a time, and the districts of an edition. Blocks are immutable, so a few of
//! them are kept; opted-out addresses are looked at again each time one is handed out.

use crate::tally::Districts;
use mingluo_ledger::{Store, StoreError};
use mingluo_model::{
    address::Address,
    audience::ChannelKind,
    clock::Timestamp,
    id::{EditionId, PlanId},
    mode::ModeKind,
    plan::AccountName,
    reply::{Reply, Wish},
};
use roaring::RoaringBitmap;
use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

/// Recipients of a block.
const BLOCK: u32 = 4_096;

/// Blocks kept in memory; 64 of about 80 kB are enough for every session to have its own and the next one.
const KEPT_BLOCKS: usize = 64;

/// What dispatch must know of an edition: its districts, and who has an address on which channel.
#[derive(Debug, Clone, Default)]
pub struct EditionMap {
    /// Townships as runs of ordinals.
    pub districts: Arc<Districts>,
    /// Ordinals with an address, by channel.
    pub by_channel: BTreeMap<ChannelKind, RoaringBitmap>,
}

/// Reads an edition's index, which belongs to targeting; given by whoever wires the house together.
pub type ReadIndex = Arc<dyn Fn(&[u8]) -> Result<EditionMap, String> + Send + Sync>;

/// An address as it may be used now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// Send there.
    Found(Address),
    /// The person opted out since the edition was made.
    OptedOut(Address),
    /// A mailbox that warnings came back from.
    StruckOff(Address),
    /// The edition has no such address.
    Missing,
}

/// Who is not written to although the edition has their address.
struct Off {
    opted_out: Arc<HashSet<[u8; 16]>>,
    struck_off: Arc<HashSet<[u8; 16]>>,
}

type Block = Arc<Column>;
type BlockKey = (EditionId, ChannelKind, u32);

#[derive(Default)]
struct Kept {
    blocks: HashMap<BlockKey, Block>,
    order: VecDeque<BlockKey>,
}

/// The roster as dispatch reads it.
pub struct Roster {
    store: Arc<dyn Store>,
    read_index: ReadIndex,
    /// Whose opt-outs hold: a drill takes nobody off the live warnings.
    mode: ModeKind,
    // Guards the kept blocks; held for look-ups only, never while the store is asked.
    kept: Mutex<Kept>,
    // Guards the opted-out hashes; replaced as a whole.
    opted_out: Mutex<Arc<HashSet<[u8; 16]>>>,
    // Guards the hashes of mailboxes that are struck off; replaced as a whole.
    struck_off: Mutex<Arc<HashSet<[u8; 16]>>>,
    // Held while the store's opt-outs and those in memory change together.
    changing: tokio::sync::Mutex<()>,
}

impl Roster {
    /// A roster over a store, with the opt-outs of one mode.
    pub fn new(store: Arc<dyn Store>, read_index: ReadIndex, mode: ModeKind) -> Self {
        Self {
            store,
            read_index,
            mode,
            kept: Mutex::default(),
            opted_out: Mutex::default(),
            struck_off: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
        }
    }

    /// Reads the opt-outs and the mailboxes that are struck off afresh.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub async fn refresh_opt_outs(&self) -> Result<(), StoreError> {
        let _changing = self.changing.lock().await;
        let hashes = self.store.opt_outs(self.mode).await?.into_iter().collect();
        *self.opted_out.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(hashes);
        self.refresh_struck_off().await
    }

    async fn refresh_struck_off(&self) -> Result<(), StoreError> {
        let hashes = self.store.struck_off(self.mode).await?.into_iter().collect();
        *self.struck_off.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(hashes);
        Ok(())
    }

    /// A warning came back from these mailboxes, since nobody has them.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept.
    pub async fn strike(&self, plan: PlanId, mailboxes: &[Address], at: Timestamp) -> Result<(), StoreError> {
        let _changing = self.changing.lock().await;
        let hashes: Vec<_> = mailboxes.iter().map(|one| self.store.vault().address_hash(one)).collect();
        self.store.strike(self.mode, plan, &hashes, at).await?;
        self.refresh_struck_off().await
    }

    /// Keeps what residents wrote; who refused or asked again is heeded from now on.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept.
    pub async fn keep_replies(&self, account: &AccountName, replies: &[Reply]) -> Result<(), StoreError> {
        let _changing = self.changing.lock().await;
        self.store.keep_replies(self.mode, account, replies).await?;
        let wishes = replies.iter().map(|reply| (reply, reply.wish()));
        let wishes: Vec<_> = wishes.filter(|(_, wish)| matches!(wish, Wish::OptOut | Wish::OptIn)).collect();
        if wishes.is_empty() {
            return Ok(());
        }
        if wishes.iter().any(|(_, wish)| *wish == Wish::OptIn) {
            self.refresh_struck_off().await?;
        }
        let mut opted_out = self.opted_out.lock().unwrap_or_else(PoisonError::into_inner);
        let hashes = Arc::make_mut(&mut opted_out);
        for (reply, wish) in wishes {
            let hash = self.store.vault().address_hash(&reply.from);
            if wish == Wish::OptOut {
                hashes.insert(hash)
            } else {
                hashes.remove(&hash)
            };
        }
        Ok(())
    }

    /// The map of an edition.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when there is no such edition or its index cannot be read.
    pub async fn map(&self, edition: EditionId) -> Result<EditionMap, StoreError> {
        let damaged = |problem| StoreError::Damaged { what: "edition", problem };
        let head = self.store.edition(edition).await?;
        let head = head.ok_or_else(|| damaged(format!("{edition} is not in the store")))?;
        (self.read_index)(&head.index).map_err(damaged)
    }

    /// The addresses of ordinals on one channel, in the same order.
    ///
    /// # Errors
    /// [`StoreError`] when a block cannot be read.
    pub async fn addresses(
        &self,
        edition: EditionId,
        channel: ChannelKind,
        ordinals: impl Iterator<Item = u32>,
    ) -> Result<Vec<Lookup>, StoreError> {
        let off = Off {
            opted_out: Arc::clone(&self.opted_out.lock().unwrap_or_else(PoisonError::into_inner)),
            struck_off: Arc::clone(&self.struck_off.lock().unwrap_or_else(PoisonError::into_inner)),
        };
        let mut found = Vec::with_capacity(ordinals.size_hint().0);
        let mut current: Option<(u32, Block)> = None;
        for ordinal in ordinals {
            let number = ordinal / BLOCK;
            let block = match current.take() {
                Some((held, block)) if held == number => block,
                _ => self.block((edition, channel, number)).await?,
            };
            found.push(self.look_up(block.address(ordinal % BLOCK)?, &off));
            current = Some((number, block));
        }
        Ok(found)
    }

    fn look_up(&self, address: Option<Address>, off: &Off) -> Lookup {
        let Some(address) = address else { return Lookup::Missing };
        if off.opted_out.is_empty() && off.struck_off.is_empty() {
            return Lookup::Found(address);
        }
        let hash = self.store.vault().address_hash(&address);
        if off.opted_out.contains(&hash) {
            Lookup::OptedOut(address)
        } else if off.struck_off.contains(&hash) {
            Lookup::StruckOff(address)
        } else {
            Lookup::Found(address)
        }
    }

    async fn block(&self, key: BlockKey) -> Result<Block, StoreError> {
        if let Some(block) = self.lock().blocks.get(&key) {
            return Ok(Arc::clone(block));
        }
        let (edition, channel, number) = key;
        let rows = self.store.blocks(edition, channel, number, number).await?;
        let column = rows.into_iter().next().and_then(|mut block| block.columns.remove(&channel));
        let block = Arc::new(Column::new(column.unwrap_or_default())?);
        let mut kept = self.lock();
        if kept.blocks.insert(key, Arc::clone(&block)).is_none() {
            kept.order.push_back(key);
        }
        if kept.order.len() > KEPT_BLOCKS
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.blocks.remove(&oldest);
        }
        Ok(block)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The addresses of a block as they were kept: `u8 length + bytes` each; an empty one is a recipient without an address.
struct Column {
    bytes: Vec<u8>,
    /// Where each entry's length stands.
    starts: Vec<u32>,
}

impl Column {
    fn new(bytes: Vec<u8>) -> Result<Self, StoreError> {
        let mut starts = Vec::with_capacity(BLOCK as usize);
        let mut start = 0;
        while let Some(length) = bytes.get(start) {
            starts.push(start as u32);
            start += 1 + usize::from(*length);
        }
        if start == bytes.len() {
            Ok(Self { bytes, starts })
        } else {
            Err(damaged("an address runs over its end"))
        }
    }

    fn address(&self, index: u32) -> Result<Option<Address>, StoreError> {
        let Some(start) = self.starts.get(index as usize).map(|start| *start as usize) else {
            return Ok(None);
        };
        let length = usize::from(self.bytes[start]);
        let text = std::str::from_utf8(&self.bytes[start + 1..=start + length]);
        let text = text.map_err(|_| damaged("an address is no text"))?;
        Ok((!text.is_empty()).then(|| Address::new(text)))
    }
}

fn damaged(problem: &str) -> StoreError {
    StoreError::Damaged { what: "edition block", problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_splits_into_addresses_and_gaps() {
        let column = Column::new(b"\x02ab\x00\x01c".to_vec()).unwrap();
        let addresses: Vec<_> = (0..4).map(|index| column.address(index).unwrap()).collect();
        assert_eq!(addresses, [Some(Address::new("ab")), None, Some(Address::new("c")), None]);
        assert!(Column::new(b"\x05ab".to_vec()).is_err());
        assert!(Column::new(b"\x01\xff".to_vec()).unwrap().address(0).is_err());
    }
}
