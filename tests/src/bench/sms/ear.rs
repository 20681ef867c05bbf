//! The listener for receipts (回执监听): takes Kannel's form, a GET for each, and Mingluo's, lines in a POST, and counts how
//! often each message was reported. It runs in a process of its own, the same for both.

use crate::sim_stage::Leash;
use axum::{
    Router,
    extract::{DefaultBodyLimit, RawQuery, State},
    http::StatusCode,
    routing::{get, post},
};
use mingluo_model::clock::{Clock, SharedClock};
use serde::{Deserialize, Serialize};
use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::net::TcpListener;

/// How often it tells its counts.
const TELL: Duration = Duration::from_millis(100);

/// What the listener is told.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct EarOptions {
    /// Messages there are.
    #[arg(long)]
    count: u32,
    #[command(flatten)]
    leash: Leash,
}

/// Where it listens.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Listening {
    pub(super) port: u16,
}

/// What it has heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Heard {
    /// Different messages that were reported as delivered.
    pub(super) distinct: u64,
    /// Reports of one that had been reported before.
    pub(super) doubles: u64,
    /// Reports of another kind, or of a message that there is not.
    pub(super) strange: u64,
    /// When the last different one came, in milliseconds since 1970.
    pub(super) last_ms: i64,
}

#[derive(Default)]
struct Book {
    seen: Vec<bool>,
    heard: Heard,
}

struct Ear {
    clock: SharedClock,
    // Guards the counts; held for one request's receipts.
    book: Mutex<Book>,
}

/// Listens until it is told to stop or let go of; prints its address, then its counts when they have changed.
///
/// # Errors
/// When no port can be had or signals cannot be heard.
pub async fn listen(options: EarOptions, clock: SharedClock) -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    say(&Listening { port: listener.local_addr()?.port() })?;
    let book = Book { seen: vec![false; options.count as usize], heard: Heard::default() };
    let ear = Arc::new(Ear { clock: clock.clone(), book: Mutex::new(book) });
    let routes = Router::new()
        .route("/one", get(one))
        .route("/lines", post(lines))
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::clone(&ear));
    tokio::select! {
        served = axum::serve(listener, routes) => served?,
        told = tell(&ear, &*clock) => told?,
        ended = options.leash.ended() => ended?,
    }
    say(&ear.heard())
}

async fn tell(ear: &Ear, clock: &dyn Clock) -> anyhow::Result<()> {
    let mut told = Heard::default();
    loop {
        clock.sleep(TELL).await;
        let heard = ear.heard();
        if heard != told {
            say(&heard)?;
            told = heard;
        }
    }
}

/// `n` is the message's number, `s` Kannel's state: 1 for delivered.
async fn one(State(ear): State<Arc<Ear>>, RawQuery(query): RawQuery) -> StatusCode {
    let query = query.unwrap_or_default();
    let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name));
    let number = value("n=").filter(|_| value("s=") == Some("1")).and_then(|number| number.parse().ok());
    ear.hear([number]);
    StatusCode::OK
}

#[derive(Deserialize)]
struct Line<'a> {
    ordinal: u32,
    state: &'a str,
}

async fn lines(State(ear): State<Arc<Ear>>, body: String) -> StatusCode {
    let number = |line| serde_json::from_str(line).ok().filter(|line: &Line<'_>| line.state == "delivered");
    ear.hear(body.lines().map(|line| number(line).map(|line| line.ordinal)));
    StatusCode::NO_CONTENT
}

impl Ear {
    fn hear(&self, numbers: impl IntoIterator<Item = Option<u32>>) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let Book { seen, heard } = &mut *book;
        for number in numbers {
            match number.and_then(|number| seen.get_mut(number as usize)) {
                None => heard.strange += 1,
                Some(true) => heard.doubles += 1,
                Some(seen) => {
                    *seen = true;
                    heard.distinct += 1;
                    heard.last_ms = self.clock.now().0;
                }
            }
        }
    }

    fn heard(&self) -> Heard {
        self.book.lock().unwrap_or_else(PoisonError::into_inner).heard
    }
}

#[expect(clippy::print_stdout, reason = "this is what the program tells who started it")]
fn say(what: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(what)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::clock::{Timestamp, manual::ManualClock};

    #[tokio::test]
    async fn both_forms_are_counted_alike() {
        let book = Book { seen: vec![false; 3], heard: Heard::default() };
        let ear = Arc::new(Ear { clock: ManualClock::at(Timestamp(7)), book: Mutex::new(book) });
        for query in ["n=0&s=1", "n=0&s=1", "n=1&s=2", "n=9&s=1"] {
            one(State(Arc::clone(&ear)), RawQuery(Some(query.to_owned()))).await;
        }
        assert_eq!(ear.heard(), Heard { distinct: 1, doubles: 1, strange: 2, last_ms: 7 });
        let body = "{\"ordinal\":1,\"state\":\"delivered\"}\n{\"ordinal\":2,\"state\":\"failed\"}\n";
        lines(State(Arc::clone(&ear)), body.to_owned()).await;
        assert_eq!(ear.heard(), Heard { distinct: 2, doubles: 1, strange: 3, last_ms: 7 });
    }
}
