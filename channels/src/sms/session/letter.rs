//! One message as an account sends it: signed, cut into parts, and encoded once for everybody.

use std::sync::Arc;

use mingluo_model::{
    channel::{Run, Unfit},
    clock::Timestamp,
    id::PlanId,
    message::{Body, Message},
    misfit::Misfit,
    mode::Mode,
};

use super::{Account, Terms};
use crate::sms::{
    segment::{Part, SegmentError, flash, segment},
    smpp::time::TimeError,
};

/// The parts of one plan's message, encoded but for number and sequence.
pub(in crate::sms) struct Letter<M: Mode, T> {
    message: Arc<Message<M>>,
    plan: PlanId,
    not_after: Timestamp,
    /// One for each part, in order.
    pub(in crate::sms) templates: Vec<T>,
    /// The addition's.
    pub(in crate::sms) addition: Option<T>,
}

impl<M: Mode, T> Letter<M, T> {
    /// Encodes the message of a run.
    pub(in crate::sms) fn new(
        account: &Account,
        run: &Run<M>,
        template: impl Fn(&Part, Terms) -> Result<T, TimeError>,
    ) -> Result<Self, Unfit> {
        let is_long = parts(account, &run.message, 0)?.len() > 1;
        let reference = if is_long { account.references.of(run.message.alert) } else { 0 };
        let parts = parts(account, &run.message, reference)?;
        let addition = addition(account, &run.message)?;
        let terms = Terms { not_after: run.not_after, priority: account.priority_of(run.message.grade) };
        let templates: Result<_, _> = parts.iter().map(|part| template(part, terms)).collect();
        let addition = addition.map(|part| template(&part, terms)).transpose();
        let wrong =
            |cause: TimeError| Unfit::Wrong { field: "not_after".into(), problem: cause.to_string().into() };
        Ok(Self {
            message: Arc::clone(&run.message),
            plan: run.plan,
            not_after: run.not_after,
            templates: templates.map_err(wrong)?,
            addition: addition.map_err(wrong)?,
        })
    }

    /// Whether it is what this run says.
    pub(super) fn is_of(&self, run: &Run<M>) -> bool {
        Arc::ptr_eq(&self.message, &run.message) && (self.plan, self.not_after) == (run.plan, run.not_after)
    }
}

/// Signs and cuts a message; the code that measures is the code that sends.
pub(super) fn parts<M: Mode>(
    account: &Account,
    message: &Message<M>,
    reference: u8,
) -> Result<Vec<Part>, Unfit> {
    let cut = segment(text(message)?, &account.signature, account.alphabet, reference, account.max_parts);
    cut.map(|segments| segments.parts).map_err(unfit)
}

fn addition<M: Mode>(account: &Account, message: &Message<M>) -> Result<Option<Part>, Unfit> {
    if !account.flashes(message.grade) {
        return Ok(None);
    }
    flash(text(message)?, &account.signature).map(Some).map_err(unfit)
}

fn text<M: Mode>(message: &Message<M>) -> Result<&str, Unfit> {
    let Body::Sms { text } = &message.body else {
        let problem = format!("the message is for {}, this account sends sms", message.body.channel().word());
        return Err(Unfit::Wrong { field: "body".into(), problem: problem.into() });
    };
    Ok(text)
}

fn unfit(cause: SegmentError) -> Unfit {
    let field = "text".to_owned();
    match cause {
        SegmentError::TooLong { units, longest, parts, max_parts } => {
            if units > longest {
                return Unfit::TooLong { field, length: units, longest, unit: "characters" };
            }
            // Pairs that may not be parted left room unused.
            Unfit::TooLong { field, length: parts, longest: max_parts.into(), unit: "parts" }
        }
        SegmentError::Empty => Unfit::Wrong { field, problem: Misfit::Empty },
        other => Unfit::Wrong { field, problem: other.to_string().into() },
    }
}
