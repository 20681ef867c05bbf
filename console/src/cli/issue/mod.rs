//! `mingluo issue`: alerts from the command line, through the API with a key and under the same policy as anybody.

mod status;

use super::{
    Told as _,
    console::{Console, PATIENCE, ask, client},
    say,
};
use crate::{complaint, config::read_text};
use anyhow::bail;
use clap::Subcommand;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// 经接口操作预警。
#[derive(Debug, clap::Args)]
pub(super) struct Issue {
    #[command(flatten)]
    console: Console,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// 拟稿：读取 JSON 文件，回答受众人数（people）与条数（deliveries）。 Draft from a JSON file; answers people and deliveries.
    #[command(after_help = DRAFT)]
    Draft {
        /// 草稿 JSON。 The draft as the API takes it.
        #[arg(long)]
        file: PathBuf,
    },
    /// 修改本人的草稿：读取 JSON 文件。 Write a draft of one's own anew from a JSON file.
    #[command(
        after_help = "例 Example（格式同 draft as for draft）:\n  mingluo issue --key-file li.key edit 01989a3e-7f00-7000-8000-000000000001 --file alert.json"
    )]
    Edit {
        /// 预警编号。 The alert.
        id: String,
        /// 草稿 JSON。 The draft as the API takes it.
        #[arg(long)]
        file: PathBuf,
    },
    /// 提交。 Hand a draft in.
    #[command(
        after_help = "例 Example:\n  mingluo issue --key-file li.key submit 01989a3e-7f00-7000-8000-000000000001"
    )]
    Submit {
        /// 预警编号。 The alert.
        id: String,
    },
    /// 签发前由拟稿人撤回提交，回到草稿。 Take back what was handed in, before its release.
    #[command(
        after_help = "例 Example:\n  mingluo issue --key-file li.key retract 01989a3e-7f00-7000-8000-000000000001"
    )]
    Retract {
        /// 预警编号。 The alert.
        id: String,
    },
    /// 退回拟稿人，须说明理由；已有签署作废。 Return what is shown to the author with a reason; signatures are void.
    #[command(
        after_help = "例 Example:\n  mingluo issue --key-file zhao.key return 01989a3e-7f00-7000-8000-000000000001 --reason 区域应含抚顺县"
    )]
    Return {
        #[command(flatten)]
        sight: Sight,
        /// 理由，1 至 200 字。 Why, in at most 200 characters.
        #[arg(long)]
        reason: String,
    },
    /// 审核通过：先显示全文，所签即所示。 Approve; the words are shown, and what is shown is what is signed.
    #[command(
        after_help = "例 Example:\n  mingluo issue --key-file zhao.key approve 01989a3e-7f00-7000-8000-000000000001\n  mingluo issue --key-file zhao.key approve 01989a3e-7f00-7000-8000-000000000001 --content-hash 8f3c…"
    )]
    Approve(Sight),
    /// 签发：须键入条数，即各渠道接收人数之和，一人两个渠道计两条。 Release; the deliveries must be typed: recipients over all
    /// channels, a person on two of them counts twice.
    #[command(
        after_help = "例 Examples（先看条数 look at the number first）:\n  mingluo issue --key-file qian.key status 01989a3e-7f00-7000-8000-000000000001\n  mingluo issue --key-file qian.key release 01989a3e-7f00-7000-8000-000000000001 --deliveries 5432"
    )]
    Release {
        #[command(flatten)]
        sight: Sight,
        /// 条数，如拟稿的回答与 status 所示。 How many deliveries there are, as the draft and `status` tell.
        #[arg(long)]
        deliveries: u64,
    },
    /// 缓发期内撤回。 Recall within the hold.
    #[command(
        after_help = "例 Example:\n  mingluo issue --key-file qian.key recall 01989a3e-7f00-7000-8000-000000000001"
    )]
    Recall {
        /// 预警编号。 The alert.
        id: String,
    },
    /// 解除：先停后发。 Lift: stops what has not left, then tells those who may have got it.
    #[command(
        after_help = "例 Examples:\n  mingluo issue --key-file qian.key lift 01989a3e-7f00-7000-8000-000000000001\n  mingluo issue --key-file qian.key lift 01989a3e-7f00-7000-8000-000000000001 --body 降雨已停，险情解除。"
    )]
    Lift(Back),
    /// 更正误发：先停后发。 Correct a false alarm, in the same way.
    #[command(
        after_help = "例 Example:\n  mingluo issue --key-file qian.key correct 01989a3e-7f00-7000-8000-000000000001"
    )]
    Correct(Back),
    /// 状态与回执。 State and receipts.
    #[command(
        after_help = "例 Examples:\n  mingluo issue --key-file li.key status\n  mingluo issue --key-file li.key status 01989a3e-7f00-7000-8000-000000000001\n  mingluo issue --key-file li.key status 01989a3e-7f00-7000-8000-000000000001 --townships\n  mingluo issue --key-file li.key status 01989a3e-7f00-7000-8000-000000000001 --json"
    )]
    Status(Status),
}

