//! The one configuration file. Every part has its own table, and a key that no part knows is an error that names it.

mod error;

pub use error::{ConfigError, Fix};

use crate::{call::CallConfig, complaint, feed::FeedConfig, people::SessionConfig, speech::SpeechConfig};
use mingluo_channels::{
    email::EmailConfig,
    forward::ForwardConfig,
    robot::RobotConfig,
    sms::{
        cloud::{AlibabaConfig, HttpSmsConfig, TencentConfig},
        cmpp_channel::CmppConfig,
        sgip_channel::SgipConfig,
        smgp_channel::SmgpConfig,
        smpp_channel::SmppConfig,
    },
    speaker::SpeakerConfig,
    webhook::WebhookConfig,
    wechat::WeChatConfig,
    wecom::WeComConfig,
};
use mingluo_dispatch::engine::DispatchConfig;
use mingluo_model::{bulletin::ResourceCode, mode::ModeKind, plan::AccountName, policy::ReleasePolicy};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Everything an operator sets (配置).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The file that it was read from; refusals name it.
    #[serde(skip)]
    pub file: PathBuf,
    /// This node.
    pub node: NodeConfig,
    /// The durable truth.
    pub store: StoreConfig,
    /// The officers' door.
    pub console: ConsoleConfig,
    /// The city's divisions, groups and event types.
    pub region: RegionConfig,
    /// Separation of duty, hold, validity.
    #[serde(default)]
    pub policy: ReleasePolicy,
    /// Retry, give-up times, leases.
    #[serde(default)]
    pub dispatch: DispatchConfig,
    /// Which SMS account carries whom.
    #[serde(default)]
    pub routing: RoutingConfig,
    /// The signing process.
    pub signer: SignerConfig,
    /// How words are made.
    pub render: RenderConfig,
    /// How speech for loudspeakers is made; without it the boxes read scripts by themselves.
    pub speech: Option<SpeechConfig>,
    /// The platform that final receipts of real warnings are handed on to.
    pub forward: Option<ForwardConfig>,
    /// Who is told of warnings by webhook.
    #[serde(default)]
    pub webhook: Vec<WebhookConfig>,
    /// The public feed of real warnings.
    pub feed: Option<FeedConfig>,
    /// How responsible persons are called; without it nobody is.
    pub call: Option<CallConfig>,
    /// Accounts for real warnings.
    #[serde(default)]
    pub live: Accounts,
    /// Accounts for drills; never the same as a live one.
    #[serde(default)]
    pub drill: Accounts,
}

/// This node.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// The node's name: a restart under the same name goes on at once where it stopped.
    pub name: String,
    /// The deployment's time zone, for example `Asia/Shanghai`.
    pub time_zone: String,
}

/// The durable truth.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// `sqlite:PATH` or `postgres://USER@HOST/NAME`.
    pub address: String,
    /// The file with the keys that seal addresses.
    pub keys_file: PathBuf,
}

/// The officers' door.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleConfig {
    /// Where the console listens; port 0 takes a free one. Put a TLS proxy in front for anything but loopback.
    pub listen: SocketAddr,
    /// When browsers are signed out.
    #[serde(default)]
    pub session: SessionConfig,
}

/// The city's divisions, groups and event types.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionConfig {
    /// The folder with divisions.csv, township_codes.csv, groups.csv and event_types.csv.
    pub pack: PathBuf,
}

/// Which SMS account carries whom (号码分流); the accounts themselves say which carriers they take.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoutingConfig {
    /// Numbers that moved to another network (携号转网), a CSV with the columns `number,carrier`. Read at start.
    pub ported_file: Option<PathBuf>,
}

/// The signing process.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignerConfig {
    /// Its socket, which only the console's user may open.
    pub socket: PathBuf,
    /// Its key file (a 32-byte seed); read by `mingluo signer` only, never by the console.
    pub key_file: PathBuf,
    /// The key's name, as key sets have it.
    pub key_id: String,
}

/// How words are made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenderConfig {
    /// The issuer as headlines name it.
    pub issuer: String,
    /// The SMS text with gaps {headline}, {body}, {instruction}.
    #[serde(default = "sms_template")]
    pub sms: String,
    /// The organisation's internet name, the sender of CAP documents.
    pub cap_sender: String,
    /// The platform's resource code (23 digits), which names bulletins.
    pub platform: String,
    /// The WeChat template, where there is a WeChat account.
    pub wechat: Option<WeChatTemplateConfig>,
}

/// A WeChat template as the account holds it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeChatTemplateConfig {
    /// The template's id.
    pub id: String,
    /// Words with gaps {event}, {area}, {time}, {advice}, by field name.
    pub fields: BTreeMap<String, String>,
}

fn sms_template() -> String {
    "{headline}：{body}{instruction}".to_owned()
}

