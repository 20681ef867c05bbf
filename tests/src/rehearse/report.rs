//! The end of a rehearsal as people and programs read it: tables, verdicts, bars, JSON.

use super::{
    api::{CountsView, HeadCount, PlanView},
    bars::{Bar, Measured},
    reckon::Reckoned,
    voice::{Voice, grouped},
    watch::label,
};
use mingluo_console::cli::Table;
use mingluo_targeting::gazetteer::Gazetteer;
use serde::Serialize;
use std::collections::BTreeMap;

/// Everything that came of a run.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    /// Whether nothing is wrong and no bar was missed.
    pub(super) good: bool,
    /// The far sides only pretended.
    pub(super) pretend: bool,
    pub(super) area: Vec<String>,
    /// Different people, each once.
    pub(super) people: u64,
    /// Speaker boxes.
    pub(super) speakers: u64,
    /// Over all channels: what the releaser typed.
    pub(super) deliveries: u64,
    pub(super) parts: BTreeMap<String, u16>,
    /// Head-counts by channel, as the officers saw them.
    pub(super) audience: BTreeMap<String, HeadCount>,
    pub(super) measured: Measured,
    /// At the full size.
    pub(super) bars: Vec<Bar>,
    /// The share of all parts that the simulators held when mingluo was killed, in percent.
    pub(super) killed_at_percent: Option<f64>,
    pub(super) channels: Vec<Reckoned>,
}

impl Outcome {
    /// Tells it all.
    pub(super) fn tell(&self, voice: &Voice, gazetteer: &Gazetteer) {
        self.tell_channels(voice);
        self.tell_townships(voice, gazetteer);
        self.tell_measures(voice);
        self.tell_verdicts(voice);
    }

    fn tell_channels(&self, voice: &Voice) {
        voice.step("各渠道结果", "by channel");
        let mut table = Table::new(HEADS);
        for Reckoned { channel, plans, .. } in &self.channels {
            let Some(all) = together(plans.iter().map(|plan| &plan.counts)) else { continue };
            let first = plans
                .iter()
                .filter_map(|plan| Some((plan.first_byte? - plan.not_before).unsigned_abs()))
                .min();
            table.row(row(label(channel), &all, Some(millis(first))));
            for plan in plans.iter().filter(|_| plans.len() > 1) {
                let first = plan.first_byte.map(|first| (first - plan.not_before).unsigned_abs());
                let several = plans.iter().any(|other| other.account != plan.account);
                let share = if several { format!("  {}", plan.account) } else { self.share(plan) };
                table.row(row(share, &plan.counts, Some(millis(first))));
            }
        }
        table.lines().iter().for_each(|line| voice.note(line));
        for Reckoned { channel, plans, .. } in &self.channels {
            let Some(all) = together(plans.iter().map(|plan| &plan.counts)) else { continue };
            let causes = [("失败 failed", &all.failed), ("未知 unknown", &all.unknown)];
            for (what, causes) in causes.into_iter().filter(|(_, causes)| !causes.is_empty()) {
                voice.note(format_args!("{} {what}: {}", label(channel), told(causes)));
            }
        }
    }

    /// Whose plan it is: those who answer for others are called first.
    fn share(&self, plan: &PlanView) -> String {
        let count = self.audience.get(&plan.channel).copied().unwrap_or_default();
        let word = match plan.counts.target {
            _ if plan.is_fallback => "改道 diverted",
            target if target == count.responsible => "责任人 duty",
            _ => "居民 residents",
        };
        format!("  {word}")
    }

    fn tell_townships(&self, voice: &Voice, gazetteer: &Gazetteer) {
        voice.step("各乡镇（街道）结果", "by township");
        let mut heads = HEADS;
        heads[0] = "乡镇 渠道\ntownship, channel";
        let mut rows: BTreeMap<(&str, &str), CountsView> = BTreeMap::new();
        for Reckoned { channel, plans, .. } in &self.channels {
            for (code, counts) in plans.iter().flat_map(|plan| &plan.districts) {
                let so_far = rows.remove(&(code.as_str(), *channel));
                let all = so_far.map_or_else(|| counts.clone(), |so_far| so_far.with(counts));
                rows.insert((code, channel), all);
            }
        }
        let mut table = Table::new(heads);
        for ((code, channel), counts) in &rows {
            let name =
                code.parse().ok().and_then(|code| gazetteer.get(code)).map_or("", |division| &*division.name);
            table.row(row(format!("{code} {name} {}", label(channel)), counts, None));
        }
        table.lines().iter().for_each(|line| voice.note(line));
    }

