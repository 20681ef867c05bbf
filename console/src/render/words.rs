//! How sentences of different hands are put together: one mark between two sentences, never none and never two; and
//! what a voice leaves out, since nobody can listen to a web address.

/// Marks after which another sentence may begin.
const MARKS: &[char] = &['。', '！', '？', '；', '：', '，', '、', '…', '.', '!', '?', ';', ':', ','];

/// Marks that only hang between two words: they fall away when the second word does.
const HANGING: &[char] = &['：', '，', '、', ':', ','];

/// What may close behind a mark.
const CLOSING: &[char] = &['”', '’', '」', '』', '）', ')', '"', '】', '》'];

/// How web addresses begin.
const LINKS: [&str; 3] = ["http://", "https://", "www."];

/// The first of two sentences, ended so that the second can follow.
pub(super) fn before(first: &str, second: &str) -> String {
    let (first, second) = (first.trim_end(), second_of(second));
    let (Some(last), Some(next)) = (first.chars().next_back(), second.chars().next()) else {
        return first.to_owned();
    };
    let is_marked = first.trim_end_matches(CLOSING).ends_with(MARKS);
    let is_latin = last.is_ascii() && next.is_ascii();
    let between = match (is_marked, is_latin) {
        (true, false) => "",
        (true, true) => " ",
        (false, false) => "。",
        (false, true) => ". ",
    };
    format!("{first}{between}")
}

/// The second of two sentences, without a mark that belongs to the first.
pub(super) fn second_of(second: &str) -> &str {
    second.trim_start_matches(|c: char| c.is_whitespace() || MARKS.contains(&c)).trim_end()
}

/// Two sentences with one mark between them.
pub(super) fn joined(first: &str, second: &str) -> String {
    if first.trim().is_empty() {
        return second_of(second).to_owned();
    }
    format!("{}{}", before(first, second), second_of(second))
}

/// A headline in front of a colon.
pub(super) fn bare(headline: &str) -> &str {
    headline.trim().trim_end_matches(MARKS)
}

/// Whether words hold a web address.
pub fn has_link(words: &str) -> bool {
    link_in(words).is_some()
}

/// The words as they are spoken: without web addresses and what stood only for them.
pub(super) fn spoken(words: &str) -> String {
    let (mut said, mut rest) = (String::with_capacity(words.len()), words);
    while let Some((start, end)) = link_in(rest) {
        said.push_str(&rest[..start]);
        rest = close(&mut said, &rest[end..]);
    }
    said.push_str(rest);
    said
}

/// Where the first web address begins and ends, in bytes.
fn link_in(words: &str) -> Option<(usize, usize)> {
    let lower = words.to_ascii_lowercase();
    let start = LINKS.iter().filter_map(|begin| lower.find(begin)).min()?;
    let is_part = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>');
    let length = words[start..].find(|c| !is_part(c)).unwrap_or(words.len() - start);
    let address = words[start..start + length].trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
    Some((start, start + address.len()))
}

/// Closes the gap where an address stood: an empty pair of brackets and a colon to nothing go with it.
fn close<'a>(said: &mut String, rest: &'a str) -> &'a str {
    const PAIRS: [(char, char); 5] = [('（', '）'), ('(', ')'), ('“', '”'), ('「', '」'), ('<', '>')];
    said.truncate(said.trim_end().len());
    let mut rest = rest.trim_start_matches(' ');
    for (open, shut) in PAIRS {
        if said.ends_with(open) && rest.starts_with(shut) {
            said.pop();
            rest = &rest[shut.len_utf8()..];
        }
    }
    if said.ends_with(HANGING) && (rest.trim().is_empty() || rest.starts_with(MARKS)) {
        said.pop();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_two_sentences_stands_one_mark() {
        for (first, second, whole) in [
            ("今晚有暴雨", "请转移", "今晚有暴雨。请转移"),
            ("今晚有暴雨。", "请转移。", "今晚有暴雨。请转移。"),
            ("今晚有暴雨。\n", "。请转移", "今晚有暴雨。请转移"),
            ("他说“快跑！”", "请转移", "他说“快跑！”请转移"),
            ("今晚有暴雨（红色）", "请转移", "今晚有暴雨（红色）。请转移"),
            ("Rain", "Go", "Rain. Go"),
            ("RADAR SAW ONE.", "TAKE COVER.", "RADAR SAW ONE. TAKE COVER."),
            ("今晚有暴雨", "", "今晚有暴雨"),
            ("", "，请转移", "请转移"),
        ] {
            assert_eq!(joined(first, second), whole);
        }
        assert_eq!(bare("抚顺市发布暴雨红色预警："), "抚顺市发布暴雨红色预警");
    }

    #[test]
    fn a_web_address_is_not_read_out() {
        for (written, said) in [
            ("详情见 https://yj.example/a?b=1 。请转移。", "详情见。请转移。"),
            ("详见：http://yj.example。请转移", "详见。请转移"),
            ("请转移（www.yj.example）。", "请转移。"),
            ("请登录WWW.yj.example查看", "请登录查看"),
            ("Look at https://a.example/b.", "Look at."),
            ("见https://a.example和http://b.example", "见和"),
            ("没有网址：请转移", "没有网址：请转移"),
        ] {
            assert_eq!(spoken(written), said);
        }
        assert!(has_link("见WWW.a.example") && !has_link("见公告"));
    }
}
