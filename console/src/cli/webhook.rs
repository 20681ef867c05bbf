//! `mingluo webhook`: what was told to the targets of webhooks, and how it is told again. It writes into the ledger only; the
//! city that runs does the sending.

use super::{ConfigFile, Table, Told as _, say};
use crate::{app::open_store, config::Config};
use anyhow::bail;
use clap::Subcommand;
use jiff::{civil, tz::TimeZone};
use mingluo_channels::webhook::WebhookConfig;
use mingluo_ledger::{
    Store,
    audit::AuditLine,
    store::{Replay, WebhookAttempt},
};
use mingluo_model::{
    clock::{Clock, Timestamp, system::SystemClock},
    id::AlertId,
    mode::ModeKind,
};
use serde_json::json;
use std::process::ExitCode;

/// 推送订阅。
#[derive(Debug, clap::Args)]
pub(super) struct Webhook {
    #[command(flatten)]
    file: ConfigFile,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// 列出推送请求，最新的在前：时间、目标、事件、预警、HTTP 状态或错误、耗时。 The requests, the latest first.
    #[command(
        after_help = "例 Examples:\n  mingluo webhook --config mingluo.toml log\n  mingluo webhook --config mingluo.toml log --target media-desk --limit 500 --json"
    )]
    Log(Log),
    /// 重新推送：一条预警，或某时以来的全部；webhook-id 不变，签名重作。 Send again: one warning, or all since a time; under the same
    /// webhook-id, signed anew.
    #[command(
        after_help = "例 Examples:\n  mingluo webhook --config mingluo.toml replay --target media-desk --alert 019f53de-d480-7000-8000-0123456789ab\n  mingluo webhook --config mingluo.toml replay --target media-desk --since 2026-07-12T08:00"
    )]
    Replay(Again),
}

#[derive(Debug, clap::Args)]
struct Log {
    /// 只列这个目标的。 Only those to this target.
    #[arg(long)]
    target: Option<String>,
    /// 最多列多少条。 How many at most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// 输出 JSON。 Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Again {
    /// 目标的名称，即 [[webhook]] 的 name。 The target's name in the configuration.
    #[arg(long)]
    target: String,
    /// 重推这条预警。 This warning.
    #[arg(long, required_unless_present = "since", conflicts_with = "since")]
    alert: Option<AlertId>,
    /// 重推此时以来的，如 2026-07-12T08:00（部署时区）或 2026-07-12T08:00:00+08:00。 All since then, on the deployment's clock
    /// unless an offset is given.
    #[arg(long)]
    since: Option<String>,
}

