//! Mobile numbers that belong to nobody: a one-to-one walk through the unassigned ranges of each network, so that no
//! number is given twice and nobody has to remember which were.

use super::{
    PackError,
    chance::mix,
    sheet::{self, bad},
};
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};

/// A segment is seven digits; four more make a number.
const NUMBERS_PER_SEGMENT: u64 = 10_000;

/// The unassigned numbers of every network.
#[derive(Debug, Clone)]
pub(super) struct Numbers {
    networks: BTreeMap<String, Ranges>,
}

/// The ranges of one network, each with the numbers that lie before it.
#[derive(Debug, Clone, Default)]
struct Ranges {
    starts: Vec<(u64, u64)>,
    total: u64,
    step: u64,
}

#[derive(Deserialize)]
struct Row {
    network: String,
    first_segment: u64,
    last_segment: u64,
}

impl Numbers {
    pub(super) fn read(file: &Path) -> Result<Self, PackError> {
        let mut networks: BTreeMap<String, Ranges> = BTreeMap::new();
        for row in sheet::rows::<Row>(file)? {
            if row.last_segment < row.first_segment || !(1_300_000..2_000_000).contains(&row.first_segment) {
                return Err(bad(
                    file,
                    "first_segment",
                    row.first_segment,
                    "give seven digits from 1300000 up to last_segment",
                ));
            }
            networks.entry(row.network).or_default().add(row.first_segment, row.last_segment);
        }
        for ranges in networks.values_mut() {
            ranges.step = step(ranges.total);
        }
        Ok(Self { networks })
    }

    /// Whether there are numbers of a network.
    pub(super) fn knows(&self, network: &str) -> bool {
        self.networks.contains_key(network)
    }

    /// How many people can be numbered whatever their network is.
    pub(super) fn smallest(&self) -> u64 {
        self.networks.values().map(|ranges| ranges.total).min().unwrap_or(0)
    }

    /// The number of the person `serial` in a network: eleven digits, another one for each serial. `None` when the
    /// network has not so many.
    pub(super) fn of(&self, network: &str, seed: u64, serial: u64) -> Option<u64> {
        let ranges = self.networks.get(network)?;
        (serial < ranges.total).then(|| ranges.nth(ranges.scatter(serial, seed)))
    }
}

impl Ranges {
    fn add(&mut self, first: u64, last: u64) {
        self.starts.push((self.total, first * NUMBERS_PER_SEGMENT));
        self.total += (last - first + 1) * NUMBERS_PER_SEGMENT;
    }

    fn nth(&self, index: u64) -> u64 {
        let at = self.starts.partition_point(|(before, _)| *before <= index) - 1;
        let (before, first) = self.starts[at];
        first + (index - before)
    }

    /// One-to-one from the serials to the places below `total`, from a place that the seed chooses.
    fn scatter(&self, serial: u64, seed: u64) -> u64 {
        let product = u128::from(serial) * u128::from(self.step) + u128::from(mix(seed));
        (product % u128::from(self.total)) as u64
    }
}

/// A step without a common divisor, by the golden ratio so that neighbours land far apart.
fn step(total: u64) -> u64 {
    let golden = (total as f64 * 0.618_033_988_749_895) as u64;
    (golden.max(1)..=total).find(|step| coprime(*step, total)).unwrap_or(1)
}

const fn coprime(a: u64, b: u64) -> bool {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_walk_meets_every_place_once() {
        for total in [1, 2, 10, 997, 10_000] {
            let ranges = Ranges { starts: Vec::new(), total, step: step(total) };
            let met: HashSet<u64> = (0..total).map(|serial| ranges.scatter(serial, 7)).collect();
            assert_eq!(met.len() as u64, total);
            assert!(met.iter().all(|place| *place < total));
        }
    }

    #[test]
    fn a_number_lies_in_a_range_of_its_network() {
        let mut ranges = Ranges::default();
        ranges.add(1_973_060, 1_973_061);
        ranges.add(1_975_034, 1_975_034);
        let edges = [0, 19_999, 20_000, 29_999].map(|index| ranges.nth(index));
        assert_eq!(edges, [19_730_600_000, 19_730_619_999, 19_750_340_000, 19_750_349_999]);
    }
}
