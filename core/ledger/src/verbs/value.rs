//! Values in and out of columns.

use super::Db;
use crate::store::StoreError;
use mingluo_model::mode::ModeKind;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Database, Row as _};
use uuid::Uuid;

pub(super) type Row = <Db as Database>::Row;

/// A column as it is.
pub(super) fn get<'r, T>(row: &'r Row, column: &'static str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, Db> + sqlx::Type<Db>,
{
    row.try_get(column).map_err(StoreError::database("read a column"))
}

/// A UUID column's bytes.
pub(super) fn id(row: &Row, column: &'static str) -> Result<Uuid, StoreError> {
    Ok(Uuid::from_bytes(fixed(row, column)?))
}

/// A UUID column's bytes, where there are any.
pub(super) fn optional_id(row: &Row, column: &'static str) -> Result<Option<Uuid>, StoreError> {
    get::<Option<Vec<u8>>>(row, column)?.map(|_| id(row, column)).transpose()
}

/// A blob column of one length.
pub(super) fn fixed<const N: usize>(row: &Row, column: &'static str) -> Result<[u8; N], StoreError> {
    get::<Vec<u8>>(row, column)?
        .try_into()
        .map_err(|bytes: Vec<u8>| StoreError::damaged(column, format!("{} bytes, not {N}", bytes.len())))
}

/// A number column in a narrower type.
pub(super) fn narrow<T: TryFrom<i64>>(row: &Row, column: &'static str) -> Result<T, StoreError> {
    let value: i64 = get(row, column)?;
    T::try_from(value).map_err(|_| StoreError::damaged(column, format!("{value} is out of range")))
}

/// A small-number column through the type's own reading.
pub(super) fn coded<T>(
    row: &Row,
    column: &'static str,
    read: impl FnOnce(u8) -> Option<T>,
) -> Result<T, StoreError> {
    let value: i16 = get(row, column)?;
    u8::try_from(value)
        .ok()
        .and_then(read)
        .ok_or_else(|| StoreError::damaged(column, format!("{value} means nothing")))
}

/// The mode column.
pub(super) fn mode(row: &Row) -> Result<ModeKind, StoreError> {
    coded(row, "mode", ModeKind::from_number)
}

/// A yes-or-no column.
pub(super) fn flag(row: &Row, column: &'static str) -> Result<bool, StoreError> {
    Ok(get::<i16>(row, column)? != 0)
}

/// A JSON column.
pub(super) fn json<T: DeserializeOwned>(row: &Row, column: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(&get::<String>(row, column)?).map_err(|error| StoreError::damaged(column, error))
}

/// Text for a JSON column.
pub(super) fn to_json<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::damaged(what, error))
}

/// Bytes for a UUID column.
pub(super) fn bytes(id: Uuid) -> Vec<u8> {
    id.as_bytes().to_vec()
}
