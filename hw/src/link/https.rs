//! Plain requests to the city at the door of the link: same address, same certificates, one connection each. Every answer
//! is bounded in octets and in time.

use super::dial::{City, Dial, LinkError};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Request, Response,
    body::Bytes,
    client::conn::http1,
    header::{CONNECTION, HOST, HeaderValue},
};
use hyper_util::rt::TokioIo;
use mingluo_model::clock::{Clock, within};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// Octets that an answer's head may have.
const LONGEST_HEAD: usize = 16 * 1024;

/// How far a request may go.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Octets that the answer's body may have.
    pub most: usize,
    /// The time for the whole, from connecting to the answer's last octet.
    pub patience: Duration,
}

impl Dial {
    /// Asks this city for something. The request names a path (`/poll`) and whatever headers and body it needs; the
    /// host is added here. An answer of any status is an answer.
    ///
    /// # Errors
    /// [`LinkError`] when there is no connection, no HTTP, or more than the bounds allow.
    pub async fn ask(
        &self,
        city: &City,
        request: Request<Bytes>,
        bounds: Bounds,
        clock: &dyn Clock,
    ) -> Result<Response<Bytes>, LinkError> {
        // Boxed, since its state is large and whoever asks mostly waits.
        let asking = Box::pin(async {
            let stream = self.reach(city).await?;
            exchange(stream, city.authority(), request, bounds.most).await
        });
        within(clock, bounds.patience, asking).await?
    }
}

/// One request and its answer over a stream that is used for nothing else.
pub(crate) async fn exchange<S>(
    stream: S,
    host: &str,
    mut request: Request<Bytes>,
    most: usize,
) -> Result<Response<Bytes>, LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let host = HeaderValue::from_str(host).map_err(|error| LinkError::Http(Box::new(error)))?;
    request.headers_mut().insert(HOST, host);
    request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    let mut builder = http1::Builder::new();
    builder.max_buf_size(LONGEST_HEAD);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
    let answering = async {
        let (head, body) = sender.send_request(request.map(Full::new)).await?.into_parts();
        let body = Limited::new(body, most).collect().await.map_err(LinkError::Http)?;
        Ok(Response::from_parts(head, body.to_bytes()))
    };
    let (mut answering, mut connection) = (std::pin::pin!(answering), std::pin::pin!(connection));
    tokio::select! {
        answered = &mut answering => answered,
        // The connection may end before its last octets are looked at.
        _ended = &mut connection => answering.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    /// Asks a far side that answers with these words and hangs up; gives what it was asked as well.
    async fn ask(answer: &str, most: usize) -> (Result<Response<Bytes>, LinkError>, String) {
        let (near, mut far) = duplex(64 * 1024);
        let request = Request::post("/poll").body(Bytes::from_static(b"hello")).unwrap();
        let far_side = async {
            let mut heard = String::new();
            while !heard.ends_with("hello") {
                heard.push(char::from(far.read_u8().await.unwrap()));
            }
            far.write_all(answer.as_bytes()).await.unwrap();
            drop(far);
            heard
        };
        tokio::join!(exchange(near, "city:8443", request, most), far_side)
    }

    #[tokio::test]
    async fn an_answer_of_any_status_is_an_answer() {
        let (answer, heard) = ask("HTTP/1.1 404 No\r\ncontent-length: 4\r\n\r\nnone", 4).await;
        let answer = answer.unwrap();
        assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (404, b"none".as_slice()));
        assert!(heard.starts_with("POST /poll HTTP/1.1\r\n") && heard.contains("host: city:8443"), "{heard}");
    }

    #[tokio::test]
    async fn what_is_longer_than_asked_for_or_no_http_is_refused() {
        let (long, _) = ask("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nlong!", 4).await;
        assert!(matches!(long, Err(LinkError::Http(_))));
        let (garbage, _) = ask("+OK ready\r\n\r\n", 4).await;
        assert!(matches!(garbage, Err(LinkError::Http(_))));
        let (cut, _) = ask("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nlo", 9).await;
        assert!(matches!(cut, Err(LinkError::Http(_))));
    }
}
