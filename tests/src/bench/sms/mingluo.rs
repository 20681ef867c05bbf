//! Mingluo's side: one warning to everybody, released once, everything durable.

use super::{Arena, listener::Listener, score::Score};
use crate::bench::{
    Engine,
    contest::{last_words, run},
    gateway::Gateway,
    heat::{Heat, Told, Way},
};
use anyhow::{Context, ensure};
use std::{fs, path::Path};

impl Arena<'_> {
    /// The centre has every receipt answered, which is after it is durable.
    pub(super) async fn warning(&self, folder: &Path) -> anyhow::Result<Score> {
        let mut gateway = self.gateway(folder).await?;
        let heat = self.heat(folder, gateway.port, None)?;
        let done = gateway.has_answers(self.count());
        let told = self.run(folder, &heat, done).await?;
        let last_ms = self.seen(gateway, &told).await?;
        Ok(self.score(&told, last_ms))
    }

    /// The listener has every receipt as well.
    pub(super) async fn forwarded(&self, folder: &Path) -> anyhow::Result<Score> {
        let gateway = self.gateway(folder).await?;
        let mut listener = Listener::start(self.programs, self.options.count, self.clock).await?;
        let url = format!("http://127.0.0.1:{}/lines", listener.port);
        let heat = self.heat(folder, gateway.port, Some(url))?;
        let done = listener.has(self.count());
        let told = self.run(folder, &heat, done).await?;
        let heard = listener.stop(self.count()).await?;
        self.seen(gateway, &told).await?;
        Ok(self.score(&told, heard.last_ms))
    }

    async fn run(
        &self,
        folder: &Path,
        heat: &Heat,
        done: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<Told> {
        let told = run(self.programs, folder, heat, done, &**self.clock).await;
        told.with_context(|| format!("mingluo{}", last_words(folder)))
    }

    fn heat(&self, folder: &Path, port: u16, forward: Option<String>) -> anyhow::Result<Heat> {
        let password_file = folder.join("password");
        fs::write(&password_file, "pretend\n")?;
        let database = folder.join("bench.db").display().to_string();
        let (count, window) = (self.options.count, self.options.window);
        let (way, engine, sessions) = (Way::Log, Engine::Sqlite, 1);
        Ok(Heat { way, engine, database, port, password_file, count, window, sessions, forward })
    }

    /// Demands that the centre has had everything once; when it had its last answer.
    async fn seen(&self, gateway: Gateway, told: &Told) -> anyhow::Result<i64> {
        let (seen, count) = (gateway.stop().await.context("sim-smsc")?, self.count());
        ensure!(
            (seen.distinct, seen.doubles, told.delivered) == (count, 0, count),
            "of {count} messages {} came, {} came twice, {} are delivered",
            seen.distinct,
            seen.doubles,
            told.delivered
        );
        Ok(seen.last_answered_us / 1_000)
    }

    /// From the moment at which it was asked to send, planning included.
    fn score(&self, told: &Told, last_ms: i64) -> Score {
        let asked_ms = told.released_ms as f64 - told.plan_ms;
        let count = self.count() as f64;
        Score {
            per_s: count * 1e3 / (last_ms as f64 - asked_ms),
            cpu_ms: (told.plan_cpu_s + told.cpu_s) * 1e3 / count,
            peak_bytes: told.peak_bytes,
        }
    }
}
