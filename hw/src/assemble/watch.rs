//! What the box of a configuration looks at on its round, and the page beside it.

use super::{AssembleError, content};
use crate::{
    agent::Watch,
    config::{Config, ConfigError, FeedbackConfig},
    contact::{Button, Contact},
    gauge::{FileGauge, Gauge},
    heart::{Heart, Supervisor},
    page::{Page, pin::Pin as PagePin},
    pins::{self, PinError},
    sense::{Air, SimulatedFeedback},
    window::{Outside, window},
};
use mingluo_model::clock::SharedClock;
use rand::{SeedableRng as _, rngs::StdRng};
use std::{path::PathBuf, time::Duration};

/// The contact behind the relay.
pub(super) fn feedback(config: &Config, air: &Air) -> Result<Option<Box<dyn Contact>>, PinError> {
    Ok(match config.feedback {
        None => None,
        Some(FeedbackConfig::Simulated) => Some(Box::new(SimulatedFeedback::new(air.clone()))),
        Some(wired) => wired.pin().map(pins::contact).transpose()?,
    })
}

/// Everything else that is looked at; the outside of the window, if there is a page.
pub(super) fn watch(
    config: &Config,
    feedback: Option<Box<dyn Contact>>,
) -> Result<(Watch, Option<Outside>), AssembleError> {
    let gauge = |path: &Option<PathBuf>, divisor| {
        path.clone().map(|path| Box::new(FileGauge::new(path, divisor)) as Box<dyn Gauge>)
    };
    let (window, outside) = config.page.as_ref().map(|page| window(page.may_stop)).unzip();
    let tests =
        config.self_test.as_ref().map(|tests| tests.schedule(&config.sense, config.feedback.is_some()));
    let watch = Watch {
        heart: Supervisor::asking().map(|supervisor| Box::new(supervisor) as Box<dyn Heart>),
        lid: config.tamper.map(|tamper| pins::contact(tamper.pin())).transpose()?,
        button: button(config)?,
        feedback,
        mains: config.mains.map(|mains| pins::contact(mains.pin())).transpose()?,
        battery: gauge(&config.health.battery_file, 1),
        temperature: gauge(&config.health.temperature_file, 1_000),
        tests: tests.transpose()?,
        window,
    };
    Ok((watch, outside))
}

fn button(config: &Config) -> Result<Option<Button>, PinError> {
    let Some(button) = config.button else { return Ok(None) };
    let seconds = |count: u32| Duration::from_secs(count.into());
    Ok(Some(Button {
        contact: pins::contact(button.pin())?,
        key: button.key().map(pins::contact).transpose()?,
        hold: seconds(button.hold_s),
        sounding: seconds(button.sounding_s),
    }))
}

/// The page of this configuration.
///
/// # Errors
/// [`ConfigError`] when the PIN's file cannot be read or holds none.
pub fn page(config: &Config, outside: Outside, clock: SharedClock) -> Result<Page, ConfigError> {
    let path = config.page.as_ref().and_then(|page| page.pin_file.as_ref());
    let read = |path: &PathBuf| {
        let text = content("page.pin_file", path)?;
        PagePin::read(&String::from_utf8_lossy(&text)).map_err(|error| ConfigError::Value {
            key: "page.pin_file",
            value: path.display().to_string(),
            fix: error.to_string(),
        })
    };
    let pin = path.map(read).transpose()?;
    let (chance, pretence) = (Box::new(StdRng::from_os_rng()), config.pretence());
    Ok(Page { outside, pin, clock, chance, pretence })
}
