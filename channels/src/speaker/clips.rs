//! Speech by its digest (`GET /clip/<sha256>`), for boxes whose bulletin names it. A box that was cut off asks for the rest
//! (RFC 9110, 14: one range of bytes, from a place to the end). Any box may have any clip: it is what is said aloud.

use super::pages::{Answer, Asked, Caller, Page, answer, refusal};
use async_trait::async_trait;
use bytes::Bytes;
use hyper::{
    Method, StatusCode,
    header::{ACCEPT_RANGES, CONTENT_RANGE, HeaderName, HeaderValue, RANGE},
};
use std::sync::Arc;

/// Where the page stands.
pub const PLACE: &str = "/clip/";

/// Where clips are kept.
#[async_trait]
pub trait ClipShelf: Send + Sync {
    /// The clip of a digest; `None` when there is none.
    ///
    /// # Errors
    /// Why it cannot be said, for the log.
    async fn clip(&self, sha256: [u8; 32]) -> Result<Option<Bytes>, String>;
}

/// The page.
pub struct ClipPage {
    shelf: Arc<dyn ClipShelf>,
}

impl ClipPage {
    /// A page over this shelf.
    pub const fn new(shelf: Arc<dyn ClipShelf>) -> Self {
        Self { shelf }
    }
}

#[async_trait]
impl Page for ClipPage {
    async fn answer(&self, caller: &Caller, asked: Asked) -> Answer {
        if asked.method() != Method::GET {
            return refusal(StatusCode::METHOD_NOT_ALLOWED, "语音只能下载 clips can only be fetched");
        }
        let missing = || refusal(StatusCode::NOT_FOUND, "没有这段语音 there is no such clip");
        let mut sha256 = [0; 32];
        let name = asked.uri().path().strip_prefix(PLACE).unwrap_or_default();
        if hex::decode_to_slice(name, &mut sha256).is_err() {
            return missing();
        }
        match self.shelf.clip(sha256).await {
            Ok(Some(clip)) => part(&clip, asked.headers().get(RANGE)),
            Ok(None) => missing(),
            Err(error) => {
                tracing::error!(box_code = %caller.code, error, "a clip cannot be read for a box");
                refusal(StatusCode::SERVICE_UNAVAILABLE, "语音暂时读不出 the clip cannot be read just now")
            }
        }
    }
}

/// The whole clip, or from the place that is asked for on. What is no such range is passed over, as RFC 9110 has it.
fn part(clip: &Bytes, range: Option<&HeaderValue>) -> Answer {
    let asked = range.and_then(|range| range.to_str().ok()?.strip_prefix("bytes=")?.strip_suffix('-'));
    let from: Option<usize> = asked.and_then(|from| from.parse().ok());
    let whole = clip.len();
    match from {
        Some(from) if from >= whole => {
            let far = refusal(StatusCode::RANGE_NOT_SATISFIABLE, "超出语音长度 beyond the clip's end");
            with(far, CONTENT_RANGE, &format!("bytes */{whole}"))
        }
        Some(from) => {
            let rest = answer(StatusCode::PARTIAL_CONTENT, "audio/ogg", clip.slice(from..));
            with(rest, CONTENT_RANGE, &format!("bytes {from}-{}/{whole}", whole - 1))
        }
        None => with(answer(StatusCode::OK, "audio/ogg", clip.clone()), ACCEPT_RANGES, "bytes"),
    }
}

fn with(mut answer: Answer, name: HeaderName, value: &str) -> Answer {
    answer.headers_mut().extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    const NEVER: mingluo_model::clock::Timestamp = mingluo_model::clock::Timestamp(0);

    struct One;

    #[async_trait]
    impl ClipShelf for One {
        async fn clip(&self, sha256: [u8; 32]) -> Result<Option<Bytes>, String> {
            Ok((sha256 == [0xab; 32]).then(|| Bytes::from_static(b"0123456789")))
        }
    }

    async fn ask(method: Method, name: &str, range: Option<&str>) -> (u16, String, String) {
        let caller = Caller {
            code: "62104230010010314010101".parse().unwrap(),
            serial: Box::default(),
            until: NEVER,
            from: None,
        };
        let mut asked = hyper::Request::builder().method(method).uri(format!("/clip/{name}"));
        if let Some(range) = range {
            asked = asked.header(RANGE, range);
        }
        let answer = ClipPage::new(Arc::new(One)).answer(&caller, asked.body(Bytes::new()).unwrap()).await;
        let range =
            answer.headers().get(CONTENT_RANGE).map_or("", |range| range.to_str().unwrap()).to_owned();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, range, String::from_utf8_lossy(&body).into_owned())
    }

    #[tokio::test]
    async fn a_clip_is_given_whole_or_from_where_it_broke_off() {
        let name = "ab".repeat(32);
        assert_eq!(ask(Method::GET, &name, None).await, (200, String::new(), "0123456789".into()));
        let rest = ask(Method::GET, &name, Some("bytes=4-")).await;
        assert_eq!(rest, (206, "bytes 4-9/10".into(), "456789".into()));
        let (status, range, _) = ask(Method::GET, &name, Some("bytes=10-")).await;
        assert_eq!((status, range.as_str()), (416, "bytes */10"));
        for strange in ["bytes=a-", "bytes=-3", "lines=1-", "bytes=1-2,4-5"] {
            assert_eq!(ask(Method::GET, &name, Some(strange)).await.0, 200, "{strange}");
        }
    }

    #[tokio::test]
    async fn what_is_no_clip_is_not_there() {
        for name in ["", "ab", "../etc/passwd", &"cd".repeat(32)] {
            assert_eq!(ask(Method::GET, name, None).await.0, 404, "{name}");
        }
        assert_eq!(ask(Method::POST, &"ab".repeat(32), None).await.0, 405);
    }
}
