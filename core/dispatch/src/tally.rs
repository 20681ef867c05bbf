//! Counts of one plan, moved as deliveries move and never counted afresh: by state and reason, in all and for
//! each district, with the times at which people were reached.

use mingluo_model::{
    audience::ChannelKind,
    clock::Timestamp,
    delivery::{DeliveryState, Reason, Standing},
    region::RegionCode,
};
use std::{ops::Range, sync::Arc, time::Duration};

/// Width of a bucket of arrival times; percentiles are exact to this.
const BUCKET_MS: u64 = 100;

/// The shares of all whose times of arrival are shown: half, nine in ten, nineteen in twenty.
pub const SHOWN: [f64; 3] = [0.50, 0.90, 0.95];

const STATES: usize = DeliveryState::ALL.len();
const REASONS: usize = Reason::ALL.len();

/// The townships of an edition as runs of ordinals, in order. A recipient's district is found by search.
#[derive(Debug, Clone, Default)]
pub struct Districts {
    starts: Vec<(u32, RegionCode)>,
}

impl Districts {
    /// From `(first ordinal, region)` pairs in rising order.
    pub const fn new(starts: Vec<(u32, RegionCode)>) -> Self {
        Self { starts }
    }

    /// The number of the district that holds an ordinal, and the ordinals that it holds; no number before the first.
    pub fn holding(&self, ordinal: u32) -> (Option<usize>, Range<u32>) {
        let behind = self.starts.partition_point(|(first, _)| *first <= ordinal);
        let start = |number: usize| self.starts.get(number).map(|(first, _)| *first);
        let number = behind.checked_sub(1);
        (number, number.and_then(start).unwrap_or(0)..start(behind).unwrap_or(u32::MAX))
    }

    /// The districts' codes by number.
    pub fn codes(&self) -> impl Iterator<Item = RegionCode> + '_ {
        self.starts.iter().map(|(_, code)| *code)
    }
}

/// Deliveries by state and reason, and when they arrived.
#[derive(Debug, Clone)]
pub struct Counts {
    cells: [[u32; REASONS]; STATES],
    /// Buckets of time and how many arrived in each, in order.
    arrivals: Vec<(u32, u32)>,
}

impl Default for Counts {
    fn default() -> Self {
        Self { cells: [[0; REASONS]; STATES], arrivals: Vec::new() }
    }
}

impl Counts {
    /// Deliveries in a state, whatever the reason.
    pub fn of(&self, state: DeliveryState) -> u32 {
        self.cells[state as usize].iter().sum()
    }

    /// Deliveries in a state for one reason.
    pub const fn of_reason(&self, state: DeliveryState, reason: Reason) -> u32 {
        self.cells[state as usize][reason as usize]
    }

    /// All deliveries.
    pub fn total(&self) -> u32 {
        self.cells.iter().flatten().sum()
    }

    /// Deliveries that another account sends instead; no sum over plans has them here.
    pub fn handed_over(&self) -> u32 {
        self.of_reason(Standing::HANDED_OVER.state(), Standing::HANDED_OVER.reason())
    }

    /// Deliveries that still wait for something we do.
    pub fn open(&self) -> u32 {
        DeliveryState::ALL.into_iter().filter(|state| state.is_open()).map(|state| self.of(state)).sum()
    }

    /// The time from the plan's start until this share of all deliveries had arrived; `None` if it never did.
    pub fn reached(&self, share: f64) -> Option<Duration> {
        let (bucket, _) = self.bucket_of(share)?;
        Some(Duration::from_millis((u64::from(bucket) + 1) * BUCKET_MS))
    }

    /// The bucket in which this share of all had arrived, and how many had by its end.
    fn bucket_of(&self, share: f64) -> Option<(u32, u32)> {
        let all = self.total() - self.handed_over();
        let wanted = ((f64::from(all) * share).ceil() as u32).max(1);
        let mut sum = 0;
        self.arrivals.iter().find_map(|(bucket, count)| {
            sum += count;
            (sum >= wanted).then_some((*bucket, sum))
        })
    }

    /// Keeps of the arrivals only what the [`SHOWN`] times need; nothing arrives any more.
    fn thin(&mut self) {
        let mut arrivals: Vec<(u32, u32)> = Vec::new();
        let mut before = 0;
        for (bucket, by_then) in SHOWN.iter().filter_map(|share| self.bucket_of(*share)) {
            if by_then > before {
                arrivals.push((bucket, by_then - before));
                before = by_then;
            }
        }
        self.arrivals = arrivals;
    }

    fn shift(&mut self, from: Option<Standing>, to: Standing, arrived_ms: Option<u64>) {
        if let Some(from) = from {
            self.cells[from.state() as usize][from.reason() as usize] -= 1;
        }
        self.cells[to.state() as usize][to.reason() as usize] += 1;
        if let Some(ms) = arrived_ms {
            self.arrive((ms / BUCKET_MS) as u32);
        }
    }

