//! The box in the village (大喇叭终端): it hears signed bulletins from the city, believes only what it can check itself,
//! and makes the speaker sound.
//!
//! The cast. [`link`] keeps one connection to the city and knows nothing of loudspeakers. [`trust`] decides whether a
//! bulletin is genuine, fresh and meant for this box, and what time it is. [`journal`] remembers across power cuts.
//! [`queue`] says whose turn it is. [`player`] turns a bulletin into sound, [`speech`] says
//! whose voice its words have: a [`clip`] that the city made, or the box's own [`voice`]; [`relay`] switches amplifier and siren,
//! [`sense`] listens whether it really sounds, [`selftest`] says when that is tried, [`gauge`] how the box is. [`page`] shows
//! people at the box what it does. [`agent`] is the one who acts: it is handed frames and time, and owns
//! all of the others, but no socket, no thread and no clock of its own, so that a thousand boxes fit in one process.
//!
//! The promises:
//! - nothing sounds that is not signed for this place and this hour, but for the village's own button; each refusal is
//!   reported with its reason;
//! - whom to believe is what the offline root signed last; a key that it leaves out falls silent at once;
//! - a box that does not know the time obeys nothing until the city has proved it, and never goes back;
//! - a bulletin sounds once at most, whatever power and network do: the journal says "begun" before the relay closes;
//! - a graver bulletin interrupts a lighter one, a stop silences at once, before it is even written down;
//! - the relays of amplifier and siren open when the program ends, also by panic; a program that hangs is ended by its supervisor, which hears
//!   no heartbeat then, and after that, as after a kill, `mingluo-speaker relay-open` is run;
//! - speech that came over the network is played only when it is, bit by bit, what the bulletin's signature names;
//! - "sounded" is said only on evidence from the sense input, never because a relay was switched, nor for a hum that comes with it;
//! - nobody at the box can silence a red bulletin, and what they do silence is reported;
//! - every report is kept and sent again until the city says that it is durable there.
//!
//! Left for later, and said so: certificates renewed over the link.

pub mod agent;
pub mod alone;
pub mod assemble;
pub mod clip;
pub mod config;
pub mod contact;
pub mod enrol;
pub mod envelope;
mod evidence;
mod files;
pub mod gauge;
pub mod heart;
pub mod journal;
pub mod link;
pub mod page;
pub mod papers;
pub mod pins;
pub mod player;
#[cfg(test)]
mod pretend_clips;
pub mod queue;
pub mod relay;
pub mod selftest;
pub mod sense;
pub mod sound;
pub mod speech;
pub mod status;
pub mod tone_test;
pub mod trust;
#[cfg(test)]
mod village;
pub mod voice;
pub mod window;
