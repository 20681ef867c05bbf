//! Addresses for ordinals, a block at a time, and the districts of an edition. Blocks are immutable, so a few of
//! them are kept; opted-out addresses are looked at again each time one is handed out.

use crate::tally::Districts;
use mingluo_ledger::{Store, StoreError};
use mingluo_model::{
    address::Address,
    audience::ChannelKind,
    carrier::Carrier,
    clock::Timestamp,
    id::{EditionId, PlanId},
    mode::ModeKind,
    plan::AccountName,
    reply::{Reply, Wish},
};
use roaring::RoaringBitmap;
use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
    /// Ordinals by the network of their mobile number; none of an unknown one, and none at all where it does not matter.
    pub by_carrier: Arc<BTreeMap<Carrier, RoaringBitmap>>,
}

/// Reads an edition's index, which belongs to targeting; given by whoever wires the house together.
pub type ReadIndex = Arc<dyn Fn(&[u8]) -> Result<EditionMap, String> + Send + Sync>;

/// Whose network a mobile number is in, which targeting knows; given by whoever wires the house together.
pub type CarrierOf = Arc<dyn Fn(&str) -> Option<Carrier> + Send + Sync>;

/// A plan whose mails came back as unknown from more than one recipient in so many strikes nobody off: a relay that is
/// set up wrongly, or has lost its own list of mailboxes, says so of everybody. Ours to choose: of a roster that is looked
/// after a few in a hundred have gone.
const BELIEVED_SHARE: u64 = 4;

/// So many are believed whatever share of a plan they are: small plans may well have an old list. Ours to choose.
const BELIEVED_ANYWAY: u64 = 10;

/// Blocks read at once while the carriers of an edition are looked up.
const STRIDE: u32 = 32;

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

impl Lookup {
    /// The address, whether or not it may be used.
    pub fn address(self) -> Option<Address> {
        match self {
            Self::Found(address) | Self::OptedOut(address) | Self::StruckOff(address) => Some(address),
            Self::Missing => None,
        }
    }
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
    /// `None` where it does not matter whose network a number is in.
    carrier_of: Option<CarrierOf>,
    /// Whose opt-outs hold: a drill takes nobody off the live warnings.
    mode: ModeKind,
    // Guards the kept blocks; held for look-ups only, never while the store is asked.
    kept: Mutex<Kept>,
    // Guards the opted-out hashes; replaced as a whole.
    opted_out: Mutex<Arc<HashSet<[u8; 16]>>>,
    // Guards the hashes of mailboxes that are struck off; replaced as a whole.
    struck_off: Mutex<Arc<HashSet<[u8; 16]>>>,
    // Guards the plans that strike nobody off, since too many of their mails came back; held for a look-up.
    disbelieved: Mutex<HashSet<PlanId>>,
    // Held while the store's opt-outs and those in memory change together; how many there were and when the last came
    // when they were read.
    changing: tokio::sync::Mutex<Option<(i64, Timestamp)>>,
}

impl Roster {
    /// A roster over a store, with the opt-outs of one mode.
    pub fn new(store: Arc<dyn Store>, read_index: ReadIndex, mode: ModeKind) -> Self {
        Self {
            store,
            read_index,
            carrier_of: None,
            mode,
            kept: Mutex::default(),
            opted_out: Mutex::default(),
            struck_off: Mutex::default(),
            disbelieved: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
        }
    }

    /// The same, which tells the carriers of an edition's mobile numbers apart.
    #[must_use]
    pub fn with_carriers(self, carrier_of: Option<CarrierOf>) -> Self {
        Self { carrier_of, ..self }
    }

