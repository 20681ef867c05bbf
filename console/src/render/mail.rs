//! A warning as the HTML half of a mail: what mail programs of the last twenty years show, which is tables and colours
//! on the elements themselves. The grade stands there in words, in its colour, and by a sign of its own for those who
//! see no colours.

use super::DRILL_MARK;
use mingluo_model::grade::Grade;

/// What the mail says, all of it plain text.
pub(super) struct Mail<'a> {
    pub(super) grade: Grade,
    /// 暴雨红色预警, or what it does to an earlier one.
    pub(super) event: &'a str,
    /// Headline, body and instruction, those that are not empty.
    pub(super) said: &'a [&'a str],
    pub(super) area: &'a str,
    pub(super) ends: &'a str,
    pub(super) issuer: &'a str,
    pub(super) is_drill: bool,
}

/// Ground and letters of each grade's band (气象灾害预警信号的颜色), dark enough or light enough to be read on.
const fn colours(grade: Grade) -> (&'static str, &'static str) {
    match grade {
        Grade::Red => ("#c4161c", "#ffffff"),
        Grade::Orange => ("#f08300", "#000000"),
        Grade::Yellow => ("#ffd800", "#000000"),
        Grade::Blue => ("#0b5cad", "#ffffff"),
    }
}

/// As many bars as the grade has steps: Ⅰ is the gravest.
const fn sign(grade: Grade) -> &'static str {
    match grade {
        Grade::Red => "▮▮▮▮ Ⅰ级",
        Grade::Orange => "▮▮▮▯ Ⅱ级",
        Grade::Yellow => "▮▮▯▯ Ⅲ级",
        Grade::Blue => "▮▯▯▯ Ⅳ级",
    }
}

/// The document.
pub(super) fn html(mail: &Mail<'_>) -> String {
    let (ground, letters) = colours(mail.grade);
    let drill = if mail.is_drill { DRILL_MARK } else { "" };
    let paragraph = |words: &&str| format!("<p style=\"margin:0 0 12px\">{}</p>", lines(words));
    let said: String = mail.said.iter().map(paragraph).collect();
    let [event, area, ends, issuer] = [mail.event, mail.area, mail.ends, mail.issuer].map(lines);
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{drill}{event}</title></head>\
         <body style=\"margin:0;font:16px/1.7 sans-serif;color:#1b232a\">\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"16\" cellspacing=\"0\">\
         <tr><td style=\"background:{ground};color:{letters};font-size:20px;font-weight:bold\">{drill}{event}{drill}\
         <br><span style=\"font-size:15px;font-weight:normal\">{}</span></td></tr>\
         <tr><td>{said}<p style=\"margin:0\">影响区域：{area}<br>失效时间：{ends}<br>发布单位：{issuer}</p>{drill}</td></tr>\
         </table></body></html>",
        sign(mail.grade)
    )
}

/// As it may stand in the document, line by line.
fn lines(words: &str) -> String {
    let mut safe = String::with_capacity(words.len());
    for letter in words.trim().chars() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\n' => safe.push_str("<br>"),
            letter if letter.is_control() => {}
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(grade: Grade, is_drill: bool) -> String {
        let said = ["抚顺市发布暴雨红色预警", "水位 > 警戒 <1 米>\n请转移 & 勿返回"];
        html(&Mail {
            grade,
            event: "暴雨红色预警",
            said: &said,
            area: "东洲区",
            ends: "2026年7月12日 14:30",
            issuer: "抚顺市应急管理局",
            is_drill,
        })
    }

    #[test]
    fn the_grade_is_told_by_word_colour_and_sign() {
        let html = mail(Grade::Red, false);
        assert!(
            html.contains("暴雨红色预警") && html.contains("#c4161c") && html.contains("▮▮▮▮ Ⅰ级"),
            "{html}"
        );
        let signs = Grade::ALL.map(sign);
        assert!(signs.iter().all(|one| signs.iter().filter(|other| *other == one).count() == 1));
    }

    #[test]
    fn words_are_words_and_no_tags() {
        let html = mail(Grade::Blue, false);
        assert!(html.contains("水位 &gt; 警戒 &lt;1 米&gt;<br>请转移 &amp; 勿返回"), "{html}");
    }

    #[test]
    fn a_drill_says_so_first_and_last() {
        let html = mail(Grade::Red, true);
        assert_eq!(html.matches(DRILL_MARK).count(), 4, "{html}");
        assert!(!mail(Grade::Red, false).contains(DRILL_MARK));
    }
}
