//! Which voice says the words of a bulletin (播报方式): the city's clip if it is here in time, else the fitting words of the
//! box's library and the script read out by the box itself. It is asked anew in each round, so that a clip that came late
//! is heard in the next one; and what was heard is told in the report.

use crate::{
    clip::{ClipBoard, Found, library::Fitting},
    sound::{Piece, Sweep, pause},
    voice::Words,
};
use mingluo_model::bulletin::AudioClip;
use std::{collections::BTreeSet, time::Duration};

/// Between the library's words and the script.
const BREATH: Duration = Duration::from_millis(700);

/// The voices that there are for one bulletin.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// The city's clip, and how far into the sounding it is waited for.
    pub city: Option<Ticket>,
    /// Words of the box's library.
    pub library: Option<Fitting>,
    /// The script, read out by the box.
    pub own: Option<Words>,
    /// The silence of the words' length, for a box that has none of these.
    pub time: Option<Sweep>,
}

/// A clip that was ordered.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// What it is.
    pub clip: AudioClip,
    /// Where it is asked for.
    pub board: ClipBoard,
    /// How far into the sounding it is waited for.
    pub wait: Duration,
}

/// A voice that was heard.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Voice {
    /// The city's clip.
    City,
    /// The box's library.
    Library,
    /// The box's own.
    Own,
    /// None: tone alone.
    Nobody,
    /// The city's clip was not used; why.
    Without(String),
}

/// The voices of a bulletin, as its report tells them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard(BTreeSet<Voice>);

impl Heard {
    /// Notes one.
    pub fn note(&mut self, voice: Voice) {
        self.0.insert(voice);
    }

    /// In words; empty when nothing was to be said.
    pub fn told(&self) -> String {
        let word = |voice: &Voice| match voice {
            Voice::City => "voice: the city's clip".to_owned(),
            Voice::Library => "voice: the box's library".to_owned(),
            Voice::Own => "voice: the box's own".to_owned(),
            Voice::Nobody => "no voice".to_owned(),
            Voice::Without(why) => format!("the city's clip was not played: {why}"),
        };
        self.0.iter().map(word).collect::<Vec<_>>().join("; ")
    }
}

impl Said {
    /// The pieces to be played in its place when the sounding has come so far; `None` while the clip is worth waiting for.
    pub fn settle(&self, sounded: Duration, heard: &mut Heard) -> Option<Vec<Piece>> {
        if let Some(ticket) = &self.city {
            match ticket.board.look(&ticket.clip) {
                Found::Whole(file) => {
                    heard.note(Voice::City);
                    return Some(vec![Piece::Clip(file)]);
                }
                Found::Awaited if sounded < ticket.wait => return None,
                Found::Awaited => heard.note(Voice::Without("it did not come in time".to_owned())),
                Found::Refused(why) => heard.note(Voice::Without(why)),
            }
        }
        Some(self.without_city(heard))
    }

    /// What the box can say by itself.
    pub fn without_city(&self, heard: &mut Heard) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if let Some(fitting) = &self.library {
            heard.note(Voice::Library);
            pieces.push(Piece::Clip(fitting.file.clone()));
        }
        if let Some(words) = &self.own {
            pieces.extend((!pieces.is_empty()).then(|| Piece::Sweep(pause(BREATH))));
            pieces.push(Piece::Words(words.clone()));
        }
        if pieces.is_empty() {
            heard.note(Voice::Nobody);
            pieces.extend(self.time.map(Piece::Sweep));
        }
        pieces
    }
}
