//! The files that pages load, inside the program: style, script, and what is vendored. Nothing is fetched from
//! anywhere else, neither by the build nor by the browser.

use super::error::WebError;
use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// One file. Browsers ask each time whether it changed, so that an upgrade never meets an old script.
pub(super) async fn file(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, WebError> {
    let kind = content_type(&path).ok_or(WebError::NoPage)?;
    let file = Files::get(&path).ok_or(WebError::NoPage)?;
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response =
        if known { StatusCode::NOT_MODIFIED.into_response() } else { file.data.into_owned().into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.extend(HeaderValue::from_str(&tag).ok().map(|tag| (header::ETAG, tag)));
    Ok(response)
}

fn content_type(path: &str) -> Option<&'static str> {
    match path.rsplit_once('.')?.1 {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "txt" => Some("text/plain; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};
    use std::collections::BTreeMap;

    fn listed() -> BTreeMap<String, String> {
        let list = Files::get("vendor/SHA256SUMS").unwrap();
        let text = String::from_utf8(list.data.into_owned()).unwrap();
        let line = |line: &str| line.split_once("  ").map(|(hash, name)| (name.to_owned(), hash.to_owned()));
        text.lines().filter_map(line).collect()
    }

    #[test]
    fn vendored_files_are_what_the_list_says() {
        let listed = listed();
        assert!(listed.len() >= 3);
        for (name, hash) in &listed {
            let file = Files::get(&format!("vendor/{name}")).unwrap_or_else(|| panic!("{name} is missing"));
            assert_eq!(hex::encode(Sha256::digest(&file.data)), *hash, "{name} was changed");
        }
    }

    #[test]
    fn every_vendored_file_is_listed() {
        let listed = listed();
        let vendored = Files::iter().filter_map(|path| Some(path.strip_prefix("vendor/")?.to_owned()));
        let strays: Vec<String> = vendored
            .filter(|name| {
                !listed.contains_key(name) && !["SHA256SUMS", "refresh.sh"].contains(&name.as_str())
            })
            .collect();
        assert!(strays.is_empty(), "{strays:?}");
    }
}
