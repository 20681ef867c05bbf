//! Building an edition: recipients in, in any order; ordinals, index and blocks out.
//!
//! A recipient costs 40 bytes and its addresses with one byte of length each: 1.65 million need some 100 MB.

use super::{
    block::{BLOCK, BlockPlain},
    index::{EditionIndex, VillageRange},
};
use crate::{groups::MOST_GROUPS, roster::Recipient};
use mingluo_model::{
    audience::{ChannelKind, Group},
    region::{Level, RegionCode},
};
use roaring::RoaringBitmap;
use std::{collections::BTreeMap, fmt};

/// A recipient that no edition can hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditionError {
    /// The recipient stands above the villages.
    #[error(
        "region: {region} is no village; give each recipient the twelve-digit code of a village or community"
    )]
    NotAVillage {
        /// The region given.
        region: RegionCode,
    },
    /// An address that a column cannot hold.
    #[error("{}: the address has {length} bytes; an edition holds 1 to 255", channel.word())]
    AddressLength {
        /// Its channel.
        channel: ChannelKind,
        /// Its length in bytes.
        length: usize,
    },
    /// Ordinals or arenas are used up.
    #[error("the edition is full at {n} recipients; split the roster")]
    Full {
        /// Recipients that it holds.
        n: u32,
    },
}

/// One recipient: places of its addresses in the arenas, 0 for none, by [`slot`].
struct Row {
    village: u64,
    groups: u32,
    places: [u32; CHANNELS],
}

/// Channels that an address may be on.
const CHANNELS: usize = ChannelKind::ALL.len();

/// Gathers recipients for one edition.
pub struct EditionBuilder {
    rows: Vec<Row>,
    /// One for each channel: entries of a length byte and the address; the first byte only makes place 0 mean none.
    arenas: [Vec<u8>; CHANNELS],
}

/// A finished edition that is not stored yet.
pub struct EditionDraft {
    builder: EditionBuilder,
    /// Places in `builder.rows` by ordinal.
    order: Vec<u32>,
    index: EditionIndex,
}

/// Which arena a channel has.
const fn slot(channel: ChannelKind) -> usize {
    match channel {
        ChannelKind::Sms => 0,
        ChannelKind::WeChat => 1,
        ChannelKind::Email => 2,
        ChannelKind::Speaker => 3,
        ChannelKind::WeCom => 4,
        ChannelKind::Robot => 5,
    }
}

impl Default for EditionBuilder {
    fn default() -> Self {
        Self { rows: Vec::new(), arenas: [const { Vec::new() }; CHANNELS].map(|_: Vec<u8>| vec![0]) }
    }
}

impl EditionBuilder {
    /// Adds a recipient.
    ///
    /// # Errors
    /// [`EditionError`]; the recipient is then left out whole.
    pub fn push(&mut self, recipient: &Recipient) -> Result<(), EditionError> {
        self.refuse(recipient)?;
        let mut places = [0; CHANNELS];
        for channel in ChannelKind::ALL {
            if let Some(address) = recipient.address(channel) {
                places[slot(channel)] = store(&mut self.arenas[slot(channel)], address.expose());
            }
        }
        self.rows.push(Row { village: recipient.region.start(), groups: recipient.groups, places });
        Ok(())
    }

    fn refuse(&self, recipient: &Recipient) -> Result<(), EditionError> {
        if recipient.region.level() != Level::Village {
            return Err(EditionError::NotAVillage { region: recipient.region });
        }
        for channel in ChannelKind::ALL {
            let length = recipient.address(channel).map(|address| address.expose().len());
            if let Some(length) = length.filter(|length| !(1..=255).contains(length)) {
                return Err(EditionError::AddressLength { channel, length });
            }
        }
        let most = u32::MAX as usize - 256;
        if self.rows.len() >= most || self.arenas.iter().any(|arena| arena.len() >= most) {
            return Err(EditionError::Full { n: self.rows.len() as u32 });
        }
        Ok(())
    }

    /// Recipients so far.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Gives ordinals by village, inside it by the order of pushing, and builds the index.
    pub fn finish(self) -> EditionDraft {
        let regions = self.villages();
        let order = self.order(&regions);
        let index = Ordered { rows: &self.rows, order: &order }.index(regions);
        EditionDraft { builder: self, order, index }
    }

    fn villages(&self) -> Vec<VillageRange> {
        let mut counts: BTreeMap<u64, u32> = BTreeMap::new();
        for row in &self.rows {
            *counts.entry(row.village).or_default() += 1;
        }
        let mut first_ordinal = 0;
        let range = |(village, n)| {
            let range = VillageRange { village: RegionCode::village(village), first_ordinal, n };
            first_ordinal = range.end();
            range
        };
        counts.into_iter().map(range).collect()
    }

