//! One heat: one way, one engine, one database, one process. It prepares, releases, and waits to be told that the
//! centre has all its answers; then it tells what it cost.

use super::{
    Engine, log_way, machine,
    place::{Cost, Place},
    row_way,
};
use anyhow::Context;
use mingluo_channels::{
    forward::{ForwardConfig, Platform},
    sms::smpp_channel::{SmppChannel, SmppConfig},
};
use mingluo_model::{
    clock::{SharedClock, Timestamp},
    mode::Live,
    plan::AccountName,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{path::PathBuf, time::Duration};

/// The account's name.
pub(super) const ACCOUNT: &str = "bench";

/// What everybody is told: one part of a short message.
pub(super) const TEXT: &str =
    "清原县气象台发布暴雨红色预警信号：未来三小时降雨量将达一百毫米以上，请立即转移避险。";

/// A licence that binds nobody: the most that an account may have.
const NO_LICENCE: u32 = 10_000_000;

/// How long texts are worth sending.
pub(super) const VALID: Duration = Duration::from_hours(6);

/// How deliveries are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Way {
    /// A row each, updated three times: the baseline.
    Rows,
    /// Mingluo: the plan is a set, progress is a log.
    Log,
}

/// What one heat is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Heat {
    pub(super) way: Way,
    pub(super) engine: Engine,
    /// A file that is not there yet, or the address of an empty database.
    pub(super) database: String,
    /// The centre's port on this machine.
    pub(super) port: u16,
    pub(super) password_file: PathBuf,
    pub(super) count: u32,
    pub(super) window: u32,
    pub(super) sessions: u32,
    /// Where final receipts are handed on to, by the way of the log only.
    pub(super) forward: Option<String>,
}

/// What one heat has to say at its end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Told {
    /// Milliseconds until all deliveries were planned and that was durable.
    pub(super) plan_ms: f64,
    /// When sending might begin, in milliseconds since 1970.
    pub(super) released_ms: i64,
    /// Deliveries that it has as delivered.
    pub(super) delivered: u64,
    /// Octets on the disk that the deliveries cost, planning included.
    pub(super) kept_bytes: u64,
    /// Octets written for them.
    pub(super) written_bytes: u64,
    /// Processor seconds that the planning took.
    pub(super) plan_cpu_s: f64,
    /// Processor seconds since the release.
    pub(super) cpu_s: f64,
    /// The most memory held since the release, in bytes.
    pub(super) peak_bytes: u64,
}

/// What a way tells when its plan is durable.
pub(super) struct Planned {
    pub(super) took: Duration,
    pub(super) released: Timestamp,
}

/// The cost so far, to be measured against later.
pub(super) struct Meter {
    cost: Cost,
    cpu_s: f64,
    plan_cpu_s: f64,
}

impl Meter {
    /// Begins to measure disk and memory: everything but the deliveries is prepared.
    pub(super) async fn start(place: &Place) -> anyhow::Result<Self> {
        machine::forget_peak();
        Ok(Self { cost: place.cost().await?, cpu_s: cpu_s(), plan_cpu_s: 0.0 })
    }

    /// Begins to measure the processor: the plan is durable.
    pub(super) fn release(&mut self) {
        let now = cpu_s();
        (self.plan_cpu_s, self.cpu_s) = (now - self.cpu_s, now);
    }

    /// What it was.
    pub(super) async fn stop(self, place: &Place, planned: &Planned, delivered: u64) -> anyhow::Result<Told> {
        let cpu_s = cpu_s() - self.cpu_s;
        let peak_bytes = machine::peak_memory("self").unwrap_or(0);
        let cost = place.cost().await?;
        Ok(Told {
            plan_ms: planned.took.as_secs_f64() * 1_000.0,
            released_ms: planned.released.0,
            delivered,
            kept_bytes: cost.kept.saturating_sub(self.cost.kept),
            written_bytes: cost.written.saturating_sub(self.cost.written),
            plan_cpu_s: self.plan_cpu_s,
            cpu_s,
            peak_bytes,
        })
    }
}

fn cpu_s() -> f64 {
    machine::cpu_s("self").unwrap_or(0.0)
}

/// Runs one heat and prints what it has to say as one line of JSON.
///
/// # Errors
/// When the database or the centre fails.
#[expect(clippy::print_stdout, reason = "this is what the process tells who started it")]
pub async fn run(heat: Heat, clock: SharedClock) -> anyhow::Result<()> {
    let told = match heat.way {
        Way::Rows => row_way::run(&heat, &clock).await.context("row way")?,
        Way::Log => log_way::run(&heat, &clock).await.context("log way")?,
    };
    println!("{}", serde_json::to_string(&told)?);
    Ok(())
}

impl Heat {
    pub(super) fn place(&self) -> Place {
        Place::new(self.engine, &self.database)
    }

    /// The product's own way to hand receipts on.
    pub(super) fn platform(&self, clock: &SharedClock) -> anyhow::Result<Option<Platform>> {
        let Some(url) = self.forward.clone() else { return Ok(None) };
        let config =
            ForwardConfig { url, secret_file: self.password_file.clone(), ca_file: None, answer_seconds: 10 };
        Ok(Some(config.build(clock.clone())?))
    }

    /// The product's own channel to the centre.
    pub(super) fn channel(&self, clock: &SharedClock) -> anyhow::Result<SmppChannel<Live>> {
        let config: SmppConfig = serde_json::from_value(json!({
            "name": AccountName(ACCOUNT.into()),
            "pretend": true,
            "host": "127.0.0.1",
            "port": self.port,
            "system_id": "bench",
            "password_file": self.password_file,
            "source_address": "106900012379",
            "sessions": self.sessions,
            "window": self.window,
            "per_second": NO_LICENCE,
            "signature": { "placement": "none" },
        }))?;
        Ok(config.build(clock.clone())?)
    }
}

/// The number of a recipient: eleven digits from 100 0000 0000, where no mobile number ever was.
pub(super) fn number(ordinal: u32) -> String {
    format!("+86{}", 10_000_000_000 + u64::from(ordinal))
}
