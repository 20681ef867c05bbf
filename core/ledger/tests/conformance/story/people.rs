//! Officers, their keys and sessions, and who wants no messages.

use crate::{
    cast::{NOON, TTL, line, owner},
    house::House,
};
use mingluo_ledger::store::{ApiKeyRow, OfficerRow, OrgRow, SessionRow};
use mingluo_model::{
    address::Address,
    clock::Timestamp,
    id::{OfficerId, PlanId},
    mode::ModeKind,
    owner::{Officer, Role},
    plan::AccountName,
    reply::{Portion, Reply},
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
    assert_eq!(store.session([3; 32], NOON).await.unwrap(), Some(session.clone()));
    assert_eq!(store.session([3; 32], NOON.plus(TTL)).await.unwrap(), None);
    let later = SessionRow { expires: NOON.plus(2 * TTL), ..session.clone() };
    assert!(store.move_session(&later).await.unwrap());
    assert_eq!(store.session([3; 32], NOON.plus(TTL)).await.unwrap(), Some(later.clone()));
    store.end_session([3; 32]).await.unwrap();
    assert!(!store.move_session(&later).await.unwrap(), "what was ended is not brought back");
    assert_eq!(store.session([3; 32], NOON).await.unwrap(), None);
    assert_eq!(store.audit_rows(0, 9).await.unwrap().len(), 5, "what did nothing left no line");
}

pub(crate) async fn who_is_changed_is_signed_out_and_nobody_else(house: &House) {
    let store = &house.store;
    let zhao = OfficerId(uuid::Uuid::from_u128(6));
    let other = OfficerRow { officer: Officer { id: zhao, ..officer("zhao").officer }, ..officer("zhao") };
    store.save_people(&[org()], &[officer("li"), other], &[line("officer.save")]).await.unwrap();
    let session = |hash, officer| SessionRow { token_hash: [hash; 32], officer, expires: NOON.plus(TTL) };
    let li = officer("li").officer.id;
    for one in [session(3, li), session(4, li), session(5, zhao)] {
        store.add_session(&one).await.unwrap();
    }
    let closed = OfficerRow { enabled: false, ..officer("li") };
    store.change_officer(&closed, line("officer.disable")).await.unwrap();
    for hash in [3, 4] {
        assert_eq!(store.session([hash; 32], NOON).await.unwrap(), None);
    }
    assert_eq!(store.session([5; 32], NOON).await.unwrap(), Some(session(5, zhao)));
    assert!(store.officers().await.unwrap().contains(&closed));
    assert_eq!(store.audit_rows(0, 9).await.unwrap().len(), 2);
}

pub(crate) async fn an_opt_out_counts_once(house: &House) {
    let hash = |number: u16| {
        let mut hash = [7; 16];
        hash[..2].copy_from_slice(&number.to_be_bytes());
        hash
    };
    let many: Vec<_> = (0..2_500).map(hash).collect();
    let change = |out, back| house.store.change_opt_outs(ModeKind::Live, out, back, line("opt_out.change"));
    let mark = || house.store.opt_outs_mark(ModeKind::Live);
    assert_eq!(mark().await.unwrap(), (0, Timestamp(0)));
    change(&many[..10], &[]).await.unwrap();
    change(&many, &[]).await.unwrap();
    assert_eq!(house.store.opt_outs(ModeKind::Live).await.unwrap(), many);
    change(&[], &many[10..]).await.unwrap();
    assert_eq!(mark().await.unwrap(), (10, NOON));
    assert_eq!(house.store.opt_outs(ModeKind::Live).await.unwrap(), many[..10]);
    assert_eq!(house.store.opt_outs(ModeKind::Drill).await.unwrap(), [[0; 16]; 0]);
}

fn wrote(from: &str, words: &str) -> Reply {
    Reply {
        from: Address::new(from),
        to: "10690001".into(),
        words: words.into(),
        id: None,
        part: None,
        at: NOON,
    }
}

