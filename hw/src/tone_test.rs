//! The audible self-test: one tone through relay and sink, with the ear open. It runs beside no agent.

use crate::{
    agent::{Hands, Rules},
    player::{Score, SinkError},
    relay::RelayError,
};
use mingluo_model::{bulletin::Tone, clock::Clock};

/// The name under which a test is recorded; no platform issues it.
const TEST_EBM: &str = "00000000000000000000000000000000000";

/// Why the test could not be held.
#[derive(Debug, thiserror::Error)]
pub enum ToneTestError {
    /// The relay did not move.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The sink failed.
    #[error(transparent)]
    Sink(#[from] SinkError),
}

/// Plays a tone once and answers whether it was heard. The relay is open again afterwards, come what may.
///
/// # Errors
/// [`ToneTestError`] when relay or sink fail.
pub async fn play(
    hands: &mut Hands,
    tone: Tone,
    rules: Rules,
    clock: &dyn Clock,
) -> Result<bool, ToneTestError> {
    let outcome = sound(hands, tone, rules, clock).await;
    hands.power.open()?;
    hands.sink.end()?;
    outcome
}

async fn sound(
    hands: &mut Hands,
    tone: Tone,
    rules: Rules,
    clock: &dyn Clock,
) -> Result<bool, ToneTestError> {
    let mut score = Score::of_tone(tone, rules.longest_sounding, rules.volume_most);
    let stuck = hands.sense.hears();
    hands.power.close()?;
    hands.sink.begin(TEST_EBM.parse().expect("thirty-five digits"))?;
    let mut heard = false;
    while let Some(block) = score.next(hands.sink.block()) {
        hands.sink.write(block.clone())?;
        clock.sleep(block.length / rules.time_scale.get()).await;
        heard |= block.is_audible() && hands.sense.hears();
    }
    Ok(heard && !stuck)
}
