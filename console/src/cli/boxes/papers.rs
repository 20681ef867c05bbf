//! The commands of the authority.

use super::{
    ca::{Authority, now},
    read,
    registry::Entry,
    write_new,
};
use crate::cli::{Table, say};
use anyhow::{Context as _, ensure};
use clap::Subcommand;
use mingluo_model::{bulletin::ResourceCode, clock::Timestamp};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Ca {
    /// 新建证书机构：私钥、证书、发证登记、吊销列表都在该目录。 Make an authority: key, certificate, list and revocations in one folder.
    #[command(after_help = "例 Example:\n  mingluo box ca new --dir boxes-ca")]
    New {
        /// 目录。 The folder.
        #[arg(long)]
        dir: PathBuf,
    },
    /// 为城市的接入地址签证书。 A certificate for the address at which boxes connect.
    #[command(
        after_help = "例 Example:\n  mingluo box ca city --dir boxes-ca --name link.fushun.example,127.0.0.1 --cert-file city.pem --key-file city.key"
    )]
    City {
        /// 证书机构的目录。 The authority's folder.
        #[arg(long)]
        dir: PathBuf,
        /// 域名或地址，逗号分隔。 Names or addresses.
        #[arg(long, value_delimiter = ',', required = true)]
        name: Vec<String>,
        /// 证书写入该文件，须是新文件。 The certificate's file, new.
        #[arg(long)]
        cert_file: PathBuf,
        /// 私钥写入该文件，须是新文件。 The key's file, new.
        #[arg(long)]
        key_file: PathBuf,
        /// 有效天数，1–3650。 Days for which it is good.
        #[arg(long, default_value_t = 730, value_parser = clap::value_parser!(u32).range(1..=3_650))]
        days: u32,
    },
}

impl Ca {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::New { dir } => {
                Authority::make(&dir)?;
                // As TOML wants it: in quotes.
                let place = |file: &str| toml::Value::from(dir.join(file).display().to_string());
                say(format_args!(
                    "client_ca_file = {}\nclient_crl_file = {}",
                    place("ca.pem"),
                    place("crl.pem")
                ));
            }
            Self::City { dir, name, cert_file, key_file, days } => {
                let (certificate, key) = Authority::open(&dir)?.certify_city(&name, days)?;
                write_new("--key-file", &key_file, key.as_bytes(), 0o600)?;
                write_new("--cert-file", &cert_file, certificate.as_bytes(), 0o644)?;
            }
        }
        Ok(())
    }
}

/// 为终端签发证书。
#[derive(Debug, clap::Args)]
pub(super) struct Enrol {
    /// 证书机构的目录。 The authority's folder.
    #[arg(long)]
    dir: PathBuf,
    /// 终端用 mingluo-speaker enrol 生成的证书请求。 The request that `mingluo-speaker enrol` made on the box.
    #[arg(long)]
    csr: PathBuf,
    /// 请求应来自这一终端（23 位）。 The box that the request must be of.
    #[arg(long)]
    code: ResourceCode,
    /// 证书写入该文件，须是新文件。 The certificate's file, new.
    #[arg(long)]
    out: PathBuf,
    /// 有效天数，1–3650。 Days for which it is good.
    #[arg(long, default_value_t = 730, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    days: u32,
    /// 该终端已有有效证书时也签（更换），旧证书照旧有效，直到吊销。 Also when the box has a good one; that stays good until it is revoked.
    #[arg(long)]
    again: bool,
}

impl Enrol {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let authority = Authority::open(&self.dir)?;
        let _alone = Authority::lock(&self.dir)?;
        let mut registry = authority.registry()?;
        let request = read("--csr", &self.csr)?;
        let issued = authority.certify(&String::from_utf8_lossy(&request), self.days)?;
        ensure!(
            issued.code == self.code,
            "--code {}: 请求来自 {} / the request is of {}",
            self.code,
            issued.code,
            issued.code
        );
        let has_one = registry.entries.iter().any(|entry| entry.code == self.code && entry.is_good(now()));
        ensure!(
            self.again || !has_one,
            "--code {}: 该终端已有有效证书；更换请加 --again，遗失请先 revoke / it has a good certificate: --again for a change, revoke for a loss",
            self.code
        );
        let serial = issued.serial;
        registry.entries.push(Entry {
            serial: serial.clone(),
            code: issued.code,
            issued: now(),
            until: issued.until,
            revoked: None,
        });
        // On the list before it exists: one that nobody knows of could not be taken back.
        authority.publish(&registry)?;
        write_new("--out", &self.out, issued.pem.as_bytes(), 0o644)?;
        say(format_args!("已签发 issued: {} {serial}", issued.code));
        Ok(())
    }
}

/// 列出已签发的证书。
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// 证书机构的目录。 The authority's folder.
    #[arg(long)]
    dir: PathBuf,
    /// 输出 JSON。 Answer in JSON.
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let registry = Authority::open(&self.dir)?.registry()?;
        if self.json {
            say(serde_json::to_string(&registry.entries)?);
            return Ok(());
        }
        let mut table = Table::new(["终端\nbox", "签发\nissued", "至\nuntil", "状态\nstate", "编号\nserial"]);
        let date =
            |at: Timestamp| at.to_jiff().map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default();
        for entry in &registry.entries {
            let state = match entry.revoked {
                Some(at) => format!("已吊销 revoked {}", date(at)),
                None if entry.is_good(now()) => "有效 good".to_owned(),
                None => "已过期 expired".to_owned(),
            };
            table.row([
                entry.code.to_string(),
                date(entry.issued),
                date(entry.until),
                state,
                entry.serial.clone(),
            ]);
        }
        table.lines().iter().for_each(say);
        Ok(())
    }
}

/// 吊销一个终端的全部证书。
#[derive(Debug, clap::Args)]
pub(super) struct Revoke {
    /// 证书机构的目录。 The authority's folder.
    #[arg(long)]
    dir: PathBuf,
    /// 终端（23 位）。 The box.
    code: ResourceCode,
}

impl Revoke {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let authority = Authority::open(&self.dir)?;
        let _alone = Authority::lock(&self.dir)?;
        let mut registry = authority.registry()?;
        let n_revoked = registry.revoke(self.code, now());
        ensure!(n_revoked > 0, "{}: 没有有效证书可吊销 / it has no good certificate to take back", self.code);
        authority.publish(&registry).context("吊销列表没有写成 / the list of revocations was not written")?;
        say(format_args!("已吊销 revoked: {} ({n_revoked})", self.code));
        Ok(())
    }
}
