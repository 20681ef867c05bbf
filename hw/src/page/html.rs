//! The page as text. No script, no file from elsewhere; it is asked for anew every few seconds.

use super::words::{self, ago, join, moment};
use crate::{
    selftest::Kind,
    window::{Answer, Origin, Piece, View},
};
use mingluo_model::{grade::Grade, link::DeviceState, mode::ModeKind};
use std::fmt::{self, Display, Write as _};

/// Seconds between two copies.
const REFRESH_S: u32 = 5;
/// Lines of the log that are shown.
const LOG: usize = 40;
/// Self-tests that are shown.
const TESTS: usize = 8;

/// Text in HTML.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '<' => out.write_str("&lt;"),
            '>' => out.write_str("&gt;"),
            '&' => out.write_str("&amp;"),
            '"' => out.write_str("&quot;"),
            '\'' => out.write_str("&#39;"),
            _ => out.write_char(letter),
        })
    }
}

/// What the visitor may do.
pub(super) enum Visitor<'a> {
    /// Only look: no PIN is set.
    Reader,
    /// Sign in.
    Stranger,
    /// Act; the forms carry this word.
    Keeper(&'a str),
}

fn frame(title: &str, refresh: bool, body: &str) -> String {
    let refresh = if refresh {
        format!("<meta http-equiv=\"refresh\" content=\"{REFRESH_S};url=/\">")
    } else {
        String::new()
    };
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">{refresh}\
         <title>{title}</title><link rel=\"stylesheet\" href=\"/style.css\"></head><body><main>{body}</main></body></html>"
    )
}

/// The one page.
pub(super) fn page(
    view: &View,
    visitor: &Visitor<'_>,
    told: Option<Answer>,
    pretence: Option<&'static str>,
) -> String {
    let pretence = pretence.map(|words| format!("<p class=\"drill\">{words}</p>"));
    let mut body = pretence.unwrap_or_default() + &head(view);
    if let Some(answer) = told {
        let _ = write!(body, "<p class=\"told\" role=\"status\">{}</p>", both(words::answer(answer)));
    }
    body.push_str(&now_playing(view, visitor));
    body.push_str(&condition(view));
    body.push_str(&acts(view, visitor));
    body.push_str(&tests(view));
    body.push_str(&log(view));
    frame(&format!("鸣锣村级终端 {}", view.region), true, &body)
}

/// Nothing is known yet.
pub(super) fn not_yet() -> String {
    frame("鸣锣村级终端", true, "<h1>正在启动<small>Starting</small></h1>")
}

/// Where the PIN is asked for.
pub(super) fn sign_in(wrong: Option<&str>) -> String {
    let wrong = wrong
        .map_or_else(String::new, |wrong| format!("<p class=\"bad\" role=\"alert\">{}</p>", Text(wrong)));
    let body = format!(
        "<h1>登录本机<small>Sign in at this box</small></h1>{wrong}<form method=\"post\" action=\"/sign-in\">\
         <label for=\"pin\">口令<small>PIN</small></label>\
         <input id=\"pin\" name=\"pin\" type=\"password\" autocomplete=\"current-password\" required autofocus>\
         <button>登录<small>Sign in</small></button></form><p><a href=\"/\">返回<small>Back</small></a></p>"
    );
    frame("登录 Sign in", false, &body)
}

fn both((chinese, english): words::Word) -> String {
    format!("{chinese}<small>{english}</small>")
}

