//! Followers of the service account who ask which warnings are in force (预警). What fits into one answer is said at once;
//! the rest follows, message by message, while the platform lets the account write ([`teller`]).

mod board;
mod fit;
mod often;
mod teller;

pub(crate) use often::Often;
pub use teller::Teller;

use crate::{
    office::{InForce, Office, OfficeError},
    tongue::{Tongue, say},
};
use mingluo_model::{
    address::Address,
    clock::{Clock, within},
    mode::{Live, ModeKind},
    region::RegionCode,
    reply::Reply,
};
use std::{sync::Arc, time::Duration};
use teller::{Begun, Message};

/// The words, which are keys of the account's menu as well.
const ASKING: [&str; 2] = ["预警", "当前预警"];

/// What stands before a division in what followers say, and in what posters and the menu say for them
/// ([`mingluo_channels::wechat::Heard::replies`]).
const REGION: &str = "地区";

/// How long an answer may take: the platform waits five seconds for it (被动回复), and keeping what was written is among them.
const PATIENCE: Duration = Duration::from_secs(3);

/// Words of one follower among which the last division is looked for, the latest first; asking is among them.
const MOST_HEARD: u32 = 200;

/// Names among these words that are looked up in the list of divisions.
const MOST_NAMED: usize = 20;

/// What is known of the rest of an answer.
#[derive(Clone, Copy)]
pub(crate) enum Rest {
    /// Nobody tells it yet, or the teller knows.
    ToBeTold,
    /// An earlier run of the program may have told it: it is not begun again, and whoever did not get it asks anew.
    PerhapsTold,
}

/// Whether somebody asks which warnings are in force.
pub(crate) fn asks(reply: &Reply) -> bool {
    ASKING.contains(&reply.words.trim_matches(|letter: char| !letter.is_alphanumeric()))
}

/// The division that somebody names as theirs; empty where they name none.
pub(crate) fn named(reply: &Reply) -> Option<&str> {
    reply.words.trim().strip_prefix(REGION).map(str::trim)
}

/// What a follower is answered who asks more often than [`Often`] lets them.
pub(crate) fn later() -> String {
    say(Tongue::Chinese, "wechat-often", &[])
}

/// What a follower who asks is answered at once, and before the platform gives up on it; the rest is on its way when this
/// returns.
///
/// # Errors
/// [`OfficeError`] when what they said before, or what is in force, cannot be read.
pub(crate) async fn answer(
    office: &Office<Live>,
    teller: &Arc<Teller>,
    from: &Address,
    rest: Rest,
) -> Result<String, OfficeError> {
    in_time(office.clock.as_ref(), found(office, teller, from, rest)).await
}

async fn in_time(
    clock: &dyn Clock,
    found: impl Future<Output = Result<String, OfficeError>>,
) -> Result<String, OfficeError> {
    within(clock, PATIENCE, found).await.unwrap_or_else(|error| {
        tracing::warn!(error = &error as &dyn std::error::Error, "too many followers ask at once");
        Ok(say(Tongue::Chinese, "wechat-busy", &[]))
    })
}

/// Nothing is waited for once the teller has begun: who is told that others come first gets no rest either.
async fn found(
    office: &Office<Live>,
    teller: &Arc<Teller>,
    from: &Address,
    known: Rest,
) -> Result<String, OfficeError> {
    let chinese = |key: &str, fields: &[(&'static str, String)]| say(Tongue::Chinese, key, fields);
    let Some(region) = followed(office, from).await? else { return Ok(chinese("wechat-where", &[])) };
    let name = ("region", office.division(region));
    let reading = teller.board().look().await?;
    let now = office.clock.now();
    let warnings: Vec<&InForce> =
        reading.iter().filter(|one| one.touches(region) && now < one.expires).collect();
    if warnings.is_empty() {
        return Ok(chinese("wechat-none", &[name]));
    }
    let heading = chinese("wechat-in-force", &[name, ("count", warnings.len().to_string())]);
    let fit::Fitted { now, rest } =
        fit::fit(&heading, &warnings.iter().map(|one| &*one.words).collect::<Vec<_>>());
    if rest.is_empty() {
        return Ok(now);
    }
    let count = rest.len();
    let of = |(place, words): (usize, String)| Message { of: warnings[place].id, words };
    let below = match known {
        Rest::ToBeTold => below(&teller.begin(from.clone(), rest.into_iter().map(of).collect()), count),
        Rest::PerhapsTold => chinese("wechat-perhaps", &[]),
    };
    Ok(fit::joined(&[&now, &below]))
}

/// What is said of the rest, of so many messages.
fn below(begun: &Begun, count: usize) -> String {
    let key = match begun {
        Begun::Now => "wechat-more",
        Begun::UnderWay => "wechat-telling",
        Begun::OfLate => "wechat-told",
        Begun::Full => "wechat-full",
    };
    say(Tongue::Chinese, key, &[("count", count.to_string())])
}

/// The division that a follower last named.
pub(crate) async fn followed(
    office: &Office<Live>,
    from: &Address,
) -> Result<Option<RegionCode>, OfficeError> {
    let said = office.store.replies_of(ModeKind::Live, from, MOST_HEARD).await?;
    let mut named = said.iter().filter_map(|kept| named(&kept.reply)).take(MOST_NAMED);
    Ok(named.find_map(|name| office.gazetteer().find(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use mingluo_model::clock::{Timestamp, manual::ManualClock};

    #[test]
    fn an_answer_that_takes_longer_than_three_seconds_is_given_up() {
        let clock = ManualClock::at(Timestamp(0));
        let mut slow = Box::pin(in_time(clock.as_ref(), std::future::pending()));
        assert!(slow.as_mut().now_or_never().is_none());
        clock.advance(PATIENCE.saturating_sub(Duration::from_millis(1)));
        assert!(slow.as_mut().now_or_never().is_none(), "it may come yet");
        clock.advance(Duration::from_millis(1));
        assert!(slow.as_mut().now_or_never().unwrap().unwrap().contains("查询的人太多"));
    }

    #[test]
    fn who_only_speaks_of_warnings_does_not_ask_for_them() {
        let wrote = |words: &str| Reply {
            from: Address::new("o1"),
            to: "gh_1".into(),
            words: words.into(),
            id: None,
            part: None,
            at: Timestamp(0),
        };
        for words in ["预警", " 预警？", "“预警”。", "当前预警"] {
            assert!(asks(&wrote(words)), "{words}");
        }
        for words in ["预警没收到", "退订预警", "地区 预警", ""] {
            assert!(!asks(&wrote(words)), "{words}");
        }
        assert_eq!(named(&wrote(" 地区东洲区 ")), Some("东洲区"));
        assert_eq!((named(&wrote("地区")), named(&wrote("我的地区"))), (Some(""), None));
    }
}
