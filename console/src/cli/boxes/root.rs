//! The offline root key.

use super::write_new;
use crate::cli::say;
use clap::Subcommand;
use mingluo_model::signer::LocalSigner;
use rand::{RngCore as _, SeedableRng as _, rngs::StdRng};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Root {
    /// 生成根密钥。私钥文件离线保存、另存备份；公钥文件装进每个终端（trust.root_file）。 Make the root key. The private file
    /// stays offline, with a copy elsewhere; the public one goes into every box (trust.root_file).
    #[command(after_help = "例 Example:\n  mingluo box root new --root-file root.key --public-file root.pub")]
    New {
        /// 私钥写入该文件，须是新文件，只有本人可读。 The private key's file, new, for its owner alone.
        #[arg(long)]
        root_file: PathBuf,
        /// 公钥写入该文件，须是新文件。 The public key's file, new.
        #[arg(long)]
        public_file: PathBuf,
    },
}

impl Root {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self::New { root_file, public_file } = self;
        let mut seed = [0; 32];
        StdRng::from_os_rng().fill_bytes(&mut seed);
        let public = hex::encode(LocalSigner::from_seed(super::keys::root_name()?, &seed).public());
        write_new("--root-file", &root_file, format!("{}\n", hex::encode(seed)).as_bytes(), 0o600)?;
        write_new("--public-file", &public_file, format!("{public}\n").as_bytes(), 0o644)?;
        say(format_args!("根公钥 root: {public}"));
        Ok(())
    }
}
