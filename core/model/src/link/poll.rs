//! A poll (轮询): the link's own frames as the lines of one HTTP request and of its answer, for places where something on
//! the way lets no WebSocket pass. The box says its hello, what it has to report and how it is; the city answers with
//! its welcome and everything that is due. It is a link that lasts one breath, and nothing more is believed of it.

use super::{BadFrame, BoxFrame, CityFrame};

/// Where the city is asked, by POST.
pub const PATH: &str = "/poll";
/// The kind of both bodies: one JSON text a line.
pub const KIND: &str = "application/x-ndjson";
/// Octets of a request's body at most.
pub const MOST_ASKED: usize = 256 * 1024;
/// Octets of an answer's body at most: as many of the longest frames as a box can hold bulletins.
pub const MOST_ANSWERED: usize = 4 * 1024 * 1024;
/// Reports of one poll; more wait for the next.
pub const MOST_REPORTS: usize = 200;

/// The box's frames as a body, as many as fit; the hello is the first.
pub fn ask(frames: &[BoxFrame]) -> String {
    lines(frames.iter().map(BoxFrame::write), MOST_ASKED)
}

/// The frames as one body, as many as fit into so many octets.
pub fn lines(frames: impl Iterator<Item = impl AsRef<str>>, most: usize) -> String {
    let mut body = String::new();
    for frame in frames {
        if body.len() + frame.as_ref().len() >= most {
            break;
        }
        body.push_str(frame.as_ref());
        body.push('\n');
    }
    body
}

/// Reads what a box asks.
///
/// # Errors
/// [`BadFrame`] of the first line that is none.
pub fn read_asked(body: &str) -> Result<Vec<BoxFrame>, BadFrame> {
    body.lines().map(BoxFrame::read).collect()
}

/// Reads what the city answers.
///
/// # Errors
/// [`BadFrame`] of the first line that is none.
pub fn read_answered(body: &str) -> Result<Vec<CityFrame>, BadFrame> {
    body.lines().map(CityFrame::read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{Committed, KeysAnswer};
    use proptest::prelude::*;

    #[test]
    fn frames_are_lines_and_read_back() {
        let answer = KeysAnswer { version: 3, reason: "two\nlines".to_owned(), detail: String::new() };
        let asked = vec![BoxFrame::Keys(answer.clone()), BoxFrame::Keys(answer)];
        assert_eq!(read_asked(&ask(&asked)).unwrap(), asked);
        let answered = CityFrame::Committed(Committed { ids: vec![1, 2] });
        let body = lines([answered.write()].iter(), MOST_ANSWERED);
        assert_eq!(read_answered(&body).unwrap(), [answered]);
    }

    #[test]
    fn what_does_not_fit_waits_for_the_next_poll() {
        assert_eq!(lines(["four"; 3].iter(), 12), "four\nfour\n");
    }

    proptest! {
        #[test]
        fn no_text_is_a_panic(text in ".{0,200}") {
            let _either = (read_asked(&text), read_answered(&text));
        }
    }
}
