//! The configuration of one SGIP account, and what it becomes once it is checked.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Mutex,
};

use mingluo_model::clock::SharedClock;

use super::{
    Sgip,
    door::{Door, Entry},
};
use crate::account::{ConfigError, Secret};
use crate::sms::{
    session::{Protocol, gateway_config, seconds, source_code, text},
    sgip::{NodeError, sp_node},
    wire::Padded,
};

/// The port of most gateways (clause 3.2). Priority is 0 to 9 (clause 4.2.3.3.1).
const PROTOCOL: Protocol = Protocol { usual_port: 8801, highest_priority: 9, has_gsm7: false };

/// Octets of a password.
const LONGEST_PASSWORD: usize = 16;

gateway_config! {
    /// One SGIP account, as an operator writes it.
    SgipConfig {
        /// The name that the gateway gave us, at most 16 ASCII characters.
        login_name: String,
        /// The file whose first line is our password there, at most 16 ASCII characters; it travels in clear.
        password_file: PathBuf,
        /// The gateway's area code, like 024: with `corp_id` it makes our node number.
        area_code: String,
        /// The enterprise code (企业代码), five digits.
        corp_id: String,
        /// The service type agreed with the carrier, at most 10 ASCII characters.
        #[serde(default)]
        service_type: String,
        /// Seconds after which a connection with nothing to say is closed in either direction; 1 to 3600.
        #[serde(default = "idle_s")]
        idle_s: u32,
        /// Where the gateway may come in to report and to deliver, an address and port of this machine.
        listen: SocketAddr,
        /// The name that we gave the gateway for our door, at most 16 ASCII characters.
        gateway_login_name: String,
        /// The file whose first line is its password there, at most 16 ASCII characters.
        gateway_password_file: PathBuf,
        /// The addresses that may come in; any may when there are none.
        #[serde(default)]
        gateway_addresses: Vec<IpAddr>,
    }
}

const fn idle_s() -> u32 {
    60
}

impl SgipConfig {
    /// Checks every key and reads both passwords' files.
    pub(super) fn check(&self, clock: SharedClock) -> Result<Sgip, ConfigError> {
        let idle = seconds("idle_s", self.idle_s, 3600)?;
        let account = self.shared().check(&PROTOCOL, idle, 0)?;
        if self.pretend && !self.listen.ip().is_loopback() {
            return Err(ConfigError::new("listen", self.listen, "a pretend account takes 127.0.0.1 only"));
        }
        let entry = Entry {
            account: account.name.clone(),
            listen: self.listen,
            login_name: name("gateway_login_name", &self.gateway_login_name)?,
            password: password("gateway_password_file", &self.gateway_password_file)?,
            addresses: self.gateway_addresses.clone(),
            idle,
            response_timeout: account.response_timeout,
        };
        Ok(Sgip {
            account,
            login_name: name("login_name", &self.login_name)?,
            password: password("password_file", &self.password_file)?,
            node: self.node()?,
            corp_id: text("corp_id", &self.corp_id)?,
            sp_number: text("source_address", source_code(&self.source_address)?)?,
            service_type: text("service_type", &self.service_type)?,
            door: Door::new(entry, clock),
            last_stamp_s: Mutex::new(0),
        })
    }

    fn node(&self) -> Result<u32, ConfigError> {
        sp_node(&self.area_code, &self.corp_id).map_err(|cause| match &cause {
            NodeError::Area { area } => ConfigError::new("area_code", area, cause.to_string()),
            NodeError::Enterprise { enterprise } => {
                ConfigError::new("corp_id", enterprise, cause.to_string())
            }
        })
    }
}

fn name(field: &'static str, value: &str) -> Result<Padded<16>, ConfigError> {
    if value.is_empty() {
        return Err(ConfigError::new(field, value, "use the name agreed with the carrier"));
    }
    text(field, value)
}

fn password(field: &'static str, file: &std::path::Path) -> Result<Secret, ConfigError> {
    let secret = Secret::read(field, file)?;
    Padded::<LONGEST_PASSWORD>::new("password", secret.expose())
        .map_err(|cause| ConfigError::new(field, file.display(), cause.to_string()))?;
    Ok(secret)
}
