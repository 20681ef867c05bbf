//! The pages for officers (预警发布台): sign-in, the situation board, composing, approval, release with its safeguards.
//! Made on the server, moved by one stream for each tab; every verb is the office's own, never around the policy.
//!
//! The cast: a [`desk::Desk`] is what handlers of one mode work on; [`visit::Visit`] is the officer behind a cookie;
//! [`voice::Voice`] speaks their language; [`situation`] reads what a mode looks like, [`funnel`] does the sums;
//! [`dress`] gives every answer its headers and every refusal its page.
//!
//! The promises: live and drill are two addresses and two looks; a number typed wrong releases nothing; a second click
//! does nothing twice; no inline style or script; nothing is loaded from elsewhere.

mod alert;
mod assets;
mod attempts;
mod back;
mod board;
mod call;
mod compose;
mod curve;
mod desk;
mod dress;
mod error;
mod events;
mod fleet;
mod folded;
mod follow;
mod form;
mod funnel;
mod list;
mod login;
mod map;
mod marks;
mod missed;
mod once;
mod page;
mod panel;
mod pretend;
mod preview;
mod release;
mod route;
mod situation;
mod speech;
mod turn;
mod visit;
mod voice;
mod whom;

use crate::{app::City, office::Office, people::People};
use axum::{
    Router, middleware,
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use desk::{Desk, Front};
use dress::Wardrobe;
use error::WebError;
use map::Sketch;
use mingluo_channels::speaker::SpeakerHub;
use mingluo_model::{
    audience::ChannelKind,
    mode::{Live, Mode, ModeKind},
};
use pretend::Pretend;
use std::{path::Path, sync::Arc};
use tokio_util::sync::CancellationToken;
use tower_http::{csrf::CsrfLayer, limit::RequestBodyLimitLayer};

/// The largest form that is read: a text for every channel is a few kilobytes.
const LARGEST_FORM: usize = 256 * 1024;

/// The pages of a city, and what they may be given besides it.
pub struct Web {
    city: Arc<City>,
    people: Arc<People>,
    sketch: Sketch,
    closing: CancellationToken,
}

impl Web {
    /// The pages of this city, without a map.
    pub fn new(city: &Arc<City>, people: &Arc<People>) -> Self {
        let (city, people) = (Arc::clone(city), Arc::clone(people));
        Self { city, people, sketch: Sketch::default(), closing: CancellationToken::new() }
    }

    /// Draws the county outlines of this region pack on the board.
    #[must_use]
    pub fn with_outlines(mut self, pack: &Path) -> Self {
        self.sketch = Sketch::read(pack);
        self
    }

    /// Ends all streams when the token is cancelled, so that a server can stop gracefully.
    #[must_use]
    pub fn until(mut self, closing: CancellationToken) -> Self {
        self.closing = closing;
        self
    }

    /// All routes of the pages.
    pub fn routes(self) -> Router {
        let live = &self.city.live;
        let front = Arc::new(Front {
            people: self.people,
            clock: self.city.clock.clone(),
            zone: live.renderer.zone.clone(),
            issuer: live.renderer.issuer.clone(),
            sketch: self.sketch,
            pretend: [Pretend::of(live), Pretend::of(&self.city.drill).or(Pretend::of(live))],
            forwards: Arc::clone(&self.city.forwards),
            closing: self.closing,
            attempts: std::sync::Mutex::default(),
        });
        let live = desk(&front, live, &self.city.hubs);
        let drill = desk(&front, &self.city.drill, &self.city.hubs);
        let csrf = CsrfLayer::new().with_rejection_response(|_| WebError::CrossSite.into_response());
        Router::new()
            .route("/", get(|| async { Redirect::to("/live/") }))
            .route("/live", get(|| async { Redirect::to("/live/") }))
            .route("/drill", get(|| async { Redirect::to("/drill/") }))
            .route("/assets/{*path}", get(assets::file))
            .merge(door(&live))
            .merge(of_mode(&live))
            .merge(of_mode(&drill))
            .fallback(|| async { WebError::NoPage })
            .method_not_allowed_fallback(|| async { WebError::NoPage })
            .layer(csrf)
            .layer(RequestBodyLimitLayer::new(LARGEST_FORM))
            .layer(middleware::from_fn_with_state(Arc::new(Wardrobe { front, live, drill }), dress::dress))
    }
}

/// All pages of a city, without a map and without an end.
pub fn routes(city: &Arc<City>, people: &Arc<People>) -> Router {
    Web::new(city, people).routes()
}

fn desk<M: Mode>(front: &Arc<Front>, office: &Arc<Office<M>>, hubs: &[Arc<SpeakerHub>]) -> Arc<Desk<M>> {
    // A city lists the hub of live before that of drill, each only if the mode has speakers.
    let (base, hub) = match M::KIND {
        ModeKind::Live => ("/live", hubs.first()),
        ModeKind::Drill => ("/drill", hubs.last()),
    };
    let has_speakers = office.account(ChannelKind::Speaker).is_ok();
    Arc::new(Desk {
        base,
        front: Arc::clone(front),
        office: Arc::clone(office),
        hub: hub.filter(|_| has_speakers).cloned(),
        watch: situation::Watch::default(),
        once: once::Once::default(),
        ordered: once::Once::default(),
    })
}

fn door(live: &Arc<Desk<Live>>) -> Router {
    Router::new()
        .route("/login", get(login::ask).post(login::sign_in))
        .route("/logout", post(login::sign_out))
        .with_state(Arc::clone(live))
}

fn of_mode<M: Mode>(desk: &Arc<Desk<M>>) -> Router {
    let base = desk.base;
    let at = |path: &str| format!("{base}{path}");
    Router::new()
        .route(&at("/"), get(board::show::<M>))
        .route(&at("/events"), get(events::stream::<M>))
        .route(&at("/compose"), get(compose::ask::<M>).post(compose::keep::<M>))
        .route(&at("/compose/preview"), post(compose::preview::<M>))
        .route(&at("/fleet"), get(fleet::show::<M>))
        .route(&at("/fleet/events"), get(events::fleet::<M>))
        .route(&at("/fleet/boxes/{code}"), get(fleet::one::<M>))
        .route(&at("/fleet/boxes/{code}/events"), get(events::one_box::<M>))
        .route(&at("/fleet/boxes/{code}/keeper"), post(fleet::keeper::<M>))
        .route(&at("/fleet/test"), get(fleet::ask_test::<M>).post(fleet::test::<M>))
        .route(&at("/fleet/stop"), get(fleet::ask_stop::<M>).post(fleet::stop::<M>))
        .route(&at("/fleet/orders/{ebm}"), get(fleet::order::<M>))
        .route(&at("/fleet/orders/{ebm}/events"), get(events::box_order::<M>))
        .route(&at("/fleet/visits"), get(fleet::visits::<M>))
        .route(&at("/fleet/visits.csv"), get(fleet::csv::<M>))
        .route(&at("/fleet/visits.json"), get(fleet::json::<M>))
        .route(&at("/alerts/{id}/broadcasts"), get(fleet::broadcast::<M>))
        .route(&at("/alerts/{id}/broadcasts/events"), get(events::broadcasts::<M>))
        .route(&at("/alerts"), get(list::show::<M>))
        .route(&at("/alerts/{id}"), get(alert::show::<M>))
        .route(&at("/alerts/{id}/submit"), post(alert::submit::<M>))
        .route(&at("/alerts/{id}/retract"), post(back::retract::<M>))
        .route(&at("/alerts/{id}/approve"), post(alert::approve::<M>))
        .route(&at("/alerts/{id}/return"), post(back::send_back::<M>))
        .route(&at("/alerts/{id}/calls/{call}/phone"), post(call::note::<M>))
        .route(&at("/alerts/{id}/recall"), post(alert::recall::<M>))
        .route(&at("/alerts/{id}/release"), get(release::ask::<M>).post(release::release::<M>))
        .route(&at("/alerts/{id}/hold"), get(release::hold::<M>))
        .route(&at("/alerts/{id}/speech.opus"), get(speech::clip::<M>))
        .route(&at("/alerts/{id}/speech.wav"), get(speech::wav::<M>))
        .route(&at("/alerts/{id}/speech.txt"), get(speech::script::<M>))
        .route(&at("/alerts/{id}/lift"), get(follow::ask_lift::<M>).post(follow::lift::<M>))
        .route(&at("/alerts/{id}/correct"), get(follow::ask_correct::<M>).post(follow::correct::<M>))
        .with_state(Arc::clone(desk))
}

#[cfg(test)]
mod stories;
