//! From names and options to what is sent: method, path and body. Pure.

use super::options::Options;
use crate::call::{Call, escape, view_path};
use bytes::Bytes;
use couchbase_core::Result;
use couchbase_core::http::Method;

/// A query string longer than this, in bytes, moves its keys into a body: servers and proxies bound it.
const MAX_QUERY_STRING: usize = 2048;

/// A view query, checked.
pub(crate) fn view_query(bucket: &str, design: &str, view: &str, options: &Options) -> Result<Call> {
    options.check()?;
    let path = view_path(bucket, design, view)?;
    let parameters = options.parameters();
    let all = with_parameters(&path, &parameters, options.keys.as_deref());
    match &options.keys {
        Some(keys) if all.len() - path.len() > MAX_QUERY_STRING => Ok(Call {
            method: Method::Post,
            path: with_parameters(&path, &parameters, None),
            body: Some(Bytes::from(format!("{{\"keys\":{keys}}}"))),
        }),
        _ => Ok(Call { method: Method::Get, path: all, body: None }),
    }
}

fn with_parameters(path: &str, parameters: &[(&'static str, String)], keys: Option<&str>) -> String {
    let mut whole = path.to_owned();
    let keys = keys.map(|keys| ("keys", keys));
    for (name, value) in parameters.iter().map(|(name, value)| (*name, value.as_str())).chain(keys) {
        whole.push(if whole.len() == path.len() { '?' } else { '&' });
        whole.push_str(name);
        whole.push('=');
        whole.extend(escape(value));
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stale;
    use couchbase_core::ErrorKind;
    use std::time::Duration;

    fn call(options: Options) -> Call {
        view_query("b", "d", "v", &options).unwrap()
    }

    fn query_string(change: impl FnOnce(&mut Options)) -> String {
        let mut options = Options::default();
        change(&mut options);
        let call = call(options);
        assert!(call.body.is_none());
        call.path.strip_prefix("/b/_design/d/_view/v").unwrap().to_owned()
    }

    #[test]
    fn names_are_escaped_by_segment() {
        let call = view_query("a b", "dev_x/y", "50%+\u{e9}", &Options::default()).unwrap();
        assert_eq!(call.path, "/a%20b/_design/dev_x%2Fy/_view/50%25%2B%C3%A9");
        assert_eq!(call.method, Method::Get);
    }

    #[test]
    fn every_option_has_its_parameter() {
        type Change = fn(&mut Options);
        let table: [(&str, Change); 14] = [
            ("", |_| ()),
            ("?key=%5B1%2C%22a%20%26%22%5D", |o| o.key = o.encode("key", &(1, "a &"))),
            ("?keys=%5B1%2C%22b%22%5D", |o| o.keys = o.encode_all([serde_json::json!(1), "b".into()])),
            ("?keys=%5B%5D", |o| o.keys = o.encode_all::<u8>([])),
            ("?startkey=3.5&endkey=null", |o| {
                o.start_key = o.encode("start_key", &3.5);
                o.end_key = o.encode("end_key", &());
            }),
            ("?endkey=%22z%22&inclusive_end=false", |o| {
                o.end_key = o.encode("end_key", "z");
                o.inclusive_end = Some(false);
            }),
            ("?limit=0&skip=18446744073709551615", |o| (o.limit, o.skip) = (Some(0), Some(u64::MAX))),
            ("?descending=true", |o| o.descending = Some(true)),
            ("?reduce=false", |o| o.reduce = Some(false)),
            ("?group=true", |o| o.group = Some(true)),
            ("?reduce=true&group_level=2", |o| (o.reduce, o.group_level) = (Some(true), Some(2))),
            ("?stale=ok", |o| o.stale = Some(Stale::Ok)),
            ("?stale=false", |o| o.stale = Some(Stale::UpdateBefore)),
            ("?stale=update_after", |o| o.stale = Some(Stale::UpdateAfter)),
        ];
        for (expected, change) in table {
            assert_eq!(query_string(change), expected);
        }
    }

    #[test]
    fn many_keys_travel_in_a_body() {
        let mut options = Options { limit: Some(3), ..Options::default() };
        options.keys = options.encode_all(0..10_000);
        let call = call(options);
        assert_eq!(call.method, Method::Post);
        assert_eq!(call.path, "/b/_design/d/_view/v?limit=3");
        let body = call.body.unwrap();
        let keys: std::collections::HashMap<String, Vec<u32>> = serde_json::from_slice(&body).unwrap();
        assert!(keys["keys"].iter().copied().eq(0..10_000) && keys.len() == 1);
    }

    #[test]
    fn what_no_server_accepts_is_refused() {
        let one = || Some("1".to_owned());
        let options = Options::default;
        let mistakes = [
            Options { timeout: Some(Duration::ZERO), ..options() },
            Options { key: one(), keys: one(), ..options() },
            Options { key: one(), start_key: one(), ..options() },
            Options { keys: one(), end_key: one(), ..options() },
            Options { group: Some(true), group_level: Some(1), ..options() },
            Options { reduce: Some(false), group: Some(true), ..options() },
            Options { reduce: Some(false), group_level: Some(1), ..options() },
        ];
        for options in mistakes {
            let error = view_query("b", "d", "v", &options).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument, "{options:?}");
        }
        for (design, view) in [("", "v"), ("d", ""), ("..", "v"), ("d", ".")] {
            let error = view_query("b", design, view, &options()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument);
        }
    }

    #[test]
    fn a_key_that_is_no_json_is_refused() {
        let mut options = Options::default();
        options.start_key = options.encode("start_key", &std::collections::HashMap::from([(vec![1], 1)]));
        assert!(options.start_key.is_none());
        let error = view_query("b", "d", "v", &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ValueFormat);
        assert!(error.to_string().contains("start_key"), "{error}");
        let mut options = Options::default();
        options.end_key = options.encode("end_key", &f64::INFINITY);
        assert_eq!(view_query("b", "d", "v", &options).unwrap_err().kind(), ErrorKind::ValueFormat);
    }
}
