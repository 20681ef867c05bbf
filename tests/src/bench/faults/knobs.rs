//! Every fault that the pretend gateways have, and the times that go with them.

use super::FaultsOptions;
use crate::bench::rig::knobs;
use mingluo_dispatch::engine::DispatchConfig;
use std::num::NonZeroU32;

/// Connections of each account.
pub(super) const SESSIONS: u32 = 2;

/// How often each session is cut, in mid-frame or by a length that lies, one of the two by its dice.
const CUTS: u32 = 4;

/// What the gateway grants, in percent of the licence: less than what four protocols reach together on a small machine, or
/// nothing is ever throttled.
const GRANTED_PERCENT: u32 = 20;

/// The knobs of each gateway.
pub(super) fn faults(options: &FaultsOptions) -> Vec<String> {
    let cut = (options.count / 4 / SESSIONS / CUTS).to_string();
    let granted = (options.licence * GRANTED_PERCENT / 100).to_string();
    let (late, resend) = if options.short { ("0..800", "1000") } else { ("0..3000", "2000") };
    let mut all = knobs(&[
        ("seed", &options.seed.to_string()),
        ("per-second", &granted),
        ("latency-ms", "3"),
        ("busy-percent", "2"),
        ("refuse-percent", "1"),
        ("fail-percent", "2"),
        ("silent-percent", "1"),
        ("late-ms", late),
        ("double-percent", "5"),
        ("receipt-first-percent", "10"),
        ("die-after", &cut),
        ("wrong-length-after", &cut),
        ("stall-ms", "500"),
        ("resend-ms", resend),
    ]);
    all.extend(["--other-session", "--durable"].map(str::to_owned));
    all
}

/// The engine's times: a missing receipt, and what was lost twice, are waited for no longer than a run can bear. What is
/// decided then is what the default times decide.
pub(super) fn dispatch(options: &FaultsOptions) -> DispatchConfig {
    let (receipts, calm_ms) = if options.short { (8, 3_000) } else { (15, 10_000) };
    let seconds = |seconds| NonZeroU32::new(seconds).unwrap_or(NonZeroU32::MIN);
    let mut config = DispatchConfig {
        receipts_within_s: seconds(receipts),
        answers_within_s: seconds(60),
        ..DispatchConfig::default()
    };
    config.retry.calm_doubt_ms = calm_ms;
    config.retry.longest_pause_ms = 4_000;
    config
}
