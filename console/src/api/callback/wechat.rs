//! Pushes of WeChat: receipts, and what followers write and do. A push is answered when all of it is durable; the
//! platform says thrice what was not answered in five seconds, and what was kept already is not kept again, also where the
//! program was started anew in between: what followers write and do, and receipts that have no message's number, are known
//! by their names in the ledger for three days ([`mingluo_ledger::Store::keep_replies`],
//! [`mingluo_ledger::Store::keep_pushes`]).

use super::{
    echoed,
    recent::{Keeper, Recent},
    refused, unkept, xml,
};
use crate::{
    app::City,
    inquiry::{self, Rest},
    office::OfficeError,
    tongue::{Tongue, say},
};
use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use mingluo_channels::wechat::{Callback, Heard};
use mingluo_dispatch::{Engine, engine::EngineError};
use mingluo_model::{
    mode::{Mode, ModeKind},
    plan::AccountName,
    reply::{Reply, Wish},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::task::JoinError;

/// How long names of pushes are gathered before they are kept together.
const GATHERED_FOR: Duration = Duration::from_millis(100);

/// Letters of a division's name that are said back.
const LONGEST_NAME: usize = 30;

/// How a push stands to those before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Push {
    /// It is said for the first time.
    New,
    /// It is said again.
    Again,
    /// It is said again, and an earlier run of the program kept it: what that answered is not known any more.
    AgainAfterStart,
}

