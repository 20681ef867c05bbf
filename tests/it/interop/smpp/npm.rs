//! What only the npm centre can be told to do.

use super::{
    super::{
        ANNA, BERT,
        ear::{listen, meanwhile},
        soon,
    },
    Library, Stage, send,
};
use mingluo_model::{
    channel::{Channel, SendError},
    receipt::ReceiptStatus,
};
use serde_json::json;

#[tokio::test]
async fn a_wrong_password_is_refused_and_we_say_so() {
    let Some(stage) = Stage::new(Library::Npm, &["--password", "other"]).await else { return };
    let refused = soon(stage.channel(stage.address, &json!({})).open()).await.err();
    let detail = "ESME_RINVPASWD (0x0000000e) (system_id, password_file, system_type)".to_owned();
    assert_eq!(refused, Some(SendError::Refused { detail }));
}

#[tokio::test]
async fn our_sign_of_life_is_given_when_asked_for() {
    let Some(mut stage) = Stage::new(Library::Npm, &[]).await else { return };
    let mut session = stage.bound().await;
    for _round in 0..2 {
        stage.centre.tell(&json!({"say": "enquire_link"})).await;
        let answered = meanwhile(&mut session, stage.centre.heard("enquire_link_resp", 1)).await;
        assert_eq!(answered[0]["status"], 0);
    }
}

#[tokio::test]
async fn ids_in_hex_and_their_receipts_in_decimal_text_are_the_same() {
    let Some(stage) = Stage::new(Library::Npm, &["--ids", "hex", "--receipts", "text"]).await else { return };
    let channel = stage.channel(stage.address, &json!({"message_id_form": "hex_to_decimal"}));
    let mut session = soon(channel.open()).await.unwrap();
    send(&mut session, "雨", 1, &[ANNA, BERT]).await;
    let heard = listen(&mut session, 2, 2).await;
    assert_eq!((heard.accepted().len(), heard.accepted()), (2, heard.receipted()));
    assert!(heard.receipts.iter().all(|receipt| receipt.status == ReceiptStatus::Delivered));
}
