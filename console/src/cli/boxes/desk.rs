//! The desk (发证进程): the process that holds the authority. It certifies boxes whose code is good, and those that came in
//! with a certificate of its own and ask for the next. It is neither the
//! console, which faces the network, nor the signer: who breaks into one of them can do nothing of the others.

use super::{
    ca::{Authority, Issued, now},
    codes::{Codes, Made},
    registry::Entry,
};
use crate::{
    cli::{say, stdin_closed},
    signer::{answer_line, bind},
};
use anyhow::Context as _;
use mingluo_model::{
    bulletin::ResourceCode,
    clock::{Timestamp, system::SystemClock, within},
    enrol::{Application, Certified, NotEnrolled, Secret, Slip},
    link::renew::{NotRenewed, Petition},
};
use rand::{RngCore as _, SeedableRng as _, rngs::StdRng};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::net::UnixListener;

/// How long a certificate lives: after four months a box asks for the next, and two are left for a desk that is away or a
/// box without power. Whoever takes a box's card has half a year of it at most.
const LIFE_DAYS: u32 = 180;
/// Certificates of one box within a day, after which it must wait: an answer may be lost on a poor line, and asked for again.
const MOST_A_DAY: usize = 5;
const DAY: Duration = Duration::from_hours(24);

/// How long somebody who connected may take to say what they want.
const PATIENCE: Duration = Duration::from_secs(5);

/// 制作一次性注册码。
#[derive(Debug, clap::Args)]
pub(super) struct NewCode {
    /// 证书机构的目录。 The authority's folder.
    #[arg(long)]
    dir: PathBuf,
    /// 给哪个终端（23 位）。 The box that it is for.
    #[arg(long)]
    code: ResourceCode,
    /// 有效小时数，1–720。 Hours for which it is good.
    #[arg(long, default_value_t = 72, value_parser = clap::value_parser!(u32).range(1..=720))]
    hours: u32,
}

impl NewCode {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let authority = Authority::open(&self.dir)?.certificate()?;
        let _alone = Authority::lock(&self.dir)?;
        let slip = Slip::new(StdRng::from_os_rng().next_u64(), &authority);
        make(&self.dir, self.code, &slip.secret, self.hours)?;
        say(format_args!("注册码 code: {slip}"));
        say(format_args!(
            "只给 {} 用一次，{} 小时内有效 / for this box, once, within {} h",
            self.code, self.hours, self.hours
        ));
        say(format_args!(
            "在终端上 on the box: mingluo-speaker enrol --config /etc/mingluo/speaker.toml --city https://HOST:PORT --code {slip}"
        ));
        Ok(())
    }
}

/// Notes a code down; an earlier one of this box that was not used is good no more.
fn make(dir: &Path, code: ResourceCode, secret: &Secret, hours: u32) -> anyhow::Result<()> {
    let mut codes = Codes::read(dir)?;
    codes.made.retain(|made| made.code != code || made.used.is_some());
    let until = now().plus(Duration::from_hours(1) * hours);
    codes.made.push(Made { hash: secret.hash(), code, until, used: None, key: String::new() });
    codes.write(dir)
}

/// 发证进程。
#[derive(Debug, clap::Args)]
pub(super) struct DeskProcess {
    /// 证书机构的目录。 The authority's folder.
    #[arg(long)]
    dir: PathBuf,
    /// 监听的套接字，配到 speaker.desk_socket。 The socket; name it in speaker.desk_socket.
    #[arg(long)]
    socket: PathBuf,
    /// 证书有效天数，1–3650；过了三分之二，终端经链路自行续期。 Days for which certificates are good; after two thirds of them a box asks
    /// for the next over its link.
    #[arg(long, default_value_t = LIFE_DAYS, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    days: u32,
    /// 标准输入一关闭就退出。 End when standard input closes.
    #[arg(long)]
    until_stdin_closes: bool,
}

impl DeskProcess {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        Authority::open(&self.dir)?;
        let bound = bind(&self.socket).await;
        let listener = bound
            .with_context(|| format!("--socket {}: 不能监听 / cannot be bound", self.socket.display()))?;
        say(format_args!("发证进程已就绪 the desk is open: {}", self.socket.display()));
        tokio::select! {
            served = serve(&listener, &self.dir, self.days) => served,
            _ = tokio::signal::ctrl_c() => Ok(()),
            () = stdin_closed(), if self.until_stdin_closes => Ok(()),
        }
    }
}

/// Answers one after the other, since each rewrites the lists.
async fn serve(listener: &UnixListener, dir: &Path, days: u32) -> anyhow::Result<()> {
    let clock = SystemClock::shared();
    loop {
        let (stream, _) = listener.accept().await?;
        let answered = answer_line(stream, |line| async move { answer(dir, &line, days) });
        // Whoever says nothing must not keep the others waiting.
        match within(clock.as_ref(), PATIENCE, answered).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "a request broke off"),
            Err(late) => tracing::warn!(%late, "somebody connected and said nothing"),
        }
    }
}

