//! The list of visits as a file: CSV for spreadsheets, with the mark by which they know UTF-8, and JSON for programs.

use super::visits::Visit;
use serde_json::{Value, json};

/// The columns, which are read in Chinese by whoever drives out.
const HEADS: [&str; 10] =
    ["编码", "区划", "位置", "单位", "紧急程度", "收听人数", "告警", "自何时", "最后上线", "固件"];

/// What a list of visits needs to know of words and clocks.
pub struct Words<'a> {
    /// The name of a division.
    pub division: &'a dyn Fn(&Visit) -> String,
    /// The word for an alarm.
    pub alarm: &'a dyn Fn(&str) -> String,
    /// An instant.
    pub at: &'a dyn Fn(mingluo_model::clock::Timestamp) -> String,
}

/// As CSV. A cell that a spreadsheet would take for a formula is quoted with an apostrophe.
///
/// # Errors
/// When a row cannot be written, which memory alone decides.
pub fn csv(visits: &[Visit], words: &Words<'_>) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(HEADS)?;
    for visit in visits {
        let record = visit.view.record.as_ref();
        let alarms: Vec<String> = visit.alarms.iter().map(|(alarm, _)| (words.alarm)(alarm.word())).collect();
        let none = (words.alarm)("never-heard");
        let since = visit.alarms.iter().map(|(_, since)| *since).min();
        let of = |text: Option<&String>| text.map_or(String::new(), |text| plain(text));
        writer.write_record([
            visit.view.code.to_string(),
            plain(&(words.division)(visit)),
            of(record.map(|it| &it.place)),
            of(record.map(|it| &it.organisation)),
            visit.urgency.to_string(),
            visit.people.to_string(),
            if alarms.is_empty() { none } else { alarms.join("、") },
            since.map_or_else(String::new, words.at),
            visit.view.seen.last_heard.map_or_else(String::new, words.at),
            plain(&visit.view.seen.firmware),
        ])?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// What boxes and files say is no formula.
fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

/// As JSON.
pub fn json(visits: &[Visit]) -> Value {
    let one = |visit: &Visit| {
        let mut told = visit.view.told();
        told["urgency"] = json!(visit.urgency);
        told["people"] = json!(visit.people);
        told
    };
    json!(visits.iter().map(one).collect::<Vec<_>>())
}
