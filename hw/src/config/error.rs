//! What is wrong with a configuration: the key, the value and the fix.

use super::Complaint;
use mingluo_model::{
    bulletin::{BadKeySet, reading::BadReading, root::BadRoot},
    mode::ModeKind,
    region::RegionCode,
};
use std::path::PathBuf;

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read or a directory cannot be made.
    #[error(
        "{key}：{path:?} 不能用，请核对路径和权限 / cannot be used; check that it exists and who may read it"
    )]
    File {
        /// The key that names it.
        key: &'static str,
        /// The path.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The file is no TOML of this form; the source names line, key and value.
    #[error(
        "{path:?} 不是终端的配置，各项说明见 speaker.toml 样例 / is not a speaker's configuration; deploy/speaker.toml explains every key"
    )]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, key and what was expected.
        #[source]
        source: Complaint,
    },
    /// A value is out of bounds.
    #[error("配置项 {key} = {value}：{fix}")]
    Value {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What it must be.
        fix: String,
    },
    /// The file holds no key set.
    #[error(
        "trust.keys_file：{path:?} 不是已签名的公钥集，请用城市签发的文件 / is no signed key set; take the file that the city issued"
    )]
    Keys {
        /// The file.
        path: PathBuf,
        /// Where it breaks.
        #[source]
        source: Complaint,
    },
    /// A line of the readings is none.
    #[error("voice.readings_file：{path:?} 中有读不懂的行 / holds a line that is no reading")]
    Readings {
        /// The file.
        path: PathBuf,
        /// The line.
        #[source]
        source: BadReading,
    },
    /// The root did not sign it, or it would leave the box deaf.
    #[error(
        "trust.keys_file：{path:?} 与 trust.root_file 不符，请用同一城市的两个文件 / does not go with trust.root_file; take both from the same city"
    )]
    KeySet {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: BadKeySet,
    },
    /// The root signed it, and this build can check none of its keys.
    #[error("trust.keys_file：{path:?} 中没有本终端能核验的公钥 / names no key that this box can check")]
    Deaf {
        /// The file.
        path: PathBuf,
        /// Which key it is about, and what to build.
        #[source]
        source: BadKeySet,
    },
    /// No key of the set may speak to this box.
    #[error(
        "公钥集（版本 {version}）中没有一把有效的公钥能对本终端（{region}，{mode:?}）签发指令：请城市签发包含本村区划和模式的公钥集，或核对 box.region、box.mode / no valid key of the key set (version {version}) may sign for this box ({region}, {mode:?}): have the city sign a set whose areas and classes include it, or look at box.region and box.mode"
    )]
    Unspoken {
        /// Where the box stands.
        region: RegionCode,
        /// Its mode.
        mode: ModeKind,
        /// The key set's version.
        version: u64,
    },
    /// The file holds no root key.
    #[error(
        "trust.root_file：{path:?} 不是根公钥，请用城市签发的文件 / is no root key; take the file that the city issued"
    )]
    Root {
        /// The file.
        path: PathBuf,
        /// What it must be.
        #[source]
        source: BadRoot,
    },
}
