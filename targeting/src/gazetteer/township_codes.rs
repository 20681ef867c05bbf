//! Township codes of the civil-affairs list (民政部行政区划代码) beside those of the statistics bureau. Two state
//! lists number some townships differently; a code of the other list is recognised and refused, never translated
//! silently, because elsewhere the same digits mean another township.

use super::{
    Gazetteer,
    divisions::{GazetteerError, region},
};
use crate::columns::Sheet;
use std::io::Read;

const COLUMNS: [&str; 3] = ["county", "code_nbs2023", "code_mca2026"];

impl Gazetteer {
    /// Adds a mapping with the columns county, name, `code_nbs2023`, `code_mca2026`, status. Lines of counties that
    /// this list lacks, and townships that only one list has, are passed over.
    ///
    /// # Errors
    /// [`GazetteerError`] at the first line whose codes are none.
    pub fn with_township_codes(mut self, reader: impl Read) -> Result<Self, GazetteerError> {
        for line in Sheet::open(reader, &COLUMNS, &[])?.lines() {
            let line = line?;
            let [county, statistics, affairs] = [0, 1, 2].map(|column| line.field(column));
            if statistics.is_empty() || affairs.is_empty() || statistics == affairs {
                continue;
            }
            let county = region(line.number, "county", county)?;
            let statistics = region(line.number, "code_nbs2023", statistics)?;
            let affairs = region(line.number, "code_mca2026", affairs)?;
            // A code that the statistics list also uses means its own township here.
            if self.get(county).is_some() && self.get(statistics).is_some() && self.get(affairs).is_none() {
                self.civil_affairs.insert(affairs, statistics);
            }
        }
        Ok(self)
    }
}
