//! What a rehearsal is told on the command line.

use crate::sim_smsc::Faults;
use clap::ValueEnum;
use jiff::SignedDuration;
use mingluo_model::{audience::ChannelKind, clock::Timestamp};
use std::{num::NonZeroU32, path::PathBuf, time::Duration};

/// 排练整座城市:真程序、真协议、虚拟居民、模拟对端。
///
/// Rehearses the whole city on this machine: the real programs and protocols, pretend residents, pretend far sides.
/// Nothing leaves this machine and nobody gets anything.
#[derive(Debug, Clone, clap::Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[command(name = "rehearsal", version, after_help = EXAMPLES)]
pub struct Options {
    /// 发完核对后即结束,不保持运行 / end after the verdict instead of staying up: exit code 0 good, 1 not.
    #[arg(long)]
    pub once: bool,
    /// 区域内手机数(含责任人,不会少于责任人) / mobile numbers in the area, duty persons among them and never fewer than these.
    #[arg(long, value_name = "N", default_value_t = 3_000, value_parser = clap::value_parser!(u64).range(1..=1_600_000))]
    pub residents: u64,
    /// 大喇叭数,缺省每村一个 / speaker boxes; one in each village without it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=50_000))]
    pub boxes: Option<u64>,
    /// 区划代码或名称,以逗号分隔 / divisions by code or name.
    #[arg(
        long,
        value_name = "CODE[,CODE]",
        value_delimiter = ',',
        default_value = "210423100,210423101,210423107"
    )]
    pub area: Vec<String>,
    /// 预警正文:文本文件,或每行一条 JSON 的 .jsonl / the words: a text file, or one JSON object a line (.jsonl).
    #[arg(long, value_name = "FILE", conflicts_with = "cap")]
    pub text: Option<PathBuf>,
    /// .jsonl 文件的第几行,缺省为第 1 行 / which line of a .jsonl file; the first without it.
    #[arg(long, value_name = "N", requires = "text")]
    pub line: Option<usize>,
    /// 灾种代码或名称,如 11B03 或 暴雨 / event type by code or name.
    #[arg(long, value_name = "WORD")]
    pub hazard: Option<String>,
    /// 级别:red orange yellow blue 或 红色 橙色 黄色 蓝色 / the grade.
    #[arg(long, value_name = "WORD")]
    pub grade: Option<String>,
    /// 失效:多久之后(如 6h)或时刻(如 2026-07-05T18:00:00+08:00) / when it ends: from now, or an instant.
    #[arg(long, value_name = "WHEN", value_parser = expiry)]
    pub expires: Option<Expiry>,
    /// 用一份 CAP 文件作预警,改用 --area 的区域 / take the warning from a CAP document, for --area instead of its own.
    #[arg(long, value_name = "FILE")]
    pub cap: Option<PathBuf>,
    /// CAP 改以此刻为准,时长不变(至多 24 小时) / date the CAP anew from now on, as long as before (24 hours at most).
    #[arg(long, requires = "cap")]
    pub redate: bool,
    /// 短信每秒条数(通道许可),缺省折算为约四秒发完 / SMS parts a second, as the gateway's licence; without it so many that
    /// sending takes about four seconds.
    #[arg(long, value_name = "N")]
    pub licence: Option<NonZeroU32>,
    /// 首帧到达模拟端后多久用 SIGKILL 杀掉 mingluo,随即重启 / SIGKILL mingluo so long after the first frame, and restart it.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub kill_after: Option<Duration>,
    /// --kill-after 杀谁:mingluo,或短信模拟端(它先记录再应答,重启后接着来) / whom --kill-after kills: mingluo, or the pretend SMS
    /// centre, which then keeps what it answers and goes on with it.
    #[arg(long, value_enum, value_name = "WHOM", requires = "kill_after", conflicts_with = "carriers", default_value_t = Victim::Mingluo)]
    pub kill: Victim,
    /// 在模拟端埋一个错,核对必须发现 / plant one fault in the simulator; the judge must find it.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub plant: Option<Plant>,
    /// 短信按运营商分流:移动 CMPP、联通 SGIP、电信 SMGP、广电 SMPP,各有一个模拟网关,一并核对 / short messages split by carrier,
    /// with a pretend gateway for each in its own protocol, judged together.
    #[arg(long)]
    pub carriers: bool,
    /// 短信模拟端的其他故障,写法同 sim-smsc 的命令行 / other faults of the SMS centre, as on sim-smsc's own command line.
    #[arg(long, value_name = "KNOBS", value_parser = knobs, allow_hyphen_values = true)]
    pub smsc_faults: Option<Knobs>,
    /// 数据库 / the store.
    #[arg(long, value_enum, default_value_t = Engine::Sqlite)]
    pub engine: Engine,
    /// 渠道,缺省为可用的全部 / channels; all that can be rehearsed without it.
    #[arg(long, value_name = "WORDS", value_delimiter = ',', value_parser = channel)]
    pub channels: Vec<ChannelKind>,
    /// 随机种子:同一种子同一批居民和故障 / the seed of residents and faults.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// 结果以 JSON 输出到标准输出 / the result as JSON on standard output; all else goes to standard error.
    #[arg(long)]
    pub json: bool,
    /// mingluo 记下最详细的日志,结束后搜查:不得有任何地址或密钥 / mingluo logs all it can, and no address and no secret may be found
    /// in it afterwards.
    #[arg(long)]
    pub search_logs: bool,
    /// 运行目录放在此处并保留(须为空) / keep the run in this directory; it must be empty or absent.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// mingluo 与各模拟程序所在目录,缺省为本程序所在处 / where mingluo and the simulators are; beside this program without it.
    #[arg(long, value_name = "DIR", env = "MINGLUO_BIN_DIR")]
    pub bin_dir: Option<PathBuf>,
}

