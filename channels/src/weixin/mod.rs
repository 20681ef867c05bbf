//! What Tencent's two platforms have in common, the one of service accounts (微信公众平台) and the one of corporations
//! (企业微信): a token for all calls, answers with a code, and pushes that are signed and enciphered. Knows neither's
//! messages.

pub(crate) mod cipher;
pub(crate) mod fields;
pub(crate) mod push;
pub(crate) mod said;
pub(crate) mod server;
pub(crate) mod token;
