//! The shares by which people are drawn: age, telephone, network, follower of the official account.

use super::{
    PackError,
    chance::{Question, share},
    numbers::Numbers,
    sheet::{self, bad},
};
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};

/// The shares of a region pack.
#[derive(Debug, Clone)]
pub(super) struct Model {
    /// Age groups: share of residents, and share of those who have a telephone.
    ages: Vec<(f64, f64)>,
    networks: Vec<(String, f64)>,
    followers: f64,
}

#[derive(Deserialize)]
struct Row {
    attribute: String,
    value: String,
    share: f64,
}

impl Model {
    pub(super) fn read(file: &Path, numbers: &Numbers) -> Result<Self, PackError> {
        let rows: Vec<Row> = sheet::rows(file)?;
        if let Some(row) = rows.iter().find(|row| !(0.0..=1.0).contains(&row.share)) {
            return Err(bad(file, "share", row.share, "give a share from 0 to 1"));
        }
        let of = |attribute: &str| -> BTreeMap<&str, f64> {
            let rows = rows.iter().filter(|row| row.attribute == attribute);
            rows.map(|row| (row.value.as_str(), row.share)).collect()
        };
        let phones = of("has_phone");
        let ages = of("age")
            .into_iter()
            .map(|(age, share)| (share, phones.get(age).copied().unwrap_or(0.0)))
            .collect();
        let networks: Vec<_> =
            of("carrier").into_iter().map(|(name, share)| (name.to_owned(), share)).collect();
        if let Some((name, _)) = networks.iter().find(|(name, _)| !numbers.knows(name)) {
            return Err(bad(file, "carrier", name, "give a network that phone_ranges.csv has numbers of"));
        }
        let followers = of("wechat_follower").into_values().next().unwrap_or(0.0);
        let model = Self { ages, networks, followers };
        if model.phones() <= 0.0 || model.networks.is_empty() {
            return Err(bad(file, "attribute", "age, has_phone, carrier", "give shares of each above 0"));
        }
        Ok(model)
    }

    /// Telephones per resident.
    pub(super) fn phones(&self) -> f64 {
        self.ages.iter().map(|(share, phones)| share * phones).sum()
    }

    pub(super) fn has_phone(&self, seed: u64, village: u64, n: u64) -> bool {
        let age = share(seed, village, n, Question::Age);
        let mut below = 0.0;
        let group = self.ages.iter().find(|(share, _)| {
            below += share;
            age < below
        });
        let phones = group.or(self.ages.last()).map_or(0.0, |(_, phones)| *phones);
        share(seed, village, n, Question::Phone) < phones
    }

    pub(super) fn network(&self, seed: u64, village: u64, n: u64) -> &str {
        let all: f64 = self.networks.iter().map(|(_, share)| share).sum();
        let drawn = share(seed, village, n, Question::Network) * all;
        let mut below = 0.0;
        let network = self.networks.iter().find(|(_, share)| {
            below += share;
            drawn < below
        });
        network.or(self.networks.last()).map_or("", |(name, _)| name)
    }

    pub(super) fn follows(&self, seed: u64, village: u64, n: u64) -> bool {
        share(seed, village, n, Question::Follows) < self.followers
    }
}
