//! Reading and writing single documents.

use crate::bench::{Bench, fails};
use couchbase_core::{Cas, ErrorKind, Raw, Text};
use std::time::Duration;

/// What `set` stores, `get` reads.
pub async fn what_is_set_can_be_read(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    let stored = cb.set(&key, "value").await.unwrap();
    assert!(stored.success());
    assert_eq!(stored.key().as_str(), key);
    assert_ne!(stored.cas(), Cas::default());

    let read = cb.get(&key).await.unwrap();
    assert!(read.success());
    assert_eq!(read.key().as_str(), key);
    assert_eq!(read.cas(), stored.cas());
    assert_eq!(read.value::<String>().unwrap(), "value");
    assert_eq!(cb.get(&key).value::<String>().await.unwrap(), "value");
}

/// `set` does not mind what was there, and each change has a CAS of its own.
pub async fn set_replaces_what_was_there(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    let first = cb.set(&key, "a longer first value").await.unwrap();
    let second = cb.set(&key, 2).await.unwrap();
    assert_ne!(first.cas(), second.cas());
    assert_eq!(cb.get(&key).value::<u64>().await.unwrap(), 2);
}

/// `add` does not overwrite.
pub async fn add_stores_only_what_is_missing(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    cb.add(&key, "first").await.unwrap();
    let error = fails(cb.add(&key, "second").await, ErrorKind::KeyExists);
    assert!(error.is_cas_mismatch() && error.is_data() && !error.is_ambiguous() && !error.is_transient());
    assert_eq!(error.rc(), 0x0c);
    assert_eq!(error.key().unwrap().as_str(), key);
    assert_eq!(cb.get(&key).value::<String>().await.unwrap(), "first");
}

/// `replace` does not create.
pub async fn replace_needs_a_document(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    fails(cb.replace(&key, 1).await, ErrorKind::NotFound);
    cb.add(&key, 1).await.unwrap();
    cb.replace(&key, 2).await.unwrap();
    assert_eq!(cb.get(&key).value::<u64>().await.unwrap(), 2);
}

/// What is deleted is gone.
pub async fn delete_removes(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    cb.set(&key, 1).await.unwrap();
    assert!(cb.delete(&key).await.unwrap().success());
    fails(cb.get(&key).await, ErrorKind::NotFound);
    fails(cb.delete(&key).await, ErrorKind::NotFound);
}

/// `touch` does not create.
pub async fn touch_needs_a_document(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    fails(cb.touch(&key).ttl(Duration::from_secs(60)).await, ErrorKind::NotFound);
    cb.set(&key, 1).await.unwrap();
    assert!(cb.touch(&key).ttl(Duration::from_secs(60)).await.unwrap().success());
}

/// Both ends grow, with text and with bytes.
pub async fn append_and_prepend_extend(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    cb.set(&key, Text("middle")).await.unwrap();
    let longer = cb.append(&key, ", end").await.unwrap();
    cb.prepend(&key, "begin, ").cas(&longer).await.unwrap();
    assert_eq!(cb.get(&key).value::<String>().await.unwrap(), "begin, middle, end");
    cb.append(&key, Raw(&b"\xff"[..])).await.unwrap();
    assert_eq!(&cb.get(&key).await.unwrap().bytes()[..], b"begin, middle, end\xff");
}

/// There is nothing to extend: an error with a kind of its own.
pub async fn append_and_prepend_need_a_document(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    let error = fails(cb.append(&key, "x").await, ErrorKind::NotStored);
    assert_eq!(error.rc(), 0x12);
    fails(cb.prepend(&key, "x").await, ErrorKind::NotStored);
    fails(cb.get(&key).await, ErrorKind::NotFound);
}

/// Kind, code, key, node, attempts, certainty, and a text that names them.
pub async fn a_missing_document_is_an_error_that_says_all(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("nobody has stored this");
    let error = fails(cb.get(&key).await, ErrorKind::NotFound);
    assert!(error.is_not_found() && error.is_data() && !error.is_network() && !error.is_fatal());
    assert_eq!(error.rc(), 0x0d);
    assert_eq!(error.attempts(), 1);
    assert!(!error.is_ambiguous());
    assert_eq!(error.key().unwrap().as_str(), key);
    let node = error.node().expect("a node has answered").as_str();
    let text = error.to_string();
    assert!(text.contains(&key) && text.contains(node), "{text}");
}

/// Any text of 1 to 250 bytes is a key.
pub async fn keys_may_be_any_text(bench: Bench) {
    let cb = bench.connect().await;
    let longest = format!("{:x<250}", bench.key("long"));
    for key in [bench.key("sp ace"), bench.key("Zürich"), bench.key("\u{0}\n\"{}"), longest] {
        cb.set(&key, &key).await.unwrap();
        assert_eq!(cb.get(&key).value::<String>().await.unwrap(), key);
        cb.delete(&key).await.unwrap();
    }
}

/// Nothing, a byte, megabytes.
pub async fn values_may_be_large(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    for len in [0, 1, 1_000, 65_536, 3 << 20] {
        let value: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
        cb.set(&key, Raw(value.clone())).await.unwrap();
        assert!(cb.get(&key).await.unwrap().bytes()[..] == value, "{len} bytes");
    }
    cb.delete(&key).await.unwrap();
}

/// A mistake of the caller is the caller's alone.
pub async fn arguments_are_refused_before_anything_is_sent(bench: Bench) {
    let cb = bench.connect().await;
    let at = |text: &str| Some(text.to_owned());
    for (key, value_len, kind, words) in [
        (String::new(), 1, ErrorKind::Argument, at("empty")),
        ("k".repeat(251), 1, ErrorKind::Argument, at("251")),
        (bench.key("k"), (20 << 20) + 1, ErrorKind::TooBig, None),
    ] {
        let error = fails(cb.set(&key, Raw(vec![b'v'; value_len])).await, kind);
        assert_eq!(error.attempts(), 0, "{error}");
        assert!(error.is_input() && !error.is_ambiguous(), "{error}");
        assert!(words.is_none_or(|words| error.to_string().contains(&words)), "{error}");
    }
    fails(cb.get("").await, ErrorKind::Argument);
    fails(cb.get(bench.key("k")).await, ErrorKind::NotFound);
}
