//! Calling responsible persons and being answered (叫应), as an operator sets it up: how long an answer is waited for, who
//! answers for a division, by which channels they are asked, and the links that they answer on. When the next rung is due is
//! dispatch's to say; what a look at the calls does is the office's.

mod config;
mod link;

pub use config::CallConfig;
pub use link::{Link, Links};

use mingluo_model::{
    alert::AlertKind,
    audience::{ChannelKind, Group},
    grade::Grade,
};
use std::{collections::BTreeMap, time::Duration};

/// How responsible persons are called (叫应规则).
#[derive(Debug)]
pub struct Calling {
    /// How long an answer is waited for on each rung, by grade. Warnings of other grades call nobody.
    pub within: BTreeMap<Grade, Duration>,
    /// The channels by which somebody is asked, the first first.
    pub channels: Vec<ChannelKind>,
    /// The groups that answer for a township, in the order in which they are asked.
    pub township: Vec<Group>,
    /// For a county.
    pub county: Vec<Group>,
    /// For the city.
    pub city: Vec<Group>,
    /// Where people answer.
    pub links: Links,
}

impl Calling {
    /// How long an answer to a warning is waited for; `None` where nobody is called, as by a lift or a correction.
    pub fn within(&self, kind: AlertKind, grade: Grade) -> Option<Duration> {
        match kind {
            AlertKind::Alert | AlertKind::Update(_) => self.within.get(&grade).copied(),
            AlertKind::Lift(_) | AlertKind::Correction(_) => None,
        }
    }
}