/// What is answered, to each as it asked.
#[derive(Debug, serde::Serialize)]
#[serde(untagged)]
enum Told {
    Enrolled(Result<Certified, NotEnrolled>),
    Renewed(Result<String, NotRenewed>),
}

/// The fields of the two requests have no name in common, which tells them apart.
fn answer(dir: &Path, line: &str, days: u32) -> Told {
    match serde_json::from_str(line) {
        Ok(petition) => Told::Renewed(renew(dir, &petition, days, now())),
        Err(_) => Told::Enrolled(enrol(dir, line, days)),
    }
}

fn renew(dir: &Path, petition: &Petition, days: u32, now: Timestamp) -> Result<String, NotRenewed> {
    let outcome = recertify(dir, petition, days, now).unwrap_or_else(|error| {
        tracing::error!(error = format_args!("{error:#}"), "no certificate can be renewed");
        Err(NotRenewed::Unavailable)
    });
    match &outcome {
        Ok(_) => tracing::info!(box_code = %petition.box_code, "a certificate is renewed"),
        Err(why) => tracing::warn!(box_code = %petition.box_code, %why, "a certificate is not renewed"),
    }
    outcome
}

/// Certifies a box that came in with a certificate of ours that is still good. The outer error is ours: a disk, a file.
fn recertify(
    dir: &Path,
    petition: &Petition,
    days: u32,
    now: Timestamp,
) -> anyhow::Result<Result<String, NotRenewed>> {
    let _alone = Authority::lock(dir)?;
    let authority = Authority::open(dir)?;
    let mut registry = authority.registry()?;
    let Some(shown) = registry.find(petition.box_code, &petition.serial) else {
        return Ok(Err(NotRenewed::UnknownCertificate));
    };
    if shown.revoked.is_some() {
        return Ok(Err(NotRenewed::Revoked));
    }
    if !shown.is_good(now) {
        return Ok(Err(NotRenewed::Expired));
    }
    let day_ago = Timestamp(now.0 - DAY.as_millis() as i64);
    if registry.issued_since(petition.box_code, day_ago) >= MOST_A_DAY {
        return Ok(Err(NotRenewed::TooOften));
    }
    let Ok(issued) = authority.certify(&petition.csr, days) else {
        return Ok(Err(NotRenewed::BadRequest));
    };
    if issued.code != petition.box_code {
        return Ok(Err(NotRenewed::WrongBox));
    }
    let Issued { code, serial, until, pem, .. } = issued;
    registry.entries.push(Entry { serial, code, issued: now, until, revoked: None });
    // On the list before it is anybody's: one that nobody knows of could not be taken back.
    authority.note(&registry)?;
    Ok(Ok(pem))
}

fn enrol(dir: &Path, line: &str, days: u32) -> Result<Certified, NotEnrolled> {
    let application: Application = serde_json::from_str(line).map_err(|_| NotEnrolled::BadRequest)?;
    let outcome = redeem(dir, &application, days).unwrap_or_else(|error| {
        tracing::error!(error = format_args!("{error:#}"), "no box can be certified");
        Err(NotEnrolled::Unavailable)
    });
    match &outcome {
        Ok(_) => tracing::info!("a box is certified"),
        Err(why) => tracing::warn!(%why, "a box is not certified"),
    }
    outcome
}

/// Certifies the box if its code is good, and uses the code up. The outer error is ours: a disk, a file.
fn redeem(
    dir: &Path,
    application: &Application,
    days: u32,
) -> anyhow::Result<Result<Certified, NotEnrolled>> {
    let _alone = Authority::lock(dir)?;
    let authority = Authority::open(dir)?;
    let (mut codes, mut registry) = (Codes::read(dir)?, authority.registry()?);
    let hash = application.secret.hash();
    let Some(made) = codes.made.iter_mut().find(|made| made.hash == hash) else {
        return Ok(Err(NotEnrolled::UnknownCode));
    };
    let Ok(issued) = authority.certify(&application.request, days) else {
        return Ok(Err(NotEnrolled::BadRequest));
    };
    if made.code != issued.code {
        return Ok(Err(NotEnrolled::WrongBox));
    }
    // The device that used it may ask again, since its answer may have been lost on the way.
    if made.used.is_some() && made.key != issued.key {
        return Ok(Err(NotEnrolled::UsedCode));
    }
    if now() >= made.until {
        return Ok(Err(NotEnrolled::ExpiredCode));
    }
    (made.used, made.key) = (made.used.or(Some(now())), issued.key);
    codes.write(dir)?;
    registry.entries.push(Entry {
        serial: issued.serial,
        code: issued.code,
        issued: now(),
        until: issued.until,
        revoked: None,
    });
    authority.publish(&registry)?;
    Ok(Ok(Certified { certificate: issued.pem, authority: authority.pem()? }))
}

#[cfg(test)]
#[path = "desk_tests.rs"]
mod tests;
