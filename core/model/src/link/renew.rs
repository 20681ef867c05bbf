//! Renewal (证书续期): a box whose certificate nears its end asks for the next over its own link. What proves who asks is the
//! certificate of that very link; the city carries the request to the desk and the answer back.

use crate::bulletin::ResourceCode;
use serde::{Deserialize, Serialize};

/// Octets of a request for a certificate at most, and of a chain that answers it: a quarter of a frame.
pub const MOST_RENEWAL: usize = 16 * 1024;

/// What a box asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renew {
    /// A certificate request, PEM, for a key that was made for it on the box; the name in it is the box's code.
    pub csr: String,
}

/// What it is answered: a chain, or why there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The new certificate and its issuers but the authority, PEM; empty with a reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub chain: String,
    /// Why not, a word of [`NotRenewed::code`]; empty with a chain.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl From<Result<String, NotRenewed>> for Certificate {
    fn from(outcome: Result<String, NotRenewed>) -> Self {
        match outcome {
            Ok(chain) => Self { chain, reason: String::new() },
            Err(why) => Self { chain: String::new(), reason: why.code().to_owned() },
        }
    }
}

/// What the city tells the desk: what a live link with mutual TLS proved, and what was asked over it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Petition {
    /// The box, by its certificate.
    pub box_code: ResourceCode,
    /// The number of that certificate, hexadecimal.
    pub serial: String,
    /// The request, PEM.
    pub csr: String,
}

/// Why a certificate is not renewed (续期被拒).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum NotRenewed {
    /// The desk did not issue the certificate that asks.
    #[error(
        "发证登记中没有这张证书，请凭注册码重新注册 / the desk did not issue this certificate; enrol with a code"
    )]
    UnknownCertificate,
    /// The certificate that asks was taken back.
    #[error("证书已被吊销 / the certificate was taken back")]
    Revoked,
    /// It has run out.
    #[error("证书已过期，请凭注册码重新注册 / the certificate has run out; enrol with a code")]
    Expired,
    /// A newer certificate of this box was seen already, so whoever shows this one may be a copy.
    #[error("该终端已在用更新的证书 / the box was seen with a newer certificate")]
    Superseded,
    /// The request is for another box.
    #[error("请求里是另一个终端 / the request names another box")]
    WrongBox,
    /// The request cannot be read.
    #[error("证书请求不能用 / the certificate request cannot be used")]
    BadRequest,
    /// The box got too many lately.
    #[error("一天内续期次数太多，请稍后再试 / too many within a day; ask again later")]
    TooOften,
    /// The desk does not answer, or the city has none.
    #[error("发证进程没有应答，稍后再试 / the desk does not answer; ask again later")]
    Unavailable,
}

impl NotRenewed {
    /// The word on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownCertificate => "unknown-certificate",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::WrongBox => "wrong-box",
            Self::BadRequest => "bad-request",
            Self::TooOften => "too-often",
            Self::Unavailable => "unavailable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{BoxFrame, CityFrame};

    #[test]
    fn request_and_answers_read_back_and_say_what_they_are() {
        let asked = BoxFrame::Renew(Renew { csr: "PEM\n".to_owned() });
        assert_eq!(asked.write(), r#"{"kind":"renew","csr":"PEM\n"}"#);
        assert_eq!(BoxFrame::read(&asked.write()).unwrap(), asked);
        let given = CityFrame::Certificate(Ok("PEM".to_owned()).into());
        assert_eq!(given.write(), r#"{"kind":"certificate","chain":"PEM"}"#);
        let refused = CityFrame::Certificate(Err(NotRenewed::TooOften).into());
        assert_eq!(refused.write(), r#"{"kind":"certificate","reason":"too-often"}"#);
        assert_eq!(CityFrame::read(&refused.write()).unwrap(), refused);
    }

    #[test]
    fn the_word_on_the_wire_is_the_word_at_the_desk() {
        for why in [NotRenewed::UnknownCertificate, NotRenewed::Superseded, NotRenewed::Unavailable] {
            assert_eq!(serde_json::to_string(&why).unwrap(), format!("\"{}\"", why.code()));
        }
    }
}