    /// Counting sort: each recipient takes the next free ordinal of its village.
    fn order(&self, regions: &[VillageRange]) -> Vec<u32> {
        let mut next: BTreeMap<u64, u32> =
            regions.iter().map(|each| (each.village.start(), each.first_ordinal)).collect();
        let mut order = vec![0; self.rows.len()];
        for (place, row) in (0..).zip(&self.rows) {
            let ordinal = next.get_mut(&row.village).expect("each village of a row was counted");
            order[*ordinal as usize] = place;
            *ordinal += 1;
        }
        order
    }
}

/// Appends an entry and returns its place; `refuse` has seen to lengths.
fn store(arena: &mut Vec<u8>, address: &str) -> u32 {
    let place = arena.len() as u32;
    arena.push(address.len() as u8);
    arena.extend_from_slice(address.as_bytes());
    place
}

struct Ordered<'a> {
    rows: &'a [Row],
    order: &'a [u32],
}

impl Ordered<'_> {
    fn index(&self, regions: Vec<VillageRange>) -> EditionIndex {
        let channels = ChannelKind::ALL.map(|kind| (kind, self.on_channel(kind)));
        EditionIndex {
            regions,
            by_channel: channels.into_iter().filter(|(_, set)| !set.is_empty()).collect(),
            by_group: self.groups(),
            n: self.order.len() as u32,
        }
    }

    fn rows(&self) -> impl Iterator<Item = (u32, &Row)> {
        (0..).zip(self.order.iter().map(|place| &self.rows[*place as usize]))
    }

    fn on_channel(&self, channel: ChannelKind) -> RoaringBitmap {
        rising(self.rows().filter(|(_, row)| row.places[slot(channel)] != 0).map(|(ordinal, _)| ordinal))
    }

    /// Few are in any group: they are picked out once and then asked for each bit.
    fn groups(&self) -> BTreeMap<Group, RoaringBitmap> {
        let members: Vec<_> = self
            .rows()
            .filter(|(_, row)| row.groups != 0)
            .map(|(ordinal, row)| (ordinal, row.groups))
            .collect();
        let of =
            |bit: u8| rising(members.iter().filter(|member| member.1 >> bit & 1 == 1).map(|member| member.0));
        (0..MOST_GROUPS).map(|bit| (Group(bit), of(bit))).filter(|(_, set)| !set.is_empty()).collect()
    }
}

/// A set from rising ordinals, run by run: whole villages have a telephone.
fn rising(mut ordinals: impl Iterator<Item = u32>) -> RoaringBitmap {
    let mut set = RoaringBitmap::new();
    let Some(first) = ordinals.next() else { return set };
    let mut run = first..first + 1;
    for ordinal in ordinals {
        if ordinal != run.end {
            set.insert_range(run);
            run = ordinal..ordinal;
        }
        run.end = ordinal + 1;
    }
    set.insert_range(run);
    set.optimize();
    set
}

impl EditionDraft {
    /// The index.
    pub const fn index(&self) -> &EditionIndex {
        &self.index
    }

    /// The index alone; the addresses are dropped.
    pub fn into_index(self) -> EditionIndex {
        self.index
    }

    /// The blocks in the order of ordinals, each made when it is asked for.
    pub fn blocks(&self) -> impl Iterator<Item = BlockPlain> {
        self.order.chunks(BLOCK).zip(0_u32..).map(|(places, block_no)| self.block(block_no, places))
    }

    fn block(&self, block_no: u32, places: &[u32]) -> BlockPlain {
        let row = |place: &u32| &self.builder.rows[*place as usize];
        let columns = ChannelKind::ALL.into_iter().filter_map(|channel| {
            let arena = &self.builder.arenas[slot(channel)];
            let mut column = Vec::new();
            for place in places {
                column.extend_from_slice(entry(arena, row(place).places[slot(channel)]));
            }
            (column.len() > places.len()).then_some((channel, column))
        });
        BlockPlain {
            block_no,
            first_ordinal: block_no * BLOCK as u32,
            n: places.len() as u32,
            region_min: places.first().map_or(0, |place| row(place).village),
            region_max: places.last().map_or(0, |place| row(place).village),
            columns: columns.collect::<BTreeMap<_, _>>(),
        }
    }
}

/// The entry at a place of an arena, as a column holds it; place 0 holds a length of 0, which means none.
fn entry(arena: &[u8], place: u32) -> &[u8] {
    let rest = &arena[place as usize..];
    &rest[..=usize::from(rest[0])]
}

impl fmt::Debug for EditionDraft {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("EditionDraft").field("n", &self.index.n).finish_non_exhaustive()
    }
}
