//! Key sets: signed by the root, shown as a box would read them.

use super::{read, write_new};
use crate::{
    cli::{Table, Told as _, say},
    complaint,
};
use anyhow::Context as _;
use clap::Subcommand;
use mingluo_model::{
    bulletin::{KeyEdition, KeyId, KeySet, RootKey, SignedKeySet, VerifyingEntry},
    signer::LocalSigner,
};
use std::{num::NonZeroU64, path::PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// 用根密钥签一版公钥集。版本须比以前的都大；不再列入的密钥即被吊销。 Sign a key set with the root. Its version must be
    /// above all before; a key that is left out is revoked.
    #[command(
        after_help = "例 Example:\n  mingluo box keys sign --root-file root.key --version 2 --keys wanted.json --out keys.json\n\nwanted.json（公钥由 mingluo signer --public 给出 the public key is what `mingluo signer --public` prints）:\n  {\"keys\": [{\"id\": \"city-2026\", \"public\": \"64 hex digits\", \"not_after\": 1830297600000, \"tier\": \"city\",\n    \"areas\": [\"2104\"], \"max_level\": \"red\", \"classes\": [\"emergency\", \"daily\"]}]}\n\n国密 SM2 的密钥另写 a key that signs by SM2 says so:  \"alg\": \"sm2\", \"public\": \"04 and 128 hex digits\""
    )]
    Sign {
        /// 根私钥文件。 The root's private key.
        #[arg(long)]
        root_file: PathBuf,
        /// 版本号，从 1 起，只升不降。 The version, from 1, always rising.
        #[arg(long)]
        version: NonZeroU64,
        /// 应信任的公钥及其范围（JSON）。 The keys that are to be believed, with their bounds, as JSON.
        #[arg(long)]
        keys: PathBuf,
        /// 写入该文件，须是新文件；配到 key_set_file。 The signed set's file, new; name it in key_set_file.
        #[arg(long)]
        out: PathBuf,
    },
    /// 核对并列出一份公钥集。 Check a key set and list it.
    #[command(after_help = "例 Example:\n  mingluo box keys show --public-file root.pub keys.json")]
    Show {
        /// 根公钥文件。 The root's public key.
        #[arg(long)]
        public_file: PathBuf,
        /// 公钥集。 The key set.
        file: PathBuf,
    },
}

/// A root is told by its key, not by its name; this stands where a name is needed.
pub(super) fn root_name() -> anyhow::Result<KeyId> {
    Ok("root".parse()?)
}

impl Keys {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Sign { root_file, version, keys, out } => {
                let seed = read("--root-file", &root_file)?;
                let root = LocalSigner::from_file_content(root_name()?, &seed).with_context(|| {
                    format!("--root-file {}: 不是根私钥 / is no private key", root_file.display())
                })?;
                let wanted: KeySet = complaint::json(&read("--keys", &keys)?)
                    .map_err(|complaint| complaint.in_file(&keys))
                    .told()?;
                let signed = KeyEdition { version, keys: wanted.keys }
                    .sign(&root)
                    .with_context(|| format!("--keys {}: 不能签 / cannot be signed", keys.display()))?;
                let text = serde_json::to_string_pretty(&signed)?;
                write_new("--out", &out, format!("{text}\n").as_bytes(), 0o644)?;
                tell(&signed.open(hex::encode(root.public()).parse()?)?);
            }
            Self::Show { public_file, file } => {
                let text = read("--public-file", &public_file)?;
                let root: RootKey = String::from_utf8_lossy(&text).parse().with_context(|| {
                    format!("--public-file {}: 不是根公钥 / is no root key", public_file.display())
                })?;
                let signed: SignedKeySet = complaint::json(&read("FILE", &file)?)
                    .map_err(|complaint| complaint.in_file(&file))
                    .told()?;
                let edition = signed
                    .open(root)
                    .with_context(|| format!("{}: 终端会拒收 / boxes would refuse it", file.display()))?;
                tell(&edition);
            }
        }
        Ok(())
    }
}

fn tell(edition: &KeyEdition) {
    say(format_args!("版本 version {}", edition.version));
    let mut table = Table::new([
        "密钥\nkey",
        "算法\nby",
        "层级\ntier",
        "区域\nareas",
        "最高\nup to",
        "类别\nclasses",
        "至\nuntil (UTC)",
    ]);
    for key in &edition.keys {
        table.row(row(key));
    }
    table.lines().iter().for_each(say);
}

fn row(key: &VerifyingEntry) -> [String; 7] {
    let listed = |words: Vec<String>| words.join(" ");
    let until = key.not_after.to_jiff().map(|at| at.strftime("%Y-%m-%d %H:%M").to_string());
    [
        key.id.to_string(),
        key.public.alg().to_string(),
        format!("{:?}", key.tier),
        listed(key.areas.iter().map(ToString::to_string).collect()),
        key.max_level.word().to_owned(),
        listed(key.classes.iter().map(|class| format!("{class:?}")).collect()),
        until.unwrap_or_default(),
    ]
}
