//! How many boxes are online, told to whoever started them.

use mingluo_model::clock::Clock;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How often it looks whether that has changed.
const LOOK: Duration = Duration::from_millis(10);

/// How many boxes, or plain clients in their place, stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Connected and welcome.
    pub online: usize,
    /// Connections since the beginning that the server took and did not keep: no welcome came.
    pub turned_away: u64,
}

/// Prints a line of JSON whenever it has changed; never returns.
///
/// # Errors
/// When it cannot be written as JSON.
#[expect(clippy::print_stdout, reason = "this is what the program tells who started it")]
pub async fn tell(look: impl Fn() -> Standing, clock: &dyn Clock) -> anyhow::Result<()> {
    let mut told = Standing::default();
    loop {
        let standing = look();
        if standing != told {
            println!("{}", serde_json::to_string(&standing)?);
            told = standing;
        }
        clock.sleep(LOOK).await;
    }
}
