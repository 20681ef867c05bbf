//! The way out when no link comes about though HTTPS does: something between here and the city eats WebSockets. The box
//! asks again and again, at its addresses in turn, and tries the link anew from time to time. What is said and believed is
//! the same as on a link; each poll has a nonce of its own.

use super::{
    City, Dial, LinkError,
    dial::{Ending, attending},
    greeting,
    https::Bounds,
};
use crate::{agent::Agent, journal::JournalError};
use hyper::{Request, StatusCode, body::Bytes, header::CONTENT_TYPE};
use mingluo_model::{
    clock::Clock,
    link::poll::{KIND, MOST_ANSWERED, PATH, ask, read_answered},
};
use rand::{Rng as _, RngCore};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// When something new is to be reported, the next poll comes so soon.
const SOON: Duration = Duration::from_secs(5);

/// Why the polling ended.
pub(super) enum After {
    /// The box is to stop.
    Stopped,
    /// The link may work again.
    TryLink,
    /// No address answers.
    Failed(LinkError),
}

/// Polls until no address answers or it is time to try the link again.
pub(super) async fn keep_polling(
    agent: &mut Agent,
    dial: &Dial,
    first: &City,
    run: u64,
    clock: &dyn Clock,
    chance: &mut (dyn RngCore + Send),
    stop: &CancellationToken,
) -> Result<After, JournalError> {
    let (began, mut failures) = (clock.ticks(), 0);
    for city in dial.cities.iter().cycle().skip_while(|city| *city != first) {
        let polled = tokio::select! {
            () = stop.cancelled() => return Ok(After::Stopped),
            polled = poll(agent, dial, city, run, clock, chance) => polled,
        };
        agent.part();
        match polled {
            Ok(()) => failures = 0,
            Err(Ending::Journal(error)) => return Err(error),
            Err(Ending::Stopped) => return Ok(After::Stopped),
            Err(Ending::Renewed) => return Ok(After::TryLink),
            Err(Ending::Lost(error)) => {
                failures += 1;
                if failures >= dial.cities.len() {
                    return Ok(After::Failed(error));
                }
                tracing::warn!(error = &error as &dyn std::error::Error, %city, "a poll failed");
                continue;
            }
        }
        if clock.ticks().saturating_sub(began) >= dial.pace.link_again {
            return Ok(After::TryLink);
        }
        // A fifth of it is chance, so that a county's boxes do not ask in one wave.
        let pause = dial.pace.poll.mul_f64(1.0 - chance.random::<f64>() / 5.0);
        tokio::select! {
            () = stop.cancelled() => return Ok(After::Stopped),
            rested = rest(agent, pause, clock) => rested?,
        }
    }
    Ok(After::TryLink)
}

/// Waits for the next poll, which comes sooner when there is something new to report.
async fn rest(agent: &mut Agent, pause: Duration, clock: &dyn Clock) -> Result<(), JournalError> {
    let until = clock.ticks() + pause;
    loop {
        let left = until.saturating_sub(clock.ticks());
        if left.is_zero() {
            return Ok(());
        }
        attending(agent, clock, clock.sleep(left.min(SOON))).await?;
        if agent.has_unsaid() {
            return Ok(());
        }
    }
}

/// One poll.
async fn poll(
    agent: &mut Agent,
    dial: &Dial,
    city: &City,
    run: u64,
    clock: &dyn Clock,
    chance: &mut (dyn RngCore + Send),
) -> Result<(), Ending> {
    let mut frames = vec![greeting(agent, run, chance)];
    frames.extend(agent.to_be_said());
    let mut request = Request::post(PATH).body(Bytes::from(ask(&frames))).map_err(|error| {
        // The path is a constant; whatever else is wrong with it is no connection.
        LinkError::Http(Box::new(error))
    })?;
    request.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(KIND));
    // The city waits a moment for what is reported to be durable.
    let bounds = Bounds { most: MOST_ANSWERED, patience: dial.pace.patience.saturating_mul(2) };
    let asking = dial.ask(city, request, bounds, clock);
    let answer = attending(agent, clock, asking).await??;
    if answer.status() != StatusCode::OK {
        let words = String::from_utf8_lossy(answer.body());
        let words = words.chars().filter(|it| !it.is_control()).take(200).collect();
        return Err(LinkError::Refused { status: answer.status().as_u16(), words }.into());
    }
    let text = String::from_utf8_lossy(answer.body());
    for frame in read_answered(&text).map_err(LinkError::Frame)? {
        agent.hear(frame)?;
    }
    if !agent.knows_time() {
        tracing::warn!("the city did not sign the time, so nothing of it can be obeyed; is its signer up?");
    }
    Ok(())
}