    /// Reads the opt-outs afresh, if any were added or taken back since they were read, and the mailboxes that are
    /// struck off, which are few.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub async fn refresh_opt_outs(&self) -> Result<(), StoreError> {
        let mut read = self.changing.lock().await;
        self.refresh_struck_off().await?;
        let mark = self.store.opt_outs_mark(self.mode).await?;
        if *read == Some(mark) {
            return Ok(());
        }
        let hashes = self.store.opt_outs(self.mode).await?.into_iter().collect();
        *self.opted_out.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(hashes);
        *read = Some(mark);
        Ok(())
    }

    async fn refresh_struck_off(&self) -> Result<(), StoreError> {
        let hashes = self.store.struck_off(self.mode).await?.into_iter().collect();
        *self.struck_off.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(hashes);
        Ok(())
    }

    /// A warning to so many recipients came back from these mailboxes, since nobody has them. Where that is said of too many
    /// of them, it is believed of none.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept.
    pub async fn strike(
        &self,
        plan: PlanId,
        recipients: u64,
        mailboxes: &[Address],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let _changing = self.changing.lock().await;
        if self.disbelieved().contains(&plan) {
            return Ok(());
        }
        let hashes: Vec<_> = mailboxes.iter().map(|one| self.store.vault().address_hash(one)).collect();
        let struck = self.store.strike(self.mode, plan, &hashes, at).await?;
        if struck > BELIEVED_ANYWAY.max(recipients / BELIEVED_SHARE) {
            self.store.take_back_strikes(self.mode, plan).await?;
            self.disbelieved().insert(plan);
            tracing::error!(
                %plan, struck, recipients,
                "the relay says that nobody has so many of the mailboxes that none of them is struck off; look at the relay"
            );
        }
        self.refresh_struck_off().await
    }

    fn disbelieved(&self) -> MutexGuard<'_, HashSet<PlanId>> {
        self.disbelieved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what residents wrote; who refused or asked again is heeded from now on. What was kept before is not heeded
    /// again: an old word that a gateway repeats does not come after a newer one. Gives the places in `replies` of those
    /// that are new.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept.
    pub async fn keep_replies(
        &self,
        account: &AccountName,
        replies: &[Reply],
    ) -> Result<Vec<usize>, StoreError> {
        let _changing = self.changing.lock().await;
        let new = self.store.keep_replies(self.mode, account, replies).await?;
        let wishes = new.iter().filter_map(|at| replies.get(*at)).map(|reply| (reply, reply.wish()));
        let wishes: Vec<_> = wishes.filter(|(_, wish)| matches!(wish, Wish::OptOut | Wish::OptIn)).collect();
        if wishes.is_empty() {
            return Ok(new);
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
        Ok(new)
    }

    /// The map of an edition.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when there is no such edition or its index cannot be read.
    pub async fn map(&self, edition: EditionId) -> Result<EditionMap, StoreError> {
        let damaged = |problem| StoreError::Damaged { what: "edition", problem };
        let head = self.store.edition(edition).await?;
        let head = head.ok_or_else(|| damaged(format!("{edition} is not in the store")))?;
        let map = (self.read_index)(&head.index).map_err(damaged)?;
        let by_carrier = match &self.carrier_of {
            Some(carrier_of) => self.carriers(edition, head.recipients, carrier_of).await?,
            None => BTreeMap::new(),
        };
        Ok(EditionMap { by_carrier: Arc::new(by_carrier), ..map })
    }

    /// Reads every mobile number of an edition once (1.6 million in a fraction of a second).
    async fn carriers(
        &self,
        edition: EditionId,
        recipients: u32,
        carrier_of: &CarrierOf,
    ) -> Result<BTreeMap<Carrier, RoaringBitmap>, StoreError> {
        let mut by_carrier: BTreeMap<Carrier, Vec<u32>> = BTreeMap::new();
        let blocks = recipients.div_ceil(BLOCK);
        for first in (0..blocks).step_by(STRIDE as usize) {
            let last = (first + STRIDE - 1).min(blocks - 1);
            for mut block in self.store.blocks(edition, ChannelKind::Sms, first, last).await? {
                let Some(column) = block.columns.remove(&ChannelKind::Sms) else { continue };
                let column = Column::new(column)?;
                for index in 0..block.recipients {
                    let Some(carrier) = column.text(index)?.and_then(|number| carrier_of(number)) else {
                        continue;
                    };
                    by_carrier.entry(carrier).or_default().push(block.first_ordinal + index);
                }
            }
        }
        let set = |mut ordinals: Vec<u32>| {
            ordinals.sort_unstable();
            let mut set: RoaringBitmap = ordinals.into_iter().collect();
            set.optimize();
            set
        };
        Ok(by_carrier.into_iter().map(|(carrier, ordinals)| (carrier, set(ordinals))).collect())
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
        Ok(self.text(index)?.map(Address::new))
    }

    fn text(&self, index: u32) -> Result<Option<&str>, StoreError> {
        let Some(start) = self.starts.get(index as usize).map(|start| *start as usize) else {
            return Ok(None);
        };
        let length = usize::from(self.bytes[start]);
        let text = std::str::from_utf8(&self.bytes[start + 1..=start + length]);
        let text = text.map_err(|_| damaged("an address is no text"))?;
        Ok((!text.is_empty()).then_some(text))
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