const EXAMPLES: &str = "示例 / Examples:
  deploy/rehearse --once
      三个乡镇的暴雨红色预警 / a red rainstorm warning for three townships
  deploy/rehearse --once --text warnings.jsonl --line 7 --grade orange
      用别处的预警正文 / somebody else's words
  deploy/rehearse --once --cap alert.xml --redate --area 210423100
      用一份 CAP,改时间和区域 / a CAP document with a new date and area
  deploy/rehearse --once --kill-after 2s
      发到一半杀掉再起,不丢,重发不过窗口 / killed half way: nothing lost, doubles within the window
  deploy/rehearse --once --channels sms --kill-after 2s --kill gateway
      发到一半杀掉短信中心再起 / the SMS centre killed half way and started again
  deploy/rehearse --once --search-logs
      日志记到最细,再搜查有无地址和密钥 / the most detailed logs, searched for addresses and secrets
  deploy/rehearse --once --plant lose-one
      埋一个错,应以 1 退出 / one planted fault, which must end with exit code 1
  deploy/rehearse --once --smsc-faults '--per-second 500 --busy-percent 5 --double-percent 2' --licence 1000
      短信中心只放行许可的一半,又忙又重发回执 / a centre that grants half the licence, is busy and repeats receipts
  deploy/rehearse --once --carriers
      四家运营商四种协议,各收各的号码 / four carriers in four protocols, each with its own numbers
  deploy/rehearse --once --residents 1600000 --area 2104 --licence 20000
      全市规模,对照指标 / the full size, against its bars";

/// When the warning ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// So long from now.
    After(Duration),
    /// At this instant.
    At(Timestamp),
}

/// Words of the simulator's command line that it was seen to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knobs(pub Vec<String>);

/// One fault in a simulator (埋错).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Plant {
    /// 一条应答后即忘 / one part is answered as taken and forgotten.
    LoseOne,
    /// 一条按收到两次计 / one part is counted as if it had come twice.
    DoubleOne,
    /// 一份回执记为已发而未发 / one receipt is counted as sent and never sent.
    DropReceipt,
}

impl Plant {
    /// The word on command lines.
    pub const fn word(self) -> &'static str {
        match self {
            Self::LoseOne => "lose-one",
            Self::DoubleOne => "double-one",
            Self::DropReceipt => "drop-receipt",
        }
    }
}

