//! lettre's own pool, as its documentation has it: as many workers and connections, nothing durable. It leaves Nagle's
//! algorithm on, so that the last octets of each mail wait for the far side's delayed acknowledgement.

use super::report::Score;
use crate::bench::{machine, town::DOMAIN};
use anyhow::Context;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, transport::smtp::PoolConfig};
use mingluo_model::clock::Clock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Sends so many mails with these words.
pub(super) async fn pool(
    port: u16,
    sockets: u32,
    count: u32,
    words: &str,
    clock: &dyn Clock,
) -> anyhow::Result<Score> {
    let pool = PoolConfig::new().max_size(sockets);
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1").port(port);
    let transport = transport.pool_config(pool).build();
    let next = AtomicU32::new(0);
    let (begun, cpu_s) = (clock.ticks(), machine::cpu_s("self").unwrap_or(0.0));
    let workers = (0..sockets).map(|_| async {
        while next.fetch_add(1, Ordering::Relaxed) < count {
            let mail = Message::builder()
                .from(format!("b@{DOMAIN}").parse()?)
                .to(format!("p@{DOMAIN}").parse()?)
                .subject("暴雨红色预警")
                .body(words.to_owned())?;
            transport.send(mail).await.context("lettre's pool")?;
        }
        anyhow::Ok(())
    });
    futures_util::future::try_join_all(workers).await?;
    let cpu_s = machine::cpu_s("self").unwrap_or(0.0) - cpu_s;
    let seconds = clock.ticks().saturating_sub(begun).as_secs_f64();
    Ok(Score { per_s: f64::from(count) / seconds, cpu_us: Some(cpu_s * 1e6 / f64::from(count)) })
}
