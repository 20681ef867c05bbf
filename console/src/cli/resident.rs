//! `mingluo resident`: what residents wrote back, and who wants no messages. Numbers come from files, never from the command
//! line, where they would stand in the shell's history.

mod followers;

use super::{ConfigFile, Table, Told as _, say};
use crate::{
    app::open_store,
    config::{Config, read_text},
};
use anyhow::bail;
use clap::{Subcommand, ValueEnum};
use followers::Followers;
use mingluo_ledger::{Store, audit::AuditLine, store::StoredReply};
use mingluo_model::{
    clock::{Clock, system::SystemClock},
    mode::ModeKind,
    reply::{Portion, Wish},
};
use mingluo_targeting::roster::{masked, phone};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

/// Lines that a complaint names before it says "and so on".
const MOST_NAMED: usize = 5;

/// 居民。
#[derive(Debug, clap::Args)]
pub(super) struct Resident {
    #[command(flatten)]
    file: ConfigFile,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// 列出居民回复的短信，最新的在前。 What residents wrote back, the latest first.
    #[command(
        after_help = "例 Examples:\n  mingluo resident --config mingluo.toml replies\n  mingluo resident --config mingluo.toml replies --limit 500 --json"
    )]
    Replies(Replies),
    /// 退订：文件中的号码不再收到短信；运行中的服务一分钟内生效。 Opt-outs: these numbers get no more messages, within a minute
    /// where the service runs.
    #[command(
        after_help = "例 Example（每行一个号码 one number a line）:\n  mingluo resident --config mingluo.toml opt-out --phone-file refused.txt"
    )]
    OptOut(Phones),
    /// 恢复：文件中的号码重新接收短信。 Opt-ins: these numbers get messages again.
    #[command(
        after_help = "例 Example:\n  mingluo resident --config mingluo.toml opt-in --phone-file again.txt"
    )]
    OptIn(Phones),
    /// 公众号关注者中说过地区的，写成名册的行。 Followers of the WeChat account who said where they live, as rows of a roster.
    #[command(
        after_help = "例 Example:\n  mingluo resident --config mingluo.toml followers --out followers.csv\n\n导入名册前把其中各行并入名册，这些人才会收到预警；每次导入前重新导出。\nPut its rows into the roster before each import: only who is in the roster is warned."
    )]
    Followers(Followers),
}

