//! `mingluo serve`: the city at work.

use super::{ConfigFile, Told as _, say, stdin_closed};
use crate::{
    anchor::anchor,
    api,
    app::City,
    config::{Config, ConfigError},
    people::People,
    web::Web,
};
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
    /// 标准输入一关闭就退出：启动者以任何方式结束，本程序都不会遗留。 End when standard input closes: whoever started this
    /// program holds the other end, and leaves nothing behind however it ends.
    #[arg(long)]
    until_stdin_closes: bool,
}

impl Serve {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::read(&self.file.config).told()?;
        let address = config.console.listen;
        // Bound before the lease is taken: two nodes of one name on one machine cannot both get here.
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|cause| ConfigError::port("console.listen", address, &cause)).told();
        let listener = listener.with_context(|| config.file.display().to_string())?;
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
        let until_stdin_closes = self.until_stdin_closes;
        let stop = async move {
            if halted_or_asked_to_stop(&watched, until_stdin_closes).await {
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
async fn halted_or_asked_to_stop(city: &City, until_stdin_closes: bool) -> bool {
    let reason = tokio::select! {
        () = asked_to_stop() => return false,
        () = stdin_closed(), if until_stdin_closes => return false,
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
