//! The knobs. Every one is off by default.

use std::{ops::RangeInclusive, str::FromStr, sync::Arc};

use mingluo_channels::sms::smpp::MessageState;

use super::dice::{Dice, Throw};

/// What goes wrong, and how often. Percentages are of parts, chosen by hash of seed, destination and part.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "故障 / faults")]
pub struct Faults {
    /// 随机种子 / the seed of all chance; the same seed gives the same faults.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// 每秒最多收多少条(滑动一秒),超出答流控;0 为不限 / parts taken in any sliding second, 0 for any.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub per_second: u32,
    /// 应答延迟 / milliseconds before each submit is answered.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub latency_ms: u32,
    /// 首次提交答“忙”(0x58 或 0x14),再提交则收 / answered busy the first time, taken the next.
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = percent)]
    pub busy_percent: f64,
    /// 前 N 条一律答禁发(SMGP 74);其他协议答拒收 / the first N are answered that sending is forbidden now (SMGP 74), as
    /// refused in the other protocols.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub closed_first: u64,
    /// 首条到达后 N 毫秒内一律答“稍后再试”(SMPP 0x08,CMPP 100,SMGP 128,SGIP 32);记为 busy / everything is answered "try later" for
    /// so many milliseconds from the first submit on; logged as busy.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub temporary_for_ms: u32,
    /// 始终答“忙”,一条不收;记为 busy / everything is answered busy for ever; logged as busy.
    #[arg(long)]
    pub busy_always: bool,
    /// 提交一律不答不收,链路检测照答;记为 busy / no submit is taken or answered, signs of life are; logged as busy.
    #[arg(long)]
    pub mute_submits: bool,
    /// 一律拒收:号码错(0x0B) / refused as a bad destination.
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = percent)]
    pub refuse_percent: f64,
    /// 回执为 UNDELIV / taken, and the receipt says UNDELIV.
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = percent)]
    pub fail_percent: f64,
    /// 永不回执,记为 withheld / taken, and no receipt ever; logged as withheld.
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = percent)]
    pub silent_percent: f64,
    /// 谎报:回执 DELIVRD,记录为 lied / the receipt says DELIVRD and the log says lied.
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = percent)]
    pub lie_percent: f64,
    /// 回执迟来 A 到 B 毫秒 / milliseconds from the answer to the receipt.
    #[arg(long, value_name = "A..B", default_value = "0..0")]
    pub late_ms: Span,
    /// 回执来两次 / the receipt comes twice.
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = percent)]
    pub double_percent: f64,
    /// 回执先于应答 / the receipt comes before the answer.
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = percent)]
    pub receipt_first_percent: f64,
    /// 回执走同一账号的任一连接 / receipts come on any session of the account, in turn.
    #[arg(long)]
    pub other_session: bool,
    /// 每条连接收 N 条后在半个报文处断开;0 为不断 / each session breaks in mid-frame after N submits, 0 for never.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub die_after: u64,
    /// 每条连接收 N 条后发一个错误的报文长度并断开;0 为不发。与 --die-after 同设时,每条连接取其一 / each session sends a length that
    /// lies after N submits; with --die-after as well, each session does one of both.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub wrong_length_after: u64,
    /// 约定的窗口:超过者计入 over_window,照收;0 为不查 / the agreed window: what exceeds it is counted and taken.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub window: u32,
    /// 每条连接收 200 条后停读一次 / each session reads nothing for so long, once, after 200 submits.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub stall_ms: u32,
    /// 回执未获应答,多久后重发 / milliseconds before an unanswered receipt is sent again.
    #[arg(long, value_name = "MS", default_value_t = 30_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub resend_ms: u32,
    /// 每条连接最多有多少未应答的回执 / unanswered receipts a session may have.
    #[arg(long, value_name = "N", default_value_t = 4_096, value_parser = clap::value_parser!(u32).range(1..))]
    pub receipt_window: u32,
    /// 收到的人当中有多少回复一条短信 / how many of those that it reached write back.
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = percent)]
    pub reply_percent: f64,
    /// 他们回复的内容 / what they write.
    #[arg(long, value_name = "WORDS", default_value = "收到", value_parser = words)]
    pub reply_words: Arc<str>,
    /// 埋下一个错,让评判去发现 / a single fault for the judge to find.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub plant: Option<Plant>,
}

impl Faults {
    /// What the receipt of a part says.
    pub(super) fn state(&self, dice: Dice) -> MessageState {
        let fails = dice.shows(Throw::Fail, self.fail_percent) && !dice.shows(Throw::Lie, self.lie_percent);
        if fails { MessageState::Undeliverable } else { MessageState::Delivered }
    }

    /// When the receipt of a part that was taken at `taken_us` is due.
    pub(super) fn due_us(&self, dice: Dice, taken_us: i64) -> i64 {
        taken_us + i64::from(self.latency_ms) * 1_000 + dice.within_us(Throw::Late, self.late_ms)
    }
}

/// One fault that a rehearsal must find (埋错).
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Plant {
    /// One part is answered as taken and forgotten: neither logged nor receipted.
    LoseOne,
    /// One part is logged as if it had come twice.
    DoubleOne,
    /// One receipt is logged as sent and never sent.
    DropReceipt,
}

/// A range of milliseconds, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The least.
    pub from_ms: u32,
    /// The most.
    pub to_ms: u32,
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        let ends = from.parse().ok().zip(to.parse().ok());
        match ends {
            Some((from_ms, to_ms)) if from_ms <= to_ms => Ok(Self { from_ms, to_ms }),
            _ => Err("give milliseconds as A..B, A not above B, like 500..3000".into()),
        }
    }
}

fn percent(text: &str) -> Result<f64, String> {
    const RANGE: RangeInclusive<f64> = 0.0..=100.0;
    text.parse().ok().filter(|percent| RANGE.contains(percent)).ok_or_else(|| "give 0 to 100".into())
}

/// Seventy characters fit one message in UCS-2 (3GPP TS 23.040 clause 9.2.3.16).
fn words(text: &str) -> Result<Arc<str>, String> {
    let fits = (1..=70).contains(&text.encode_utf16().count());
    if fits { Ok(text.into()) } else { Err("give 1 to 70 characters".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_and_a_wrong_one_is_refused_with_the_fix() {
        assert_eq!("500..3000".parse(), Ok(Span { from_ms: 500, to_ms: 3_000 }));
        assert_eq!("7".parse(), Ok(Span { from_ms: 7, to_ms: 7 }));
        assert!("9..3".parse::<Span>().unwrap_err().contains("A..B"));
        assert!(percent("101").is_err() && percent("x").is_err() && percent("0.5") == Ok(0.5));
    }
}
