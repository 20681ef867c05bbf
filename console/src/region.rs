//! The city's files: divisions, groups, event types. Read once at start; what is wrong is told by file and line.

use crate::{
    config::{Config, ConfigError},
    render::Hazards,
};
use mingluo_targeting::{gazetteer::Gazetteer, groups::GroupTable};
use std::{fs::File, path::Path, sync::Arc};

/// A region pack, read.
pub struct Region {
    /// The divisions.
    pub gazetteer: Arc<Gazetteer>,
    /// The groups.
    pub groups: Arc<GroupTable>,
    /// The event types.
    pub hazards: Hazards,
}

impl Region {
    /// Reads the pack that a configuration names.
    ///
    /// # Errors
    /// [`ConfigError`] naming the file and what is wrong in it.
    pub fn read(config: &Config) -> Result<Self, ConfigError> {
        let pack = &config.region.pack;
        let wrong = |file: &str, error: &dyn std::fmt::Display| ConfigError::Pack {
            path: pack.join(file),
            detail: error.to_string(),
        };
        let divisions = "divisions.csv";
        let gazetteer = Gazetteer::read(open(pack, divisions)?).map_err(|error| wrong(divisions, &error))?;
        let codes = "township_codes.csv";
        let gazetteer =
            gazetteer.with_township_codes(open(pack, codes)?).map_err(|error| wrong(codes, &error))?;
        let groups = "groups.csv";
        let table = GroupTable::read(open(pack, groups)?).map_err(|error| wrong(groups, &error))?;
        let types = "event_types.csv";
        let hazards = Hazards::read(open(pack, types)?).map_err(|error| wrong(types, &error))?;
        Ok(Self { gazetteer: Arc::new(gazetteer), groups: Arc::new(table), hazards })
    }
}

fn open(pack: &Path, file: &str) -> Result<File, ConfigError> {
    let path = pack.join(file);
    File::open(&path).map_err(|source| ConfigError::Unreadable { field: "region.pack", path, source })
}
