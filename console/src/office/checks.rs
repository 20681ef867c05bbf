//! What is worth a second look before a warning leaves (自动校核), read off its words alone. Nothing here refuses: an officer
//! may know better. Pages and the API tell the same.

use super::Office;
use crate::render::has_link;
use mingluo_model::{
    alert::{Alert, Content, Language},
    message::DRILL_DENIALS,
    mode::{Mode, ModeKind},
    region::Level,
};
use mingluo_targeting::gazetteer::{Division, Gazetteer};

/// Names told at most: a hint, not a list.
const MOST: usize = 5;

/// Words by which people take a warning for none.
const HARMLESS: [&str; 4] = ["演练", "演习", "测试", "drill"];

/// One thing that was looked at, by its word in the language files (`web-check-area-look`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// `advice`, `area`, `beyond`, `links`, `drill` or `markup`.
    pub word: &'static str,
    /// Whether nothing is amiss.
    pub is_good: bool,
    /// Whether it must not be overlooked: the public would not take the warning for one, or could not read it.
    pub is_grave: bool,
    /// What was found amiss: names, words.
    pub found: Vec<String>,
}

impl Check {
    fn of(word: &'static str, found: Vec<String>) -> Self {
        Self { word, is_good: found.is_empty(), is_grave: false, found }
    }

    /// What must not be overlooked, where there is any.
    fn grave(word: &'static str, found: Vec<String>) -> Option<Self> {
        (!found.is_empty()).then_some(Self { word, is_good: false, is_grave: true, found })
    }
}

impl<M: Mode> Office<M> {
    /// What an alert's words are worth a second look for, the gravest first.
    pub fn checks(&self, alert: &Alert<M>) -> Vec<Check> {
        checks(M::KIND, &alert.content, &self.gazetteer)
    }
}

fn checks(mode: ModeKind, content: &Content, gazetteer: &Gazetteer) -> Vec<Check> {
    let Some(text) = content.texts.get(&Language::chinese()) else { return Vec::new() };
    let words = [&*text.headline, &text.body, &text.instruction].join("\n");
    let beyond = Check::of("beyond", beyond(content, &words, gazetteer));
    let has_advice = !text.instruction.is_empty() || text.body.contains('请');
    let harmless = if mode == ModeKind::Live { harmless(&words) } else { Vec::new() };
    let grave = [Check::grave("drill", harmless), Check::grave("markup", markup(&words))];
    let plain = [
        Check { is_good: has_advice, ..Check::of("advice", Vec::new()) },
        Check::of("area", unnamed(content, &words, gazetteer)),
        Check { is_good: !has_link(&words), ..Check::of("links", Vec::new()) },
    ];
    let beyond = Some(beyond).filter(|check| !check.is_good);
    // That all chosen areas are named is no agreement where others are named too.
    let is_told = |check: &Check| check.word != "area" || !check.is_good || beyond.is_none();
    let plain: Vec<Check> = plain.into_iter().filter(is_told).collect();
    grave.into_iter().flatten().chain(beyond).chain(plain).collect()
}

/// Chosen areas whose name the words do not say.
fn unnamed(content: &Content, words: &str, gazetteer: &Gazetteer) -> Vec<String> {
    let names = content.audience.regions.iter().filter_map(|code| gazetteer.get(*code));
    let missing = names.filter(|division| !words.contains(&*division.name));
    missing.map(|division| division.name.to_string()).take(MOST).collect()
}

/// Counties and townships that the words name and the audience leaves out. A county around a chosen township or a
/// township inside a chosen county is none of them; nor is a name that a chosen place bears as well.
fn beyond(content: &Content, words: &str, gazetteer: &Gazetteer) -> Vec<String> {
    let chosen = &content.audience.regions;
    let is_heard = |it: &&Division| chosen.iter().any(|region| region.touches(it.code));
    let is_told = |it: &&Division| matches!(it.code.level(), Level::County | Level::Township);
    let named = gazetteer.named_in(words).into_iter();
    let strange = named.filter(|them| them.iter().any(&is_told) && !them.iter().any(&is_heard));
    strange.map(|them| them[0].name.to_string()).take(MOST).collect()
}

/// Words of a live warning that say it is none. That it is no drill may be said.
fn harmless(words: &str) -> Vec<String> {
    let plain = DRILL_DENIALS.iter().fold(words.to_lowercase(), |words, denial| words.replace(denial, ""));
    HARMLESS.iter().filter(|word| plain.contains(**word)).map(|word| (*word).to_owned()).collect()
}

/// Tags and entities (`<b>`, `</script>`, `&nbsp;`), which phones show as they stand and loudspeakers read out.
fn markup(words: &str) -> Vec<String> {
    let tags = words.match_indices('<').filter_map(|(at, _)| tag(&words[at..]));
    let entities = words.match_indices('&').filter_map(|(at, _)| entity(&words[at..]));
    tags.chain(entities).take(MOST).map(str::to_owned).collect()
}

/// A tag at the beginning of a text, as far as its name; closed or not.
fn tag(text: &str) -> Option<&str> {
    let name = text.strip_prefix('<')?.trim_start_matches(['/', '!', '?']);
    let length = name.bytes().take_while(u8::is_ascii_alphanumeric).count();
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return name.starts_with("--").then_some("<!--");
    }
    let end = text.len() - name.len() + length;
    Some(&text[..end + usize::from(text[end..].starts_with('>'))])
}

fn entity(text: &str) -> Option<&str> {
    let name = text.strip_prefix('&')?;
    let length = name.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#').count();
    (length >= 2 && name[length..].starts_with(';')).then(|| &text[..length + 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_warning_that_calls_itself_a_drill_is_seen_and_a_denial_is_not() {
        assert_eq!(harmless("这是演练，不需要转移。"), ["演练"]);
        assert_eq!(harmless("系统测试，请忽略"), ["测试"]);
        assert!(harmless("这不是演练！请立即转移。").is_empty());
        assert_eq!(harmless("DRILL: move uphill"), ["drill"]);
        assert!(harmless("This is NOT A DRILL.").is_empty());
        assert_eq!(harmless("这不是演习，演练取消"), ["演练"]);
    }

    #[test]
    fn tags_and_entities_are_markup_and_comparisons_are_not() {
        assert_eq!(markup("<script>alert(1)</script>"), ["<script>", "</script>"]);
        assert_eq!(markup("雨大<br/>快走&nbsp;&#39;<img src=x"), ["<br", "<img", "&nbsp;", "&#39;"]);
        assert_eq!(markup("<!-- 草稿 --><!DOCTYPE html>"), ["<!--", "<!DOCTYPE"]);
        assert!(markup("能见度<50米，雨量>100毫米，A&B 两地；风力 < 6 级").is_empty());
    }
}
