//! One text for one JSON value: keys in byte order, no spaces. The hash must not depend on how a map is kept.

use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn canonical_json(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            let write_item = |item: &Value, text: &mut String| write(item, text);
            write_list('[', ']', items.iter(), write_item, text);
        }
        Value::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().collect();
            let write_field = |(key, value): (&String, &Value), text: &mut String| {
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write(value, text);
            };
            write_list('{', '}', sorted.into_iter(), write_field, text);
        }
        plain => text.push_str(&plain.to_string()),
    }
}

fn write_list<T>(
    open: char,
    close: char,
    items: impl Iterator<Item = T>,
    write_item: impl Fn(T, &mut String),
    text: &mut String,
) {
    text.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            text.push(',');
        }
        write_item(item, text);
    }
    text.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_stand_in_order_and_values_as_json_writes_them() {
        let value = json!({"b": [1, "二\n", null], "a": {"d": 0.1, "c": true}});
        let text = canonical_json(&value);
        assert_eq!(text, r#"{"a":{"c":true,"d":0.1},"b":[1,"二\n",null]}"#);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
