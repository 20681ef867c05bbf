//! `mingluo serve`: the city at work.

use super::{ConfigFile, say};
use crate::{anchor::anchor, api, app::City, config::Config, people::People, web::Web};
use anyhow::Context;
use axum::Router;
use mingluo_model::clock::{SharedClock, system::SystemClock};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::json;
use std::{
    net::SocketAddr,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How often releases are looked through for their end.
const EXPIRY_PAUSE: Duration = Duration::from_secs(5);

/// The exit code after dispatch has halted: EX_TEMPFAIL of sysexits.h, start it again.
const HALTED: u8 = 75;

/// The audit chain's head is signed every so many of these: once a minute.
const ANCHOR_ROUNDS: u32 = 12;

/// 启动。
#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    #[command(flatten)]
    file: ConfigFile,
}

impl Serve {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::read(&self.file.config)?;
        let address = config.console.listen;
        // Bound before the lease is taken: two nodes of one name on one machine cannot both get here.
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("console.listen = {address}: 端口被占用或不可用，请换一个 the port is in use or not ours; choose another")
        })?;
        let session = config.console.session;
        let (node, pack) = (config.node.name.clone(), config.region.pack.clone());
        let clock: SharedClock = SystemClock::shared();
        let city = Arc::new(City::start(config, clock.clone(), StdRng::from_os_rng()).await?);
        let people = Arc::new(People::new(Arc::clone(&city.store), clock).within(session));
        let closing = CancellationToken::new();
        let pages = Web::new(&city, &people).with_outlines(&pack).until(closing.clone()).routes();
        let routes: Router = api::routes(&city, &people).merge(pages);
        let local = listener.local_addr()?;
        say(json!({ "listening": format!("http://{local}"), "node": node }));
        let housekeeping = tokio::spawn(keep_house(Arc::clone(&city)));
        // Open boards would keep the server up for ever: their streams end first.
        let (watched, code) = (Arc::clone(&city), Arc::new(AtomicU8::new(0)));
        let told = Arc::clone(&code);
        let stop = async move {
            if halted_or_asked_to_stop(&watched).await {
                told.store(HALTED, Ordering::Relaxed);
            }
            closing.cancel();
        };
        let service = routes.into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, service).with_graceful_shutdown(stop).await?;
        housekeeping.abort();
        city.shutdown().await;
        Ok(ExitCode::from(code.load(Ordering::Relaxed)))
    }
}

/// Returns whether dispatch halted. Nothing can leave then: a supervisor starts the program anew, which recovers from
/// the log, and that is sooner than an officer finds out.
async fn halted_or_asked_to_stop(city: &City) -> bool {
    let reason = tokio::select! {
        () = asked_to_stop() => return false,
        reason = city.live.engine().until_halted() => reason,
        reason = city.drill.engine().until_halted() => reason,
    };
    tracing::error!(reason, "dispatch has halted; ending, so that a supervisor starts the program anew");
    true
}

async fn keep_house(city: Arc<City>) {
    let mut rounds: u32 = 0;
    loop {
        city.clock.sleep(EXPIRY_PAUSE).await;
        rounds = rounds.wrapping_add(1);
        for expired in [city.live.expire().await, city.drill.expire().await] {
            if let Err(error) = expired {
                tracing::error!(error = &error as &dyn std::error::Error, "expiry could not be kept");
            }
        }
        if rounds.is_multiple_of(ANCHOR_ROUNDS) {
            sign_head(&city).await;
        }
        if let Err(error) = city.store.tidy().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the store could not tidy up");
        }
    }
}

async fn sign_head(city: &City) {
    if let Err(error) = anchor(city.store.as_ref(), city.signer.as_ref(), city.clock.as_ref()).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "the audit chain's head is not signed yet");
    }
}

async fn asked_to_stop() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}
