//! From an alert's words to the values of a template, and to what phones show. The code that measures is the code that
//! sends.

use std::{collections::BTreeMap, num::NonZeroU8, sync::Arc};

use mingluo_model::{
    channel::{MOST_PARTS, Unfit},
    message::{Body, Message, Words},
    misfit::Misfit,
    mode::{Mode, ModeKind},
};

use super::{LONGEST_MESSAGE, Piece, Template, Templates, Variable, check::calls_itself_a_drill};
use crate::sms::segment::{Alphabet, Segments, Signature, segment};

/// A template with its variables filled.
#[derive(Debug)]
pub(in crate::sms::cloud) struct Filled {
    /// The template.
    pub(in crate::sms::cloud) code: String,
    /// Values by name, in the order of the text.
    pub(in crate::sms::cloud) values: Vec<(String, String)>,
    /// What phones show, signature included.
    pub(in crate::sms::cloud) segments: Segments,
}

/// What an account's templates make of a message.
pub(in crate::sms::cloud) fn letter<M: Mode>(
    templates: &Templates,
    message: &Message<M>,
) -> Result<Filled, Unfit> {
    if !matches!(message.body, Body::Sms { .. }) {
        let kind = message.body.channel().word();
        return Err(unfit("body", format!("the message is for {kind}, this account sends sms")));
    }
    templates.fill(&message.words)
}

impl Templates {
    /// Chooses the template and fills it.
    pub(super) fn fill(&self, words: &Words) -> Result<Filled, Unfit> {
        let word = |name: &str| words.get(name).map(String::as_str).ok_or_else(|| no_words(name));
        let (event, grade, step) = (word("event_code")?, word("grade_code")?, word("step_code")?);
        let takes = |template: &&Template| {
            template.is_for(grade, step)
                && (template.events.is_empty() || template.events.iter().any(|one| one == event))
        };
        let template = self.list.iter().find(takes).ok_or_else(|| {
            let [event, grade, step] = [event, grade, step].map(str::to_owned);
            unfit("templates", Misfit::NoTemplate { event, grade, step })
        })?;
        let known: BTreeMap<&str, String> =
            words.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let value = |variable: &Variable| {
            let field = format!("{}.{}", template.code, variable.name);
            Ok((variable.name.clone(), variable.fill(&field, &known)?))
        };
        let values = template.variables.iter().map(value).collect::<Result<Vec<_>, Unfit>>()?;
        let segments = self.shown(template, &values)?;
        Ok(Filled { code: template.code.clone(), values, segments })
    }

    fn shown(&self, template: &Template, values: &[(String, String)]) -> Result<Segments, Unfit> {
        let piece = |piece: &Piece| match piece {
            Piece::Fixed(words) => words.clone(),
            Piece::Gap(at) => values[*at].1.clone(),
        };
        let text: String = template.pieces.iter().map(piece).collect();
        if self.mode == ModeKind::Drill && !calls_itself_a_drill(&text) {
            return Err(unfit(&template.code, Misfit::NoDrill));
        }
        let signature = Signature::InFront(self.sign_name.clone());
        let length = self.sign_name.chars().count() + "【】".chars().count() + text.chars().count();
        if length > LONGEST_MESSAGE {
            let field = template.code.clone();
            return Err(Unfit::TooLong { field, length, longest: LONGEST_MESSAGE, unit: "characters" });
        }
        let most = NonZeroU8::new(MOST_PARTS as u8).unwrap_or(NonZeroU8::MAX);
        segment(&text, &signature, Alphabet::Ucs2, 0, most)
            .map_err(|cause| unfit(&template.code, cause.to_string()))
    }
}

impl Variable {
    fn fill(&self, field: &str, words: &BTreeMap<&str, String>) -> Result<String, Unfit> {
        let filled = self.words.fill(words).map_err(|cause| unfit(field, cause.to_string()))?;
        let filled = filled.trim();
        let length = filled.chars().count();
        let value = match &self.otherwise {
            Some(otherwise) if length > self.longest || length == 0 => otherwise.as_str(),
            _ if length > self.longest => {
                let (field, longest) = (field.to_owned(), self.longest);
                return Err(Unfit::TooLong { field, length, longest, unit: "characters" });
            }
            _ => filled,
        };
        forbidden(value).map_or(Ok(value.to_owned()), |problem| Err(unfit(field, problem)))
    }
}

/// What providers refuse in a variable: nothing, links (isv.PARAM_NOT_SUPPORT_URL, ProhibitedUseUrlInTemplateParameter),
/// the signature's brackets.
fn forbidden(value: &str) -> Option<Misfit> {
    let lower = value.to_ascii_lowercase();
    if value.is_empty() {
        Some(Misfit::Empty)
    } else if lower.contains("://") || lower.contains("www.") {
        Some(Misfit::Link)
    } else if value.contains(['【', '】']) {
        Some(Misfit::Brackets)
    } else if value.chars().any(char::is_control) {
        Some(Misfit::ManyLines)
    } else {
        None
    }
}

fn no_words(name: &str) -> Unfit {
    unfit("words", format!("{name} is missing: the message was made for accounts that take free text"))
}

fn unfit(field: &str, problem: impl Into<Misfit>) -> Unfit {
    Unfit::Wrong { field: field.to_owned(), problem: problem.into() }
}

/// What phones show of an account's messages, for the preview.
#[derive(Debug, Clone)]
pub struct TemplateForm(pub(in crate::sms::cloud) Arc<Templates>);

impl TemplateForm {
    /// The parts as phones show them.
    ///
    /// # Errors
    /// [`Unfit`] naming the variable that does not fit.
    pub fn shown(&self, words: &Words) -> Result<Segments, Unfit> {
        self.0.fill(words).map(|filled| filled.segments)
    }
}
