//! How much of an outside value may be told in an error. Knows what looks like personal data, not what is valid.

/// Longest piece of an outside value that an error repeats.
const LONGEST: usize = 40;

/// The beginning of a value, so that a megabyte in one field does not become a megabyte of error.
pub(crate) fn clipped(value: &str) -> String {
    if value.chars().count() <= LONGEST {
        return value.to_owned();
    }
    value.chars().take(LONGEST).chain(['…']).collect()
}

/// First three and last two characters; nothing of a value so short that this would tell it.
pub fn masked(value: &str) -> String {
    let letters: Vec<char> = value.chars().collect();
    match letters.len() {
        0 => String::new(),
        1..=7 => "***".to_owned(),
        n => letters[..3].iter().chain(&['*'; 3]).chain(&letters[n - 2..]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_told_by_its_ends_only() {
        assert_eq!(masked("13912345678"), "139***78");
        assert_eq!(masked("1391234"), "***");
        assert_eq!(masked(""), "");
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        assert_eq!(clipped(&"镇".repeat(50)).chars().count(), LONGEST + 1);
        assert_eq!(clipped("清原镇"), "清原镇");
    }
}
