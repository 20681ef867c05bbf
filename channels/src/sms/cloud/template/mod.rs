//! Approved templates (短信模板). The clouds take no free text: an account names the templates that the provider approved,
//! with their exact words, and says which words of an alert fill which variable. What a template cannot hold is refused
//! when the account is read; what an alert's words cannot fill is refused while an officer still sees it.

mod check;
mod config;
mod fill;

pub use config::{TemplateConfig, VariableConfig};
pub use fill::TemplateForm;
pub(super) use fill::letter;

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use mingluo_model::{channel::Unfit, misfit::Misfit, mode::ModeKind, template::Template as Gaps};

/// How a provider writes a variable in its templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// `${name}`: Alibaba.
    Named,
    /// `{1}`, `{2}` and so on, in order: Tencent.
    Numbered,
}

impl Syntax {
    const fn opening(self) -> &'static str {
        match self {
            Self::Named => "${",
            Self::Numbered => "{",
        }
    }
}

/// The most characters a message may have, signature included (短信长度计费规则, both providers).
const LONGEST_MESSAGE: usize = 500;

/// The templates of one account.
#[derive(Debug)]
pub(super) struct Templates {
    sign_name: String,
    mode: ModeKind,
    list: Vec<Template>,
    // Guards, by code, the templates that are in doubt; held for one look.
    doubts: Mutex<BTreeMap<String, Doubt>>,
}

/// What is not well with a template, as far as it is known.
#[derive(Debug)]
enum Doubt {
    /// The provider said so against it: nothing is sent by it.
    Refused(Misfit),
    /// The provider did not answer for it yet. It is sent by: the call itself will tell.
    Unanswered,
}

impl Doubt {
    /// What speaks against sending by the template of this code.
    fn against(&self, code: &str) -> Option<Unfit> {
        match self {
            Self::Refused(problem) => Some(Unfit::Wrong { field: code.to_owned(), problem: problem.clone() }),
            Self::Unanswered => None,
        }
    }
}

#[derive(Debug)]
struct Template {
    code: String,
    pieces: Vec<Piece>,
    /// In the order in which they stand in the text.
    variables: Vec<Variable>,
    events: Vec<String>,
    grades: Vec<String>,
    steps: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Fixed(String),
    /// The variable at this place of [`Template::variables`].
    Gap(usize),
}

#[derive(Debug)]
struct Variable {
    name: String,
    words: Gaps,
    longest: usize,
    otherwise: Option<String>,
}

impl Templates {
    /// The codes, with the exact words as the provider should have them.
    pub(super) fn codes(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|template| template.code.as_str())
    }

    fn doubts(&self) -> MutexGuard<'_, BTreeMap<String, Doubt>> {
        self.doubts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The provider said so of this template: `None` that it stands in our words, else what is wrong with it.
    pub(super) fn judge(&self, code: &str, problem: Option<Misfit>) {
        match problem {
            Some(problem) => self.doubts().insert(code.to_owned(), Doubt::Refused(problem)),
            None => self.doubts().remove(code),
        };
    }

    /// The provider was asked for this template and did not answer. What it said before holds.
    pub(super) fn leave_open(&self, code: &str) {
        self.doubts().entry(code.to_owned()).or_insert(Doubt::Unanswered);
    }

    /// Whether the provider would send by this template, for all that it said.
    ///
    /// # Errors
    /// [`Unfit`] with what it said against it.
    pub(super) fn stands(&self, code: &str) -> Result<(), Unfit> {
        self.doubts().get(code).and_then(|doubt| doubt.against(code)).map_or(Ok(()), Err)
    }

    /// All that it said against templates.
    pub(super) fn unready(&self) -> Vec<Unfit> {
        self.doubts().iter().filter_map(|(code, doubt)| doubt.against(code)).collect()
    }

    /// The templates that the provider is to be asked for again: those it refused, and those it did not answer for.
    pub(super) fn in_doubt(&self) -> Vec<String> {
        self.doubts().keys().cloned().collect()
    }

    /// The words of a template as the provider writes them.
    pub(super) fn text(&self, code: &str, syntax: Syntax) -> Option<String> {
        let template = self.list.iter().find(|template| template.code == code)?;
        let piece = |piece: &Piece| match piece {
            Piece::Fixed(words) => words.clone(),
            Piece::Gap(at) => format!("{}{}}}", syntax.opening(), template.variables[*at].name),
        };
        Some(template.pieces.iter().map(piece).collect())
    }
}

#[cfg(test)]
mod tests;
