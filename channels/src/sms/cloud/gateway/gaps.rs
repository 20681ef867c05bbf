//! A request with gaps: what an operator wrote, taken apart once, filled for each number.

use reqwest::{Client, RequestBuilder, Url};

use super::{Fault, HttpSmsConfig, Method, percent};
use crate::account::ConfigError;
use mingluo_model::delivery::Reason;

/// The names of the gaps.
const NAMES: [&str; 8] =
    ["number", "text", "text_hex", "dlr_url", "id", "secret", "token", "validity_minutes"];

/// What fills the gaps for one number.
pub(super) struct Values<'a> {
    pub(super) number: &'a str,
    pub(super) text: &'a str,
    pub(super) id: &'a str,
    pub(super) secret: &'a str,
    pub(super) token: &'a str,
    pub(super) validity_minutes: u64,
}

/// A text with gaps.
#[derive(Debug, Clone)]
struct Gapped(Vec<Piece>);

#[derive(Debug, Clone)]
enum Piece {
    Fixed(String),
    Gap(&'static str),
}

/// How a value is written where its gap is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    /// In an address or a form.
    Percent,
    /// Inside the quotation marks of a JSON text.
    Json,
}

/// The whole request.
pub(super) struct Form {
    url: Gapped,
    method: Method,
    body: Gapped,
    quoting: Quoting,
    content_type: String,
    dlr_url: Gapped,
    /// The gateway's host and port.
    door: (String, u16),
}

impl Form {
    /// Checks that the gaps are known, and that a message can get through them.
    pub(super) fn check(config: &HttpSmsConfig) -> Result<Self, ConfigError> {
        let quoting = match config.content_type.split(';').next().unwrap_or_default().trim() {
            "application/x-www-form-urlencoded" => Quoting::Percent,
            "application/json" => Quoting::Json,
            _ => {
                let fix = "use application/x-www-form-urlencoded or application/json";
                return Err(ConfigError::new("content_type", &config.content_type, fix));
            }
        };
        let url = Gapped::read("url", &config.url)?;
        let dlr_url = Gapped::read("dlr_url", &config.dlr_url)?;
        let door = door(config, &url.fill(&Values::example(), &dlr_url, Quoting::Percent))?;
        let form = Self {
            url,
            method: config.method,
            body: Gapped::read("body", &config.body)?,
            quoting,
            content_type: config.content_type.clone(),
            dlr_url,
            door,
        };
        form.says_enough(config)?;
        Ok(form)
    }

    fn says_enough(&self, config: &HttpSmsConfig) -> Result<(), ConfigError> {
        let missing = |gap: &str, fix: &str| {
            let text = format!("{} {}", config.url, config.body);
            let missing = ConfigError::new("url", text.trim(), format!("{gap} is nowhere; {fix}"));
            Err(missing.with_fault("no-gap", [("gap", gap.trim_matches(['{', '}']).to_owned())]))
        };
        if !self.names("number") {
            return missing("{number}", "put it where the gateway wants the number");
        }
        if !self.names("text") && !self.names("text_hex") {
            return missing("{text}", "put it where the gateway wants the text");
        }
        if self.method == Method::Get && !config.body.is_empty() {
            return Err(ConfigError::new("body", &config.body, "a GET has none; use method = \"POST\""));
        }
        if !config.dlr_url.is_empty() && !self.names("dlr_url") {
            return missing("{dlr_url}", "put it where the gateway wants the address that it reports to");
        }
        if !config.dlr_url.is_empty() && !self.dlr_url.names("token") {
            let fix = "let its path end in /callback/sms/NAME/{token}";
            return Err(ConfigError::new("dlr_url", &config.dlr_url, fix));
        }
        Ok(())
    }

    /// Whether a gap is anywhere in the request itself.
    pub(super) fn names(&self, gap: &str) -> bool {
        self.url.names(gap) || self.body.names(gap)
    }

    /// Whether the gateway learns our name for a message and can report under it.
    pub(super) fn tells_our_id(&self) -> bool {
        self.names("id") || self.names("dlr_url") && self.dlr_url.names("id")
    }

    /// The gateway's host and port.
    pub(super) fn door(&self) -> (&str, u16) {
        (&self.door.0, self.door.1)
    }

    /// The request for one number.
    pub(super) fn request(&self, client: &Client, values: &Values<'_>) -> Result<RequestBuilder, Fault> {
        let url = self.url.fill(values, &self.dlr_url, Quoting::Percent);
        let url: Url =
            url.parse().map_err(|_| Fault::permanent(Reason::Content, "the address does not hold"))?;
        Ok(match self.method {
            Method::Get => client.get(url),
            Method::Post => {
                let body = self.body.fill(values, &self.dlr_url, self.quoting);
                client.post(url).header("content-type", &self.content_type).body(body)
            }
        })
    }
}

/// Where an address that is filled for trial leads.
fn door(config: &HttpSmsConfig, tried: &str) -> Result<(String, u16), ConfigError> {
    let wrong = |fix| ConfigError::new("url", &config.url, fix);
    let like = "use an address like http://10.0.0.5:13013/cgi-bin/sendsms?to={number}";
    let url: Url = tried.parse().map_err(|_| wrong(like))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("use http or https"));
    }
    let door = url.host_str().zip(url.port_or_known_default());
    door.map(|(host, port)| (host.to_owned(), port)).ok_or_else(|| wrong(like))
}

impl Values<'static> {
    fn example() -> Self {
        Self { number: "0", text: "0", id: "0", secret: "0", token: "0", validity_minutes: 1 }
    }
}

impl Gapped {
    fn read(field: &'static str, text: &str) -> Result<Self, ConfigError> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        // A brace that opens none of our gaps is the gateway's own, as in JSON.
        while let Some((at, name)) = next_gap(rest) {
            pieces.push(Piece::Fixed(rest[..at].to_owned()));
            pieces.push(Piece::Gap(name));
            rest = &rest[at + name.len() + 2..];
        }
        pieces.push(Piece::Fixed(rest.to_owned()));
        let gapped = Self(pieces);
        if field == "dlr_url" && gapped.names("dlr_url") {
            return Err(ConfigError::new(field, text, "it cannot hold {dlr_url} itself"));
        }
        Ok(gapped)
    }

    fn names(&self, gap: &str) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Gap(name) if *name == gap))
    }

    fn fill(&self, values: &Values<'_>, dlr_url: &Self, quoting: Quoting) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Fixed(text) => text.clone(),
            Piece::Gap("dlr_url") => {
                quoting.quote(&dlr_url.fill(values, &Self(Vec::new()), Quoting::Percent))
            }
            Piece::Gap(name) => quoting.quote(&value(name, values)),
        };
        self.0.iter().map(piece).collect()
    }
}

fn next_gap(text: &str) -> Option<(usize, &'static str)> {
    let found = |name: &&'static str| text.find(&format!("{{{name}}}")).map(|at| (at, *name));
    NAMES.iter().filter_map(found).min()
}

fn value(name: &str, values: &Values<'_>) -> String {
    match name {
        "number" => values.number.to_owned(),
        "text" => values.text.to_owned(),
        "text_hex" => {
            hex::encode_upper(values.text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>())
        }
        "id" => values.id.to_owned(),
        "secret" => values.secret.to_owned(),
        "token" => values.token.to_owned(),
        "validity_minutes" => values.validity_minutes.to_string(),
        _ => String::new(),
    }
}

impl Quoting {
    fn quote(self, value: &str) -> String {
        match self {
            Self::Percent => percent(value),
            Self::Json => {
                let quoted = serde_json::Value::from(value).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
        }
    }
}
