//! `mingluo issue`: alerts from the command line, through the API with a key and under the same policy as anybody.

use super::say;
use anyhow::{Context, bail};
use clap::Subcommand;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// 经接口操作预警。
#[derive(Debug, clap::Args)]
pub(super) struct Issue {
    /// 控制台地址。 The console's address.
    #[arg(long, env = "MINGLUO_SERVER", default_value = "http://127.0.0.1:8080")]
    server: String,
    /// 接口密钥文件。 The file with the API key.
    #[arg(long, env = "MINGLUO_KEY_FILE")]
    key_file: PathBuf,
    /// 演练而非实发。 A drill, not a live alert.
    #[arg(long)]
    drill: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// 拟稿：读取 JSON 文件。 Draft from a JSON file.
    Draft {
        /// 草稿 JSON。 The draft as the API takes it.
        #[arg(long)]
        file: PathBuf,
    },
    /// 修改本人的草稿：读取 JSON 文件。 Write a draft of one's own anew from a JSON file.
    Edit {
        /// 预警编号。 The alert.
        id: String,
        /// 草稿 JSON。 The draft as the API takes it.
        #[arg(long)]
        file: PathBuf,
    },
    /// 提交。 Hand a draft in.
    Submit {
        /// 预警编号。 The alert.
        id: String,
    },
    /// 签发前由拟稿人撤回提交，回到草稿。 Take back what was handed in, before its release.
    Retract {
        /// 预警编号。 The alert.
        id: String,
    },
    /// 退回拟稿人，须说明理由；已有签署作废。 Return to the author with a reason; signatures are void.
    Return {
        /// 预警编号。 The alert.
        id: String,
        /// 理由，1 至 200 字。 Why, in at most 200 characters.
        #[arg(long)]
        reason: String,
    },
    /// 审核通过。 Approve.
    Approve {
        /// 预警编号。 The alert.
        id: String,
    },
    /// 签发：须输入受众人数。 Release; the number of people must be typed.
    Release {
        /// 预警编号。 The alert.
        id: String,
        /// 受众人数。 How many people it reaches, as the draft told.
        #[arg(long)]
        people: u64,
    },
    /// 缓发期内撤回。 Recall within the hold.
    Recall {
        /// 预警编号。 The alert.
        id: String,
    },
    /// 解除：先停后发。 Lift: stops what has not left, then tells those who may have got it.
    Lift(Back),
    /// 更正误发：先停后发。 Correct a false alarm, in the same way.
    Correct(Back),
    /// 状态与回执。 State and receipts.
    Status {
        /// 预警编号；不填则列出全部。 The alert; all of them without it.
        id: Option<String>,
    },
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

impl Issue {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let key = std::fs::read_to_string(&self.key_file)
            .with_context(|| format!("--key-file {}", self.key_file.display()))?;
        let mode = if self.drill { "drill" } else { "live" };
        let base = format!("{}/api/{mode}/alerts", self.server.trim_end_matches('/'));
        let client = Client::new();
        let request = match &self.verb {
            Verb::Draft { file } => client.post(&base).json(&order(file)?),
            Verb::Edit { id, file } => client.post(format!("{base}/{id}/edit")).json(&order(file)?),
            Verb::Retract { id } => client.post(format!("{base}/{id}/retract")),
            Verb::Return { id, reason } => {
                client.post(format!("{base}/{id}/return")).json(&json!({ "reason": reason }))
            }
            Verb::Submit { id } => client.post(format!("{base}/{id}/submit")),
            Verb::Approve { id } => client.post(format!("{base}/{id}/approve")),
            Verb::Release { id, people } => {
                client.post(format!("{base}/{id}/release")).json(&json!({ "people": people }))
            }
            Verb::Recall { id } => client.post(format!("{base}/{id}/recall")),
            Verb::Lift(back) => back.request(&client, &base, "lift"),
            Verb::Correct(back) => back.request(&client, &base, "correct"),
            Verb::Status { id: Some(id) } => client.get(format!("{base}/{id}")),
            Verb::Status { id: None } => client.get(&base),
        };
        say(serde_json::to_string_pretty(&ask(request.bearer_auth(key.trim())).await?)?);
        Ok(ExitCode::SUCCESS)
    }
}

fn order(file: &Path) -> anyhow::Result<Value> {
    let named = || format!("--file {}", file.display());
    let text = std::fs::read_to_string(file).with_context(named)?;
    serde_json::from_str(&text).with_context(named)
}

async fn ask(request: RequestBuilder) -> anyhow::Result<Value> {
    let response = request.send().await.context("控制台没有应答 the console does not answer")?;
    let status = response.status();
    let answer: Value = response.json().await.context("the console's answer is no JSON")?;
    if status.is_success() {
        return Ok(answer);
    }
    let told = |language: &str| answer["error"][language].as_str().unwrap_or_default().to_owned();
    bail!("{} {} ({status})", told("zh"), told("en"))
}
