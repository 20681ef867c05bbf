//! What every measurement takes: programs, a folder for its data, and how it tells.

use anyhow::Context;
use std::path::PathBuf;
use tempfile::TempDir;

/// Where a measurement finds its programs and keeps its data, and how it tells.
#[derive(Debug, Clone, clap::Args)]
pub struct Ground {
    /// 用已编译的程序(可为调试版);dispatch 与 sms 便只核对条数,不评快慢 / programs that are built already, maybe without optimisation;
    /// dispatch and sms then check counts and no bar.
    #[arg(long, value_name = "DIR")]
    pub bin_dir: Option<PathBuf>,
    /// 数据放哪里,须在真磁盘上 / where databases and logs go; a real disk.
    #[arg(long, value_name = "DIR", default_value = "/var/tmp")]
    pub dir: PathBuf,
    /// 输出 JSON / JSON instead of tables.
    #[arg(long)]
    pub json: bool,
}

impl Ground {
    /// A folder of this run, which is gone with it.
    ///
    /// # Errors
    /// When none can be made there.
    pub(super) fn folder(&self) -> anyhow::Result<TempDir> {
        let named = || format!("--dir {}", self.dir.display());
        tempfile::Builder::new().prefix("mingluo-bench.").tempdir_in(&self.dir).with_context(named)
    }

    /// Where the programs are: in the folder that was named, else beside this one.
    ///
    /// # Errors
    /// When this program lies nowhere.
    pub(super) fn programs(&self) -> anyhow::Result<PathBuf> {
        match &self.bin_dir {
            Some(programs) => Ok(programs.clone()),
            None => Ok(std::env::current_exe()?.parent().context("a program lies in a folder")?.to_owned()),
        }
    }
}
