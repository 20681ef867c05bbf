//! The words of the page: what a thing is called, Chinese first.

use crate::{
    journal::{Happening, Note},
    selftest::{BEIJING, Kind},
    window::{Answer, Origin},
};
use mingluo_model::{
    bulletin::BroadcastClass,
    clock::Timestamp,
    grade::Grade,
    link::{DeviceState, Event, SelfTest},
    region::Level,
};

/// A word in both languages.
pub(super) type Word = (&'static str, &'static str);

/// A moment in Beijing time.
pub(super) fn moment(at: Timestamp) -> String {
    let local = at.plus(BEIJING).to_jiff();
    local.map_or_else(|| "—".to_owned(), |local| local.strftime("%m-%d %H:%M:%S").to_string())
}

/// How long ago that was.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.since(at).as_secs();
    match seconds {
        0..60 => format!("{seconds} 秒前 s ago"),
        60..3_600 => format!("{} 分钟前 min ago", seconds / 60),
        3_600..172_800 => format!("{} 小时前 h ago", seconds / 3_600),
        _ => format!("{} 天前 days ago", seconds / 86_400),
    }
}

pub(super) const fn state(state: DeviceState) -> Word {
    match state {
        DeviceState::On | DeviceState::Recovered => ("正常待命", "Ready"),
        DeviceState::Off => ("已关机", "Off"),
        DeviceState::Fault => ("有故障，请检修", "Fault: have it looked at"),
        DeviceState::Playing => ("正在播放", "Playing"),
    }
}

pub(super) const fn grade(grade: Grade) -> Word {
    match grade {
        Grade::Blue => ("蓝色预警", "blue"),
        Grade::Yellow => ("黄色预警", "yellow"),
        Grade::Orange => ("橙色预警", "orange"),
        Grade::Red => ("红色预警", "red"),
    }
}

const fn tier(tier: Level) -> Word {
    match tier {
        Level::Province => ("省", "province"),
        Level::City => ("市", "city"),
        Level::County => ("县", "county"),
        Level::Township => ("乡镇", "township"),
        Level::Village => ("村", "village"),
    }
}

const fn class(class: BroadcastClass) -> Word {
    match class {
        BroadcastClass::Emergency => ("应急", "emergency"),
        BroadcastClass::Daily => ("日常", "daily"),
        BroadcastClass::ReleaseDrill | BroadcastClass::SimulatedDrill | BroadcastClass::RealDrill => {
            ("演练", "exercise")
        }
    }
}

pub(super) const fn test(kind: Kind) -> Word {
    match kind {
        Kind::Silent => ("静默自检", "silent self-test"),
        Kind::Audible => ("有声自检", "audible self-test"),
    }
}

/// Whence something is that sounds.
pub(super) fn origin(origin: Origin) -> String {
    match origin {
        Origin::Button => "本地按钮鸣响 the button at the box".to_owned(),
        Origin::Test(kind) => join(test(kind)),
        Origin::Bulletin(level, kind, graded) => {
            let (level, kind, graded) = (tier(level), class(kind), graded.map(grade));
            let graded = graded.unwrap_or(("", ""));
            format!("{}{} {} {} {} {}", level.0, kind.0, graded.0, level.1, kind.1, graded.1)
        }
    }
}

const fn event(event: Event) -> Word {
    match event {
        Event::Received => ("已接收", "received"),
        Event::Verified => ("已验签", "verified"),
        Event::Refused => ("已拒绝", "refused"),
        Event::Playing => ("开始播放", "playing"),
        Event::Sounded => ("已播出", "sounded"),
        Event::NotHeard => ("播放无声", "not heard"),
        Event::Ended => ("播放完毕", "ended"),
        Event::Preempted => ("被抢占", "preempted"),
        Event::Stopped => ("已停止", "stopped"),
        Event::Expired => ("已过期", "expired"),
        Event::Interrupted => ("断电中断", "interrupted"),
        Event::Other => ("其他", "other"),
    }
}

/// What happened, in a line.
pub(super) fn note(note: &Note) -> String {
    match &note.what {
        Happening::Bulletin { ebm, event: what, detail } => {
            let tail = &ebm.as_str()[23..];
            format!("指令 bulletin …{tail} {} {detail}", join(event(*what)))
        }
        Happening::SelfTest(test) => self_test(test),
        Happening::TestBrokenOff(kind) => format!("{} 中断，另有播放 broken off", join(test(*kind))),
        Happening::Mains(true) => "市电恢复 mains is back".to_owned(),
        Happening::Mains(false) => "市电中断，由电池供电 mains is away, on battery".to_owned(),
        Happening::Lid(true) => "箱门打开 the lid was opened".to_owned(),
        Happening::Lid(false) => "箱门关闭 the lid was closed".to_owned(),
        Happening::StoppedByHand(ebm) => {
            format!("人工停播 stopped by hand …{}", &ebm.as_str()[23..])
        }
        Happening::TestByHand(kind) => format!("人工启动{} asked for by hand", join(test(*kind))),
    }
}

pub(super) fn self_test(test: &SelfTest) -> String {
    let kind = self::test(if test.audible { Kind::Audible } else { Kind::Silent });
    let outcome = if test.passed { "合格 passed" } else { "不合格 FAILED" };
    format!("{} {outcome} {}", join(kind), test.detail)
}

/// What became of a wish.
pub(super) const fn answer(answer: Answer) -> Word {
    match answer {
        Answer::Done => ("已执行", "Done."),
        Answer::NotPlayed => ("该内容已不在播放", "That is not played any more."),
        Answer::NotAllowed => {
            ("本机无权停止该播放，请联系发布单位", "It may not be stopped here; ask who issued it.")
        }
        Answer::Occupied => ("正在播放或等待播放，现在不能自检", "Something sounds or waits; no test now."),
        Answer::Busy => ("终端忙，请稍后再试", "The box is busy; try again."),
    }
}

pub(super) fn join((chinese, english): Word) -> String {
    format!("{chinese} {english}")
}

/// The answer that a word of the address names.
pub(super) fn answer_of(word: &str) -> Option<Answer> {
    [Answer::Done, Answer::NotPlayed, Answer::NotAllowed, Answer::Occupied, Answer::Busy]
        .into_iter()
        .find(|known| word_of(*known) == word)
}

/// The word for an answer in an address.
pub(super) const fn word_of(answer: Answer) -> &'static str {
    match answer {
        Answer::Done => "done",
        Answer::NotPlayed => "not-played",
        Answer::NotAllowed => "not-allowed",
        Answer::Occupied => "occupied",
        Answer::Busy => "busy",
    }
}