/// What a draft looks like, whole.
const DRAFT: &str = concat!(
    "草稿 A draft (alert.json):\n",
    include_str!("draft.json"),
    "
  hazard       灾种代码或名称（区域包 event_types.csv） event type by code or name
  grade        red orange yellow blue，或 红色 橙色 黄色 蓝色
  headline     标题，留空则自动生成 made by itself when empty
  body         正文 the text
  instruction  防御指引，可省略 what people should do; may be left out
  area         区划代码或名称，最危险的在前 divisions by code or name, the most endangered first
  groups       只发给这些人群，空为全部 only these groups; empty is everybody
  channels     渠道，空为所有已配置的 channels; empty is all that are configured
  reserve      主渠道未送达者改用的渠道 for those whom the others fail to reach
  expires      失效时间：带时区的 RFC 3339，或 1970 年以来的毫秒数 RFC 3339 with an offset, or milliseconds since 1970
  follows      可省略 may be left out: {\"update\": ID}, {\"lift\": ID}, {\"correction\": ID}

例 Example:
  mingluo issue --server http://127.0.0.1:8080 --key-file li.key draft --file alert.json"
);

/// Whose state is asked for, and how it is told.
#[derive(Debug, clap::Args)]
struct Status {
    /// 预警编号；不填则列出全部。 The alert; all of them without it.
    id: Option<String>,
    /// 输出接口的 JSON 原文。 The API's JSON as it is.
    #[arg(long)]
    json: bool,
    /// 另列各乡镇（街道）。 Each township as well.
    #[arg(long, requires = "id", conflicts_with = "json")]
    townships: bool,
}

/// What an officer has looked at and signs.
#[derive(Debug, clap::Args)]
struct Sight {
    /// 预警编号。 The alert.
    id: String,
    /// 看过的内容，如 status 所示；内容已变则不签。在终端上可不填：先显示全文，再问一次。 The content that was looked at, as `status`
    /// tells it: if it was changed since, nothing is signed. On a terminal it may be left out: the words are shown, and asked about.
    #[arg(long, value_name = "HASH")]
    content_hash: Option<String>,
}

/// What is taken back.
#[derive(Debug, clap::Args)]
struct Back {
    /// 预警编号。 The alert.
    id: String,
    /// 文字；不填则用预先写好的。改动文字后按原预警级别签署。 The words; those written beforehand without it. Other words
    /// are signed by the rule of the earlier warning's grade, and sending goes on until they are.
    #[arg(long)]
    body: Option<String>,
}

impl Back {
    fn request(&self, client: &Client, base: &str, verb: &str) -> RequestBuilder {
        client.post(format!("{base}/{}/{verb}", self.id)).json(&json!({ "body": self.body }))
    }
}

impl Sight {
    /// The hash that is signed. Unless one was given, the alert is read and shown, and somebody must say that it is meant.
    async fn hash(&self, client: &Client, base: &str, key: &str) -> anyhow::Result<Value> {
        if let Some(hash) = &self.content_hash {
            return Ok(json!(hash));
        }
        let shown = ask(client.get(format!("{base}/{}", self.id)).bearer_auth(key)).await?;
        status::one(&shown, false).iter().for_each(aside);
        if !std::io::stdin().is_terminal() {
            bail!(
                "--content-hash: 没有填写，也没有人可问；请先看 `mingluo issue status {}`，再填其中的内容摘要\n    is missing and nobody is there to \
                 be asked; look at `mingluo issue status {}` and give the content hash that it tells",
                self.id,
                self.id
            );
        }
        aside("照此办理？键入 y 确认。 Is this what you mean? Type y.");
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        if answer.trim() != "y" {
            bail!("没有确认，未作任何更改\n    not confirmed, nothing was changed");
        }
        Ok(shown["content_hash"].clone())
    }
}

#[expect(clippy::print_stderr, reason = "what is signed is shown to a person; the answer is for programs")]
fn aside(line: impl std::fmt::Display) {
    eprintln!("{line}");
}

impl Issue {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let (key, base, client) = (self.console.key()?, self.console.url("/alerts"), client(PATIENCE)?);
        let key = key.as_str();
        let request = match &self.verb {
            Verb::Draft { file } => client.post(&base).json(&order(file)?),
            Verb::Edit { id, file } => client.post(format!("{base}/{id}/edit")).json(&order(file)?),
            Verb::Retract { id } => client.post(format!("{base}/{id}/retract")),
            Verb::Return { sight, reason } => {
                let hash = sight.hash(&client, &base, key).await?;
                let body = json!({ "content_hash": hash, "reason": reason });
                client.post(format!("{base}/{}/return", sight.id)).json(&body)
            }
            Verb::Submit { id } => client.post(format!("{base}/{id}/submit")),
            Verb::Approve(sight) => {
                let hash = sight.hash(&client, &base, key).await?;
                client.post(format!("{base}/{}/approve", sight.id)).json(&json!({ "content_hash": hash }))
            }
            Verb::Release { sight, deliveries } => {
                let hash = sight.hash(&client, &base, key).await?;
                let body = json!({ "content_hash": hash, "deliveries": deliveries });
                client.post(format!("{base}/{}/release", sight.id)).json(&body)
            }
            Verb::Recall { id } => client.post(format!("{base}/{id}/recall")),
            Verb::Lift(back) => back.request(&client, &base, "lift"),
            Verb::Correct(back) => back.request(&client, &base, "correct"),
            Verb::Status(Status { id: Some(id), .. }) => client.get(format!("{base}/{id}")),
            Verb::Status(Status { id: None, .. }) => client.get(&base),
        };
        let answer = ask(request.bearer_auth(key)).await?;
        match &self.verb {
            Verb::Status(Status { json: false, id, townships }) => match id {
                Some(_) => status::one(&answer, *townships).iter().for_each(say),
                None => status::all(&answer).iter().for_each(say),
            },
            _ => say(serde_json::to_string_pretty(&answer)?),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A draft out of a file.
fn order(file: &Path) -> anyhow::Result<Value> {
    let text = read_text("--file", file).told()?;
    let order: Result<Value, _> = complaint::json(text.as_bytes());
    order.map_err(|complaint| complaint.in_file(file)).told()
}

#[cfg(test)]
mod tests {
    use crate::office::DraftOrder;

    #[test]
    fn the_draft_in_the_help_is_a_draft() {
        let order: DraftOrder = crate::complaint::json(include_bytes!("draft.json")).unwrap();
        assert_eq!(order.expires.0, 1_783_245_600_000);
        assert_eq!((order.hazard.as_str(), order.area.len(), order.channels.len()), ("11B03", 2, 4));
    }
}
