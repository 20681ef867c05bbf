//! Tables on a terminal, in which a Chinese character is as wide as it is.

use unicode_width::UnicodeWidthStr;

/// A table with a heading; the first column is set left, the others right.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these heads; a head may have a second line after `\n`.
    pub fn new<const N: usize>(heads: [&str; N]) -> Self {
        let line = |nth: usize| {
            heads.iter().map(|head| head.split('\n').nth(nth).unwrap_or("").to_owned()).collect()
        };
        Self { rows: vec![line(0), line(1)] }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The lines, ruled below the heading.
    pub fn lines(&self) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        let mut lines: Vec<String> = self.rows.iter().map(|row| set(row, &widths)).collect();
        let rule = widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("  ");
        lines.insert(2.min(lines.len()), rule);
        lines
    }
}

/// A number with commas.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn set(row: &[String], widths: &[usize]) -> String {
    let cell = |(at, width): (usize, &usize)| {
        let text = row.get(at).map_or("", String::as_str);
        let room = " ".repeat(width - text.width());
        if at == 0 { format!("{text}{room}") } else { format!("{room}{text}") }
    };
    let line = widths.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ");
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1_000, 1_600_000].map(grouped), ["0", "999", "1,000", "1,600,000"]);
    }

    #[test]
    fn columns_stand_below_each_other_whatever_script_they_are_in() {
        let mut table = Table::new(["渠道\nchannel", "目标\ntarget"]);
        table.row(["短信 sms".to_owned(), "3,000".to_owned()]);
        table.row(["大喇叭 speaker".to_owned(), "61".to_owned()]);
        let lines = table.lines();
        let widths: Vec<usize> = lines.iter().map(|line| line.width()).collect();
        assert_eq!(widths, [22; 5]);
        assert!(lines[3].starts_with("短信 sms") && lines[3].ends_with("3,000"));
        assert!(lines[2].chars().all(|rule| rule == '─' || rule == ' '));
    }
}
