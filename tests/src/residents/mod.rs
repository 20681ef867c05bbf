//! Pretend residents (虚拟居民): made by a seed out of a region pack, written straight to a roster file, never stored.
//! The same seed makes the same people, whatever area is asked for. Every number lies in a range that belongs to
//! nobody, and no number is given twice. Knows the pack and the columns of a roster; knows no gateway.

mod chance;
mod crowd;
mod duty;
mod model;
mod numbers;
mod roster;
mod sheet;
mod spread;
#[cfg(test)]
mod tests;

pub use crowd::{CrowdError, People, Person};
pub use roster::Census;

use duty::Post;
use mingluo_model::region::RegionCode;
use model::Model;
use numbers::Numbers;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// A region pack that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A table is missing or has a line that is no row of it.
    #[error("{} cannot be read as the table it should be", file.display())]
    Table {
        /// The file.
        file: PathBuf,
        /// Why, with the line.
        source: csv::Error,
    },
    /// A value makes no sense.
    #[error("{}: {field} {value:?}; {fix}", file.display())]
    Value {
        /// The file.
        file: PathBuf,
        /// The column.
        field: &'static str,
        /// What it holds.
        value: String,
        /// What to write instead.
        fix: &'static str,
    },
}

/// A village or community (村、社区) and how many live there.
#[derive(Debug, Clone)]
pub struct Village {
    /// Its code.
    pub code: RegionCode,
    /// Its residents, an estimate.
    pub residents: u32,
    /// The residents of all villages before it in the list.
    before: u64,
}

/// What people are made of: the villages, shares and number ranges of a region pack.
#[derive(Debug, Clone)]
pub struct Pack {
    villages: Vec<Village>,
    numbers: Numbers,
    model: Model,
    posts: BTreeMap<usize, Vec<Post>>,
    seed: u64,
    /// Persons that can be numbered for each resident.
    room: u64,
}

#[derive(Deserialize)]
struct VillageRow {
    code: String,
    residents_est: u32,
}

impl Pack {
    /// Reads the tables of a pack's folder; `seed` chooses the people.
    ///
    /// # Errors
    /// [`PackError`] for the first table or value that cannot be used.
    pub fn read(folder: &Path, seed: u64) -> Result<Self, PackError> {
        let villages = villages(&folder.join("villages.csv"))?;
        let numbers = Numbers::read(&folder.join("phone_ranges.csv"))?;
        let model = Model::read(&folder.join("resident_model.csv"), &numbers)?;
        let duty = folder.join("duty.csv");
        let posts = duty::posts(&duty, &villages, seed)?;
        if posts.values().any(|here| here.len() as u64 >= crowd::FIRST_RESIDENT) {
            return Err(sheet::bad(&duty, "group", "all", "give fewer than 256 posts to a village"));
        }
        let residents: u64 = villages.iter().map(|village| u64::from(village.residents)).sum();
        let room = numbers.smallest() / residents.max(1);
        let crowded =
            villages.iter().find(|village| room * u64::from(village.residents) <= crowd::FIRST_RESIDENT);
        if let Some(village) = crowded {
            let file = folder.join("villages.csv");
            return Err(sheet::bad(
                &file,
                "residents_est",
                village.residents,
                "give more residents or more phone ranges",
            ));
        }
        Ok(Self { villages, numbers, model, posts, seed, room })
    }

    /// The villages, in tree order.
    pub fn villages(&self) -> &[Village] {
        &self.villages
    }
}

fn villages(file: &Path) -> Result<Vec<Village>, PackError> {
    let no_code = |code: &str| sheet::bad(file, "code", code, "give the twelve digits of a village");
    let village = |row: VillageRow| {
        let code = row.code.parse().map_err(|_| no_code(&row.code))?;
        Ok(Village { code, residents: row.residents_est, before: 0 })
    };
    let mut villages: Vec<Village> =
        sheet::rows(file)?.into_iter().map(village).collect::<Result<_, PackError>>()?;
    villages.sort_by_key(|village| village.code);
    let mut before = 0;
    for village in &mut villages {
        village.before = before;
        before += u64::from(village.residents);
    }
    Ok(villages)
}
