//! Where a platform pushes receipts to, as the product takes them: read by the channel's own parser, kept by the engine, and
//! answered when they are durable.

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::StatusCode,
    routing::post,
};
use mingluo_channels::wechat::Callback;
use mingluo_dispatch::Engine;
use mingluo_model::{mode::Live, plan::AccountName};
use std::{net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, task::JoinSet};

struct Door {
    engine: Arc<Engine<Live>>,
    account: AccountName,
    callback: Callback,
}

/// Serves an account's door until the tasks are dropped.
pub(super) async fn serve(
    tasks: &mut JoinSet<()>,
    engine: &Arc<Engine<Live>>,
    account: AccountName,
    at: SocketAddr,
    callback: Callback,
) -> anyhow::Result<()> {
    let listener = TcpListener::bind(at).await?;
    let door = Arc::new(Door { engine: Arc::clone(engine), account, callback });
    let routes = Router::new().route("/", post(receive)).with_state(door);
    tasks.spawn(async move {
        // It ends only with the listener.
        let _ended = axum::serve(listener, routes).await;
    });
    Ok(())
}

async fn receive(
    State(door): State<Arc<Door>>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let Ok(heard) = door.callback.parse(&query.unwrap_or_default(), &body) else {
        return (StatusCode::FORBIDDEN, "");
    };
    match door.engine.receipts(&door.account, heard.receipts).await {
        Ok(()) => (StatusCode::OK, "success"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, ""),
    }
}
