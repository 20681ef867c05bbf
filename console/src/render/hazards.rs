//! The event types (灾种) of a region pack, and which of them officers reach for first.

use mingluo_model::hazard::{Hazard, HazardSystem};
use std::collections::{BTreeMap, BTreeSet};

/// The event types of a city.
#[derive(Debug, Clone, Default)]
pub struct Hazards {
    /// All, by code.
    pub by_code: BTreeMap<String, Hazard>,
    /// Codes of those with a national warning signal (中国气象局令第16号《气象灾害预警信号发布与传播办法》, fourteen kinds).
    pub usual: BTreeSet<String>,
}

impl Hazards {
    /// Reads the file of a pack: columns `code,name_zh,name_en`, and `cma_signal` (`yes`) where a type has a signal.
    ///
    /// # Errors
    /// The line that cannot be read.
    pub fn read(reader: impl std::io::Read) -> Result<Self, csv::Error> {
        #[derive(serde::Deserialize)]
        struct Row {
            code: String,
            name_zh: String,
            name_en: String,
            #[serde(default)]
            cma_signal: String,
        }
        let mut hazards = Self::default();
        for row in csv::Reader::from_reader(reader).deserialize() {
            let Row { code, name_zh, name_en, cma_signal } = row?;
            if cma_signal == "yes" {
                hazards.usual.insert(code.clone());
            }
            let system = HazardSystem::National;
            hazards.by_code.insert(code.clone(), Hazard { code, system, name_zh, name_en });
        }
        Ok(hazards)
    }

    /// An event type by code or name.
    pub fn find(&self, word: &str) -> Option<&Hazard> {
        let word = word.trim();
        let named = |hazard: &&Hazard| hazard.name_zh == word || hazard.name_en.eq_ignore_ascii_case(word);
        self.by_code.get(word).or_else(|| self.by_code.values().find(named))
    }

    /// Those with a national signal, then the rest; each by code.
    pub fn sorted(&self) -> [Vec<&Hazard>; 2] {
        let (usual, rest) = self.by_code.values().partition(|hazard| self.usual.contains(&hazard.code));
        [usual, rest]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack() -> Hazards {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/regions/fushun/event_types.csv");
        Hazards::read(std::fs::File::open(file).unwrap()).unwrap()
    }

    #[test]
    fn the_fourteen_signals_stand_first() {
        let hazards = pack();
        let [usual, rest] = hazards.sorted();
        assert_eq!((usual.len(), usual.len() + rest.len()), (14, hazards.by_code.len()));
        assert!(usual.iter().any(|hazard| hazard.name_zh == "干旱"));
        assert_eq!(rest[0].name_zh, "龙卷风");
    }

    #[test]
    fn slips_of_the_source_are_mended_in_the_pack() {
        let hazards = pack();
        assert_eq!(hazards.find("11B61").unwrap().name_zh, "浓浮尘");
        assert_eq!(hazards.find("11B18").unwrap().name_en, "Low-Level Wind Shear");
        assert!(hazards.find("浓浮沉").is_none());
    }

    #[test]
    fn a_pack_without_the_column_has_no_usual_ones() {
        let hazards = Hazards::read("code,name_zh,name_en\n11B03,暴雨,Rainstorm\n".as_bytes()).unwrap();
        assert_eq!((hazards.usual.len(), hazards.find(" rainstorm ").unwrap().code.as_str()), (0, "11B03"));
    }
}
