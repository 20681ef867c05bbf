//! Divisions by name. Names are no keys: 39 village names repeat inside one city, so every answer is a list.

use super::{Division, Gazetteer};

impl Gazetteer {
    /// All divisions that bear exactly this name, in tree order.
    pub fn named(&self, name: &str) -> Vec<&Division> {
        self.divisions.iter().filter(|division| &*division.name == name).collect()
    }

    /// All divisions that a path of names means (清原满族自治县清原镇). It may begin at any level and leave
    /// levels out; blanks and slashes between names are passed over.
    pub fn by_path(&self, path: &str) -> Vec<&Division> {
        let mut found = Vec::new();
        descend(self, &self.divisions, path, &mut found);
        found.sort_by_key(|division| super::tree_order(division.code));
        found.dedup_by_key(|division| division.code);
        found
    }
}

/// Ends because each step takes a name off the path, and no name is empty.
fn descend<'a>(list: &'a Gazetteer, among: &'a [Division], path: &str, found: &mut Vec<&'a Division>) {
    let path = path.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '/');
    for division in among {
        match path.strip_prefix(&*division.name) {
            Some("") => found.push(division),
            Some(rest) => descend(list, list.strictly_below(division), rest, found),
            None => {}
        }
    }
}

impl Gazetteer {
    /// Tree order puts a division before its own: the stretch after it.
    fn strictly_below(&self, above: &Division) -> &[Division] {
        let below = self.below(above.code);
        let own = below.iter().position(|division| division.code == above.code);
        own.map_or(&[], |at| &below[at + 1..])
    }
}
