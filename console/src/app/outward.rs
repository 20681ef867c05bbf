//! The channels of one mode: what a configuration's accounts become, with what hangs on them besides sending.

use super::Speakers;
use crate::{
    config::{Accounts, ConfigError},
    render::SmsForm,
};
use mingluo_channels::{
    account,
    email::{EmailChannel, EmailDoor},
    robot::RobotChannel,
    sms::cloud::CloudCallback,
    speaker::{SpeakerChannel, SpeakerConfig, enrol::Enrolment, keyring},
    wechat::{Callback, CustomService, MassChannel, WeChatChannel},
    wecom::{self, WeComChannel},
};
use mingluo_model::{channel::Channel, clock::SharedClock, mode::Mode, plan::AccountName, signer::Signer};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The channels of one mode, and what hangs on them besides sending.
pub(super) struct Outward<M: Mode> {
    pub(super) channels: Vec<Arc<dyn Channel<M>>>,
    pub(super) pretend: BTreeSet<AccountName>,
    pub(super) mass: Option<AccountName>,
    pub(super) custom_service: Option<(AccountName, CustomService)>,
    pub(super) sms_forms: BTreeMap<AccountName, SmsForm>,
    pub(super) callbacks: BTreeMap<AccountName, Arc<Callback>>,
    pub(super) wecom_callbacks: BTreeMap<AccountName, Arc<wecom::Callback>>,
    pub(super) sms_callbacks: BTreeMap<AccountName, Arc<CloudCallback>>,
    pub(super) mail_doors: BTreeMap<AccountName, Arc<EmailDoor>>,
    pub(super) speakers: Option<Speakers>,
    /// Keys that cannot be used; a city with any does not start.
    pub(super) wrong: Vec<ConfigError>,
}

/// Builds the channels of one mode; connects to nothing.
pub(super) fn channels<M: Mode>(
    accounts: &Accounts,
    clock: &SharedClock,
    signer: &Arc<dyn Signer>,
) -> Outward<M> {
    let mut out = Outward {
        channels: Vec::new(),
        pretend: BTreeSet::new(),
        mass: None,
        custom_service: None,
        sms_forms: BTreeMap::new(),
        callbacks: BTreeMap::new(),
        wecom_callbacks: BTreeMap::new(),
        sms_callbacks: BTreeMap::new(),
        mail_doors: BTreeMap::new(),
        speakers: None,
        wrong: Vec::new(),
    };
    out.add_gateways(accounts, clock);
    out.add_clouds(accounts, clock);
    out.add_letters(accounts, clock);
    if let Some(speaker) = &accounts.speaker {
        out.note_pretend(&speaker.name, speaker.pretend);
        let built = SpeakerChannel::<M>::new(speaker.clone(), clock.clone(), Some(Arc::clone(signer)));
        match speaker.tls.guarded() {
            Ok((tls, keeper)) => {
                let hub = built.as_ref().ok().map(SpeakerChannel::hub);
                let enrolment = out.enrolment(speaker);
                out.speakers =
                    hub.map(|hub| Speakers { hub, config: speaker.clone(), tls, keeper, enrolment });
            }
            Err(source) => out.refuse("speaker.tls", source),
        }
        if let Some(file) = &speaker.key_set_file
            && let Err(source) = keyring::IssuedKeys::read(file)
        {
            out.refuse("speaker", source);
        }
        out.add("speaker", built);
    }
    out
}

impl<M: Mode> Outward<M> {
    /// What boxes enrol with, if they may.
    fn enrolment(&mut self, speaker: &SpeakerConfig) -> Option<Enrolment> {
        let read = Enrolment::read(speaker.enrol.as_ref()?, &speaker.tls, speaker.key_set_file.as_ref());
        read.map_err(|source| self.refuse("speaker.enrol", source)).ok()
    }

    /// Channels that write to somebody's account, with what comes back of them by another door.
    fn add_letters(&mut self, accounts: &Accounts, clock: &SharedClock) {
        if let Some(wechat) = &accounts.wechat {
            self.note_pretend(&wechat.name, wechat.pretend);
            let built = WeChatChannel::<M>::new(wechat.clone(), clock.clone());
            if let Ok(channel) = &built {
                self.callbacks.insert(wechat.name.clone(), Arc::new(channel.callback()));
                self.custom_service = Some((wechat.name.clone(), channel.custom_service()));
                self.add_mass(channel.mass(), wechat.pretend);
            }
            self.add("wechat", built);
        }
        self.add_chats(accounts, clock);
        if let Some(email) = &accounts.email {
            self.note_pretend(&email.name, email.pretend);
            let built = EmailChannel::<M>::new(email.clone(), clock.clone());
            if let Ok(channel) = &built {
                self.mail_doors.insert(email.name.clone(), Arc::new(channel.door()));
            }
            self.add("email", built);
        }
    }