impl Webhook {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::read(&self.file.config).told()?;
        let store = open_store(&config).await.told()?;
        match self.verb {
            Verb::Log(log) => {
                let attempts = store.webhook_log(log.target.as_deref(), log.limit).await?;
                log.tell(&attempts, &config)?;
            }
            Verb::Replay(again) => again.ask(&config, store.as_ref()).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Log {
    fn tell(&self, attempts: &[WebhookAttempt], config: &Config) -> anyhow::Result<()> {
        if self.json {
            let told = attempts.iter().map(|attempt| {
                let end = attempt.end.as_ref();
                json!({
                    "number": attempt.number, "at": attempt.begun, "target": attempt.target, "event": attempt.event,
                    "alert": attempt.alert, "status": end.and_then(|end| end.answer.as_ref().ok()),
                    "error": end.and_then(|end| end.answer.as_ref().err()),
                    "took_ms": end.map(|end| end.took.as_millis()),
                })
            });
            say(json!(told.collect::<Vec<_>>()));
            return Ok(());
        }
        let zone = config.zone().told()?;
        let mut table = Table::new([
            "时间\nat",
            "目标\ntarget",
            "事件\nevent",
            "预警\nalert",
            "结果\nanswer",
            "毫秒\nms",
        ]);
        for attempt in attempts {
            let at = attempt.begun.to_jiff().unwrap_or(jiff::Timestamp::MIN).to_zoned_datetime(zone.clone());
            table.row([
                at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
                attempt.target.clone(),
                attempt.event.clone(),
                attempt.alert.to_string(),
                answer(attempt),
                attempt.end.as_ref().map(|end| end.took.as_millis().to_string()).unwrap_or_default(),
            ]);
        }
        table.lines().iter().for_each(say);
        Ok(())
    }
}

fn answer(attempt: &WebhookAttempt) -> String {
    match attempt.end.as_ref().map(|end| &end.answer) {
        None => "未完成 unfinished".to_owned(),
        Some(Ok(status)) => status.to_string(),
        Some(Err(fault)) if fault == "no-connection" => "连接不上 no connection".to_owned(),
        Some(Err(_)) => "没有应答 no answer".to_owned(),
    }
}

impl Again {
    async fn ask(&self, config: &Config, store: &dyn Store) -> anyhow::Result<()> {
        let target = self.target(config)?;
        let which = match (self.alert, &self.since) {
            (Some(alert), _) => Replay::Alert(alert),
            (None, Some(since)) => Replay::Since(instant(since, &config.zone().told()?)?),
            (None, None) => bail!("请写明 --alert 或 --since\n    give --alert or --since"),
        };
        if let Some(alert) = self.alert {
            refuse_others(store, target, alert).await?;
        }
        let now = SystemClock::shared().now();
        store.know_webhooks(&[target.name.trim()], now).await?;
        let mut count = 0;
        for mode in [ModeKind::Live, ModeKind::Drill] {
            if mode == ModeKind::Live || target.drills {
                let line = AuditLine {
                    at: now,
                    actor: AuditLine::SYSTEM.to_owned(),
                    action: "webhook.replay".to_owned(),
                    subject: target.name.clone(),
                    detail: json!({ "mode": mode, "alert": self.alert, "since": self.since }),
                };
                count += store.replay_webhooks(target.name.trim(), mode, which, now, line).await?;
            }
        }
        if count == 0 {
            bail!(
                "没有可重推的：预警须已过缓发期且未撤回；请核对 --alert 或 --since，可用 mingluo webhook log 查看\n    nothing to send again: a warning must have left and not been recalled; check --alert or --since, see mingluo webhook log"
            );
        }
        say(format_args!(
            "将重推 {count} 条（目标不要的区域、级别除外）；服务运行时几秒内送出，结果见 mingluo webhook log。\n{count} will be sent again, but for regions and grades that the target does not want; within seconds while the city runs."
        ));
        Ok(())
    }

    fn target<'a>(&self, config: &'a Config) -> anyhow::Result<&'a WebhookConfig> {
        let wanted = self.target.trim();
        if let Some(target) = config.webhook.iter().find(|target| target.name.trim() == wanted) {
            return Ok(target);
        }
        let known = config.webhook.iter().map(|target| target.name.as_str()).collect::<Vec<_>>();
        let known = if known.is_empty() { "（无 none）".to_owned() } else { known.join(", ") };
        bail!(
            "--target {wanted}: 配置中没有这个目标；请填其中之一：{known}\n    no [[webhook]] has this name; use one of: {known}"
        );
    }
}

/// Refuses a warning that this target is never told of.
async fn refuse_others(store: &dyn Store, target: &WebhookConfig, id: AlertId) -> anyhow::Result<()> {
    let Some(alert) = store.alert(id).await? else {
        bail!("--alert {id}: 没有这条预警；请核对编号\n    there is no such warning; check the id");
    };
    if alert.mode == ModeKind::Drill && !target.drills {
        let name = &target.name;
        bail!(
            "--alert {id}: 这是演练，目标 {name} 不收演练；如要收，请在其 [[webhook]] 中写 drills = true\n    this is a drill and {name} is told of none; set drills = true in its [[webhook]]"
        );
    }
    Ok(())
}

/// An instant as somebody types it.
fn instant(text: &str, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    let text = text.trim();
    let exact = text.parse::<jiff::Timestamp>().ok();
    let local = || {
        text.parse::<civil::DateTime>().ok()?.to_zoned_datetime(zone.clone()).ok().map(|at| at.timestamp())
    };
    match exact.or_else(local) {
        Some(at) => Ok(Timestamp::from(at)),
        None => bail!(
            "--since {text}: 不是时间；请写成 2026-07-12T08:00 或 2026-07-12T08:00:00+08:00\n    is no time; write it like that"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_on_the_deployments_clock_unless_it_names_its_offset() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let exact = instant("2026-07-12T08:00:00+08:00", &zone).unwrap();
        for text in ["2026-07-12T08:00", "2026-07-12 08:00:00", "2026-07-12T00:00:00Z", " 2026-07-12T08 "] {
            assert_eq!(instant(text, &zone).unwrap(), exact, "{text}");
        }
        assert!(instant("2026-07-12T09:00", &zone).unwrap() > exact);
        let told = instant("yesterday", &zone).unwrap_err().to_string();
        assert!(told.contains("--since yesterday") && told.contains("2026-07-12T08:00"), "{told}");
    }
}