pub(crate) async fn what_residents_write_is_kept_and_heeded_by_mode(house: &House) {
    let (store, account) = (&house.store, AccountName("mobile".into()));
    let (li, wang) = ("+8613900000001", "+8613900000002");
    store.keep_replies(ModeKind::Drill, &account, &[wrote(li, "TD")]).await.unwrap();
    assert_eq!(store.opt_outs(ModeKind::Live).await.unwrap(), [[0; 16]; 0], "a drill takes nobody off");

    let end = Reply { part: Portion::of(261, 2, 2), ..wrote(li, "td") };
    store.keep_replies(ModeKind::Live, &account, std::slice::from_ref(&end)).await.unwrap();
    assert_eq!(store.opt_outs(ModeKind::Live).await.unwrap(), [[0; 16]; 0], "the end of something longer");
    assert_eq!(store.replies(ModeKind::Live, None, 1).await.unwrap().remove(0).reply, end);

    let live = [wrote(li, "td"), wrote(wang, "退订"), wrote(wang, "水进屋了"), wrote(li, "订阅")];
    store.keep_replies(ModeKind::Live, &account, &live).await.unwrap();
    let wang_only = [store.vault().address_hash(&Address::new(wang))];
    assert_eq!(store.opt_outs(ModeKind::Live).await.unwrap(), wang_only, "the last wish holds");

    let latest = store.replies(ModeKind::Live, None, 3).await.unwrap();
    let words: Vec<_> = latest.iter().map(|kept| kept.reply.words.as_str()).collect();
    assert_eq!(words, ["订阅", "水进屋了", "退订"]);
    let of_wang = store.replies_of(ModeKind::Live, &Address::new(wang), 1).await.unwrap();
    assert_eq!(of_wang, latest[1..2], "the latest of one of them");
    assert!(store.replies_of(ModeKind::Drill, &Address::new(wang), 9).await.unwrap().is_empty(), "by mode");
    let before = store.replies(ModeKind::Live, Some(latest[2].id), 9).await.unwrap();
    assert_eq!(before.into_iter().map(|kept| kept.reply).collect::<Vec<_>>(), [live[0].clone(), end]);
}

pub(crate) async fn what_a_gateway_says_again_is_not_heeded_again(house: &House) {
    let (store, account) = (&house.store, AccountName("mobile".into()));
    let after = |minutes| NOON.plus(std::time::Duration::from_mins(minutes));
    let keep = async |replies: &[Reply]| store.keep_replies(ModeKind::Live, &account, replies).await.unwrap();
    let outs = async || store.opt_outs(ModeKind::Live).await.unwrap().len();
    let named =
        |words: &str, id: &str, at| Reply { id: Some(id.into()), at, ..wrote("+8613900000001", words) };

    let (out, back) = (named("TD", "7", NOON), named("订阅", "8", after(1)));
    assert_eq!((keep(&[out.clone(), out.clone()]).await, outs().await), (vec![0], 1), "twice in one batch");
    assert_eq!((keep(&[back]).await, outs().await), (vec![0], 0));
    assert_eq!((keep(&[Reply { at: after(2_000), ..out.clone() }]).await, outs().await), (vec![], 0));
    assert_eq!((keep(&[named("TD", "9", after(2_001))]).await, outs().await), (vec![0], 1), "a new one");
    assert_eq!(
        store.replies(ModeKind::Live, None, 1).await.unwrap()[0].reply,
        named("TD", "9", after(2_001))
    );

    let plain = |words: &str, at| Reply { at, ..wrote("+8613900000002", words) };
    keep(&[plain("退订", NOON), plain("订阅", after(1))]).await;
    let again = [plain("退订", after(59)), plain("退订", after(61))];
    assert_eq!((keep(&again).await, outs().await), (vec![1], 2), "known by its words for an hour");
    assert_eq!(store.keep_replies(ModeKind::Drill, &account, &[out]).await.unwrap(), [0], "modes stay apart");
}

