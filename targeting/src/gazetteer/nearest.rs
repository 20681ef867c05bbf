//! What someone may have meant who gave a code or name that is not in the list.

use super::{Division, Gazetteer, Near, RegionError};
use mingluo_model::region::{Level, RegionCode};

/// How many divisions an error proposes.
const PROPOSALS: usize = 5;

impl Gazetteer {
    pub(super) fn why_unknown(&self, code: RegionCode) -> RegionError {
        let value = code.to_string();
        let township = code.at(Level::Township);
        match township.and_then(|other| self.civil_affairs.get(&other)).and_then(|nbs| self.get(*nbs)) {
            Some(meant) => {
                RegionError::OtherCodeSystem { value, name: meant.name.to_string(), nbs: meant.code }
            }
            None => RegionError::UnknownRegion { value, nearest: self.around(code) },
        }
    }

    /// Divisions of the same level inside the lowest known division above, by distance of their numbers.
    fn around(&self, code: RegionCode) -> Vec<Near> {
        let above =
            std::iter::successors(code.parent(), |each| each.parent()).find(|up| self.get(*up).is_some());
        let among = above.map_or(&*self.divisions, |up| self.below(up));
        let peers = among.iter().filter(|division| division.code.level() == code.level());
        closest(peers.map(|division| (division.code.start().abs_diff(code.start()), division)))
    }

    /// Divisions whose name ends the text, then those whose name or whole path takes few changes to become it.
    pub(super) fn like(&self, text: &str) -> Vec<Near> {
        let wanted: Vec<char> = text.chars().take(64).collect();
        let most = wanted.len() / 2;
        let scored = self.divisions.iter().filter_map(|division| {
            let at_end = text.ends_with(&*division.name).then_some(0);
            let by_name = at_end.or_else(|| changes(&wanted, &division.name, most));
            let by_path = || changes(&wanted, &self.path(division.code), most);
            by_name.or_else(by_path).map(|score| (score as u64, division))
        });
        closest(scored)
    }
}

fn closest<'a>(scored: impl Iterator<Item = (u64, &'a Division)>) -> Vec<Near> {
    let mut scored: Vec<_> = scored.collect();
    scored.sort_by_key(|(score, division)| (*score, division.code));
    scored.truncate(PROPOSALS);
    scored.into_iter().map(|(_, division)| (division.code, division.name.to_string())).collect()
}

/// Levenshtein distance in characters; none when it is over `most`.
fn changes(wanted: &[char], name: &str, most: usize) -> Option<usize> {
    let length = name.chars().count();
    if wanted.len().abs_diff(length) > most {
        return None;
    }
    let mut row: Vec<usize> = (0..=length).collect();
    for (above, letter) in wanted.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (at, other) in name.chars().enumerate() {
            let exchanged = diagonal + usize::from(*letter != other);
            diagonal = row[at + 1];
            row[at + 1] = exchanged.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().filter(|distance| *distance <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_counted_in_characters() {
        let wanted: Vec<char> = "清源镇".chars().collect();
        assert_eq!(changes(&wanted, "清原镇", 1), Some(1));
        assert_eq!(changes(&wanted, "清原", 2), Some(2));
        assert_eq!(changes(&wanted, "南口前镇", 2), None);
    }
}
