//! What speaks for it that something sounded (播出证据), and what for it that the amplifier had its supply. It is asked
//! before the relay closes, at every block, and at the end; a relay that was switched is no evidence of anything.

use crate::{
    contact::Contact,
    envelope::{ALIKE, Envelope, likeness},
    player::{AHEAD, Block},
    sense::Sense,
    sound::SAMPLE_RATE,
};
use std::time::Duration;

/// The inputs that are asked.
pub(crate) struct Inputs<'a> {
    /// What hears the loudspeaker.
    pub(crate) sense: &'a mut dyn Sense,
    /// The contact behind the relay, if there is one; on while the amplifier has its supply (供电回读).
    pub(crate) feedback: Option<&'a mut (dyn Contact + 'static)>,
}

/// What was found out about one playing.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    oddities: Oddities,
    // Whether the supply was seen while the relay was closed; `None` without a contact behind it.
    fed: Option<bool>,
    heard: bool,
    audible: bool,
    // What was played and what was heard; only with an input that says how loud.
    compared: Option<Compared>,
    // What an input that only says on or off has shown.
    switched: Switched,
    stretch: Stretch,
}

/// What is played at the moment.
#[derive(Debug, Default)]
struct Stretch {
    // How long the block is that was begun last, and whether the siren sounds meanwhile.
    block: Duration,
    is_siren: bool,
    // For how long it has been audible, or silent.
    is_audible: bool,
    lasted: Duration,
}

impl Stretch {
    /// The block has sounded. Answers whether the input can know of it: a card is kept so far ahead that it still plays what
    /// was before.
    fn passes(&mut self, is_audible: bool) -> bool {
        if self.is_audible != is_audible {
            (self.is_audible, self.lasted) = (is_audible, Duration::ZERO);
        }
        self.lasted += self.block;
        self.lasted > AHEAD
    }
}

/// An input that was on while something was to be heard proves nothing until it was off in a silence: the hum of an amplifier
/// whose mixer is muted is on and off with the relay, and a detector takes it for sound.
#[derive(Debug, Default)]
struct Switched {
    was_on: bool,
    was_off: bool,
}

/// What ought not to be.
#[derive(Debug, Default)]
struct Oddities {
    // The input that says on or off was on before the relay closed: what it says is no evidence.
    stuck: bool,
    // It was on during a silent block.
    hums: bool,
    // The amplifier had its supply before the relay closed: the relay's contact sticks.
    welded: bool,
}

#[derive(Debug, Default)]
struct Compared {
    played: Envelope,
    heard: Vec<f32>,
    // How many steps were there at the last comparison; once a second is enough.
    at: usize,
    likeness: Option<f32>,
}

/// Steps between two comparisons.
const COMPARE_EVERY: usize = 10;

impl Evidence {
    /// Looks at the inputs before the relay closes.
    pub(crate) fn before(inputs: &mut Inputs<'_>) -> Self {
        inputs.sense.attend();
        let fed = inputs.feedback.as_mut().map(|feedback| feedback.is_on());
        let oddities = Oddities { stuck: inputs.sense.hears(), hums: false, welded: fed.unwrap_or_default() };
        Self {
            oddities,
            fed: fed.map(|_| false),
            compared: inputs.sense.levels().map(|_| Compared::default()),
            ..Self::default()
        }
    }

    /// A block begins.
    pub(crate) fn begins(&mut self, block: &Block) {
        self.audible |= block.is_audible();
        (self.stretch.block, self.stretch.is_siren) = (block.length, block.is_siren());
        if block.is_siren() {
            return;
        }
        if let Some(compared) = &mut self.compared {
            compared.played.take(block.samples());
        }
    }

    /// So many samples of silence are played that are no block.
    pub(crate) fn pauses(&mut self, n_samples: usize) {
        let length = Duration::from_secs_f64(n_samples as f64 / f64::from(SAMPLE_RATE));
        (self.stretch.block, self.stretch.is_siren) = (length, false);
        if let Some(compared) = &mut self.compared {
            compared.played.take(std::iter::repeat_n(0, n_samples));
        }
    }

    /// Listens to the block that has sounded; answers whether this is the first evidence.
    pub(crate) fn listen(&mut self, inputs: &mut Inputs<'_>, is_audible: bool) -> bool {
        if let (Some(fed), Some(feedback)) = (&mut self.fed, inputs.feedback.as_mut()) {
            *fed |= feedback.is_on();
        }
        let levels = inputs.sense.levels();
        if self.stretch.is_siren {
            // What is heard now is the siren, whatever the loudspeaker does.
            return false;
        }
        let heard = match levels {
            Some(levels) => self.follows(levels),
            None => self.switches(inputs.sense.hears(), is_audible),
        };
        let is_first = heard && !self.heard;
        self.heard |= heard;
        is_first
    }

    fn switches(&mut self, hears: bool, is_audible: bool) -> bool {
        if self.stretch.passes(is_audible) {
            self.switched.was_on |= is_audible && hears;
            self.switched.was_off |= !is_audible && !hears;
            self.oddities.hums |= !is_audible && hears;
        }
        self.switched.was_on && self.switched.was_off && !self.oddities.stuck
    }

    fn follows(&mut self, levels: Vec<f32>) -> bool {
        let Some(compared) = &mut self.compared else { return false };
        compared.heard.extend(levels);
        if self.heard || compared.heard.len() < compared.at + COMPARE_EVERY {
            return false;
        }
        compared.at = compared.heard.len();
        compared.likeness = likeness(compared.played.levels(), &compared.heard);
        compared.likeness.is_some_and(|found| found >= ALIKE)
    }

    /// A sink or relay failed: it was to be heard and cannot have been.
    pub(crate) const fn fails(&mut self) {
        self.audible = true;
    }

    /// Whether something was to be heard.
    pub(crate) const fn is_audible(&self) -> bool {
        self.audible
    }

    /// Whether it was heard.
    pub(crate) const fn is_heard(&self) -> bool {
        self.heard
    }

    /// How alike what was heard is to what was played, for the record; empty when the input only says on or off.
    pub(crate) fn likeness(&self) -> String {
        let found = self.compared.as_ref().and_then(|compared| compared.likeness);
        found.map_or_else(String::new, |found| format!("相似度 likeness {found:.2}"))
    }

    /// What is wrong with relay, supply or input, if anything can be told: for a self-test, and for the record of what was
    /// not heard.
    pub(crate) const fn fault(&self) -> Option<&'static str> {
        if self.oddities.welded {
            Some(
                "继电器吸合前功放已有电，触点可能粘连 the amplifier had its supply before the relay closed: the contact may be welded",
            )
        } else if matches!(self.fed, Some(false)) {
            Some(
                "继电器吸合后功放没有供电 the amplifier had no supply while the relay was closed: check relay, fuse and wires",
            )
        } else if self.oddities.stuck {
            Some("监听输入在吸合前已有信号 the sense input was on before the relay closed")
        } else if self.switched.was_on && !self.switched.was_off {
            Some(
                "继电器吸合后监听输入一直有信号，静音段也不断，可能只是功放的交流声：请检查声卡音量和监听输入 the sense input was on in the silence too: it may hear the amplifier's hum and no sound; check the card's mixer and the sense input",
            )
        } else {
            None
        }
    }

    /// What a silent self-test says: nothing may be wrong, nothing may be heard.
    pub(crate) const fn silent_fault(&self) -> Option<&'static str> {
        match self.fault() {
            None if self.oddities.hums => Some(
                "零电平时监听输入有信号 something is heard at zero level: hum, feedback, or a stuck input",
            ),
            fault => fault,
        }
    }
}
