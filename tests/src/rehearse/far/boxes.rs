//! Village speakers: pretend boxes in `sim-boxes`, which connect to the city over mutual TLS and check every signature.

use super::{Ear, Entrance, FarSide, Scene, ear::Pages, pages::Lines};
use crate::{
    judge::{FarEvent, Fate, Heard},
    residents::Person,
    sim_boxes::{
        log::{Line, What},
        pki,
    },
};
use anyhow::Context;
use mingluo_model::{
    audience::ChannelKind,
    bulletin::{Alg, BroadcastClass, KeySet, PublicKey, ResourceCode, VerifyingEntry},
    grade::Grade,
    region::Level,
};
use serde_json::{Value, json};
use std::{collections::HashSet, net::SocketAddr, path::Path, time::Duration};

/// The speaker side.
pub(super) struct Boxes;

impl FarSide for Boxes {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Speaker
    }

    fn binary(&self) -> &'static str {
        "sim-boxes"
    }

    fn entrance(&self) -> Entrance {
        Entrance::After
    }

    fn prepare(&self, scene: &Scene, boxes: &[Person]) -> anyhow::Result<()> {
        let coded = |person: &Person| Some((person.speaker.as_ref()?.parse().ok()?, person.region));
        let boxes: Vec<_> = boxes.iter().filter_map(coded).collect();
        pki::make(&scene.stage.path("pki"), &boxes, scene.now)?;
        let keys = KeySet { keys: vec![believed(scene)?] };
        scene.stage.write("keys.json", &serde_json::to_string(&keys)?)?;
        Ok(())
    }

    fn args(&self, scene: &Scene) -> Vec<String> {
        let path = |name: &str| scene.stage.path(name).display().to_string();
        let city = format!("wss://{}/link", scene.village);
        let (pki, ca, keys, seed) =
            (path("pki"), path("pki/ca.pem"), path("keys.json"), scene.seed.to_string());
        let wired = ["--city", &city, "--ca", &ca, "--boxes", &pki, "--keys", &keys];
        let knobs = ["--deaf-percent", "2", "--silent-percent", "2", "--play-ms", "800", "--seed", &seed];
        wired.into_iter().chain(knobs).map(str::to_owned).collect()
    }

    fn account(&self, scene: &Scene, _: Option<SocketAddr>) -> anyhow::Result<Value> {
        let path = |name: &str| scene.stage.path(&format!("pki/{name}"));
        let tls = json!({
            "cert_file": path("city.pem"), "key_file": path("city.key"), "client_ca_file": path("ca.pem"),
        });
        let listen = scene.village.to_string();
        Ok(
            json!({ "name": "speaker-pretend", "pretend": true, "listen": listen, "tls": tls, "boxes": 50_000 }),
        )
    }

    fn gives_receipts(&self) -> bool {
        true
    }

    /// A box acts once on a bulletin, however often it comes.
    fn window(&self) -> u64 {
        0
    }

    fn address(&self, person: &Person) -> Option<Box<str>> {
        person.speaker.as_deref().map(Into::into)
    }

    fn ear(&self, log: &Path) -> Ear {
        Ear::new(BoxPages { lines: Lines::new(log), silent: HashSet::new() })
    }
}

/// What boxes believe: the city's key, for the whole city and every grade and class, for as long as the certificates.
fn believed(scene: &Scene) -> anyhow::Result<VerifyingEntry> {
    let public = hex::decode(&scene.public_key).context("the signer told no public key")?;
    Ok(VerifyingEntry {
        id: super::super::city::KEY_ID.parse()?,
        public: PublicKey::new(Alg::Ed25519, &public)?,
        not_after: scene.now.plus(Duration::from_hours(14 * 24)),
        tier: Level::City,
        areas: vec!["2104".parse()?],
        max_level: Grade::Red,
        classes: BroadcastClass::ALL.to_vec(),
    })
}

/// The boxes' log. A box has got it when it found the bulletin genuine; what a silent box did, it told nobody.
struct BoxPages {
    lines: Lines,
    silent: HashSet<ResourceCode>,
}

impl Pages for BoxPages {
    fn read(&mut self, heard: &mut Heard, arrivals_us: &mut Vec<i64>) -> anyhow::Result<()> {
        let silent = &mut self.silent;
        self.lines.read(|line| {
            let Line { at_ms, box_code, ebm, what } = serde_json::from_str(line)?;
            let Some(ebm) = ebm else { return Ok(()) };
            let (to, id) = (box_code.to_string(), format!("{box_code}{ebm}"));
            match (what, fate(what)) {
                (What::Withheld, _) => drop(silent.insert(box_code)),
                (What::Verified, _) => {
                    arrivals_us.push(at_ms * 1_000);
                    let answered = !silent.contains(&box_code);
                    heard.add(FarEvent::Arrived { to: &to, part: 0, id: &id, answered });
                }
                (_, Some(fate)) if !silent.contains(&box_code) => {
                    heard.add(FarEvent::Receipt { to: &to, id: &id, fate });
                }
                _ => {}
            }
            Ok(())
        })
    }
}

/// What a report says of the sound.
const fn fate(what: What) -> Option<Fate> {
    match what {
        What::Sounded => Some(Fate::Arrived),
        What::NotHeard | What::Preempted | What::Stopped | What::Expired | What::Interrupted => {
            Some(Fate::Failed)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_silent_box_did_is_no_receipt() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let line = |code: u8, what: &str| {
            format!(
                r#"{{"at_ms":5,"box":"6210423001001031401010{code}","ebm":"42104000000000103010101202607050001","what":"{what}"}}"#
            )
        };
        let loud = ["verified", "playing", "sounded"].map(|what| line(1, what));
        let silent = ["withheld", "verified", "withheld", "playing", "withheld", "sounded"];
        let lines: Vec<String> = loud.into_iter().chain(silent.map(|what| line(2, what))).collect();
        std::fs::write(&path, lines.join("\n") + "\n").unwrap();
        let mut ear = Boxes.ear(&path);
        ear.listen().unwrap();
        assert_eq!(ear.parts(), 2);
        let targets = [1, 2].map(|code| format!("6210423001001031401010{code}").into()).into();
        let mut kept = crate::judge::Kept { target: 2, parts: 1, unanswered: 1, ..Default::default() };
        kept.states = [("sounded".to_owned(), 1), ("unknown".to_owned(), 1)].into();
        let (heard, doubles_allowed) = (ear.heard(), 0);
        let case =
            crate::judge::Case { kept: &kept, heard, targets: &targets, doubles_allowed, receipts: true };
        assert!(crate::judge::judge(&case).is_good(), "{:?}", crate::judge::judge(&case).findings);
    }
}
