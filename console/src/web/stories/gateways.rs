//! Stories of what the board says of gateways that nobody can send through.

use super::town::Town;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// The bind_transceiver_resp to a wrong password: 0x0e (SMPP 3.4 clause 5.1.3), with an empty name, to the first request.
const WRONG_PASSWORD: [u8; 17] = [0, 0, 0, 17, 0x80, 0, 0, 9, 0, 0, 0, 0x0e, 0, 0, 0, 1, 0];

/// A centre that knows no password; gives its port.
async fn centre_that_refuses() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut bind = [0; 16];
            socket.read_exact(&mut bind).await.unwrap();
            let mut answer = WRONG_PASSWORD;
            answer[12..].copy_from_slice(&[bind[12], bind[13], bind[14], bind[15], 0]);
            socket.write_all(&answer).await.unwrap();
        }
    });
    port
}

/// The board, as soon as it says this.
async fn board_that_says(town: &Town, words: &str) -> String {
    let zhao = town.sign_in("zhao").await;
    for _ in 0..1_000 {
        let board = zhao.get("/live/").await.body;
        if board.contains(words) {
            return board;
        }
        town.city.clock.sleep(Duration::from_millis(10)).await;
    }
    panic!("ten seconds passed, and the board does not say {words}");
}

#[tokio::test]
async fn a_refused_login_is_on_the_board_with_the_gateways_code_and_what_to_do() {
    let town = Town::with_gateway_at(centre_that_refuses().await).await;
    let board = board_that_says(&town, "被网关拒绝登录").await;
    assert!(board.contains("0x0000000e"), "{board}");
    assert!(board.contains("口令或密钥文件") && board.contains("以免账号被锁"), "{board}");
}

#[tokio::test]
async fn a_gateway_out_of_reach_is_on_the_board_with_what_to_do() {
    let town = Town::open().await;
    let board = board_that_says(&town, "连不上网关").await;
    assert!(board.contains("主机和端口"), "{board}");
}
