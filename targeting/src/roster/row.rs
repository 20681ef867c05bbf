//! One row of a roster: its fields, each judged by itself.

use super::{
    BadRow, Recipient, RowProblem, address,
    bad_row::{tell_group, tell_region},
    bit,
    reader::Lists,
};
use crate::{gazetteer::RegionError, telling::masked};
use mingluo_model::{
    address::Address,
    audience::ChannelKind,
    region::{Level, RegionCode},
};

/// The columns of a roster.
pub(super) const COLUMNS: [&str; 8] =
    ["region", "groups", "sms", "wechat", "email", "speaker", "wecom", "robot"];

/// The first of them that every file has; one that is left out is empty for everybody.
pub(super) const NEEDED: usize = 6;

/// The fields of a line.
pub(super) struct Row<'a> {
    line: u64,
    fields: Vec<&'a [u8]>,
    lists: Lists<'a>,
}

impl<'a> Row<'a> {
    pub(super) fn new(line: u64, text: &'a [u8], lists: Lists<'a>) -> Self {
        let mut fields = Vec::with_capacity(lists.columns);
        fields.extend(text.split(|byte| *byte == b',').map(unquoted));
        Self { line, fields, lists }
    }

    pub(super) fn recipient(&self) -> Result<Recipient, BadRow> {
        let (found, wanted) = (self.fields.len(), self.lists.columns);
        if found != wanted {
            return Err(self.bad("row", String::new(), RowProblem::ColumnCount { found, wanted }));
        }
        let recipient = Recipient {
            region: self.region()?,
            groups: self.mask()?,
            sms: self.address(2, address::phone)?,
            wechat: self.address(3, address::open_id)?,
            email: self.address(4, address::mailbox)?,
            speaker: self.address(5, address::speaker_code)?,
            wecom: self.address(6, address::user_id)?,
            robot: self.address(7, address::robot)?,
        };
        if ChannelKind::ALL.into_iter().all(|channel| recipient.address(channel).is_none()) {
            return Err(self.bad("row", String::new(), RowProblem::NoAddress));
        }
        Ok(recipient)
    }

    fn text(&self, column: usize) -> Result<&'a str, BadRow> {
        let at = self.lists.at[column];
        let bytes = at.and_then(|at| self.fields.get(at)).copied().unwrap_or_default();
        std::str::from_utf8(bytes).map_err(|_| {
            self.bad(COLUMNS[column], masked(&String::from_utf8_lossy(bytes)), RowProblem::NotUtf8)
        })
    }

    fn region(&self) -> Result<RegionCode, BadRow> {
        let text = self.text(0)?;
        let bad = |problem| self.bad(COLUMNS[0], tell_region(text), problem);
        let code: RegionCode = text.parse().map_err(|_| bad(RowProblem::UnknownRegion))?;
        match self.lists.gazetteer.check(code) {
            Ok(division) if code.level() == Level::Village => Ok(division.code),
            Ok(_) => Err(bad(RowProblem::NotAVillage(code.level()))),
            Err(RegionError::OtherCodeSystem { name, nbs, .. }) => {
                Err(bad(RowProblem::OtherCodeSystem { name, nbs }))
            }
            Err(_) => Err(bad(RowProblem::UnknownRegion)),
        }
    }

    fn mask(&self) -> Result<u32, BadRow> {
        let mut names = self.text(1)?.split('|').map(str::trim).filter(|name| !name.is_empty());
        names.try_fold(0, |mask, name| {
            let unknown = || self.bad(COLUMNS[1], tell_group(name), RowProblem::UnknownGroup);
            let group = self.lists.groups.named(name).ok_or_else(unknown)?;
            Ok(mask | bit(group))
        })
    }

    fn address(
        &self,
        column: usize,
        judge: impl Fn(&str) -> Result<Address, RowProblem>,
    ) -> Result<Option<Address>, BadRow> {
        match self.text(column)? {
            "" => Ok(None),
            text => judge(text).map(Some).map_err(|problem| self.bad(COLUMNS[column], masked(text), problem)),
        }
    }

    fn bad(&self, field: &'static str, value: String, problem: RowProblem) -> BadRow {
        BadRow { line: self.line, field, value, problem }
    }
}

/// Spreadsheets put quotes around what they please.
pub(super) fn unquoted(field: &[u8]) -> &[u8] {
    let field = field.trim_ascii();
    let inner = field.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    inner.unwrap_or(field).trim_ascii()
}
