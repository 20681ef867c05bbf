//! What came of it, as people and programs read it.

use super::{Findings, Score, equal::Equal, far::Struck};
use crate::bench::{rig::Progress, verdict};
use mingluo_console::cli::{Table, grouped};

const KEPT: [&str; 9] = [
    "协议\nprotocol",
    "条数\nmessages",
    "送达\ndelivered",
    "失败\nfailed",
    "无回执\nno receipt",
    "未知\nunknown",
    "编号\nids",
    "重复\ntwice",
    "",
];

const STRUCK: [&str; 10] = [
    "故障\nfaults",
    "流控\nthrottled",
    "忙\nbusy",
    "拒收\nrefused",
    "失败回执\nfailed",
    "扣下回执\nwithheld",
    "回执重来\nagain",
    "走别的连接\nelsewhere",
    "连接\nsessions",
    "无应答\nno answer",
];

/// Says how far it is, on the error stream: the other belongs to the figures.
#[expect(clippy::print_stderr, reason = "a measurement takes minutes, and people want to see it go on")]
pub(super) fn progress(progress: &Progress, count: u32, killed: u32) {
    let delivered = progress.of(&["delivered"]);
    eprintln!(
        "… {} / {count} 已发 sent，送达 delivered {delivered}，未知 unknown {}，网关重启 restarts {killed}",
        progress.left(),
        progress.of(&["unknown"]),
    );
}

/// Prints all findings.
#[expect(clippy::print_stdout, reason = "the figures are what the program is for")]
pub(super) fn tell(findings: &Findings, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(findings)?);
        return Ok(());
    }
    let Findings { count, seed, seconds, restarts, scores, receipts_unmatched, kept } = findings;
    println!(
        "全故障 all faults: {} 条 messages，种子 seed {seed}，{seconds:.0} s，网关被杀 gateways killed {restarts} 次",
        grouped((*count).into())
    );
    let (mut ends, mut faults) = (Table::new(KEPT), Table::new(STRUCK));
    for score in scores {
        ends.row(end(score));
        faults.row(struck(score));
    }
    for line in ends.lines().into_iter().chain(std::iter::once(String::new())).chain(faults.lines()) {
        println!("  {line}");
    }
    println!(
        "  重复各有一次应答未知；未对上的回执 {receipts_unmatched} 份，都属应答丢失的重复 / each copy too many had a try without an \
         answer; {receipts_unmatched} receipts found nobody"
    );
    for Score { protocol, equal, idle, .. } in scores {
        for (wrong, count) in &equal.wrong {
            println!("  {} 不符 differs: {wrong:?} × {count}", protocol.word());
        }
        for (reason, count) in &equal.unknown {
            println!("  {} 未知 unknown: {reason} × {count}", protocol.word());
        }
        for fault in idle {
            println!("  {} 没有发生 did not strike: {fault}", protocol.word());
        }
    }
    println!("{}", verdict(*kept));
    Ok(())
}

fn end(score: &Score) -> [String; 9] {
    let Equal { people, delivered, failed, without_receipt, unknown, ids, twice, .. } = &score.equal;
    let unknown: u64 = unknown.values().sum();
    let counts = [*people, *delivered, *failed, *without_receipt, unknown, *ids, *twice].map(grouped);
    let [people, delivered, failed, without_receipt, unknown, ids, twice] = counts;
    let protocol = score.protocol.word().to_owned();
    let kept = verdict(score.kept).to_owned();
    [protocol, people, delivered, failed, without_receipt, unknown, ids, twice, kept]
}

fn struck(score: &Score) -> [String; 10] {
    let Struck { throttled, busy, refused, failed, withheld, receipts_again, elsewhere, sessions } =
        score.struck;
    let lost = score.equal.answers_lost;
    let counts =
        [throttled, busy, refused, failed, withheld, receipts_again, elsewhere, sessions, lost].map(grouped);
    let [throttled, busy, refused, failed, withheld, again, elsewhere, sessions, lost] = counts;
    let protocol = score.protocol.word().to_owned();
    [protocol, throttled, busy, refused, failed, withheld, again, elsewhere, sessions, lost]
}
