//! The beginning and the end of a connection, and its events.

use crate::bench::{Bench, fails};
use couchbase_core::wire::Opcode;
use couchbase_core::{Config, ErrorKind, Event};
use couchbase_testkit::Cluster;
use futures::future::{join_all, try_join_all};
use std::net::TcpListener;
use std::time::Duration;

/// Connected means that operations go out at once.
pub async fn connect_waits_until_connected(bench: Bench) {
    let cb = bench.open();
    cb.connect().await.unwrap();
    assert!(cb.connected());
    assert!(!cb.bucket().is_empty());
    cb.set(bench.key("k"), 1).await.unwrap();
}

/// Operations need not wait for the connection: they do it by themselves.
pub async fn open_returns_at_once(bench: Bench) {
    let cb = bench.open();
    let key = bench.key("k");
    cb.set(&key, 1).await.unwrap();
    assert!(cb.connected());
    assert_eq!(cb.get(&key).value::<u64>().await.unwrap(), 1);
}

/// Each call is a waiter of its own, and late ones get the same outcome.
pub async fn events_resolve_for_everyone_who_asks(bench: Bench) {
    let cb = bench.open();
    let named = "connect".parse::<Event>().unwrap();
    try_join_all([cb.connect(), cb.register_event(Event::Connect), cb.register_event(named)]).await.unwrap();
    try_join_all([cb.connect(), cb.clone().connect()]).await.unwrap();
}

/// The names are the two that the original client had.
pub async fn other_event_names_are_refused(bench: Bench) {
    assert_eq!("_dtor".parse::<Event>().unwrap(), Event::Dtor);
    for name in ["", "Connect", "dtor", "close"] {
        fails(name.parse::<Event>(), ErrorKind::Argument);
    }
    bench.connect().await;
}

/// What was sent before `close` is carried out; then the event of the end comes.
pub async fn close_ends_the_work_first(bench: Bench) {
    let cb = bench.connect().await;
    let keys: Vec<String> = (0..100).map(|n| bench.key(&format!("{n}"))).collect();
    let sent: Vec<_> = keys.iter().map(|key| cb.set(key, 1).send()).collect();
    let gone = cb.register_event(Event::Dtor);
    let closed = cb.close();
    for outcome in join_all(sent).await {
        outcome.unwrap();
    }
    closed.await.unwrap();
    drop(cb);
    gone.await.unwrap();

    let found = bench.connect().await.get_multi(&keys).await.unwrap();
    assert_eq!(found.len(), 100);
}

/// Closed is closed, for all clones, and closing again is no error.
pub async fn after_close_operations_end(bench: Bench) {
    let cb = bench.connect().await;
    let clone = cb.with_quiet(true);
    cb.close().await.unwrap();
    let error = fails(clone.get(bench.key("k")).await, ErrorKind::Closed);
    assert!(error.is_fatal() && !error.is_ambiguous());
    fails(cb.set(bench.key("k"), 1).send().await, ErrorKind::Closed);
    fails(cb.get_multi([bench.key("k")]).await, ErrorKind::Closed);
    clone.close().await.unwrap();
    assert!(cb.connected(), "it tells what was, as the original client does");
}

/// `open` checks everything that can be checked without a server.
pub async fn a_wrong_configuration_is_refused_at_once(bench: Bench) {
    for config in [
        Config::new("http://localhost/default"),
        Config::new("couchbase://localhost/default?no_such_option=1"),
        bench.config().timeout(Duration::ZERO),
        bench.config().max_in_flight(0),
    ] {
        fails(bench.open_with(config), ErrorKind::Argument);
    }
}

/// Nobody tries a wrong password for ever, and nobody waits for the connect deadline to hear of it.
pub async fn a_wrong_password_is_told_at_once_and_not_retried(bench: Bench) {
    let patient = Duration::from_secs(600);
    let config =
        bench.config().credentials("app", "a wrong secret").connect_timeout(patient).timeout(patient);
    let cb = bench.open_with(config).unwrap();
    let waiting = cb.set(bench.key("k"), 1).send();
    let error = fails(cb.connect().await, ErrorKind::Auth);
    assert!(error.is_fatal() && error.is_input() && !error.is_transient());
    assert_eq!(error.rc(), 0x02);
    assert!(error.node().is_some() && !error.to_string().contains("a wrong secret"), "{error}");
    fails(waiting.await, ErrorKind::Auth);

    let tried = bench.cluster().requests(Opcode::SASL_AUTH);
    fails(cb.get(bench.key("k")).await, ErrorKind::Auth);
    fails(cb.connect().await, ErrorKind::Auth);
    bench.pass(Duration::from_millis(300)).await;
    assert_eq!(bench.cluster().requests(Opcode::SASL_AUTH), tried);
    assert!(!cb.connected());
}

/// The server does not tell a missing bucket from one that is not ours; nor do we pretend to know.
pub async fn a_missing_bucket_is_told(bench: Bench) {
    let cb = bench.open_with(bench.config().bucket("no-such-bucket")).unwrap();
    let error = fails(cb.connect().await, ErrorKind::BucketNotFound);
    assert_eq!(error.rc(), 0x19);
    let text = error.to_string();
    assert!(text.contains("no-such-bucket") && text.contains("missing or not yours"), "{text}");
}

/// All that waits for a connection which fails, fails with its reason.
pub async fn waiting_operations_fail_with_the_connection(bench: Bench) {
    for node in bench.cluster().nodes() {
        node.stop();
    }
    let cb = bench.open_with(bench.config().connect_timeout(Duration::from_millis(300))).unwrap();
    let waiting: Vec<_> = (0..20).map(|n| cb.set(bench.key(&format!("{n}")), n).send()).collect();
    let error = cb.connect().await.unwrap_err();
    assert!(error.is_network(), "{error}");
    for outcome in join_all(waiting).await {
        let ended = outcome.unwrap_err();
        assert_eq!(ended.kind(), error.kind());
        assert!(!ended.is_ambiguous());
        assert_eq!(ended.attempts(), 0);
    }
    fails(cb.get(bench.key("k")).await, error.kind());
    assert!(!cb.connected());
}

/// Links are closed when nobody holds the connection any more; who waits for it does not hold it.
pub async fn the_last_handle_closes_the_connection(bench: Bench) {
    let links = |cluster: &Cluster| cluster.nodes().map(|node| node.connections()).sum::<usize>();
    let cb = bench.connect().await;
    let other = cb.callbacks();
    let gone = cb.register_event(Event::Dtor);
    let sent = cb.set(bench.key("k"), 1).send();
    drop(cb);
    sent.await.unwrap();
    assert!(!gone.is_finished());
    assert!(links(bench.cluster()) > 0);
    drop(other);
    gone.await.unwrap();
    bench.until(|| links(bench.cluster()) == 0).await;
}

/// Of several hosts one is enough, wherever it stands in the list.
pub async fn one_node_that_answers_is_enough(bench: Bench) {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let open = bench.cluster().node(1).kv_address();
    for hosts in [format!("{closed},{open}"), format!("{open},{closed}")] {
        let config = Config::new(format!("couchbase://app:secret@{hosts}/default"));
        let cb = bench.open_with(config).unwrap();
        cb.connect().await.unwrap();
        cb.set(bench.key("k"), 1).await.unwrap();
    }
}
