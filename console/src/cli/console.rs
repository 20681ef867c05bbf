//! The commands that ask a running console, through its API with a key, under the same policy as anybody.

use super::Told as _;
use crate::config::read_text;
use anyhow::{Context as _, bail};
use reqwest::{Client, RequestBuilder, redirect::Policy};
use serde_json::Value;
use std::{path::PathBuf, time::Duration};

/// How long an answer is waited for. A release is answered when it is on disk, within seconds; whoever is told of a failure
/// looks at the state before trying again.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// Which console, with which key.
#[derive(Debug, clap::Args)]
pub(super) struct Console {
    /// 控制台地址。 The console's address.
    #[arg(long, env = "MINGLUO_SERVER", default_value = "http://127.0.0.1:8080")]
    server: String,
    /// 接口密钥文件。 The file with the API key.
    #[arg(long, env = "MINGLUO_KEY_FILE")]
    key_file: PathBuf,
    /// 演练而非实发。 Of drills, not of real warnings.
    #[arg(long)]
    drill: bool,
}

impl Console {
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        ask(client(PATIENCE)?.get(self.url(path)).bearer_auth(self.key()?)).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        ask(client(PATIENCE)?.post(self.url(path)).json(body).bearer_auth(self.key()?)).await
    }

    /// The address of a path below the mode's own.
    pub(super) fn url(&self, path: &str) -> String {
        let mode = if self.drill { "drill" } else { "live" };
        format!("{}/api/{mode}{path}", self.server.trim_end_matches('/'))
    }

    pub(super) fn key(&self) -> anyhow::Result<String> {
        Ok(read_text("--key-file", &self.key_file).told()?.trim().to_owned())
    }
}

/// A client of the console alone: no proxy of the environment sees the key or stands in the way at night, a redirect does
/// not carry the key elsewhere, and a console that is silent is given up.
pub(super) fn client(patience: Duration) -> anyhow::Result<Client> {
    Ok(Client::builder().no_proxy().redirect(Policy::none()).timeout(patience).build()?)
}

/// Asks, and says in both languages what the console refuses.
pub(super) async fn ask(request: RequestBuilder) -> anyhow::Result<Value> {
    let response = request.send().await.context(
        "控制台没有应答，不知是否已办理：请先用 status 查看，再重试（--server）\n    the console does not answer, and may have done it: look with status before trying again (--server)",
    )?;
    let status = response.status();
    let answer = response.json().await;
    let answer: Value = answer
        .context("应答不是 JSON：该地址不是控制台 the answer is no JSON: no console is there (--server)")?;
    if status.is_success() {
        return Ok(answer);
    }
    let told = |language: &str| answer["error"][language].as_str().unwrap_or_default().to_owned();
    bail!("{}\n    {} ({status})", told("zh"), told("en"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, response::Redirect, routing::get};
    use tokio::net::TcpListener;

    /// What is told to somebody who asks a console that answers so.
    async fn asked(path: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let elsewhere = format!("{base}/elsewhere");
        let router = Router::new()
            .route("/silent", get(std::future::pending::<()>))
            .route("/moved", get(async move || Redirect::temporary(&elsewhere)))
            .route("/elsewhere", get(async || "{}"));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        // As the command line does before anything else.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = client(Duration::from_millis(200)).unwrap();
        let told = ask(client.get(format!("{base}{path}")).bearer_auth("key")).await.unwrap_err();
        serving.abort();
        format!("{told:#}")
    }

    #[tokio::test]
    async fn a_silent_console_is_given_up_and_a_key_goes_nowhere_else() {
        assert!(asked("/silent").await.contains("没有应答"));
        assert!(asked("/moved").await.contains("不是控制台"));
    }
}
