//! Which schema a program opens.

use crate::house::{House, vault};
use mingluo_ledger::{StoreError, migrate, open};

async fn refusal(house: &House) -> String {
    match open(&house.address, vault()).await {
        Err(error @ StoreError::Schema { .. }) => error.to_string(),
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("it was opened"),
    }
}

pub(crate) async fn another_schema_is_refused_with_advice(house: &House) {
    migrate(&house.address).await.expect("migrating twice does nothing");
    let newer = "update _sqlx_migrations set version = 999
        where version = (select max(version) from _sqlx_migrations)";
    house.raw(newer).await.unwrap();
    assert!(refusal(house).await.contains("or a newer one"));
    assert!(matches!(migrate(&house.address).await, Err(StoreError::Migration(_))));
    house.raw("drop table _sqlx_migrations").await.unwrap();
    assert!(refusal(house).await.contains("run `mingluo migrate`"));
}
