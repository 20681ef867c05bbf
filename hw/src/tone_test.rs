//! The audible self-test: one tone through relay and sink, with the ear open. It runs beside no agent.

use crate::{
    agent::{Hands, Rules},
    evidence::Evidence,
    player::{Score, SinkError},
    relay::RelayError,
    sound::SAMPLE_RATE,
};
use mingluo_model::{bulletin::Tone, clock::Clock};
use std::time::Duration;

/// The name under which a test is recorded; no platform issues it.
const TEST_EBM: &str = "00000000000000000000000000000000000";

/// The silence before and after the tone.
const PAUSE: Duration = Duration::from_secs(1);

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
    hands.sense.rest();
    outcome
}

async fn sound(
    hands: &mut Hands,
    tone: Tone,
    rules: Rules,
    clock: &dyn Clock,
) -> Result<bool, ToneTestError> {
    let mut score = Score::of_tone(tone, rules.longest_sounding, rules.volume_most);
    let mut evidence = Evidence::before(&mut hands.inputs());
    hands.power.close()?;
    // An input that says how loud knows a tone by the silence around it.
    pause(hands, &mut evidence, rules, clock).await;
    hands.sink.begin(TEST_EBM.parse().expect("thirty-five digits"))?;
    while let Some(block) = score.next(hands.sink.block()) {
        evidence.begins(&block);
        hands.sink.write(block.clone())?;
        clock.sleep(block.length / rules.time_scale.get()).await;
        evidence.listen(&mut hands.inputs(), block.is_audible());
    }
    hands.sink.end()?;
    pause(hands, &mut evidence, rules, clock).await;
    Ok(evidence.is_heard())
}

async fn pause(hands: &mut Hands, evidence: &mut Evidence, rules: Rules, clock: &dyn Clock) {
    evidence.pauses(PAUSE.as_millis() as usize * SAMPLE_RATE as usize / 1_000);
    clock.sleep(PAUSE / rules.time_scale.get()).await;
    evidence.listen(&mut hands.inputs(), false);
}