    fn arrive(&mut self, bucket: u32) {
        match self.arrivals.last_mut() {
            Some((last, count)) if *last == bucket => *count += 1,
            _ => match self.arrivals.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
                Ok(at) => self.arrivals[at].1 += 1,
                Err(at) => self.arrivals.insert(at, (bucket, 1)),
            },
        }
    }
}

/// The counts of one plan and of each of its districts.
#[derive(Debug, Clone)]
pub struct Tally {
    districts: Arc<Districts>,
    arrival: DeliveryState,
    start: Timestamp,
    total: Counts,
    by_district: Vec<Counts>,
    /// The district looked up last: neighbours move together.
    here: (Option<usize>, Range<u32>),
}

impl Tally {
    /// Nothing counted yet. `start` is when the plan may begin; times to arrival count from there.
    pub fn new(districts: Arc<Districts>, channel: ChannelKind, start: Timestamp) -> Self {
        let by_district = vec![Counts::default(); districts.starts.len()];
        let arrival = arrival(channel);
        Self { districts, arrival, start, total: Counts::default(), by_district, here: (None, 0..0) }
    }

    /// One delivery moved, or was first counted when `from` is `None`.
    pub fn shift(&mut self, ordinal: u32, from: Option<Standing>, to: Standing, at: Timestamp) {
        let reached = |standing: Standing| has_arrived(standing.state(), self.arrival);
        let arrived_ms =
            (reached(to) && !from.is_some_and(reached)).then(|| at.since(self.start).as_millis() as u64);
        self.total.shift(from, to, arrived_ms);
        if !self.here.1.contains(&ordinal) {
            self.here = self.districts.holding(ordinal);
        }
        if let Some(counts) = self.here.0.and_then(|number| self.by_district.get_mut(number)) {
            counts.shift(from, to, arrived_ms);
        }
    }

    /// Keeps of the times of arrival only those that are shown: the plan is closed.
    pub fn thin(&mut self) {
        self.total.thin();
        self.by_district.iter_mut().for_each(Counts::thin);
    }

    /// The counts of the whole plan.
    pub const fn total(&self) -> &Counts {
        &self.total
    }

    /// The counts of each district that has any.
    pub fn districts(&self) -> impl Iterator<Item = (RegionCode, &Counts)> {
        self.districts.codes().zip(&self.by_district).filter(|(_, counts)| counts.total() > 0)
    }
}

/// The state in which a channel's message has arrived as well as that channel can know.
pub const fn arrival(channel: ChannelKind) -> DeliveryState {
    match channel {
        ChannelKind::Sms | ChannelKind::WeChat => DeliveryState::Delivered,
        // A relay's answer is all that mail gives at once: "left us". WeCom gives no receipts either.
        ChannelKind::Email | ChannelKind::WeCom | ChannelKind::Robot => DeliveryState::Accepted,
        ChannelKind::Speaker => DeliveryState::Sounded,
    }
}

/// Whether a delivery in `state` is at or past the arrival of its channel.
fn has_arrived(state: DeliveryState, arrival: DeliveryState) -> bool {
    let rank = |state| match state {
        DeliveryState::Accepted => 1,
        DeliveryState::Delivered => 2,
        DeliveryState::Sounded => 3,
        DeliveryState::Acknowledged => 4,
        _ => 0_u8,
    };
    rank(state) >= rank(arrival)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(state: DeliveryState) -> Standing {
        Standing::new(state, Reason::None)
    }

    fn two_townships() -> Arc<Districts> {
        Arc::new(Districts::new(vec![(0, "210423001".parse().unwrap()), (10, "210423002".parse().unwrap())]))
    }

    #[test]
    fn districts_add_up_to_the_total() {
        let mut tally = Tally::new(two_townships(), ChannelKind::Sms, Timestamp(0));
        for ordinal in 0..20 {
            tally.shift(ordinal, None, standing(DeliveryState::Planned), Timestamp(0));
        }
        tally.shift(
            12,
            Some(standing(DeliveryState::Planned)),
            standing(DeliveryState::Delivered),
            Timestamp(900),
        );
        let districts: Vec<_> =
            tally.districts().map(|(_, counts)| counts.of(DeliveryState::Delivered)).collect();
        assert_eq!(districts, [0, 1]);
        assert_eq!((tally.total().total(), tally.total().open()), (20, 19));
    }

    #[test]
    fn time_to_half_is_when_half_of_all_had_arrived() {
        let mut tally = Tally::new(two_townships(), ChannelKind::Sms, Timestamp(0));
        for ordinal in 0..4 {
            tally.shift(ordinal, None, standing(DeliveryState::Planned), Timestamp(0));
        }
        for (ordinal, at) in [(0, 150), (1, 1_050)] {
            tally.shift(
                ordinal,
                Some(standing(DeliveryState::Planned)),
                standing(DeliveryState::Delivered),
                Timestamp(at),
            );
        }
        assert_eq!(tally.total().reached(0.5), Some(Duration::from_millis(1_100)));
        assert_eq!(tally.total().reached(0.9), None);
    }
}
