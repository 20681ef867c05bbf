//! One box: what it is, how it is, and its story (时间线).

use super::{
    super::{desk::Desk, dress::shown, error::WebError, page::Page, visit::Visit, voice::Voice},
    alarms, division, moment,
};
use crate::{fleet::view::BoxView, office::Timeline};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use mingluo_ledger::store::BoxEvent;
use mingluo_model::{
    bulletin::ResourceCode,
    clock::Timestamp,
    fleet::{Keeper, Playout},
    mode::Mode,
    owner::{Officer, Role},
};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "box.html")]
struct BoxPage {
    page: Page,
    stream: String,
    code: String,
    may_order: bool,
    has_keeper: bool,
    /// Who looks after it, once that was asked for.
    keeper: Option<Keeper>,
    content: BoxNow,
}

/// The moving part.
#[derive(Template)]
#[template(path = "box_now.html")]
pub(in crate::web) struct BoxNow {
    v: Voice,
    condition: &'static str,
    state: String,
    title: String,
    facts: Vec<(String, String)>,
    alarms: Vec<(String, String)>,
    story: Vec<Line>,
}

struct Line {
    at: String,
    what: String,
    more: String,
}

/// The page.
pub(in crate::web) async fn show<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Path(code): Path<String>,
) -> Result<Response, WebError> {
    page(&desk, &visit, &code, false).await
}

/// The page with who looks after the box; the audit log says that it was asked for.
pub(in crate::web) async fn keeper<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Path(code): Path<String>,
) -> Result<Response, WebError> {
    page(&desk, &visit, &code, true).await
}

async fn page<M: Mode>(
    desk: &Desk<M>,
    visit: &Visit,
    code: &str,
    with_keeper: bool,
) -> Result<Response, WebError> {
    let code: ResourceCode = code.parse().map_err(|_| WebError::NoPage)?;
    let content = BoxNow::now(desk, &desk.voice(visit), visit.officer(), code).await?;
    let keeper = if with_keeper { desk.office.keeper(visit.officer(), code).await? } else { None };
    let page = BoxPage {
        page: desk.page(visit, "fleet").await?,
        stream: format!("{}/fleet/boxes/{code}/events", desk.base),
        code: code.to_string(),
        may_order: visit.officer().may(Role::Releaser),
        has_keeper: desk.office.one_box(visit.officer(), code)?.has_keeper,
        keeper,
        content,
    };
    Ok(shown(StatusCode::OK, &page))
}

impl BoxNow {
    /// The box as an officer sees it now.
    pub(in crate::web) async fn now<M: Mode>(
        desk: &Desk<M>,
        voice: &Voice,
        officer: &Officer,
        code: ResourceCode,
    ) -> Result<Self, WebError> {
        let view = desk.office.one_box(officer, code)?;
        let timeline = desk.office.timeline(officer, code).await?;
        let condition = view.condition().word();
        let place = view.record.as_ref().map_or_else(String::new, |record| record.place.clone());
        Ok(Self {
            v: voice.clone(),
            condition,
            state: voice.word("box-condition", condition),
            title: format!("{} {place}", division(desk, view.region())).trim().to_owned(),
            facts: facts(voice, &view),
            alarms: alarms(voice, &view),
            story: story(voice, &timeline),
        })
    }
}

fn facts(voice: &Voice, view: &BoxView) -> Vec<(String, String)> {
    let fact = |key: &str, value: String| (voice.word("box-fact", key), value);
    let health = &view.seen.health;
    let unknown = || "—".to_owned();
    let mains = |there: bool| voice.word("box-mains", if there { "yes" } else { "no" });
    let test = health.self_test.as_ref().map(|test| {
        let passed = voice.word("box-test", if test.passed { "passed" } else { "failed" });
        format!("{passed} {}", voice.moment(test.at))
    });
    let mut facts = vec![
        fact("heard", moment(voice, view.seen.last_heard)),
        fact("sounded", moment(voice, view.seen.last_sounded)),
        fact("test", test.unwrap_or_else(unknown)),
        fact("mains", health.mains.map_or_else(unknown, mains)),
        fact("battery", health.battery_percent.map_or_else(unknown, |percent| format!("{percent} %"))),
        fact("temperature", health.temperature_c.map_or_else(unknown, |degrees| format!("{degrees} °C"))),
        fact("firmware", if view.seen.firmware.is_empty() { unknown() } else { view.seen.firmware.clone() }),
        fact("keys", view.seen.key_set.to_string()),
    ];
    if let Some(record) = &view.record {
        let number = |number: u32| if number == 0 { unknown() } else { number.to_string() };
        facts.extend([
            fact(
                "organisation",
                if record.organisation.is_empty() { unknown() } else { record.organisation.clone() },
            ),
            fact("power", voice.word("box-power", record.power.word())),
            fact("horns", number(record.horns.into())),
            fact("watts", number(record.watts.into())),
            fact("people", record.people.map_or_else(unknown, |people| people.to_string())),
            fact("certificate", moment(voice, record.certificate_until)),
            fact("enrolled", moment(voice, record.enrolled)),
            fact("retired", moment(voice, record.retired)),
        ]);
    }
    facts
}

/// Broadcasts and events in one row, the latest first.
fn story(voice: &Voice, timeline: &Timeline) -> Vec<Line> {
    let mut lines: Vec<(Timestamp, Line)> = Vec::new();
    lines.extend(timeline.playouts.iter().map(|playout| (playout.first, broadcast(voice, playout))));
    lines.extend(timeline.events.iter().map(|it| (it.at, event(voice, it))));
    lines.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    lines.into_iter().map(|(_, line)| line).collect()
}

fn broadcast(voice: &Voice, playout: &Playout) -> Line {
    let times = voice.pair("web-box-played", moment(voice, playout.started), moment(voice, playout.ended));
    let heard = match playout.heard {
        Some(true) => voice.say("web-box-was-heard"),
        Some(false) => voice.say("web-box-was-not-heard"),
        None => String::new(),
    };
    let why = super::why(voice, &playout.reason);
    let reason = if why.is_empty() { why } else { format!("（{why}）") };
    Line {
        at: voice.moment(playout.first),
        what: format!("{}{reason}", voice.word("brd", playout.state.word())),
        more: format!("{times} {heard} {}", playout.ebm),
    }
}

fn event(voice: &Voice, event: &BoxEvent) -> Line {
    let more = match event.kind.as_str() {
        "raised" | "cleared" => voice.word("box-alarm", &event.detail),
        "self-test" => {
            let mut words = event.detail.split(' ').map(|word| voice.word("box-test", word));
            format!("{} {}", words.next().unwrap_or_default(), words.next().unwrap_or_default())
        }
        _ => event.detail.clone(),
    };
    Line { at: voice.moment(event.at), what: voice.word("box-event", &event.kind), more }
}
