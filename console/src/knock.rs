//! Knocking at the gateways (登录试验): each carrier's account logs in once and leaves again, so that a wrong secret or an
//! address that the carrier does not know is told before a warning needs it. Sends nothing, and takes nothing that a city
//! that runs meanwhile waits for.

use crate::{
    app::sms_channels,
    config::{Accounts, Config},
    examine::shut_doors,
};
use mingluo_model::{
    channel::{Channel, SendError, Unfit},
    clock::{SharedClock, within},
    mode::{Drill, Live, Mode},
    plan::AccountName,
    problem::Problem,
};
use std::time::Duration;

/// How long a gateway may take to let us in and out again.
const WITHIN: Duration = Duration::from_mins(1);

/// Who was let in, and who was not.
#[derive(Debug, Default)]
pub(crate) struct Knocked {
    pub(crate) let_in: Vec<AccountName>,
    /// Somebody is there, and such gateways have no login: only a message would tell more.
    pub(crate) reached: Vec<AccountName>,
    /// Not tried, since another process holds the door through which their gateway comes (SGIP).
    pub(crate) untried: Vec<AccountName>,
    pub(crate) shut_out: Vec<ShutOut>,
    /// What those who let us in have not ready: templates that they have not approved.
    pub(crate) unready: Vec<Unready>,
}

/// Logs every SMS account in, one after the other, and out again.
pub(crate) async fn knock(config: &Config, clock: &SharedClock) -> Knocked {
    let mut knocked = Knocked::default();
    knocked.at::<Live>(config, clock).await;
    knocked.at::<Drill>(config, clock).await;
    knocked
}

impl Knocked {
    async fn at<M: Mode>(&mut self, config: &Config, clock: &SharedClock) {
        let (table, accounts) = (M::KIND.word(), config.accounts(M::KIND));
        for channel in sms_channels::<M>(config, clock) {
            let account = channel.account().clone();
            if door_is_shut(accounts, &account) {
                self.untried.push(account);
                continue;
            }
            let has_login = accounts.http_sms.iter().all(|one| one.name != account);
            match visit(channel.as_ref(), clock).await {
                Ok(()) if has_login => self.let_in.push(account.clone()),
                Ok(()) => self.reached.push(account.clone()),
                Err(cause) => self.shut_out.push(ShutOut { table, account: account.clone(), cause }),
            }
            let unready = channel.unready().into_iter();
            self.unready.extend(unready.map(|unfit| Unready { table, account: account.clone(), unfit }));
        }
    }
}

/// Whether the account's gateway comes through a door that cannot be had: its own login would be blamed for it.
fn door_is_shut(accounts: &Accounts, account: &AccountName) -> bool {
    let own = accounts.sgip.iter().filter(|one| one.name == *account);
    let doors: Vec<_> = own.map(|one| ("listen".to_owned(), one.listen)).collect();
    !shut_doors(&doors).is_empty()
}

async fn visit<M: Mode>(channel: &dyn Channel<M>, clock: &SharedClock) -> Result<(), SendError> {
    let late = |_| SendError::Unreachable { detail: format!("no answer within {WITHIN:?}") };
    within(&**clock, WITHIN, channel.knock()).await.map_err(late)?
}

/// Why an account was not let in.
#[derive(Debug, thiserror::Error)]
#[error("[{table}] {account}: {cause}")]
pub(crate) struct ShutOut {
    table: &'static str,
    account: AccountName,
    #[source]
    cause: SendError,
}

impl Problem for ShutOut {
    fn code(&self) -> &'static str {
        match self.cause {
            SendError::Refused { .. } => "login-refused",
            SendError::Unreachable { .. } => "login-unreachable",
            SendError::Busy { .. } => "login-busy",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let detail = match &self.cause {
            SendError::Refused { detail } | SendError::Unreachable { detail } => detail.clone(),
            SendError::Busy { .. } => String::new(),
        };
        vec![("table", self.table.to_owned()), ("account", self.account.to_string()), ("detail", detail)]
    }
}

/// Something that is not ready at a provider.
#[derive(Debug, thiserror::Error)]
#[error("[{table}] {account}: {unfit}")]
pub(crate) struct Unready {
    table: &'static str,
    account: AccountName,
    unfit: Unfit,
}

impl Problem for Unready {
    fn code(&self) -> &'static str {
        "template-unready"
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let (template, why) = template_and_why(&self.unfit);
        vec![
            ("table", self.table.to_owned()),
            ("account", self.account.to_string()),
            ("template", template.to_owned()),
            ("why", why.to_owned()),
        ]
    }
}

