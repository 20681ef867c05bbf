//! `mingluo box`: what the operator of village boxes does by hand, and the desk that certifies boxes. What concerns keys and
//! certificates works on files alone, without store and configuration, so that the root can stay on a machine without a
//! network; [`fleet`] is of a running city.

mod ca;
mod clips;
mod codes;
mod desk;
mod fleet;
mod keys;
mod list;
mod papers;
mod registry;
mod root;

use anyhow::Context as _;
use clap::Subcommand;
use std::{
    fs::File,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// 村级终端。
#[derive(Debug, clap::Args)]
pub(super) struct Boxes {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// 终端证书机构：新建、为城市的接入地址签证书。 The boxes' certificate authority.
    #[command(subcommand, after_help = "例 Example:\n  mingluo box ca new --dir boxes-ca")]
    Ca(papers::Ca),
    /// 为终端签发证书；私钥在终端生成，从不离开。 Sign a box's request; its key was made on the box and never leaves it.
    #[command(
        after_help = "例 Example:\n  mingluo box enrol --dir boxes-ca --code 62104231002250314010101 --csr box.csr --out box.pem"
    )]
    Enrol(papers::Enrol),
    /// 制作一次性注册码：安装人员在终端上凭它一步完成注册。 Make a one-time code, with which a box is enrolled in one step.
    #[command(
        after_help = "例 Example:\n  mingluo box code --dir boxes-ca --code 62104231002250314010101 --hours 72"
    )]
    Code(desk::NewCode),
    /// 发证进程：唯一持有终端证书机构私钥者，凭注册码签发证书。 The desk, the one process that holds the authority: it certifies boxes
    /// whose code is good.
    #[command(
        after_help = "例 Example:\n  mingluo box desk --dir boxes-ca --socket /run/mingluo-desk/desk.sock\n\n另用一个系统用户运行，控制台的用户须在其组内。 Run it as a user of its own, with the console's user in its group."
    )]
    Desk(desk::DeskProcess),
    /// 列出已签发的终端证书。 List the boxes' certificates.
    #[command(after_help = "例 Example:\n  mingluo box list --dir boxes-ca")]
    List(papers::List),
    /// 吊销一个终端的证书，更新 crl.pem。 Take a box's certificates back; crl.pem is written anew.
    #[command(after_help = "例 Example:\n  mingluo box revoke --dir boxes-ca 62104231002250314010101")]
    Revoke(papers::Revoke),
    /// 离线根密钥：在不联网的机器上生成，只用来签公钥集。 The offline root key: made on a machine without a network.
    #[command(
        subcommand,
        after_help = "例 Example:\n  mingluo box root new --root-file root.key --public-file root.pub"
    )]
    Root(root::Root),
    /// 公钥集：终端信任哪些签名密钥。 Key sets: which signing keys the boxes believe.
    #[command(
        subcommand,
        after_help = "例 Examples:\n  mingluo box keys sign --root-file root.key --version 2 --keys wanted.json --out keys.json\n  mingluo box keys show --public-file root.pub keys.json"
    )]
    Keys(keys::Keys),
    /// 终端台账：导入、演示。 The registry of the boxes that there are.
    #[command(
        subcommand,
        after_help = "例 Example:\n  mingluo box registry import --config mingluo.toml --dry-run boxes.csv"
    )]
    Registry(fleet::Registry),
    /// 终端状态、告警、维护清单。 How the boxes are, and where somebody has to go.
    #[command(
        after_help = "例 Examples:\n  mingluo box status --key-file li.key\n  mingluo box status --key-file li.key --show alarm --json\n  mingluo box status --key-file li.key --code 62104231002250314010101\n  mingluo box status --key-file li.key --visits"
    )]
    Status(fleet::Status),
    /// 试播：签名下发，回执计入终端记录。 Test boxes with a signed bulletin; what they answer goes into their records.
    #[command(
        after_help = "例 Examples:\n  mingluo box test --key-file qian.key --region 清原镇 --boxes 14\n  mingluo box test --key-file qian.key --code 62104231002250314010101 --audible --boxes 1\n  mingluo box test --key-file qian.key --order 10021040000000000000000202607050012"
    )]
    Test(fleet::Test),
    /// 全部停播：辖区内所有终端立即静音。 Silence every box of one's division at once.
    #[command(after_help = "例 Example:\n  mingluo box stop --key-file qian.key --confirm STOP")]
    Stop(fleet::Stop),
    /// 离线语音库：按灾种和级别合成固定播报并签名，整个目录放到终端上。 The library of fixed words for boxes without a network.
    #[command(
        after_help = "例 Examples:\n  mingluo box clips --config /etc/mingluo/mingluo.toml --version 1 --out library\n  mingluo box clips --version 2 --event 11B03 --event 11A01 --out library-2"
    )]
    Clips(clips::Clips),
}

impl Boxes {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.verb {
            Verb::Code(code) => code.run()?,
            Verb::Desk(desk) => desk.run().await?,
            Verb::Ca(ca) => ca.run()?,
            Verb::Enrol(enrol) => enrol.run()?,
            Verb::List(list) => list.run()?,
            Verb::Revoke(revoke) => revoke.run()?,
            Verb::Root(root) => root.run()?,
            Verb::Keys(keys) => keys.run()?,
            Verb::Registry(fleet::Registry::Import(import)) => import.run().await?,
            Verb::Registry(fleet::Registry::Demo(demo)) => demo.run()?,
            Verb::Status(status) => status.run().await?,
            Verb::Test(test) => test.run().await?,
            Verb::Stop(stop) => stop.run().await?,
            Verb::Clips(clips) => clips.run().await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn read(option: &str, path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| {
        format!(
            "{option} {}: 读不了，请核对路径和权限 / cannot be read; check path and rights",
            path.display()
        )
    })
}

/// Writes a file that must not be there yet: an overwritten root key is lost for good.
pub(super) fn write_new(option: &str, path: &PathBuf, content: &[u8], mode: u32) -> anyhow::Result<()> {
    let open = || File::options().create_new(true).write(true).mode(mode).open(path);
    let written = open().and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()));
    written.with_context(|| {
        format!("{option} {}: 写不了，须是新文件 / cannot be written; it must be a new file", path.display())
    })
}