fn head(view: &View) -> String {
    let drill = if view.mode == ModeKind::Drill {
        "<p class=\"drill\">演练终端<small>Exercises only</small></p>"
    } else {
        ""
    };
    let colour = match (view.state, view.playing.as_ref().map(|piece| piece.origin)) {
        (DeviceState::Playing, Some(Origin::Bulletin(_, _, Some(grade)))) => shade(grade),
        (DeviceState::Playing, _) => "busy",
        (DeviceState::Fault, _) => "fault",
        _ if !view.knows_time || !view.is_linked => "fault",
        _ => "calm",
    };
    // "Ready" is said only where a warning would be heard of and obeyed.
    let is_idle = matches!(view.state, DeviceState::On | DeviceState::Recovered);
    let state = match view.state {
        _ if is_idle && !view.knows_time => ("未校时，收到预警也不播", "No proven time: nothing is obeyed"),
        _ if is_idle && !view.is_linked => {
            ("与城市断开，收不到预警", "Cut off from the city: no warning arrives")
        }
        state => words::state(state),
    };
    format!(
        "<header><h1>鸣锣村级终端<small>Mingluo village speaker</small></h1><p class=\"own\">区划 {} · 编码 {}</p></header>\
         {drill}<p class=\"state {colour}\">{}</p>",
        view.region,
        view.code,
        both(state)
    )
}

const fn shade(grade: Grade) -> &'static str {
    match grade {
        Grade::Blue => "blue",
        Grade::Yellow => "yellow",
        Grade::Orange => "orange",
        Grade::Red => "red",
    }
}

fn now_playing(view: &View, visitor: &Visitor<'_>) -> String {
    let mut body = String::from("<section><h2>正在播放<small>Now playing</small></h2>");
    match &view.playing {
        None => body.push_str("<p>无<small>Nothing</small></p>"),
        Some(piece) => {
            let _ = write!(body, "{}{}", describe(piece), stop(piece, visitor));
        }
    }
    let _ = write!(body, "<h2>等待播放 {}<small>Waiting</small></h2>", view.waiting.len());
    for piece in view.waiting.iter().take(TESTS) {
        let _ = write!(
            body,
            "{}<p class=\"time\">{} 起<small>from</small></p>",
            describe(piece),
            moment(piece.start)
        );
    }
    body + "</section>"
}

fn describe(piece: &Piece) -> String {
    let words = if piece.script.is_empty() {
        String::new()
    } else {
        format!("<blockquote>{}</blockquote>", Text(&piece.script))
    };
    format!("<p class=\"what\">{}</p>{words}", words::origin(piece.origin))
}

fn stop(piece: &Piece, visitor: &Visitor<'_>) -> String {
    match visitor {
        Visitor::Keeper(token) if piece.may_be_stopped => format!(
            "<form method=\"post\" action=\"/stop\">{}<input type=\"hidden\" name=\"ebm\" value=\"{}\">\
             <button class=\"stop\">停止播放<small>Stop it</small></button></form>",
            hidden(token),
            piece.ebm
        ),
        Visitor::Keeper(_) => {
            "<p class=\"hint\">本机不能停止此播放，请联系发布单位。<small>It may not be stopped here; ask who issued it.</small></p>".to_owned()
        }
        Visitor::Reader | Visitor::Stranger => String::new(),
    }
}

fn hidden(token: &str) -> String {
    format!("<input type=\"hidden\" name=\"token\" value=\"{token}\">")
}

fn row(body: &mut String, name: words::Word, value: &str, is_bad: bool) {
    let class = if is_bad { " class=\"bad\"" } else { "" };
    let _ = write!(body, "<dt>{}</dt><dd{class}>{value}</dd>", both(name));
}