/// The code of a template that is not ready, and the word for why.
pub(crate) fn template_and_why(unfit: &Unfit) -> (&str, &str) {
    match unfit {
        Unfit::Wrong { field, problem } => (field, problem.code()),
        Unfit::TooLong { field, .. } => (field, "other"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tongue::tell;
    use mingluo_model::{clock::system::SystemClock, misfit::Misfit};
    use std::{net::TcpListener, path::Path};

    /// A gateway of each kind at `gateway`, with secrets in `files`; the SGIP one comes through `door`.
    fn config(gateway: u16, door: u16, files: &Path) -> Config {
        let secret = files.join("secret").display().to_string();
        std::fs::write(&secret, "secret-012345678").unwrap();
        let shared = "signature = { placement = \"none\" }\npretend = true\nwindow = 16\nper_second = 1\n";
        let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/regions/fushun");
        let text = format!(
            "[node]\nname = \"n\"\ntime_zone = \"Asia/Shanghai\"\n[store]\naddress = \"sqlite:x\"\nkeys_file = \"k\"\n\
             [console]\nlisten = \"127.0.0.1:0\"\n[region]\npack = {:?}\n[signer]\nsocket = \"s\"\n\
             key_file = \"k\"\nkey_id = \"k\"\n[render]\nissuer = \"i\"\ncap_sender = \"c\"\n\
             platform = \"42104000000000103010101\"\n\
             [[live.sgip]]\nname = \"unicom\"\nhost = \"127.0.0.1\"\nport = {gateway}\nlogin_name = \"fushun\"\n\
             password_file = {secret:?}\narea_code = \"024\"\ncorp_id = \"12345\"\nsource_address = \"10690001\"\n\
             service_type = \"warn\"\nlisten = \"127.0.0.1:{door}\"\ngateway_login_name = \"unicom\"\n\
             gateway_password_file = {secret:?}\ngateway_addresses = []\nsessions = 1\nresponse_timeout_s = 1\n{shared}\
             [[live.http_sms]]\nname = \"kannel\"\ncallback_token_file = {secret:?}\ncalls = 1\n\
             url = \"http://127.0.0.1:{gateway}/sendsms?to={{number}}&text={{text}}\"\n{shared}",
            pack.display().to_string(),
        );
        toml::from_str(&text).unwrap()
    }

    async fn knocked(gateway: u16, door: u16) -> [Vec<String>; 4] {
        let files = tempfile::tempdir().unwrap();
        let clock: SharedClock = SystemClock::shared();
        let Knocked { let_in, reached, untried, shut_out, .. } =
            knock(&config(gateway, door, files.path()), &clock).await;
        let names = |accounts: Vec<AccountName>| accounts.into_iter().map(|one| one.0).collect();
        let shut_out = shut_out.iter().map(|one| format!("{} {}", one.account, one.code())).collect();
        [names(let_in), names(reached), names(untried), shut_out]
    }

    fn port(listener: &TcpListener) -> u16 {
        listener.local_addr().unwrap().port()
    }

    #[tokio::test]
    async fn an_account_whose_door_a_city_holds_is_not_said_to_be_refused() {
        let [gateway, door] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let nobody: Vec<String> = Vec::new();
        let said = knocked(port(&gateway), port(&door)).await;
        assert_eq!(said, [nobody.clone(), vec!["kannel".into()], vec!["unicom".into()], nobody.clone()]);

        let free = port(&door);
        drop(door);
        let said = knocked(port(&gateway), free).await;
        assert_eq!(said[2..], [nobody, vec!["unicom login-unreachable".into()]], "the gateway says nothing");
    }

    #[test]
    fn a_template_that_is_not_ready_is_told_with_what_to_do() {
        let unready = |problem| Unready {
            table: "live",
            account: AccountName("alibaba".into()),
            unfit: Unfit::Wrong { field: "SMS_1".into(), problem },
        };
        for (problem, said) in [
            (Misfit::NotApproved, "未通过服务商审核。请在其控制台"),
            (Misfit::UnknownTemplate, "在服务商处没有。请核对编号"),
            (Misfit::OtherWords, "照抄到 templates.text"),
        ] {
            let told = tell(&unready(problem));
            assert!(told.zh.contains(said) && told.zh.contains("SMS_1"), "{}", told.zh);
            assert!(told.en.contains("template SMS_1"), "{}", told.en);
        }
    }

    #[tokio::test]
    async fn a_gateway_where_nobody_listens_is_not_said_to_be_reached() {
        let [gateway, door] = [(); 2].map(|()| port(&TcpListener::bind("127.0.0.1:0").unwrap()));
        let [let_in, reached, untried, shut_out] = knocked(gateway, door).await;
        assert!(let_in.is_empty() && reached.is_empty() && untried.is_empty());
        assert_eq!(shut_out, ["unicom login-unreachable", "kannel login-unreachable"]);
    }
}
