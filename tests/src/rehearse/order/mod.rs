//! The warning that is rehearsed: words of our own, words out of a file, or a CAP document, as the API wants a draft.

mod cap;
mod text;

pub(super) use cap::from_cap;
pub(super) use text::from_text;

use super::options::{Expiry, Options};
use anyhow::ensure;
use mingluo_model::{clock::Timestamp, grade::Grade};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::Duration};

/// How long a warning holds when nobody says so.
const SIX_HOURS: Duration = Duration::from_hours(6);

/// A draft as the API takes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) hazard: String,
    pub(super) grade: String,
    /// Empty lets the city make one.
    pub(super) headline: String,
    pub(super) body: String,
    pub(super) instruction: String,
    pub(super) area: Vec<String>,
    pub(super) channels: Vec<String>,
    /// Milliseconds since 1970.
    pub(super) expires: i64,
}

/// An order, and what must be said about where it came from.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) order: Order,
    pub(super) notes: Vec<String>,
}

/// What a draft may speak of: the names of the area, and the codes and names of the event types.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    pub(super) places: Vec<String>,
    pub(super) hazards: BTreeSet<String>,
}

/// The order that the options ask for.
pub(super) fn draft(options: &Options, words: &Vocabulary, now: Timestamp) -> anyhow::Result<Draft> {
    let mut draft = match (&options.text, &options.cap) {
        (Some(file), _) => from_text(file, options.line)?,
        (None, Some(file)) => from_cap(file, options.redate, now)?.known_to(words),
        (None, None) => rainstorm(&words.places),
    };
    let order = &mut draft.order;
    if let Some(hazard) = &options.hazard {
        order.hazard.clone_from(hazard);
    }
    if let Some(grade) = &options.grade {
        order.grade.clone_from(grade);
    }
    ensure!(
        !order.grade.is_empty(),
        "--grade: 文件没有写明级别，请给 红色 橙色 黄色 蓝色 之一 / the document names no grade; give red, orange, yellow or blue"
    );
    match options.expires {
        Some(Expiry::After(time)) => order.expires = now.plus(time).0,
        Some(Expiry::At(instant)) => order.expires = instant.0,
        None if order.expires == 0 => order.expires = now.plus(SIX_HOURS).0,
        None => {}
    }
    order.refuse_wrong(options, words, now)?;
    Ok(draft)
}

/// A red rainstorm warning in our own words: with headline and signature two SMS parts.
fn rainstorm(places: &[String]) -> Draft {
    let area = match places {
        [] => String::new(),
        few @ ([_] | [_, _] | [_, _, _]) => few.join("、"),
        [first, ..] => format!("{first}等地"),
    };
    let body = format!("过去3小时{area}降雨量已达100毫米以上，预计未来3小时强降雨持续，山洪和滑坡风险极高。");
    let instruction = "请立即停止户外活动，沟谷和低洼处人员速向高处转移，服从当地安排。".to_owned();
    let (hazard, grade) = ("11B03".to_owned(), "red".to_owned());
    Draft { order: Order { hazard, grade, body, instruction, ..Order::default() }, notes: Vec::new() }
}

/// The file that an option names cannot be read.
fn unreadable(said: &str) -> String {
    format!(
        "{said}: 读不了，请核对路径，文本须为 UTF-8 / cannot be read; check the path, a text must be UTF-8"
    )
}

impl Draft {
    /// An event that our list does not have is one of the others; an officer would choose.
    fn known_to(mut self, words: &Vocabulary) -> Self {
        let hazard = &mut self.order.hazard;
        if !words.hazards.contains(hazard) {
            let other = cap::OTHER;
            self.notes.push(format!(
                "灾种“{hazard}”不在表中，按 {other} 其他 / {hazard:?} is not in our list, taken as {other}"
            ));
            other.clone_into(hazard);
        }
        self
    }
}