/// Why a push could not be kept.
#[derive(Debug, thiserror::Error)]
enum Unkept {
    #[error(transparent)]
    Refused(#[from] EngineError),
    #[error("what keeps a push broke off")]
    BrokenOff(#[from] JoinError),
}

/// By what a push is known.
type Name = (ModeKind, [u8; 20]);

/// The door, and what came through it of late.
struct Door {
    city: Arc<City>,
    kept: Recent,
    asked: inquiry::Often,
    // Guards the names of pushes that are about to be kept; held for one look.
    unwritten: Arc<Mutex<Vec<Name>>>,
}

pub(super) fn routes(city: &Arc<City>) -> Router {
    let door = Arc::new(Door {
        city: Arc::clone(city),
        kept: Recent::default(),
        asked: inquiry::Often::default(),
        unwritten: Arc::default(),
    });
    Router::new().route("/callback/wechat/{account}", get(verify).post(receive)).with_state(door)
}

async fn verify(
    State(door): State<Arc<Door>>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let account = door.city.callbacks.get(&AccountName(account));
    echoed(account.map(|(_, callback)| callback.verify_url(&query.unwrap_or_default())))
}

async fn receive(
    State(door): State<Arc<Door>>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let account = AccountName(account);
    let Some((mode, callback)) = door.city.callbacks.get(&account) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let heard = match callback.parse(&query.unwrap_or_default(), &body) {
        Ok(heard) => heard,
        Err(error) => return refused(&error),
    };
    let heard = Arc::new(heard);
    let push = match door.kept.reserve(heard.name).await {
        None => Push::Again,
        Some(keeper) => {
            let mass = callback.mass().cloned();
            match door.keep_whole(keeper, (*mode, account.clone(), mass), &heard).await {
                Ok(push) => push,
                Err(error) => return unkept(&error),
            }
        }
    };
    match door.word(*mode, heard.replies.last(), push).await {
        Ok(said) => door.answer(callback, said),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(account = %account, error, "a follower could not be answered");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

impl Door {
    /// Keeps a push to its end, also when the platform gave up waiting in the middle of it: what it says again must find it
    /// kept, since a second receipt of the same follower is the next message's.
    async fn keep_whole(
        self: &Arc<Self>,
        keeper: Keeper,
        (mode, account, mass): (ModeKind, AccountName, Option<AccountName>),
        heard: &Arc<Heard>,
    ) -> Result<Push, Unkept> {
        let (door, heard) = (Arc::clone(self), Arc::clone(heard));
        let task = self.city.spawn(async move {
            let push = door.keep(mode, &account, mass.as_ref(), &heard).await?;
            keeper.kept();
            Ok(push)
        });
        task.await?
    }

    async fn keep(
        &self,
        mode: ModeKind,
        account: &AccountName,
        mass: Option<&AccountName>,
        heard: &Heard,
    ) -> Result<Push, EngineError> {
        let (store, name) = (&self.city.store, heard.name);
        if heard.of_the_latest && store.knows_push(mode, name).await? {
            return Ok(Push::AgainAfterStart);
        }
        let push = match mode {
            ModeKind::Live => keep(self.city.live.engine(), account, mass, heard).await,
            ModeKind::Drill => keep(self.city.drill.engine(), account, mass, heard).await,
        }?;
        if heard.of_the_latest {
            self.remember(mode, name);
        }
        Ok(push)
    }

    /// Keeps a push's name, together with those that come in the same moment: what was answered is not said again, and only
    /// where the answer was lost with this run of the program is the name asked for.
    fn remember(&self, mode: ModeKind, name: [u8; 20]) {
        let names = Arc::clone(&self.unwritten);
        let is_first = {
            let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
            names.push((mode, name));
            names.len() == 1
        };
        if !is_first {
            return;
        }
        let (store, clock) = (Arc::clone(&self.city.store), self.city.clock.clone());
        let stop = self.city.stop.clone();
        self.city.spawn(async move {
            tokio::select! {
                () = clock.sleep(GATHERED_FOR) => {}
                () = stop.cancelled() => {}
            }
            let names = std::mem::take(&mut *names.lock().unwrap_or_else(PoisonError::into_inner));
            if let Err(error) = store.keep_pushes(&names, clock.now()).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(
                    error,
                    "names of pushes are not kept; said again after a start they count again"
                );
            }
        });
    }

    /// What a follower is told, whom it answers besides. Residents read Chinese; what asks for nothing is not answered, so that
    /// no one takes the account for somebody who listens to calls for help. Drills are nobody's answer. What the platform says
    /// again was not answered in time, and is not counted against who asks; the rest of an answer is told once.
    async fn word<'a>(
        &self,
        mode: ModeKind,
        reply: Option<&'a Reply>,
        push: Push,
    ) -> Result<Option<(&'a Reply, String)>, OfficeError> {
        let Some(reply) = reply else { return Ok(None) };
        let teller = self.city.teller.as_ref().filter(|_| mode == ModeKind::Live && inquiry::asks(reply));
        let may_ask = || push != Push::New || self.asked.take(&reply.from, self.city.clock.now());
        let rest = if push == Push::AgainAfterStart { Rest::PerhapsTold } else { Rest::ToBeTold };
        let word = match teller {
            Some(_) if !may_ask() => Some(inquiry::later()),
            Some(teller) => Some(inquiry::answer(&self.city.live, teller, &reply.from, rest).await?),
            None if reply.wish() == Wish::OptIn => Some(self.back(mode, reply).await?),
            None => self.heard(reply),
        };
        Ok(word.map(|word| (reply, word)))
    }

    /// A word to the follower who is back: who never said where they live is in no roster, and is asked.
    async fn back(&self, mode: ModeKind, reply: &Reply) -> Result<String, OfficeError> {
        let is_placed =
            mode == ModeKind::Drill || inquiry::followed(&self.city.live, &reply.from).await?.is_some();
        let key = if is_placed { "wechat-back" } else { "wechat-back-where" };
        Ok(say(Tongue::Chinese, key, &[]))
    }

    /// A word to the follower who changed something: they see that it was heard, and as what.
    fn heard(&self, reply: &Reply) -> Option<String> {
        let chinese = |key: &str, fields: &[(&'static str, String)]| Some(say(Tongue::Chinese, key, fields));
        match (reply.wish(), inquiry::named(reply)) {
            (Wish::OptOut, _) => chinese("wechat-out", &[]),
            (_, Some("")) => chinese("wechat-where", &[]),
            (_, Some(region)) => match self.city.live.gazetteer().find(region) {
                Some(code) => chinese("wechat-region", &[("region", self.city.live.division(code))]),
                None => chinese("wechat-region-unknown", &[("region", clipped(region))]),
            },
            _ => None,
        }
    }

    /// `success`, or a word to the follower.
    fn answer(&self, callback: &Callback, said: Option<(&Reply, String)>) -> Response {
        let Some((reply, words)) = said else { return "success".into_response() };
        let answer = self.city.live.chance(|chance| callback.answer(reply, &words, chance));
        xml(answer)
    }
}

/// Makes all of it durable, and tells whether an earlier run had done so.
async fn keep<M: Mode>(
    engine: &Engine<M>,
    account: &AccountName,
    mass: Option<&AccountName>,
    heard: &Heard,
) -> Result<Push, EngineError> {
    let Heard { receipts, jobs, replies, .. } = heard;
    if !receipts.is_empty() {
        engine.receipts(account, receipts.clone()).await?;
    }
    if let Some(mass) = mass.filter(|_| !jobs.is_empty()) {
        engine.jobs_ended(mass, jobs).await?;
    }
    if replies.is_empty() {
        return Ok(Push::New);
    }
    let new = engine.roster().keep_replies(account, replies).await?;
    Ok(if new.is_empty() { Push::AgainAfterStart } else { Push::New })
}

/// The first letters of what was written, enough to know it by.
fn clipped(words: &str) -> String {
    words.chars().take(LONGEST_NAME).collect()
}
