//! The far sides: for each channel the simulator that pretends, the account in the city's configuration that leads to
//! it, and how its log is read. Another channel is another struct here and a line in [`all`].

mod boxes;
mod carriers;
mod ear;
mod mail;
mod pages;
mod sms;
mod wechat;

pub(super) use ear::Ear;

use super::{
    options::{Plant, Victim},
    stage::Stage,
};
use crate::residents::Person;
use mingluo_model::{audience::ChannelKind, clock::Timestamp};
use serde_json::Value;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What a far side may know of the run.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) stage: Arc<Stage>,
    pub(super) seed: u64,
    pub(super) plant: Option<Plant>,
    /// Words of the SMS centre's command line that stand for its own.
    pub(super) smsc_faults: Vec<String>,
    /// SMS parts a second.
    pub(super) licence: u32,
    /// Who will be killed half way.
    pub(super) killed: Option<Victim>,
    /// Where the city's own doors are.
    pub(super) console: SocketAddr,
    /// Where a gateway that brings its receipts knocks.
    pub(super) receipts: SocketAddr,
    /// Where village boxes knock.
    pub(super) village: SocketAddr,
    /// The public half of the signing key, in hexadecimal.
    pub(super) public_key: String,
    pub(super) now: Timestamp,
}

/// When a simulator is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entrance {
    /// Before the city, which must know its address.
    Before,
    /// After the city, which it connects to.
    After,
}

/// One channel's far side.
pub(super) trait FarSide: Send + Sync {
    /// The channel.
    fn kind(&self) -> ChannelKind;

    /// The simulator's program.
    fn binary(&self) -> &'static str;

    /// When it is started.
    fn entrance(&self) -> Entrance {
        Entrance::Before
    }

    /// The simulators that are started, each with a name for its log and its command line but for that.
    fn simulators(&self, scene: &Scene) -> anyhow::Result<Vec<Simulator>> {
        Ok(vec![Simulator { name: self.kind().word().to_owned(), args: self.args(scene) }])
    }

    /// What the city's configuration has for it below `live`, by key.
    fn accounts(&self, scene: &Scene, addresses: &[SocketAddr]) -> anyhow::Result<Vec<(String, Value)>> {
        Ok(vec![(self.kind().word().to_owned(), self.account(scene, addresses.first().copied())?)])
    }

    /// What reads the logs of all its simulators.
    fn ears(&self, stage: &Stage) -> Ear {
        self.ear(&log_file(stage, self.kind().word()))
    }

    /// Files that must be there before anything starts. `boxes` are the speakers of the roster.
    fn prepare(&self, _scene: &Scene, _boxes: &[Person]) -> anyhow::Result<()> {
        Ok(())
    }

    /// The simulator's command line, but for its log.
    fn args(&self, scene: &Scene) -> Vec<String>;

    /// The account in the city's configuration, below `live`.
    fn account(&self, scene: &Scene, address: Option<SocketAddr>) -> anyhow::Result<Value>;

    /// What `render` must have besides.
    fn template(&self) -> Option<Value> {
        None
    }

    /// Whether the far side gives receipts.
    fn gives_receipts(&self) -> bool;

    /// Copies too many that killing the city may cause.
    fn window(&self) -> u64;

    /// An address as the simulator's log has it.
    fn address(&self, person: &Person) -> Option<Box<str>>;

    /// What reads the log.
    fn ear(&self, log: &Path) -> Ear;
}

/// One simulator of a far side.
pub(super) struct Simulator {
    /// Names its log.
    pub(super) name: String,
    pub(super) args: Vec<String>,
}

/// The far sides of these channels, or of all whose simulator is there; `by_carrier` has a centre for each carrier.
pub(super) fn all(wanted: &[ChannelKind], by_carrier: bool, programs: &Path) -> Vec<Box<dyn FarSide>> {
    let sms: Box<dyn FarSide> = if by_carrier { Box::new(carriers::Carriers) } else { Box::new(sms::Sms) };
    let known: Vec<Box<dyn FarSide>> =
        vec![sms, Box::new(boxes::Boxes), Box::new(wechat::WeChat), Box::new(mail::Mail)];
    let there = |side: &dyn FarSide| programs.join(side.binary()).exists();
    let chosen =
        |side: &dyn FarSide| if wanted.is_empty() { there(side) } else { wanted.contains(&side.kind()) };
    known.into_iter().filter(|side| chosen(side.as_ref())).collect()
}

/// A simulator's log file.
pub(super) fn log_file(stage: &Stage, name: &str) -> PathBuf {
    stage.path(&format!("far-{name}.log"))
}
