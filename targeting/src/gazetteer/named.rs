//! Divisions by name. Names are no keys: 39 village names repeat inside one city, so every answer is a list.

use super::{Division, Gazetteer};
use mingluo_model::region::Level;

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

    /// The divisions that a running text names, each name once with all that bear it, in the text's order. The longest
    /// name counts, so that a name inside a longer one is none; and what a city or province is called for short hides
    /// what only seems to begin inside it (抚顺城区 does not name 顺城区).
    pub fn named_in(&self, text: &str) -> Vec<Vec<&Division>> {
        let is_said = |division: &&Division| text.contains(&*division.name);
        let said: Vec<&Division> = self.divisions.iter().filter(is_said).collect();
        let mut hits: Vec<&str> = self.short_names().chain(said.iter().map(|it| &*it.name)).collect();
        hits.sort_by_key(|name| std::cmp::Reverse(name.len()));
        let mut named: Vec<&str> = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let hit = hits.iter().find(|name| rest.starts_with(**name));
            named.extend(hit.filter(|name| !named.contains(name)));
            rest = &rest[hit.map_or(first.len_utf8(), |name| name.len())..];
        }
        let bearers = |name| said.iter().copied().filter(|division| &*division.name == name).collect();
        named.into_iter().map(bearers).filter(|them: &Vec<_>| !them.is_empty()).collect()
    }

    /// Cities and provinces without 市 and 省, as people say them.
    fn short_names(&self) -> impl Iterator<Item = &str> {
        let is_high = |it: &&Division| matches!(it.code.level(), Level::Province | Level::City);
        self.divisions.iter().filter(is_high).filter_map(|it| it.name.strip_suffix(['市', '省']))
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

#[cfg(test)]
mod tests {
    use crate::gazetteer::Gazetteer;

    const HILLS: &str = "code,name,level,parent,type\n21,辽宁省,1,,province\n\
        2104,抚顺市,2,21,city\n210411,顺城区,3,2104,county\n210421,抚顺县,3,2104,county\n\
        210421100,石文镇,4,210421,town\n210421100201,石文镇石岭村,5,210421100,village\n\
        210423,清原满族自治县,3,2104,county\n210423100,清原镇,4,210423,town\n\
        210423100201,红旗村,5,210423100,village\n210423101,红透山镇,4,210423,town\n\
        210423101201,红旗村,5,210423101,village\n";

    fn named(text: &str) -> Vec<(String, usize)> {
        let list = Gazetteer::read(HILLS.as_bytes()).unwrap();
        list.named_in(text).iter().map(|them| (them[0].name.to_string(), them.len())).collect()
    }

    #[test]
    fn a_text_names_places_once_and_those_that_share_a_name_together() {
        let told = named("清原镇、红透山镇有暴雨，清原镇红旗村尽快转移。");
        let wanted = [("清原镇", 1), ("红透山镇", 1), ("红旗村", 2)];
        assert_eq!(told, wanted.map(|(name, number)| (name.to_owned(), number)));
    }

    #[test]
    fn a_name_inside_a_longer_one_is_not_named() {
        assert_eq!(named("石文镇石岭村有山洪"), [("石文镇石岭村".to_owned(), 1)]);
        assert_eq!(named("抚顺城区有积水"), []);
        assert_eq!(named("抚顺县、顺城区"), [("抚顺县".to_owned(), 1), ("顺城区".to_owned(), 1)]);
    }
}
