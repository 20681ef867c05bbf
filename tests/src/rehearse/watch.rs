//! Watching a warning go out: the city's own counters, asked again and again, as a bar for each channel, until nothing
//! is left to be done.

use super::{
    api::{Door, Key, PlanView},
    program::Program,
    voice::Voice,
};
use anyhow::bail;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use mingluo_model::{audience::ChannelKind, clock::SharedClock};
use std::{collections::BTreeMap, time::Duration};

/// Between two looks.
pub(super) const LOOK: Duration = Duration::from_millis(200);

/// Between two lines where no bar can be drawn.
const TELL: Duration = Duration::from_secs(5);

/// What one look at an alert tells.
pub(super) struct Watch<'a> {
    pub(super) door: &'a Door,
    pub(super) key: &'a Key,
    pub(super) alert: &'a str,
    pub(super) clock: &'a SharedClock,
    pub(super) voice: &'a Voice,
    /// Something must change within this time.
    pub(super) patience: Duration,
}

impl Watch<'_> {
    /// Looks until every plan is settled.
    pub(super) async fn to_the_end(&self, city: &mut Program) -> anyhow::Result<Vec<PlanView>> {
        let mut bars = Bars::new();
        let mut last: Vec<PlanView> = Vec::new();
        let mut since = self.clock.ticks();
        let mut told = since;
        loop {
            city.check()?;
            let plans = self.door.show(self.key, self.alert).await?.plans;
            bars.show(&plans);
            let now = self.clock.ticks();
            if plans != last {
                (last, since) = (plans, now);
            }
            if settled(&last) {
                bars.finish();
                return Ok(last);
            }
            if now.saturating_sub(since) > self.patience {
                bars.finish();
                bail!("{}", self.stuck(&last));
            }
            if bars.all.is_hidden() && now.saturating_sub(told) > TELL {
                told = now;
                for plan in &last {
                    self.voice.note(line(plan));
                }
            }
            self.clock.sleep(LOOK).await;
        }
    }

    fn stuck(&self, plans: &[PlanView]) -> String {
        let states: Vec<String> =
            plans.iter().map(|plan| format!("{}: {:?}", plan.channel, plan.counts.states)).collect();
        format!(
            "{:?} 没有动静而未了结 / nothing moved for so long, and not all is settled: {}",
            self.patience,
            states.join("; ")
        )
    }
}

/// Whether nothing is left to be done: nothing open, every missing receipt given up, and what is unknown is not to be
/// tried again.
fn settled(plans: &[PlanView]) -> bool {
    let done = |plan: &PlanView| {
        let counts = &plan.counts;
        let waits = plan.channel != ChannelKind::Email.word()
            && counts.of(&["accepted"]) > counts.accepted_without_receipt;
        let sum: u64 = counts.states.values().sum();
        let in_doubt = counts.of(&["unknown"]) > 0 && !plan.settled;
        sum == counts.target && counts.of(&["planned", "queued", "submitting"]) == 0 && !waits && !in_doubt
    };
    !plans.is_empty() && plans.iter().all(done)
}

/// A bar for each channel; nothing where nobody watches a terminal.
struct Bars {
    all: MultiProgress,
    each: BTreeMap<String, ProgressBar>,
}

impl Bars {
    fn new() -> Self {
        Self { all: MultiProgress::new(), each: BTreeMap::new() }
    }

    fn show(&mut self, plans: &[PlanView]) {
        for plan in plans {
            let bar = self.each.entry(plan.plan.clone()).or_insert_with(|| {
                let bar = self.all.add(ProgressBar::new(plan.counts.target));
                bar.set_style(style());
                bar.set_prefix(label(&plan.channel));
                bar
            });
            let counts = &plan.counts;
            let ended = counts.of(&["failed", "expired", "withdrawn", "unknown"]);
            bar.set_position(counts.taken() + ended);
            let confirmed = counts.of(&["delivered", "sounded", "acknowledged"]);
            bar.set_message(format!("确认 confirmed {confirmed}  失败 failed {}", counts.of(&["failed"])));
        }
    }

    fn finish(&self) {
        for bar in self.each.values() {
            bar.abandon();
        }
    }
}

fn style() -> ProgressStyle {
    let template = "    {prefix:<14} {bar:30} {pos}/{len} {per_sec:>12} {msg}";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// How a plan stands, where no bar can be drawn.
fn line(plan: &PlanView) -> String {
    let counts = &plan.counts;
    let confirmed = counts.of(&["delivered", "sounded", "acknowledged"]);
    let channel = label(&plan.channel);
    format!("{channel}: 已收 taken {}/{}  确认 confirmed {confirmed}", counts.taken(), counts.target)
}

/// A channel's name in both languages.
pub(super) fn label(channel: &str) -> String {
    let kind = ChannelKind::ALL.into_iter().find(|kind| kind.word() == channel);
    kind.map_or_else(|| channel.to_owned(), |kind| format!("{} {}", kind.zh(), kind.word()))
}

#[cfg(test)]
mod tests {
    use super::{super::api::CountsView, *};

    fn plan(channel: &str, states: &[(&str, u64)], without_receipt: u64) -> PlanView {
        let states: BTreeMap<String, u64> =
            states.iter().map(|(state, n)| ((*state).to_owned(), *n)).collect();
        let target = states.values().sum();
        let counts =
            CountsView { target, states, accepted_without_receipt: without_receipt, ..CountsView::default() };
        PlanView {
            account: String::new(),
            plan: "p".into(),
            channel: channel.into(),
            is_fallback: false,
            parts: 1,
            settled: false,
            not_before: 0,
            first_byte: None,
            resent_in_doubt: 0,
            counts,
            districts: BTreeMap::new(),
        }
    }

    #[test]
    fn a_plan_is_settled_when_nothing_more_can_come_of_it() {
        assert!(settled(&[plan("sms", &[("delivered", 2), ("failed", 1)], 0)]));
        assert!(settled(&[plan("sms", &[("accepted", 2)], 2)]));
        assert!(settled(&[plan("email", &[("accepted", 2)], 0)]));
        assert!(!settled(&[plan("sms", &[("accepted", 2)], 1)]));
        assert!(!settled(&[plan("sms", &[("delivered", 2)], 0), plan("wechat", &[("queued", 1)], 0)]));
        assert!(!settled(&[]));
    }

    #[test]
    fn what_is_unknown_may_still_be_sent_again() {
        let mut plans = [plan("sms", &[("unknown", 1)], 0)];
        assert!(!settled(&plans));
        plans[0].settled = true;
        assert!(settled(&plans));
    }
}
