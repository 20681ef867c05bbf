//! People as a roster file, row by row; nothing is held but the row.

use super::Person;
use serde::Serialize;
use std::io::{self, Write};

/// How many were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Census {
    /// Rows.
    pub rows: u64,
    /// Mobile numbers.
    pub phones: u64,
    /// Followers of the official account.
    pub followers: u64,
    /// Mailboxes.
    pub mailboxes: u64,
    /// Speaker boxes.
    pub boxes: u64,
    /// Duty persons (责任人).
    pub duty: u64,
}

impl Census {
    /// The header of a roster.
    pub const HEADER: &'static str = "region,groups,sms,wechat,email,speaker\n";

    /// Writes people below a header that is there already.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&mut self, people: impl Iterator<Item = Person>, out: &mut impl Write) -> io::Result<()> {
        for person in people {
            self.count(&person);
            write_row(&person, out)?;
        }
        Ok(())
    }

    fn count(&mut self, person: &Person) {
        self.rows += 1;
        self.phones += u64::from(person.sms.is_some());
        self.followers += u64::from(person.wechat.is_some());
        self.mailboxes += u64::from(person.email.is_some());
        self.boxes += u64::from(person.speaker.is_some());
        self.duty += u64::from(!person.group.is_empty());
    }
}

fn write_row(person: &Person, out: &mut impl Write) -> io::Result<()> {
    write!(out, "{},{},", person.region, person.group)?;
    if let Some(number) = person.sms {
        write!(out, "{number}")?;
    }
    for address in [&person.wechat, &person.email, &person.speaker] {
        write!(out, ",{}", address.as_deref().unwrap_or_default())?;
    }
    out.write_all(b"\n")
}
