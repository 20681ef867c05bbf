//! All boxes at a glance: counts, map, and a list that is filtered by how they are, where they stand and by words.

use super::{
    super::{
        desk::Desk,
        dress::shown,
        error::WebError,
        map::{Dot, FleetMap, Outlines},
        page::Page,
        visit::Visit,
        voice::Voice,
    },
    alarms, division, moment,
};
use crate::fleet::{
    pick::{Counts, Pick, WITH_ALARM},
    view::{BoxView, Condition},
};
use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use mingluo_model::{
    mode::Mode,
    owner::{Officer, Role},
    region::{Level, RegionCode},
};
use std::{collections::BTreeMap, sync::Arc};

/// Rows that are shown; who looks for one box filters.
const MOST_ROWS: usize = 200;

#[derive(Template)]
#[template(path = "fleet.html")]
struct FleetPage {
    page: Page,
    stream: String,
    again: String,
    outlines: Outlines,
    may_order: bool,
    pick: Pick,
    counties: Vec<(String, String, bool)>,
    content: FleetNow,
}

/// The moving part.
#[derive(Template)]
#[template(path = "fleet_now.html")]
pub(in crate::web) struct FleetNow {
    v: Voice,
    base: &'static str,
    counts: Vec<Count>,
    map: Option<FleetMap>,
    rows: Vec<Row>,
    /// How many are wanted, shown or not.
    wanted: String,
    /// How many of them are not shown.
    more: usize,
}

struct Count {
    word: &'static str,
    name: String,
    n: usize,
    is_on: bool,
    link: String,
}

struct Row {
    code: String,
    condition: &'static str,
    state: String,
    division: String,
    place: String,
    alarms: Vec<(String, String)>,
    heard: String,
    sounded: String,
}

/// The page.
pub(in crate::web) async fn show<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Query(pick): Query<Pick>,
) -> Result<Response, WebError> {
    let content = FleetNow::now(&desk, &desk.voice(&visit), visit.officer(), &pick)?;
    let query = query(&pick);
    let page = FleetPage {
        page: desk.page(&visit, "fleet").await?,
        stream: format!("{}/fleet/events?{query}", desk.base),
        again: format!("{}/fleet?{query}&auto=true", desk.base),
        outlines: desk.front.sketch.outlines(),
        may_order: visit.officer().may(Role::Releaser),
        counties: counties(&desk, visit.officer(), &pick),
        pick,
        content,
    };
    Ok(shown(StatusCode::OK, &page))
}

/// The counties of an officer's division, for the filter.
fn counties<M: Mode>(desk: &Desk<M>, officer: &Officer, pick: &Pick) -> Vec<(String, String, bool)> {
    let scope = officer.owner.scope;
    let below = if scope.level() > Level::County { Level::County } else { Level::Township };
    let gazetteer = desk.office.gazetteer();
    let inside = gazetteer.inside(scope, below);
    inside.map(|it| (it.code.to_string(), it.name.to_string(), it.code.to_string() == pick.region)).collect()
}

/// A filter as an address has it.
fn query(pick: &Pick) -> String {
    let pair = |name: &str, value: &str| format!("{name}={}", encoded(value));
    [pair("show", &pick.show), pair("region", &pick.region), pair("q", &pick.q)].join("&")
}

/// Percent-encoding of everything but letters and digits (RFC 3986, 2.1).
fn encoded(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let one = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    value.bytes().map(one).collect()
}

impl FleetNow {
    /// The fleet as an officer sees it now.
    pub(in crate::web) fn now<M: Mode>(
        desk: &Desk<M>,
        voice: &Voice,
        officer: &Officer,
        pick: &Pick,
    ) -> Result<Self, WebError> {
        let boxes = desk.office.boxes(officer)?;
        let counts = Counts::of(&boxes);
        let name = |code: RegionCode| desk.office.gazetteer().get(code).map(|it| it.name.to_string());
        let mut wanted: Vec<&BoxView> = boxes.iter().filter(|view| pick.wants(view, name)).collect();
        // What is wrong comes first, the most urgent before all.
        let urgency =
            |view: &BoxView| view.seen.alarms.keys().map(|alarm| alarm.urgency()).max().unwrap_or(0);
        wanted.sort_by_key(|view| (std::cmp::Reverse(urgency(view)), view.code));
        let rows = wanted.iter().take(MOST_ROWS).map(|view| row(desk, voice, view)).collect();
        Ok(Self {
            v: voice.clone(),
            base: desk.base,
            counts: tiles(desk.base, voice, &counts, pick),
            map: desk.front.sketch.fleet(voice, dots(&boxes), &by_county(&boxes)),
            rows,
            wanted: voice.with("web-box-wanted", "a", wanted.len()),
            more: wanted.len().saturating_sub(MOST_ROWS),
        })
    }
}

fn tiles(base: &str, voice: &Voice, counts: &Counts, pick: &Pick) -> Vec<Count> {
    let tile = |word: &'static str, n: usize| {
        let show = if word == "all" { "" } else { word };
        let chosen = Pick { show: show.to_owned(), ..pick.clone() };
        let link = format!("{base}/fleet?{}", query(&chosen));
        Count { word, name: voice.word("box-condition", word), n, is_on: pick.show == show, link }
    };
    let mut tiles = vec![tile("all", counts.all), tile(WITH_ALARM, counts.with_alarm)];
    let known = |condition: &Condition| {
        // The two that are rare are shown when there are any.
        !matches!(condition, Condition::Awaited | Condition::Off) || counts.in_condition(*condition) > 0
    };
    let by = Condition::ALL.into_iter().filter(known);
    tiles.extend(by.map(|condition| tile(condition.word(), counts.in_condition(condition))));
    tiles
}

fn row<M: Mode>(desk: &Desk<M>, voice: &Voice, view: &BoxView) -> Row {
    let condition = view.condition().word();
    let unregistered = || voice.say("web-box-unregistered");
    Row {
        code: view.code.to_string(),
        condition,
        state: voice.word("box-condition", condition),
        division: division(desk, view.region()),
        place: view.record.as_ref().map_or_else(unregistered, |record| record.place.clone()),
        alarms: alarms(voice, view),
        heard: moment(voice, view.seen.last_heard),
        sounded: moment(voice, view.seen.last_sounded),
    }
}

fn dots(boxes: &[BoxView]) -> Vec<Dot> {
    let dot = |view: &BoxView| {
        let at = view.record.as_ref()?.at?;
        Some(Dot { longitude: at.longitude, latitude: at.latitude, word: view.condition().word() })
    };
    boxes.iter().filter_map(dot).collect()
}

/// For every county, how many of its boxes can be counted on, and how many there are.
fn by_county(boxes: &[BoxView]) -> BTreeMap<RegionCode, (usize, usize)> {
    let mut by = BTreeMap::new();
    for view in boxes {
        let Some(county) = view.region().and_then(|region| region.at(Level::County)) else { continue };
        let (good, all): &mut (usize, usize) = by.entry(county).or_default();
        let is_good =
            matches!(view.condition(), Condition::Online | Condition::Playing | Condition::OnBattery);
        *good += usize::from(is_good);
        *all += 1;
    }
    by
}
