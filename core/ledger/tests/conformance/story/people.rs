//! Officers, their keys and sessions, and who wants no messages.

use crate::{
    cast::{NOON, TTL, line, owner},
    house::House,
};
use mingluo_ledger::store::{ApiKeyRow, OfficerRow, OrgRow, SessionRow};
use mingluo_model::{
    id::OfficerId,
    owner::{Officer, Role},
};

fn org() -> OrgRow {
    OrgRow { id: owner().org, name: "清原县应急管理局".into(), owner: owner() }
}

fn officer(login: &str) -> OfficerRow {
    let id = OfficerId(uuid::Uuid::from_u128(5));
    OfficerRow {
        officer: Officer { id, owner: owner(), roles: vec![Role::Author, Role::Operator] },
        login: login.into(),
        name: "李雷".into(),
        password_hash: "$argon2id$…".into(),
        enabled: true,
    }
}

pub(crate) async fn people_keys_and_sessions_come_back(house: &House) {
    let store = &house.store;
    store.save_people(&[org()], &[officer("li")], &[line("officer.save")]).await.unwrap();
    store.save_people(&[], &[officer("lilei")], &[line("officer.save")]).await.unwrap();
    assert_eq!(store.orgs().await.unwrap(), [org()]);
    assert_eq!(store.officers().await.unwrap(), [officer("lilei")]);

    let id = officer("li").officer.id;
    let key = ApiKeyRow { key_hash: [1; 32], officer: id, label: "feed".into(), created: NOON };
    store.add_api_key(&key, line("key.add")).await.unwrap();
    assert_eq!(store.api_key([1; 32]).await.unwrap().as_ref(), Some(&key));
    assert_eq!(store.api_key([2; 32]).await.unwrap(), None);
    let later = ApiKeyRow { key_hash: [0; 32], created: NOON.plus(TTL), ..key.clone() };
    store.add_api_key(&later, line("key.add")).await.unwrap();
    assert_eq!(store.api_keys().await.unwrap(), [key, later.clone()]);
    assert!(store.revoke_api_key([1; 32], line("key.revoke")).await.unwrap());
    assert!(!store.revoke_api_key([1; 32], line("key.revoke")).await.unwrap());
    assert_eq!(store.api_key([1; 32]).await.unwrap(), None);
    assert_eq!(store.api_keys().await.unwrap(), [later]);

    let session = SessionRow { token_hash: [3; 32], officer: id, expires: NOON.plus(TTL) };
    store.add_session(&session).await.unwrap();
    assert_eq!(store.session([3; 32], NOON).await.unwrap(), Some(session));
    assert_eq!(store.session([3; 32], NOON.plus(TTL)).await.unwrap(), None);
    store.end_session([3; 32]).await.unwrap();
    assert_eq!(store.session([3; 32], NOON).await.unwrap(), None);
    assert_eq!(store.audit_rows(0, 9).await.unwrap().len(), 5, "what did nothing left no line");
}

pub(crate) async fn an_opt_out_counts_once(house: &House) {
    let hash = |number: u16| {
        let mut hash = [7; 16];
        hash[..2].copy_from_slice(&number.to_be_bytes());
        hash
    };
    let many: Vec<_> = (0..2_500).map(hash).collect();
    house.store.add_opt_outs(&many[..10], NOON).await.unwrap();
    house.store.add_opt_outs(&many, NOON).await.unwrap();
    assert_eq!(house.store.opt_outs().await.unwrap(), many);
}
