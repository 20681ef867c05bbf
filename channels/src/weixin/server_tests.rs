//! Answers that the platform never meant to give.

use super::*;
use mingluo_model::clock::{Timestamp, manual::ManualClock};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const ANSWER: Duration = Duration::from_secs(1);

fn server(at: std::net::SocketAddr, clock: SharedClock) -> Server {
    Server::new(&format!("http://{at}").parse().unwrap(), 1, ANSWER, clock).unwrap()
}

async fn put(server: &Server) -> Result<serde_json::Value, CallError> {
    server.post("/cgi-bin/message/template/send", &[("access_token", "a+b")], b"{}".to_vec()).await
}

/// What a call makes of the bytes that come back; without any the clock runs out.
async fn called(answer: &str) -> Result<serde_json::Value, CallError> {
    called_by(put, answer).await
}

async fn called_by(
    put: impl AsyncFn(&Server) -> Result<serde_json::Value, CallError>,
    answer: &str,
) -> Result<serde_json::Value, CallError> {
    let clock = ManualClock::at(Timestamp(0));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = server(listener.local_addr().unwrap(), clock.clone());
    let far = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        let length = socket.read(&mut request).await.unwrap();
        assert!(
            request[..length].starts_with(b"POST /cgi-bin/message/template/send?access_token=a%2Bb HTTP/1.1")
        );
        // The caller may hang up before a flood is over.
        let _cut = socket.write_all(answer.as_bytes()).await;
        if answer.is_empty() {
            clock.advance(ANSWER);
            std::future::pending::<()>().await;
        }
    };
    let call = put(&server);
    tokio::pin!(call);
    tokio::select! {
        said = &mut call => said,
        () = far => call.await,
    }
}

fn http(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn silence_may_have_left_and_is_tried_again() {
    let silence = called("").await.unwrap_err();
    assert_eq!(silence, CallError::NoAnswer);
    assert!(
        matches!(silence.verdict(), Verdict::Temporary(refusal) if refusal.reason == Reason::SessionLost)
    );
    assert_eq!(silence.verdict_once(), Verdict::Lost, "somebody would read it twice");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_none() {
    assert_eq!(called("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"err").await, Err(CallError::NoAnswer));
}

#[tokio::test]
async fn a_gateways_fault_holds_the_account_back() {
    let fault = called(&http("502 Bad Gateway", "")).await.unwrap_err();
    assert_eq!(fault.verdict_once(), Verdict::Lost, "it may have handed on what somebody would read twice");
    assert_eq!((fault.verdict(), fault), (Verdict::Busy { retry_after: FAULT }, CallError::Status(502)));
    assert_eq!(CallError::Status(503).verdict_once(), Verdict::Busy { retry_after: FAULT });
}

#[tokio::test]
async fn a_page_and_a_flood_are_no_answers() {
    assert_eq!(called(&http("200 OK", "<html>sign in</html>")).await, Err(CallError::NotJson));
    assert_eq!(called(&http("200 OK", &" ".repeat(LONGEST_ANSWER + 1))).await, Err(CallError::NotJson));
}

#[tokio::test]
async fn where_nobody_listens_nothing_left() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = put(&server(free, ManualClock::at(Timestamp(0)))).await.unwrap_err();
    assert_eq!((error.verdict(), error), (Verdict::Busy { retry_after: FAULT }, CallError::NoConnection));
}

#[tokio::test]
async fn a_refusal_is_heard_under_its_status_where_the_platform_speaks_so() {
    let hearing = async |server: &Server| {
        let (path, query) = ("/cgi-bin/message/template/send", [("access_token", "a+b")]);
        server.post_hearing_refusals(path, &query, b"{}".to_vec()).await
    };
    let refusal = http("400 Bad Request", r#"{"code":19024}"#);
    assert_eq!(called_by(hearing, &refusal).await.unwrap()["code"], 19_024);
    assert_eq!(called(&refusal).await, Err(CallError::Status(400)));
    for (status, words) in [("403 Forbidden", "<html>"), ("502 Bad Gateway", r#"{"code":19024}"#)] {
        let heard = called_by(hearing, &http(status, words)).await;
        assert_eq!(heard, Err(CallError::Status(status[..3].parse().unwrap())));
    }
}