/// Who is killed half way (被杀者).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Victim {
    /// 鸣锣本身 / the city's own program.
    Mingluo,
    /// 短信模拟端 / the pretend SMS centre.
    Gateway,
}

impl Victim {
    /// The program's name.
    pub const fn program(self) -> &'static str {
        match self {
            Self::Mingluo => "mingluo",
            Self::Gateway => "sim-smsc",
        }
    }
}

/// The store that is rehearsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// 本次运行自己的文件 / a file of this run.
    Sqlite,
    /// 为本次运行启动的 PostgreSQL / a PostgreSQL server of its own, started for this run.
    Postgres,
}

fn duration(text: &str) -> Result<Duration, String> {
    let fix = || "请写成 2s、500ms 或 1m30s / give a time like 2s, 500ms or 1m30s".to_owned();
    let read: SignedDuration = text.parse().map_err(|_| fix())?;
    Duration::try_from(read).map_err(|_| fix())
}

fn expiry(text: &str) -> Result<Expiry, String> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Ok(Expiry::At(instant.into()));
    }
    let fix = "请写多久之后(如 6h)或时刻(如 2026-07-05T18:00:00+08:00) / give a time from now like 6h, or an instant like that";
    duration(text).map(Expiry::After).map_err(|_| fix.to_owned())
}

fn knobs(text: &str) -> Result<Knobs, String> {
    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        _faults: Faults,
    }
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let line = std::iter::once("sim-smsc").chain(words.iter().map(String::as_str));
    <Line as clap::Parser>::try_parse_from(line).map_err(|error| error.to_string())?;
    Ok(Knobs(words))
}

/// The channels that have a pretend far side in a rehearsal.
const REHEARSED: [ChannelKind; 4] =
    [ChannelKind::Sms, ChannelKind::Speaker, ChannelKind::WeChat, ChannelKind::Email];

fn channel(word: &str) -> Result<ChannelKind, String> {
    let found = REHEARSED.into_iter().find(|kind| kind.word() == word || kind.zh() == word);
    found.ok_or_else(|| "只有 sms、speaker、wechat、email / give sms, speaker, wechat or email".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn read(words: &[&str]) -> Result<Options, clap::Error> {
        Options::try_parse_from([&["rehearsal"], words].concat())
    }

    #[test]
    fn the_options_of_the_city_are_read() {
        let options =
            read(&["--once", "--area", "210423100,红透山镇", "--kill-after", "2s", "--expires", "90m"])
                .unwrap();
        assert_eq!(options.area, ["210423100", "红透山镇"]);
        assert_eq!(options.kill_after, Some(Duration::from_secs(2)));
        assert_eq!(options.expires, Some(Expiry::After(Duration::from_mins(90))));
        let at = read(&["--expires", "2026-07-05T18:00:00+08:00"]).unwrap().expires;
        assert_eq!(at, Some(Expiry::At(Timestamp(1_783_245_600_000))));
        let faults = read(&["--smsc-faults", "--per-second 500 --double-percent 2"]).unwrap().smsc_faults;
        assert_eq!(faults.unwrap().0, ["--per-second", "500", "--double-percent", "2"]);
    }

    #[test]
    fn mingluo_is_killed_unless_the_gateway_is_named() {
        assert_eq!(read(&["--kill-after", "2s"]).unwrap().kill, Victim::Mingluo);
        assert_eq!(read(&["--kill-after", "2s", "--kill", "gateway"]).unwrap().kill, Victim::Gateway);
        assert!(read(&["--kill", "gateway"]).unwrap_err().to_string().contains("--kill-after"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        for words in [
            &["--residents", "1600001"][..],
            &["--residents", "0"],
            &["--licence", "0"],
            &["--kill-after", "soon"],
            &["--expires=-1h"],
            &["--channels", "pigeon"],
            &["--smsc-faults", "--per-second soon"],
            &["--smsc-faults", "--unknown 1"],
            &["--text", "a", "--cap", "b"],
            &["--redate"],
        ] {
            let said = read(words).unwrap_err().to_string();
            let option = words[0].split('=').next().unwrap();
            assert!(said.contains(option), "{said}");
        }
    }
}
