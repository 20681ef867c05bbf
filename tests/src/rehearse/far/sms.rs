//! SMS: the pretend centre `sim-smsc` over SMPP 3.4.

use super::{super::options::Victim, Ear, FarSide, Scene, ear::Pages};
use crate::{
    judge::{FarEvent, Fate, Heard},
    residents::Person,
    sim_smsc::log::{Posted, PostedAs, Record, Tail, Verdict},
};
use anyhow::Context;
use mingluo_model::audience::ChannelKind;
use serde_json::{Value, json};
use std::{collections::HashMap, net::SocketAddr, path::Path};

/// Connections to the centre.
pub(super) const SESSIONS: u64 = 2;

/// Unanswered parts on each, at least, and when the city is to be killed: so many may come twice then.
pub(super) const WINDOW: u64 = 64;

/// What each may have unanswered of a large licence: as much as passes in 20 ms. A slot is free only when its answer is
/// on disk, so that a window must span the way there and back and two commits.
const WINDOW_SHARE: u64 = 50;

/// How often the pretend phones fail and keep silent; a part of a hundred.
const FAILING: &str = "1.5";
const SILENT: &str = "1";

/// Receipts come so many milliseconds later.
const LATE: &str = "20..900";

/// Delivered, as receipts say it on the wire (SMPP 3.4 clause 5.2.28).
const DELIVERED: u8 = 2;

/// The SMS side.
pub(super) struct Sms;

impl FarSide for Sms {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Sms
    }

    fn binary(&self) -> &'static str {
        "sim-smsc"
    }

    fn args(&self, scene: &Scene) -> Vec<String> {
        let seed = scene.seed.to_string();
        let usual = [
            ["--fail-percent", FAILING],
            ["--silent-percent", SILENT],
            ["--late-ms", LATE],
            ["--seed", &seed],
        ];
        let mut args = scene.smsc_faults.clone();
        for [knob, value] in usual {
            let is_given = |word: &String| word.split('=').next() == Some(knob);
            if !scene.smsc_faults.iter().any(is_given) {
                args.extend([knob.to_owned(), value.to_owned()]);
            }
        }
        if scene.killed == Some(Victim::Gateway) {
            args.push("--durable".to_owned());
        }
        if let Some(plant) = scene.plant {
            args.extend(["--plant".to_owned(), plant.word().to_owned()]);
        }
        args
    }

    fn account(&self, scene: &Scene, address: Option<SocketAddr>) -> anyhow::Result<Value> {
        let address = address.context("sim-smsc told no address")?;
        // Eight letters: the most that SMPP has for a password.
        let (password, _) = scene.stage.secret("smsc-password", 4)?;
        Ok(json!([{
            "name": "sms-pretend",
            "pretend": true,
            "host": address.ip().to_string(),
            "port": address.port(),
            "system_id": "mingluo",
            "password_file": password,
            "source_address": "106900012379",
            "sessions": SESSIONS,
            "window": window(scene, scene.licence),
            "per_second": scene.licence,
            "signature": { "placement": "in_front", "text": "抚顺预警" },
        }]))
    }

    fn gives_receipts(&self) -> bool {
        true
    }

    fn window(&self) -> u64 {
        SESSIONS * WINDOW
    }

    fn address(&self, person: &Person) -> Option<Box<str>> {
        person.sms.map(|number| number.to_string().into())
    }

    fn ear(&self, log: &Path) -> Ear {
        Ear::new(SmscPages::new(log, |part| part.id.to_string()))
    }
}

/// Unanswered parts that a session may have at a licence.
pub(super) fn window(scene: &Scene, licence: u32) -> u64 {
    if scene.killed.is_some() { WINDOW } else { WINDOW.max(u64::from(licence) / WINDOW_SHARE) }
}

/// What a receipt calls a message, as the city's ledger has it.
pub(super) type Name = fn(&Named) -> String;

/// What a message is called after.
#[derive(Clone, Copy)]
pub(super) struct Named {
    pub(super) id: u64,
    pub(super) prefix: [u32; 2],
    pub(super) sequence: u32,
}

/// The centre's log. A receipt counts when the city took it, not when it was sent.
pub(super) struct SmscPages {
    tail: Tail,
    name: Name,
    /// Destination of each message, what it is called after, and the state that its receipt reports once it was sent.
    sent: HashMap<u64, (u64, Named, u8)>,
}

impl SmscPages {
    pub(super) fn new(log: &Path, name: Name) -> Self {
        Self { tail: Tail::new(log), name, sent: HashMap::new() }
    }
}

impl Pages for SmscPages {
    fn read(&mut self, heard: &mut Heard, arrivals_us: &mut Vec<i64>) -> anyhow::Result<()> {
        let Self { tail, name, sent } = self;
        tail.read(|record| match record {
            Record::Arrived(part) if part.verdict.is_taken() => {
                arrivals_us.push(part.at_us);
                let named = Named { id: part.id, prefix: part.prefix, sequence: part.sequence };
                sent.insert(part.id, (part.destination, named, 0));
                let (to, id) = (part.destination.to_string(), name(&named));
                let part = part.part.saturating_sub(1);
                heard.add(FarEvent::Arrived { to: &to, part, id: &id, answered: true });
            }
            Record::Arrived(part) if part.verdict == Verdict::Refused => {
                heard.add(FarEvent::Refused { to: &part.destination.to_string() });
            }
            Record::Arrived(_) => {}
            Record::Posted(posted) => hear_receipt(&posted, *name, sent, heard),
        })?;
        Ok(())
    }
}

fn hear_receipt(posted: &Posted, name: Name, sent: &mut HashMap<u64, (u64, Named, u8)>, heard: &mut Heard) {
    let Some((destination, named, state)) = sent.get_mut(&posted.id) else { return };
    let fate = match posted.how {
        PostedAs::Sent => {
            *state = posted.state;
            return;
        }
        PostedAs::Withheld => Fate::Withheld,
        PostedAs::Answered if *state == DELIVERED => Fate::Arrived,
        PostedAs::Answered => Fate::Failed,
    };
    let (to, id) = (destination.to_string(), name(named));
    heard.add(FarEvent::Receipt { to: &to, id: &id, fate });
}
