//! The libraries' phrases (英文短语) as people read them: the few words with which serde and the parsers say what they met and
//! what they wanted.

use crate::tongue::Tongue;

/// A phrase of the libraries in Chinese; what is not known stays as it is.
pub(crate) fn in_chinese(name: &str, phrase: &str) -> String {
    match name {
        "given" => given_in_chinese(phrase),
        "expected" => {
            WANTED.iter().find(|(english, _)| phrase == *english).map_or(phrase, |it| it.1).to_owned()
        }
        "prose" => PROSE
            .iter()
            .find(|(english, _)| phrase.contains(english))
            .map_or_else(|| phrase.to_owned(), |(_, chinese)| format!("{chinese}（{phrase}）")),
        _ => phrase.to_owned(),
    }
}

/// A place `line:column:file` as people say it, with a colon behind; nothing for no place.
pub(crate) fn place_in(language: Tongue, place: &str) -> String {
    let mut pieces = place.splitn(3, ':');
    let (line, column) = (pieces.next().unwrap_or("0"), pieces.next().unwrap_or("0"));
    let file = pieces.next().unwrap_or_default();
    let point = match language {
        _ if line == "0" => String::new(),
        Tongue::Chinese => format!("第 {line} 行第 {column} 列"),
        Tongue::English => format!("line {line}, column {column}"),
    };
    let words: Vec<&str> = [file, &point].into_iter().filter(|word| !word.is_empty()).collect();
    match (language, words.is_empty()) {
        (_, true) => String::new(),
        (Tongue::Chinese, false) => format!("{}：", words.join(" ")),
        (Tongue::English, false) => format!("{}: ", words.join(", ")),
    }
}

fn given_in_chinese(phrase: &str) -> String {
    let kinds = [
        ("string ", "文字 "),
        ("integer ", "整数 "),
        ("floating point ", "小数 "),
        ("boolean ", "真假值 "),
        ("map", "一张表"),
        ("sequence", "列表"),
        ("null", "空值 null"),
        ("unit value", "空值"),
    ];
    let kind = kinds.iter().find_map(|(english, chinese)| Some((*chinese, phrase.strip_prefix(english)?)));
    kind.map_or_else(|| phrase.to_owned(), |(chinese, rest)| format!("{chinese}{rest}"))
}

/// What serde and our own types ask for.
const WANTED: [(&str, &str); 22] = [
    ("a string", "文字（加双引号）"),
    ("string", "文字（加双引号）"),
    ("a borrowed string", "文字（加双引号）"),
    ("a boolean", "true 或 false"),
    ("a sequence", "列表（方括号内，逗号分隔）"),
    ("path string", "路径（加双引号）"),
    ("u8", "0 至 255 的整数"),
    ("u16", "0 至 65535 的整数"),
    ("u32", "非负整数"),
    ("u64", "非负整数"),
    ("i16", "整数"),
    ("i32", "整数"),
    ("i64", "整数"),
    ("usize", "非负整数"),
    ("a nonzero u8", "1 至 255 的整数"),
    ("a nonzero u16", "1 至 65535 的整数"),
    ("a nonzero u32", "大于零的整数"),
    ("a nonzero u64", "大于零的整数"),
    ("a map", "一张表"),
    ("struct DraftOrder", "一份草稿（花括号内的各字段，见 mingluo issue draft --help）"),
    (crate::office::INSTANT, "1970 年以来的毫秒数，或带时区的时刻，如 2026-07-05T18:00:00+08:00"),
    (crate::api::HASH, "64 位十六进制，即查看该预警时所示的 content_hash"),
];

/// Pieces of the libraries' sentences.
const PROSE: [(&str, &str); 20] = [
    ("invalid socket address", "应为 IP:端口，如 127.0.0.1:8080"),
    ("trailing comma", "末尾多了逗号"),
    ("EOF while parsing", "没写完就结束了，缺右括号或引号"),
    ("expected `,` or `}`", "此处应为逗号或右花括号"),
    ("expected `,` or `]`", "此处应为逗号或右方括号"),
    ("expected `:`", "此处应为冒号"),
    ("key must be a string", "键须用双引号括起来"),
    ("trailing characters", "结束之后还有多余内容"),
    ("expected value", "此处应为一个值"),
    ("expected ident", "此处的词不认识，文字须加双引号"),
    ("control character", "文字里有未转义的换行或控制字符"),
    ("invalid escape", "反斜杠转义有误"),
    ("expected `=`", "键后面缺等号"),
    ("invalid boolean", "文字须用双引号括起来；真假值只写 true 或 false"),
    ("must be quoted", "文字须用双引号括起来"),
    ("duplicate key", "同一个键写了两次"),
    ("unclosed", "括号没有合上"),
    ("basic string", "双引号没有合上"),
    ("literal string", "单引号没有合上"),
    ("missing", "缺了内容"),
];