impl Order {
    /// What the city would refuse, found before it is built.
    fn refuse_wrong(&self, options: &Options, words: &Vocabulary, now: Timestamp) -> anyhow::Result<()> {
        let Self { grade, hazard, expires, .. } = self;
        ensure!(
            grade.parse::<Grade>().is_ok(),
            "--grade {grade}：没有这个级别，请给 红色 橙色 黄色 蓝色 之一 / no such grade; give red, orange, yellow or blue"
        );
        ensure!(
            words.hazards.contains(hazard),
            "--hazard {hazard}：没有这个灾种，请用 event_types.csv 中的代码或中文名，如 11B03 或 暴雨 / no such event type; give a code or Chinese name of event_types.csv"
        );
        let given = options.expires.map_or("", |_| "--expires: ");
        ensure!(
            *expires > now.0,
            "{given}失效时刻已经过去，请给以后的时刻，或多久之后如 6h；CAP 可加 --redate / it has ended already; give a later instant, or a time from now like 6h; a CAP document can be dated anew with --redate"
        );
        Ok(())
    }

    /// About how many SMS parts it makes: 70 characters alone, else 67 a part (3GPP TS 23.040 clause 9.2.3.24), with
    /// room for headline and signature. Only for the pace of a rehearsal; the city counts for itself.
    pub(super) fn parts_about(&self) -> u32 {
        const AROUND: usize = 30;
        let units = self.headline.chars().count()
            + self.body.chars().count()
            + self.instruction.chars().count()
            + AROUND;
        if units <= 70 { 1 } else { units.div_ceil(67) as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    const NOW: Timestamp = Timestamp(1_783_200_000_000);

    pub(super) fn options(words: &[&str]) -> Options {
        Options::try_parse_from([&["rehearsal"], words].concat()).unwrap()
    }

    fn listed() -> Vocabulary {
        Vocabulary { places: Vec::new(), hazards: ["11B03", "冰雹"].map(str::to_owned).into() }
    }

    #[test]
    fn what_the_city_would_refuse_is_found_before_it_is_built() {
        for (option, value) in
            [("--grade", "purple"), ("--hazard", "水庫洩洪"), ("--expires", "2020-01-01T00:00:00Z")]
        {
            let said = draft(&options(&[option, value]), &listed(), NOW).unwrap_err().to_string();
            assert!(said.contains(option) && said.contains('请'), "{said}");
        }
    }

    #[test]
    fn our_own_rainstorm_is_red_names_its_places_and_takes_two_parts() {
        let places = ["清原镇", "红透山镇", "湾甸子镇"].map(str::to_owned);
        let words = Vocabulary { places: places.to_vec(), ..listed() };
        let Order { hazard, grade, body, expires, .. } = draft(&options(&[]), &words, NOW).unwrap().order;
        assert_eq!((hazard.as_str(), grade.as_str()), ("11B03", "red"));
        assert!(body.contains("清原镇、红透山镇、湾甸子镇"));
        assert_eq!(expires, NOW.0 + 6 * 3_600_000);
        for places in [&places[..], &places[..1], &["抚顺市".to_owned()]] {
            assert_eq!(rainstorm(places).order.parts_about(), 2);
        }
    }

    #[test]
    fn an_event_that_is_not_in_the_list_is_one_of_the_others() {
        let foreign =
            Draft { order: Order { hazard: "水庫洩洪".into(), ..Order::default() }, notes: Vec::new() };
        let draft = foreign.known_to(&Vocabulary::default());
        assert_eq!(draft.order.hazard, "11B99");
        assert!(draft.notes[0].contains("水庫洩洪"));
    }

    #[test]
    fn options_overrule_what_the_words_say() {
        let asked = options(&["--hazard", "冰雹", "--grade", "橙色", "--expires", "90m"]);
        let order = draft(&asked, &listed(), NOW).unwrap().order;
        assert_eq!((order.hazard.as_str(), order.grade.as_str()), ("冰雹", "橙色"));
        assert_eq!(order.expires, NOW.0 + 5_400_000);
    }
}