    fn tell_measures(&self, voice: &Voice) {
        voice.step("测得", "measured");
        self.measured.lines().iter().for_each(|line| voice.note(line));
        if let Some(share) = self.killed_at_percent {
            voice.note(format_args!(
                "SIGKILL 时模拟端已有 {share:.0} % / when mingluo was killed the simulators held {share:.0} %"
            ));
        }
        for Bar { zh, en, measured, wanted, cleared } in &self.bars {
            let word = if *cleared { "达标 cleared" } else { "未达标 MISSED " };
            voice.note(format_args!("{word}  {zh} {en}: {measured} ({wanted})"));
        }
    }

    fn tell_verdicts(&self, voice: &Voice) {
        voice.step("核对台账与模拟端日志", "the ledger against the simulators' own logs");
        for Reckoned { channel, verdict, unconfirmed, .. } in &self.channels {
            let it = &verdict.figures;
            voice.note(format_args!(
                "{}: 目标 target {}，台账已收 ledger {}，模拟端收全 simulator {}（不同的条 distinct parts {}），丢失 lost {}，\
                 重复 doubled {}（允许 allowed {}），误发 stray {}",
                label(channel),
                grouped(it.target),
                grouped(it.taken_in_ledger),
                grouped(it.taken_by_simulator),
                grouped(it.parts_at_simulator),
                it.lost,
                it.doubles,
                it.doubles_allowed,
                it.strays
            ));
            let pairs = [
                ("有回执 confirmed", it.confirmed_in_ledger, it.confirmed_by_simulator),
                ("无回执的条 parts without receipt", it.unconfirmed_in_ledger, it.withheld_by_simulator),
                ("无应答 unanswered", it.unanswered_in_ledger, it.unanswered_by_simulator),
            ];
            let pairs = pairs.map(|(what, ledger, simulator)| {
                let sign = if ledger == simulator { '=' } else { '≠' };
                format!("{what}: {} {sign} {}", grouped(ledger), grouped(simulator))
            });
            let causes =
                if unconfirmed.is_empty() { String::new() } else { format!("（{}）", told(unconfirmed)) };
            voice.note(format_args!("    台账 ledger / 模拟端 simulator: {}{causes}", pairs.join("；")));
            if it.in_doubt > 0 {
                voice.note(format_args!(
                    "    其中 {} 人收到重复，其回执两边可能各记一份 / {} got a copy too many, of theirs either receipt may count",
                    it.in_doubt, it.in_doubt
                ));
            }
            for finding in &verdict.findings {
                voice.note(format_args!("    ✗ {}", finding.zh()));
                voice.note(format_args!("      {}", finding.en()));
            }
        }
        let verdict = if self.good { "合格 GOOD" } else { "不合格 NOT GOOD" };
        voice.say(format_args!("\n{verdict}"));
    }
}

const HEADS: [&str; 11] = [
    "渠道\nchannel",
    "目标\ntarget",
    "收下未失败\ntaken, not failed",
    "送达/播出\narrived",
    "失败\nfailed",
    "无回执\nno receipt",
    "未知\nunknown",
    "50 %\nwithin",
    "90 %\nwithin",
    "95 %\nwithin",
    "首字节\nfirst byte",
];

/// Several plans in one.
fn together<'a>(mut counts: impl Iterator<Item = &'a CountsView>) -> Option<CountsView> {
    let first = counts.next()?.clone();
    Some(counts.fold(first, CountsView::with))
}

fn row(title: String, counts: &CountsView, first: Option<String>) -> Vec<String> {
    let numbers = [
        counts.target,
        counts.taken(),
        counts.of(&["delivered", "sounded", "acknowledged"]),
        counts.of(&["failed", "expired", "withdrawn"]),
        counts.accepted_without_receipt,
        counts.of(&["unknown"]),
    ];
    let times = [counts.reached_50_ms, counts.reached_90_ms, counts.reached_95_ms];
    let cells = numbers.map(grouped).into_iter().chain(times.map(seconds));
    std::iter::once(title).chain(cells).chain(first).collect()
}

fn seconds(time_ms: Option<u64>) -> String {
    time_ms.map_or_else(|| "—".to_owned(), |time| format!("{:.1} s", time as f64 / 1e3))
}

fn millis(time_ms: Option<u64>) -> String {
    time_ms.map_or_else(|| "—".to_owned(), |time| format!("{time} ms"))
}

fn told(counts: &BTreeMap<String, u64>) -> String {
    counts.iter().map(|(word, count)| format!("{word} {}", grouped(*count))).collect::<Vec<_>>().join(", ")
}