#[derive(Debug, clap::Args)]
struct Replies {
    /// 实发或演练。 Live or drill.
    #[arg(long, value_enum, default_value = "live")]
    mode: ModeWord,
    /// 最多列多少条。 How many at most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// 显示完整号码（个人信息，请妥善保管）。 Show whole numbers: personal data, handle with care.
    #[arg(long)]
    numbers: bool,
    /// 输出 JSON。 Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Phones {
    /// 实发或演练。 Live or drill.
    #[arg(long, value_enum, default_value = "live")]
    mode: ModeWord,
    /// 号码文件，每行一个手机号；空行和 # 开头的行不算。 One mobile number a line; empty lines and lines with # do not count.
    #[arg(long)]
    phone_file: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ModeWord {
    Live,
    Drill,
}

impl From<ModeWord> for ModeKind {
    fn from(word: ModeWord) -> Self {
        match word {
            ModeWord::Live => Self::Live,
            ModeWord::Drill => Self::Drill,
        }
    }
}

impl Resident {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::read(&self.file.config).told()?;
        let store = open_store(&config).await.told()?;
        match self.verb {
            Verb::Replies(replies) => {
                let kept = store.replies(replies.mode.into(), None, replies.limit).await?;
                replies.tell(&kept, &config)?;
            }
            Verb::OptOut(phones) => phones.change(store.as_ref(), Wish::OptOut).await?,
            Verb::OptIn(phones) => phones.change(store.as_ref(), Wish::OptIn).await?,
            Verb::Followers(followers) => followers.run(store.as_ref(), &config).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Replies {
    fn tell(&self, kept: &[StoredReply], config: &Config) -> anyhow::Result<()> {
        let number = |kept: &StoredReply| {
            let number = kept.reply.from.expose();
            if self.numbers { number.to_owned() } else { masked(number) }
        };
        if self.json {
            let told = kept.iter().map(|kept| {
                json!({
                    "id": kept.id, "at": kept.reply.at, "account": kept.account, "from": number(kept),
                    "to": kept.reply.to, "part": kept.reply.part.map(part_json), "wish": wish(kept.reply.wish()).1, "words": kept.reply.words,
                })
            });
            say(json!(told.collect::<Vec<_>>()));
            return Ok(());
        }
        let zone = config.zone().told()?;
        let mut table =
            Table::new(["时间\nat", "号码\nfrom", "账号\naccount", "意思\nwish", "段\npart", "内容\nwords"]);
        for kept in kept {
            let at = kept.reply.at.to_jiff().unwrap_or(jiff::Timestamp::MIN).to_zoned_datetime(zone.clone());
            let (zh, en) = wish(kept.reply.wish());
            table.row([
                at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
                number(kept),
                kept.account.0.clone(),
                format!("{zh} {en}"),
                kept.reply.part.map(part_text).unwrap_or_default(),
                harmless(&kept.reply.words),
            ]);
        }
        table.lines().iter().for_each(say);
        Ok(())
    }
}

impl Phones {
    /// All or nothing: one bad line, and nobody is taken off or on.
    async fn change(&self, store: &dyn Store, wish: Wish) -> anyhow::Result<()> {
        let text = read_text("--phone-file", &self.phone_file).told()?;
        let (mut hashes, mut bad) = (Vec::new(), Vec::new());
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match phone(line) {
                Ok(address) => hashes.push(store.vault().address_hash(&address)),
                Err(_) => bad.push(format!("{number} ({})", masked(line))),
            }
        }
        self.refuse(&bad, hashes.is_empty())?;
        let (action, out, back) = match wish {
            Wish::OptIn => ("resident.opt_in", &[][..], hashes.as_slice()),
            _ => ("resident.opt_out", hashes.as_slice(), &[][..]),
        };
        let mode = ModeKind::from(self.mode);
        let line = AuditLine {
            at: SystemClock::shared().now(),
            actor: AuditLine::SYSTEM.to_owned(),
            action: action.to_owned(),
            subject: self.phone_file.display().to_string(),
            detail: json!({ "numbers": hashes.len(), "mode": mode }),
        };
        store.change_opt_outs(mode, out, back, line).await?;
        let (zh, en) = self::wish(wish);
        say(format_args!("{zh} {en}: {}", hashes.len()));
        Ok(())
    }

    fn refuse(&self, bad: &[String], nobody: bool) -> anyhow::Result<()> {
        let file = self.phone_file.display();
        if !bad.is_empty() {
            let named = bad[..bad.len().min(MOST_NAMED)].join(", ");
            bail!(
                "--phone-file {file}: {} 行不是手机号：{named}；请写 11 位号码，每行一个；未作任何更改\n    {} lines are no mobile numbers: {named}; write eleven digits, one number a line; nothing was changed",
                bad.len(),
                bad.len()
            );
        }
        if nobody {
            bail!(
                "--phone-file {file}: 没有号码；请每行写一个手机号\n    holds no number; write one mobile number a line"
            );
        }
        Ok(())
    }
}

/// A stranger's words on one line, without what would steer a terminal (control characters, marks of writing direction).
fn harmless(words: &str) -> String {
    let steers = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().map(|letter| if steers(letter) { char::REPLACEMENT_CHARACTER } else { letter }).collect()
}

/// `2/3 #261`: the second of three parts of the message that the phone numbered 261.
fn part_text(part: Portion) -> String {
    match part {
        Portion::UNNUMBERED => "?".to_owned(),
        Portion { reference, number, total } => format!("{number}/{total} #{reference}"),
    }
}

fn part_json(part: Portion) -> serde_json::Value {
    json!({ "reference": part.reference, "number": part.number, "total": part.total })
}

const fn wish(wish: Wish) -> (&'static str, &'static str) {
    match wish {
        Wish::OptOut => ("退订", "opt-out"),
        Wish::OptIn => ("恢复", "opt-in"),
        Wish::Code => ("确认码", "code"),
        Wish::Other => ("来信", "message"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_longer_message_is_shown_with_its_place() {
        let second = Portion { reference: 261, number: 2, total: 3 };
        assert_eq!((part_text(second), part_text(Portion::UNNUMBERED)), ("2/3 #261".into(), "?".into()));
        assert_eq!(part_json(second), json!({ "reference": 261, "number": 2, "total": 3 }));
    }

    #[test]
    fn a_strangers_words_do_not_steer_the_terminal() {
        assert_eq!(harmless("水进屋了\n快来"), "水进屋了 快来");
        assert_eq!(harmless("\u{1b}[2J\u{202e}abc"), "\u{fffd}[2J\u{fffd}abc");
    }
}