/// Accounts of one mode.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Accounts {
    /// The SMS account for numbers of no known carrier.
    pub sms_default: Option<AccountName>,
    /// SMS gateways that speak SMPP.
    pub sms: Vec<SmppConfig>,
    /// SMS gateways of China Mobile, which speak CMPP.
    pub cmpp: Vec<CmppConfig>,
    /// SMS gateways of China Telecom, which speak SMGP.
    pub smgp: Vec<SmgpConfig>,
    /// SMS gateways of China Unicom, which speak SGIP.
    pub sgip: Vec<SgipConfig>,
    /// Alibaba Cloud's short message service.
    pub alibaba: Vec<AlibabaConfig>,
    /// Tencent Cloud's short message service.
    pub tencent: Vec<TencentConfig>,
    /// SMS gateways that take an HTTP request with gaps, like Kannel.
    pub http_sms: Vec<HttpSmsConfig>,
    /// A WeChat service account.
    pub wechat: Option<WeChatConfig>,
    /// An application of the corporation's WeCom, for officials.
    pub wecom: Option<WeComConfig>,
    /// Robots of groups in WeCom, DingTalk or Feishu.
    pub robot: Option<RobotConfig>,
    /// A mail relay.
    pub email: Option<EmailConfig>,
    /// The village loudspeakers.
    pub speaker: Option<SpeakerConfig>,
}

impl Accounts {
    /// How many there are.
    pub fn len(&self) -> usize {
        let gateways = self.sms.len() + self.cmpp.len() + self.smgp.len() + self.sgip.len();
        let clouds = self.alibaba.len() + self.tencent.len() + self.http_sms.len();
        let letters = [self.wechat.is_some(), self.wecom.is_some(), self.email.is_some()];
        let others = letters.into_iter().chain([self.robot.is_some(), self.speaker.is_some()]);
        gateways + clouds + others.filter(|there| *there).count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the far sides of all accounts only pretend (`true`) or none does; `None` for a mixture, or no account.
    pub fn pretend(&self) -> Option<bool> {
        let sms = self.sms.iter().map(|one| one.pretend);
        let cmpp = self.cmpp.iter().map(|one| one.pretend);
        let smgp = self.smgp.iter().map(|one| one.pretend);
        let sgip = self.sgip.iter().map(|one| one.pretend);
        let alibaba = self.alibaba.iter().map(|one| one.pretend);
        let tencent = self.tencent.iter().map(|one| one.pretend);
        let http = self.http_sms.iter().map(|one| one.pretend);
        let wechat = self.wechat.iter().map(|one| one.pretend);
        let wecom = self.wecom.iter().map(|one| one.pretend);
        let robot = self.robot.iter().map(|one| one.pretend);
        let email = self.email.iter().map(|one| one.pretend);
        let speaker = self.speaker.iter().map(|one| one.pretend);
        let gateways = sms.chain(cmpp).chain(smgp).chain(sgip).chain(alibaba).chain(tencent).chain(http);
        let mut all = gateways.chain(wechat).chain(wecom).chain(robot).chain(email).chain(speaker);
        let first = all.next()?;
        all.all(|other| other == first).then_some(first)
    }
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`] and [`ConfigError::Misread`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = read_text("--config", path)?;
        let config: Self = complaint::toml(&text).map_err(|complaint| complaint.in_file(path))?;
        Ok(Self { file: path.to_owned(), ..config })
    }

    /// The accounts of a mode.
    pub const fn accounts(&self, mode: ModeKind) -> &Accounts {
        match mode {
            ModeKind::Live => &self.live,
            ModeKind::Drill => &self.drill,
        }
    }

    /// The deployment's zone.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for a name that is no zone.
    pub fn zone(&self) -> Result<jiff::tz::TimeZone, ConfigError> {
        let name = &self.node.time_zone;
        jiff::tz::TimeZone::get(name).map_err(|_| ConfigError::value("node.time_zone", name, Fix::Zone))
    }
}

impl Config {
    /// What is said when the store cannot be opened; an address that may hold a password is shown without it.
    pub(crate) fn no_store(&self, source: mingluo_ledger::StoreError) -> ConfigError {
        let address = match &self.store.address {
            file if file.starts_with("sqlite:") => file.clone(),
            _ => "postgres://…".to_owned(),
        };
        ConfigError::Store { address, source }
    }
}

impl RenderConfig {
    /// The platform's code.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for what is not 23 digits.
    pub fn platform(&self) -> Result<ResourceCode, ConfigError> {
        let wrong = |_| ConfigError::value("render.platform", &self.platform, Fix::Platform);
        self.platform.parse().map_err(wrong)
    }
}

/// Reads a text file that a key names.
///
/// # Errors
/// [`ConfigError::Unreadable`].
pub fn read_text(field: &'static str, path: &Path) -> Result<String, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { field, path: path.to_owned(), source };
    std::fs::read_to_string(path).map_err(unreadable)
}
