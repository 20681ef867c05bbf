//! Regions that hold each other become the outermost ones.

use mingluo_model::region::RegionCode;

/// The regions without repetitions and without those inside another. A region that takes others in stands where
/// the first of them stood: who named a village first is in a hurry there.
pub(super) fn outermost(regions: &[RegionCode]) -> Vec<RegionCode> {
    let mut merged: Vec<RegionCode> = Vec::new();
    for region in regions {
        let outer = regions.iter().filter(|other| other.contains(*region)).max_by_key(|other| other.level());
        let outer = *outer.unwrap_or(region);
        if !merged.contains(&outer) {
            merged.push(outer);
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(codes: &[&str]) -> Vec<String> {
        let codes: Vec<RegionCode> = codes.iter().map(|code| code.parse().unwrap()).collect();
        outermost(&codes).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_county_takes_its_villages_in_at_the_place_of_the_first() {
        assert_eq!(merged(&["210423100201", "210411", "210423", "210423100"]), ["210423", "210411"]);
    }

    #[test]
    fn neighbours_and_their_order_are_left_alone() {
        assert_eq!(merged(&["210423101", "210423100", "210423101"]), ["210423101", "210423100"]);
    }
}