pub(crate) async fn a_push_is_known_by_its_name_for_three_days(house: &House) {
    let (store, name) = (&house.store, [7; 20]);
    let later = |days: u64| NOON.plus(std::time::Duration::from_hours(24 * days));
    assert!(!store.knows_push(ModeKind::Live, name).await.unwrap());
    store.keep_pushes(&[(ModeKind::Live, name)], NOON).await.unwrap();
    store.keep_pushes(&[(ModeKind::Live, name)], later(1)).await.unwrap();
    let known = async || {
        let of = async |mode, name| store.knows_push(mode, name).await.unwrap();
        [of(ModeKind::Live, name).await, of(ModeKind::Drill, name).await, of(ModeKind::Live, [8; 20]).await]
    };
    assert_eq!(known().await, [true, false, false]);
    store.keep_pushes(&[(ModeKind::Live, [8; 20])], later(3)).await.unwrap();
    assert_eq!(known().await, [true, false, true], "kept to the third day");
    store.keep_pushes(&[(ModeKind::Drill, name)], later(4)).await.unwrap();
    assert_eq!(known().await, [false, true, true]);
}

pub(crate) async fn two_warnings_that_come_back_strike_a_mailbox_off(house: &House) {
    let (store, account) = (&house.store, AccountName("relay".into()));
    let li = store.vault().address_hash(&Address::new("li@ok.example"));
    let many = (0..1_500_u16).map(|number| [number as u8, (number >> 8) as u8].repeat(8).try_into().unwrap());
    let plan = |number: u8| PlanId::from_bytes([number; 16]);
    let all: Vec<[u8; 16]> = many.chain([li]).collect();
    assert_eq!(store.strike(ModeKind::Live, plan(1), &all, NOON).await.unwrap(), 1_501);
    assert_eq!(store.strike(ModeKind::Live, plan(1), &[li], NOON).await.unwrap(), 1_501, "each once");
    assert_eq!(store.struck_off(ModeKind::Live).await.unwrap(), [[0; 16]; 0], "one warning strikes once");
    assert_eq!(store.strike(ModeKind::Live, plan(2), &[li], NOON).await.unwrap(), 1);
    assert_eq!(store.struck_off(ModeKind::Live).await.unwrap(), [li]);
    assert_eq!(store.struck_off(ModeKind::Drill).await.unwrap(), [[0; 16]; 0], "by mode");
    store.keep_replies(ModeKind::Live, &account, &[wrote("li@ok.example", "subscribe")]).await.unwrap();
    assert_eq!(store.struck_off(ModeKind::Live).await.unwrap(), [[0; 16]; 0], "who asks again is believed");
}

pub(crate) async fn what_a_plan_struck_is_taken_back_where_it_is_not_believed(house: &House) {
    let store = &house.store;
    let [li, wang] = ["li@ok.example", "wang@ok.example"]
        .map(|mailbox| store.vault().address_hash(&Address::new(mailbox)));
    let plan = |number: u8| PlanId::from_bytes([number; 16]);
    store.strike(ModeKind::Live, plan(1), &[li, wang], NOON).await.unwrap();
    store.strike(ModeKind::Live, plan(2), &[li], NOON).await.unwrap();
    store.take_back_strikes(ModeKind::Drill, plan(2)).await.unwrap();
    assert_eq!(store.struck_off(ModeKind::Live).await.unwrap(), [li], "modes stay apart");
    store.take_back_strikes(ModeKind::Live, plan(2)).await.unwrap();
    assert_eq!(store.struck_off(ModeKind::Live).await.unwrap(), [[0; 16]; 0]);
    store.strike(ModeKind::Live, plan(3), &[li, wang], NOON).await.unwrap();
    assert_eq!(store.struck_off(ModeKind::Live).await.unwrap(), [wang], "what others struck stands");
}

pub(crate) async fn what_a_resident_wrote_is_not_readable_in_the_database_file(house: &House) {
    let account = AccountName("mobile-account".into());
    house
        .store
        .keep_replies(ModeKind::Live, &account, &[wrote("+8613900000001", "HOUSE UNDER WATER")])
        .await
        .unwrap();
    let bytes = house.everything().await;
    let contains = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    assert!(contains(b"mobile-account"), "the search itself must find what is there");
    assert!(!contains(b"13900000001") && !contains(b"UNDER WATER"));
}