    fn add_mass(&mut self, mass: Option<MassChannel<M>>, pretend: bool) {
        let Some(mass) = mass else { return };
        self.note_pretend(mass.account(), pretend);
        self.mass = Some(mass.account().clone());
        self.channels.push(Arc::new(mass));
    }

    /// Where officials are: their WeCom, and the robots of their groups.
    fn add_chats(&mut self, accounts: &Accounts, clock: &SharedClock) {
        if let Some(wecom) = &accounts.wecom {
            self.note_pretend(&wecom.name, wecom.pretend);
            let built = WeComChannel::<M>::new(wecom.clone(), clock.clone());
            if let Ok(channel) = &built {
                self.wecom_callbacks.insert(wecom.name.clone(), Arc::new(channel.callback()));
            }
            self.add("wecom", built);
        }
        if let Some(robot) = &accounts.robot {
            self.note_pretend(&robot.name, robot.pretend);
            self.add("robot", RobotChannel::<M>::new(robot.clone(), clock.clone()));
        }
    }

    fn add(&mut self, kind: &str, built: Result<impl Channel<M> + 'static, account::ConfigError>) {
        match built {
            Ok(channel) => self.channels.push(Arc::new(channel)),
            Err(source) => self.refuse(kind, source),
        }
    }

    fn refuse(&mut self, kind: &str, source: account::ConfigError) {
        self.wrong.push(ConfigError::Account { table: format!("{}.{kind}", M::KIND.word()), source });
    }

    /// The carriers' gateways. Their configurations are types of their own with the same keys.
    fn add_gateways(&mut self, accounts: &Accounts, clock: &SharedClock) {
        macro_rules! add_each {
            ($kind:literal, $accounts:expr) => {
                for one in $accounts {
                    let form = SmsForm::of(&one.signature).with(one.letters(), &one.flash);
                    self.note_sms(&one.name, one.pretend, form);
                    self.add($kind, one.clone().build::<M>(clock.clone()));
                }
            };
        }
        add_each!("sms", &accounts.sms);
        add_each!("cmpp", &accounts.cmpp);
        add_each!("smgp", &accounts.smgp);
        add_each!("sgip", &accounts.sgip);
    }

    /// SMS providers that are called over HTTP.
    fn add_clouds(&mut self, accounts: &Accounts, clock: &SharedClock) {
        for alibaba in &accounts.alibaba {
            self.note_pretend(&alibaba.name, alibaba.pretend);
            let built = alibaba.clone().build::<M>(clock.clone());
            if let Ok(channel) = &built {
                self.sms_forms.insert(alibaba.name.clone(), SmsForm::of_templates(channel.form()));
                self.sms_callbacks.insert(alibaba.name.clone(), Arc::new(channel.callback()));
            }
            self.add("alibaba", built);
        }
        for tencent in &accounts.tencent {
            self.note_pretend(&tencent.name, tencent.pretend);
            let built = tencent.clone().build::<M>(clock.clone());
            if let Ok(channel) = &built {
                self.sms_forms.insert(tencent.name.clone(), SmsForm::of_templates(channel.form()));
                self.sms_callbacks.insert(tencent.name.clone(), Arc::new(channel.callback()));
            }
            self.add("tencent", built);
        }
        for http in &accounts.http_sms {
            self.note_sms(&http.name, http.pretend, SmsForm::of(&http.signature));
            let built = http.clone().build::<M>(clock.clone());
            if let Ok(channel) = &built {
                self.sms_callbacks.insert(http.name.clone(), Arc::new(channel.callback()));
            }
            self.add("http_sms", built);
        }
    }

    fn note_sms(&mut self, name: &AccountName, pretend: bool, form: SmsForm) {
        self.note_pretend(name, pretend);
        self.sms_forms.insert(name.clone(), form);
    }

    fn note_pretend(&mut self, name: &AccountName, pretend: bool) {
        if pretend {
            self.pretend.insert(name.clone());
        }
    }
}
