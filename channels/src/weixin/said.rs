//! What an answer said: a code, and words that may quote whom it is about.

/// The codes that say that the token is dead: fetch one and call once more, never in a loop, since 40001 also says
/// that the secret is wrong.
pub(crate) const fn is_dead_token(errcode: i64) -> bool {
    matches!(errcode, 40_001 | 40_014 | 42_001 | 41_001)
}

/// Code and words in at most 64 bytes; the code alone when the words quote any of those who are `hidden`.
pub(crate) fn far_code<'a>(errcode: i64, errmsg: &str, hidden: impl IntoIterator<Item = &'a str>) -> String {
    const LONGEST: usize = 64;
    let quotes = |one: &str| !one.is_empty() && errmsg.contains(one);
    if hidden.into_iter().any(quotes) {
        return errcode.to_string();
    }
    let whole = format!("{errcode} {errmsg}");
    whole[..whole.floor_char_boundary(LONGEST)].trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_has_at_most_64_bytes_and_nobodys_name() {
        assert!(far_code(47_003, &"参数错误".repeat(20), ["o1"]).len() <= 64);
        assert_eq!(far_code(40_003, "invalid openid oSecret", ["o1", "oSecret"]), "40003");
        assert_eq!(far_code(45_009, "api freq out of limit", [""]), "45009 api freq out of limit");
    }
}
