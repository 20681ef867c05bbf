//! Living no longer than whoever started us (与启动者同生死): a rehearsal holds the other end of our standard input, and
//! however it ends, even by SIGKILL, the pipe closes.

use std::io::Read;
use tokio::sync::oneshot;

/// Returns when standard input is closed at the other end. What comes on it is read and dropped.
pub async fn stdin_closed() {
    let (closed, heard) = oneshot::channel();
    // A thread of its own: the runtime would wait for a blocking read when the program ends for another reason.
    std::thread::spawn(move || {
        let mut dropped = [0; 256];
        let mut stdin = std::io::stdin().lock();
        while stdin.read(&mut dropped).is_ok_and(|length| length > 0) {}
        // Nobody listens any more where the program is ending already.
        let _ = closed.send(());
    });
    if heard.await.is_err() {
        std::future::pending::<()>().await;
    }
}
