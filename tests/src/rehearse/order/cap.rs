//! A warning out of a CAP document (standard: OASIS CAP 1.2). Event, severity, headline, description and instruction
//! are taken over; the area never is, and the date only when it is not asked to be made anew.

use super::{Draft, Order};
use anyhow::{Context, bail, ensure};
use mingluo_exchange::cap::{self, CapAlert, CapInfo, Colour, MsgType, Status};
use mingluo_model::clock::Timestamp;
use std::{path::Path, time::Duration};

/// The event type of what fits no other (11B99 其他).
pub(super) const OTHER: &str = "11B99";

/// The longest time that a re-dated warning holds: the city's own limit.
const LONGEST: Duration = Duration::from_hours(24);

/// English words of foreign events and the event types that they come nearest to, the more special first.
const EVENTS: [(&str, &str); 18] = [
    ("tropical cyclone", "11B01"),
    ("hurricane", "11B01"),
    ("typhoon", "11B01"),
    ("tornado", "11B02"),
    ("thunderstorm", "11B43"),
    ("lightning", "11B14"),
    ("hail", "11B15"),
    ("flood", "11B36"),
    ("landslide", "11B37"),
    ("heavy rain", "11B03"),
    ("rain", "11B03"),
    ("snow", "11B04"),
    ("blizzard", "11B04"),
    ("fog", "11B17"),
    ("fire", "11B25"),
    ("heat", "11B09"),
    ("frost", "11B16"),
    ("wind", "11B06"),
];

/// Reads a CAP document.
pub(in super::super) fn from_cap(file: &Path, redate: bool, now: Timestamp) -> anyhow::Result<Draft> {
    let said = || format!("--cap {}", file.display());
    let bytes = std::fs::read(file).with_context(|| super::unreadable(&said()))?;
    let reading = cap::read(&bytes).with_context(|| {
        format!("{}: 不是可用的 CAP 文件，请换一份 / no CAP document that can be used, give another", said())
    })?;
    let alert = &reading.alert;
    match alert.msg_type {
        MsgType::Alert | MsgType::Update => {}
        MsgType::Cancel | MsgType::Ack | MsgType::Error => {
            bail!(
                "{}: msgType {} 不是预警，请给 Alert 或 Update / warns of nothing; give an Alert or an Update",
                said(),
                alert.msg_type
            )
        }
    }
    let info = chosen(alert).with_context(|| {
        format!("{}: 没有 info，也就没有正文，请换一份 / has no info and so no words; give another", said())
    })?;
    let mut notes = vec![format!(
        "CAP {}，发自 {}，原区域“{}”，改用本次区域 / CAP of {}, its own area is replaced by this one",
        alert.identifier,
        alert.sender,
        unfolded(&info.areas.iter().map(|area| area.description.as_str()).collect::<Vec<_>>().join("、")),
        alert.sender
    )];
    if !reading.notes.is_empty() {
        notes.push(format!(
            "读取时容忍了 {} 处不规范 / {} slips were forgiven",
            reading.notes.len(),
            reading.notes.len()
        ));
    }
    if reading.signature.is_some() {
        notes.push(
            "文件带有数字签名，演练不验证签名 / the document is signed; a rehearsal does not verify its signature"
                .to_owned(),
        );
    }
    if alert.status != Status::Actual {
        let status = alert.status;
        notes.push(format!(
            "原为 {status}，此处按实发流程排练 / its status is {status}; rehearsed here as if real"
        ));
    }
    let expires = expires(alert, info, redate, now, &mut notes)?;
    let hazard = hazard(info, &mut notes);
    Ok(Draft { order: order(info, hazard, expires), notes })
}

/// The Chinese part, or else the first.
fn chosen(alert: &CapAlert) -> Option<&CapInfo> {
    alert.infos.iter().find(|info| info.language.to_lowercase().starts_with("zh")).or(alert.infos.first())
}

fn expires(
    alert: &CapAlert,
    info: &CapInfo,
    redate: bool,
    now: Timestamp,
    notes: &mut Vec<String>,
) -> anyhow::Result<i64> {
    let begins: Timestamp = info.effective.unwrap_or(alert.sent).at().into();
    let ends: Option<Timestamp> = info.expires.map(|time| time.at().into());
    if !redate {
        ensure!(
            ends.is_some() || Timestamp::from(alert.sent.at()).plus(LONGEST) > now,
            "expires: 文件没有失效时间，且发出已超过一天，请加 --redate / the document names no end and was sent more than a \
             day ago; add --redate"
        );
        return Ok(ends.map_or(0, |ends| ends.0));
    }
    let held = ends.map_or(LONGEST / 4, |ends| ends.since(begins)).clamp(Duration::from_hours(1), LONGEST);
    let hours = held.as_secs_f64() / 3600.0;
    notes.push(format!("改以此刻为准，有效 {hours:.1} 小时 / dated anew: from now on, for {hours:.1} hours"));
    // The officers' steps take a moment; a day exactly would be a day and that moment too long.
    Ok(now.plus(held.min(LONGEST.saturating_sub(Duration::from_mins(5)))).0)
}

fn order(info: &CapInfo, hazard: String, expires: i64) -> Order {
    // Lines are folded for the document's readers; in a short message each fold would cost its room.
    let text = |field: &Option<String>| unfolded(field.as_deref().unwrap_or_default());
    let (headline, description) = (text(&info.headline), text(&info.description));
    let body = [description, headline.clone(), info.event.clone()].into_iter().find(|text| !text.is_empty());
    Order {
        hazard,
        grade: Colour::of(info.severity).map_or_else(String::new, |colour| colour.as_str().to_lowercase()),
        headline,
        body: body.unwrap_or_default(),
        instruction: text(&info.instruction),
        expires,
        ..Order::default()
    }
}