fn condition(view: &View) -> String {
    let mut body = String::from("<section><h2>工况<small>Condition</small></h2><dl>");
    let link = if view.is_linked { "已连接 linked" } else { "未连接 cut off" };
    row(&mut body, ("与城市的连接", "Link to the city"), link, !view.is_linked);
    let heard = view.last_heard.map_or_else(
        || "本次启动后没有 not since it was started".to_owned(),
        |at| format!("{}（{}）", ago(at, view.at), moment(at)),
    );
    row(&mut body, ("最近收到城市消息", "City last heard"), &heard, false);
    let clock = if view.knows_time {
        moment(view.at)
    } else {
        "未校时，不执行指令 not proved: nothing is obeyed".to_owned()
    };
    row(&mut body, ("时钟（北京时间）", "Clock, Beijing"), &clock, !view.knows_time);
    if let Some(mains) = view.health.mains {
        let mains_word = if mains { "有 there" } else { "断电，电池供电 away, on battery" };
        row(&mut body, ("市电", "Mains"), mains_word, !mains);
    }
    if let Some(percent) = view.health.battery_percent {
        row(&mut body, ("电池", "Battery"), &format!("{percent} %"), percent < 30);
    }
    if let Some(degrees) = view.health.temperature_c {
        row(&mut body, ("主板温度", "Board"), &format!("{degrees} ℃"), degrees > 80);
    }
    if let Some(is_open) = view.is_open {
        let lid = if is_open { "开 open" } else { "关 closed" };
        row(&mut body, ("箱门", "Lid"), lid, is_open);
    }
    row(&mut body, ("待送达回执", "Reports to deliver"), &view.n_pending.to_string(), false);
    row(&mut body, ("公钥集版本", "Key set"), &view.key_set.to_string(), false);
    if let Some(papers) = view.papers {
        let is_over = view.at >= papers.validity.until;
        let words = match (is_over, papers.is_refused) {
            (true, _) => "，已过期，请向城市要注册码重新注册 run out: ask the city for a code and enrol anew",
            (false, true) => "，城市不接受 the city refuses it",
            (false, false) => "",
        };
        let until = papers.validity.until.to_jiff().map(|at| at.strftime("%Y-%m-%d").to_string());
        let told = format!("{}{words}", until.unwrap_or_default());
        row(&mut body, ("证书有效至", "Certificate until"), &told, !words.is_empty());
    }
    row(&mut body, ("程序", "Program"), &Text(&view.firmware).to_string(), false);
    body + "</dl></section>"
}

fn acts(view: &View, visitor: &Visitor<'_>) -> String {
    let token = match visitor {
        Visitor::Reader => return String::new(),
        Visitor::Stranger => {
            return "<section><p><a class=\"button\" href=\"/sign-in\">登录后可停播、自检<small>Sign in to stop or test</small></a></p></section>".to_owned();
        }
        Visitor::Keeper(token) => token,
    };
    let busy = view.playing.is_some() || !view.waiting.is_empty();
    let form = |kind: &str, word: words::Word| {
        let off = if busy { " disabled" } else { "" };
        format!(
            "<form method=\"post\" action=\"/test\">{}<input type=\"hidden\" name=\"kind\" value=\"{kind}\">\
             <button{off}>{}</button></form>",
            hidden(token),
            both(word)
        )
    };
    format!(
        "<section class=\"acts\"><h2>操作<small>Acts</small></h2>{}{}\
         <form method=\"post\" action=\"/sign-out\">{}<button class=\"quiet\">退出登录<small>Sign out</small></button></form></section>",
        form("silent", ("静默自检（不出声）", "Silent self-test")),
        form("audible", ("播放测试音（会出声）", "Test tone, audible")),
        hidden(token)
    )
}

fn tests(view: &View) -> String {
    let mut body = String::from("<section><h2>自检记录<small>Self-tests</small></h2>");
    if view.tests.is_empty() {
        body.push_str("<p>尚无<small>None yet</small></p>");
    }
    body.push_str("<ul>");
    for test in view.tests.iter().rev().take(TESTS) {
        let class = if test.passed { "" } else { " class=\"bad\"" };
        let _ = write!(
            body,
            "<li{class}><time>{}</time> {}</li>",
            moment(test.at),
            Text(&words::self_test(test))
        );
    }
    body + "</ul></section>"
}

fn log(view: &View) -> String {
    let mut body = String::from("<section><h2>最近事件<small>Latest events</small></h2><ul>");
    for note in view.notes.iter().rev().take(LOG) {
        let _ = write!(body, "<li><time>{}</time> {}</li>", moment(note.at), Text(&words::note(note)));
    }
    body + "</ul></section>"
}

/// What a form asks for.
pub(super) fn kind_of(word: &str) -> Option<Kind> {
    match word {
        "silent" => Some(Kind::Silent),
        "audible" => Some(Kind::Audible),
        _ => None,
    }
}

/// A refusal.
pub(super) fn refusal(word: words::Word) -> String {
    let body = format!("<h1>{}</h1><p><a href=\"/\">返回<small>Back</small></a></p>", both(word));
    frame(&join(word), false, &body)
}
