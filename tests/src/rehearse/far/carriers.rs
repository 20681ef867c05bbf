//! SMS split by carrier: a pretend centre for each, in that carrier's own protocol, and an account in the city that
//! takes its numbers. Where one centre stands in a plain rehearsal, four stand here; they are judged together.

use super::{
    Ear, FarSide, Scene, Simulator,
    ear::Pages,
    log_file,
    sms::{Name, SESSIONS, Sms, SmscPages, WINDOW, window},
};
use crate::{judge::Heard, rehearse::stage::Stage, residents::Person};
use anyhow::Context;
use mingluo_channels::sms::{sgip::Sequence, wire::Stamp};
use mingluo_model::audience::ChannelKind;
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// The password at all centres, and ours where the gateway comes to us.
const PASSWORD: &str = "smsc-password";

/// Where Fushun's enterprise stands (clause 3.3 of SGIP 1.2).
const AREA_CODE: &str = "024";
const CORP_ID: &str = "12345";

/// One carrier's centre.
struct Centre {
    name: &'static str,
    /// The simulator's word for the protocol, and the table of its account.
    protocol: &'static str,
    table: &'static str,
    carrier: &'static str,
    /// Its part of the licence in thousandths: about that of its numbers among the residents'.
    share: u32,
    /// How the ledger has the names of its messages.
    named: Name,
}

const CENTRES: [Centre; 4] = [
    Centre {
        name: "mobile",
        protocol: "cmpp",
        table: "cmpp",
        carrier: "mobile",
        share: 440,
        named: |part| part.id.to_be_bytes().escape_ascii().to_string(),
    },
    Centre {
        name: "unicom",
        protocol: "sgip",
        table: "sgip",
        carrier: "unicom",
        share: 420,
        named: |part| {
            let [node, stamp] = part.prefix;
            let sequence = Sequence { node, stamp: Stamp(stamp), counter: part.sequence };
            sequence.to_bytes().escape_ascii().to_string()
        },
    },
    Centre {
        name: "telecom",
        protocol: "smgp",
        table: "smgp",
        carrier: "telecom",
        share: 130,
        // The simulator writes an id that is no BCD, as some gateways do.
        named: |part| [&[0xFE; 2][..], &part.id.to_be_bytes()].concat().escape_ascii().to_string(),
    },
    Centre {
        name: "broadnet",
        protocol: "smpp",
        table: "sms",
        carrier: "broadnet",
        share: 10,
        named: |part| part.id.to_string(),
    },
];

/// The SMS side, by carrier.
pub(super) struct Carriers;

impl Carriers {
    fn account_of(centre: &Centre, scene: &Scene, address: SocketAddr, secret: &Path) -> Value {
        let licence = (scene.licence * centre.share / 1_000).max(20);
        let mut account = json!({
            "name": centre.name,
            "pretend": true,
            "carriers": [centre.carrier],
            "rank": 1,
            "host": address.ip().to_string(),
            "port": address.port(),
            "source_address": "106900012379",
            "sessions": SESSIONS,
            "window": window(scene, licence),
            "per_second": licence,
            "signature": { "placement": "in_front", "text": "抚顺预警" },
        });
        let own = match centre.protocol {
            "cmpp" => json!({ "sp_id": "900001", "secret_file": secret, "check_gateway_digest": false }),
            "smgp" => {
                json!({ "client_id": "10690001", "secret_file": secret, "check_gateway_digest": false })
            }
            "sgip" => json!({
                "login_name": "mingluo", "password_file": secret, "area_code": AREA_CODE, "corp_id": CORP_ID,
                "listen": scene.receipts, "gateway_login_name": "sim-smsc", "gateway_password_file": secret,
            }),
            _ => json!({ "system_id": "mingluo", "password_file": secret }),
        };
        if let (Some(account), Value::Object(own)) = (account.as_object_mut(), own) {
            account.extend(own);
        }
        account
    }
}

impl FarSide for Carriers {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Sms
    }

    fn binary(&self) -> &'static str {
        Sms.binary()
    }

    fn simulators(&self, scene: &Scene) -> anyhow::Result<Vec<Simulator>> {
        let (_, password) = scene.stage.secret(PASSWORD, 4)?;
        let simulator = |centre: &Centre| {
            // One fault is planted, in one centre.
            let plant = scene.plant.filter(|_| centre.name == CENTRES[0].name);
            let mut args = Sms.args(&Scene { plant, ..scene.clone() });
            args.extend(["--protocol".to_owned(), centre.protocol.to_owned()]);
            if centre.protocol == "sgip" {
                let door = scene.receipts.to_string();
                args.extend(["--report-to", &door, "--report-password", &password].map(str::to_owned));
            }
            Simulator { name: format!("sms-{}", centre.name), args }
        };
        Ok(CENTRES.iter().map(simulator).collect())
    }

    fn args(&self, scene: &Scene) -> Vec<String> {
        Sms.args(scene)
    }

    fn accounts(&self, scene: &Scene, addresses: &[SocketAddr]) -> anyhow::Result<Vec<(String, Value)>> {
        // Written when the simulators were started, one of which must know it.
        let secret = scene.stage.path(PASSWORD);
        let mut accounts = vec![("sms_default".to_owned(), json!(CENTRES[0].name))];
        for (nth, centre) in CENTRES.iter().enumerate() {
            let address = addresses.get(nth).with_context(|| format!("{} told no address", centre.name))?;
            let account = Self::account_of(centre, scene, *address, &secret);
            accounts.push((centre.table.to_owned(), json!([account])));
        }
        Ok(accounts)
    }

    fn account(&self, scene: &Scene, address: Option<SocketAddr>) -> anyhow::Result<Value> {
        Sms.account(scene, address)
    }

    fn gives_receipts(&self) -> bool {
        true
    }

    fn window(&self) -> u64 {
        SESSIONS * WINDOW * CENTRES.len() as u64
    }

    fn address(&self, person: &Person) -> Option<Box<str>> {
        Sms.address(person)
    }

    fn ears(&self, stage: &Stage) -> Ear {
        let pages = |centre: &Centre| SmscPages::new(&log(stage, centre), centre.named);
        Ear::new(AllPages(CENTRES.iter().map(pages).collect()))
    }

    fn ear(&self, log: &Path) -> Ear {
        Sms.ear(log)
    }
}

fn log(stage: &Stage, centre: &Centre) -> PathBuf {
    log_file(stage, &format!("sms-{}", centre.name))
}

/// The logs of all centres.
struct AllPages(Vec<SmscPages>);

impl Pages for AllPages {
    fn read(&mut self, heard: &mut Heard, arrivals_us: &mut Vec<i64>) -> anyhow::Result<()> {
        self.0.iter_mut().try_for_each(|pages| pages.read(heard, arrivals_us))
    }
}