fn unfolded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The event type: a national code where one is given, the event's own Chinese name, or what its English words come
/// nearest to. Whatever is not the document's own code is noted with its reason.
fn hazard(info: &CapInfo, notes: &mut Vec<String>) -> String {
    let codes: Vec<&str> = info.event_codes.iter().map(|code| code.value.as_str()).collect();
    let national = |code: &&&str| code.len() == 5 && code.starts_with("11");
    if let Some(code) = codes.iter().find(national) {
        return (*code).to_owned();
    }
    let (event, taken) = (info.event.as_str(), by_words(info));
    let foreign = codes.join("、");
    if !foreign.is_empty() {
        notes.push(format!(
            "事件代码 {foreign} 不是国家代码（11 开头五位），按事件文字“{event}”取 {taken} / event code {foreign} is no national \
             one (five characters from 11 on), by its words {event:?} it is taken as {taken}"
        ));
    } else if taken != event {
        notes.push(format!(
            "没有国家事件代码，事件“{event}”取最接近的 {taken} / no national event code: {event:?} comes nearest to {taken}"
        ));
    }
    taken
}

fn by_words(info: &CapInfo) -> String {
    if !info.event.is_ascii() && info.language.to_lowercase().starts_with("zh") {
        return info.event.clone();
    }
    let event = info.event.to_lowercase();
    let near = EVENTS.iter().find(|(word, _)| event.contains(word));
    near.map_or(OTHER, |(_, code)| code).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_783_200_000_000);

    const THUNDER: &str = r#"<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>KSTO-1</identifier>
        <sender>ksto@nws.example</sender><sent>2003-06-17T14:57:00-07:00</sent><status>Actual</status>
        <msgType>Alert</msgType><scope>Public</scope><info><category>Met</category>
        <event>SEVERE THUNDERSTORM</event><urgency>Immediate</urgency><severity>Severe</severity>
        <certainty>Observed</certainty><expires>2003-06-17T16:00:00-07:00</expires>
        <headline>SEVERE THUNDERSTORM WARNING</headline><description>RADAR SAW ONE.</description>
        <instruction>TAKE COVER.</instruction><area><areaDesc>ALPINE COUNTY</areaDesc></area></info></alert>"#;

    fn read(document: &str, redate: bool) -> anyhow::Result<Draft> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), document).unwrap();
        from_cap(file.path(), redate, NOW)
    }

    #[test]
    fn words_grade_and_event_are_taken_over_and_the_date_only_if_not_made_anew() {
        let as_it_was = read(THUNDER, false).unwrap().order;
        assert_eq!((as_it_was.hazard.as_str(), as_it_was.grade.as_str()), ("11B43", "orange"));
        assert_eq!([as_it_was.body, as_it_was.instruction], ["RADAR SAW ONE.", "TAKE COVER."]);
        assert!(as_it_was.expires < NOW.0, "the city itself refuses it");
        let anew = read(THUNDER, true).unwrap();
        assert_eq!(anew.order.expires, NOW.0 + 63 * 60_000);
        assert!(anew.notes.iter().any(|note| note.contains("ALPINE COUNTY")));
        assert!(anew.notes.iter().any(|note| note.contains("dated anew")));
    }

    #[test]
    fn an_event_code_that_is_none_of_ours_is_told_with_what_took_its_place() {
        let rain = THUNDER.replace("SEVERE THUNDERSTORM</event>", "Heavy rain</event>").replace(
            "<expires>",
            "<eventCode><valueName>local</valueName><value>99Z99</value></eventCode><expires>",
        );
        let draft = read(&rain, true).unwrap();
        assert_eq!(draft.order.hazard, "11B03");
        let told = |part: &str| draft.notes.iter().any(|note| note.contains(part));
        assert!(told("事件代码 99Z99 不是国家代码") && told("taken as 11B03"), "{:?}", draft.notes);
        assert!(read(THUNDER, true).unwrap().notes.iter().any(|note| note.contains("nearest to 11B43")));
        let national = rain.replace("99Z99", "11B06");
        let draft = read(&national, true).unwrap();
        assert!(draft.order.hazard == "11B06" && !draft.notes.iter().any(|note| note.contains("11B06")));
    }

    #[test]
    fn what_warns_of_nothing_is_refused() {
        let cancel = THUNDER.replace("<msgType>Alert", "<msgType>Cancel");
        assert!(read(&cancel, true).unwrap_err().to_string().contains("msgType Cancel"));
        let endless = THUNDER.replace("<expires>2003-06-17T16:00:00-07:00</expires>", "");
        assert!(read(&endless, false).unwrap_err().to_string().contains("--redate"));
        assert_eq!(read(&endless, true).unwrap().order.expires, NOW.0 + 6 * 3_600_000);
        assert!(read("<rss/>", true).unwrap_err().to_string().contains("--cap"));
    }

    #[test]
    fn an_unknown_severity_is_left_to_whoever_rehearses() {
        let unknown = THUNDER.replace("<severity>Severe", "<severity>Unknown");
        assert_eq!(read(&unknown, true).unwrap().order.grade, "");
    }

    #[test]
    fn collected_documents_are_read_or_refused_and_never_a_panic() {
        let Some(samples) = std::env::var_os("MINGLUO_SAMPLES") else {
            return println!("skipped: MINGLUO_SAMPLES names no directory");
        };
        let files = std::fs::read_dir(Path::new(&samples).join("cap")).unwrap();
        let files = files.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
        let read = files.filter(|file| from_cap(file, true, NOW).is_ok()).count();
        assert!(read > 20, "{read}");
    }
}
