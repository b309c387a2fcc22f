//! The table of what can be wrong: each row ends, within its own timeout, in an error whose kind and text name the
//! place, the step and the remedy.

mod table;

use crate::bench::Bench;
use crate::hostile::{Hostile, Manner};
use couchbase_core::{CompletionQueue, Config, Connection, Error, ErrorKind, Raw, Result};
use couchbase_testkit::Cluster;
use couchbase_testkit::http::Fault;
use couchbase_tokio::views::{DesignDocument, Stale, ViewExt};
use futures::FutureExt;
use std::net::TcpListener;
use std::pin::pin;
use std::time::Duration;
use table::{Says, Table};

/// The deadline of rows that end with it.
const SHORT: Duration = Duration::from_millis(400);
/// That of rows that must not need it: they end as soon as somebody has answered.
const LONG: Duration = Duration::from_secs(600);
/// That of a look-up, which takes as long as the system takes.
const LOOK_UP: Duration = Duration::from_secs(30);
/// How long rows may take in which nothing is waited for but an answer that comes.
const AT_ONCE: Duration = Duration::ZERO;

/// A response to HELLO that announces this many bytes of body.
const fn hello(body: u32) -> [u8; 24] {
    let [a, b, c, d] = body.to_be_bytes();
    [0x81, 0x1f, 0, 0, 0, 0, 0, 0, a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}

fn at(host: &str) -> Config {
    Config::new(format!("couchbase://app:secret@{host}/default"))
}

/// Connecting must fail, and operations that waited for the connection end like it.
async fn connect(bench: &Bench, config: Config) -> Result<()> {
    let cb = bench.open_with(config)?;
    let waiting = cb.get("k").send();
    let error = cb.connect().await.err();
    let ended = waiting.await.err();
    assert_eq!(error.as_ref().map(Error::kind), ended.as_ref().map(Error::kind));
    error.map_or(Ok(()), Err)
}

/// Places that are no cluster, or not ours.
pub async fn every_wrong_place_is_told(bench: Bench) {
    use ErrorKind::{Auth, BucketNotFound, Network, Protocol, Timeout, UnknownHost};
    let mut table = Table::new(bench);
    macro_rules! row {
        ($what:expr, $config:expr, $deadline:expr, $kinds:expr, $says:expr) => {
            let config = $config.connect_timeout($deadline);
            let within = if $deadline == LONG { AT_ONCE } else { $deadline };
            table.row($what, within, $kinds, $says, async |bench| connect(bench, config).await).await;
        };
    }

    let host = "no-such-host.invalid";
    let says = Says::of(host, &["cannot be looked up"], "is it spelled right?");
    row!("unknown host", at(host), LOOK_UP, &[UnknownHost], says);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let says = Says::of(&closed, &["cannot connect", "refused"], "check that the server runs");
    row!("closed port", at(&closed), LONG, &[Network], says);

    const PORT: &str = "the port of a data service (11210 unless configured)";
    const LATE: (&[ErrorKind], &str) = (&[Timeout], "raise connect_timeout");
    const LOST: (&[ErrorKind], &str) = (&[Network, Protocol], PORT);
    const WRONG: (&[ErrorKind], &str) = (&[Protocol], PORT);
    const HALF: &[u8] = &hello(100);
    const BIG: &[u8] = &hello(u32::MAX);
    let silence = &["400ms", "no answer to HELLO"][..];
    let closes = &["waiting for the answer to HELLO", "closed"][..];
    for (what, manner, deadline, (kinds, remedy), step) in [
        ("silent server", Manner::Silent, SHORT, LATE, silence),
        ("half a frame, then silence", Manner::Says(HALF), SHORT, LATE, silence),
        ("half a frame, then closed", Manner::SaysAndCloses(HALF), LONG, LOST, closes),
        ("half a header, then closed", Manner::SaysAndCloses(HALF.split_at(12).0), LONG, LOST, closes),
        ("closes in the handshake", Manner::SaysAndCloses(b""), LONG, LOST, closes),
        (
            "HTTP server",
            Manner::Says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
            LONG,
            WRONG,
            &["answer to HELLO", "HTTP"],
        ),
        ("garbage", Manner::Says(&[0xde; 512]), LONG, WRONG, &["answer to HELLO", "0xde"]),
        ("frame of 4 GiB", Manner::Says(BIG), LONG, WRONG, &["answer to HELLO", "4294967295"]),
    ] {
        let server = Hostile::start(manner);
        let node = server.address();
        row!(what, at(&node), deadline, kinds, Says::of(&node, step, remedy));
    }

    let node = &table.bench.cluster().node(0).kv_address();
    let wrong = at(node).credentials("app", "wrong");
    let says = Says::of(node, &["SASL", "wrong password", "\"app\""], "check both");
    row!("wrong password", wrong, LONG, &[Auth], says);
    let nobody = Config::new(format!("couchbase://{node}/default"));
    let says = Says::of(node, &["SELECT_BUCKET", "\"default\""], "log in");
    row!("no user", nobody, LONG, &[Auth, BucketNotFound], says);
    let step = &["SELECT_BUCKET", "\"absent\"", "missing or not yours"];
    let says = Says::of(node, step, "check its name and the rights of \"app\"");
    row!("missing bucket", at(node).bucket("absent"), LONG, &[BucketNotFound], says);
    table.holds();
}

/// Configurations with a mistake: found without asking anyone.
pub async fn every_wrong_configuration_is_told(bench: Bench) {
    let mut table = Table::new(bench);
    for (what, string, step, remedy) in [
        ("empty", "", "bucket", "couchbase://host/bucket"),
        ("other scheme", "http://localhost/default", "scheme", "must be couchbase"),
        ("TLS", "couchbases://localhost/default", "couchbases://", "couchbase:// is"),
        ("port out of range", "couchbase://localhost:70000/default", "host 1", "from 1 to 65535"),
        ("bad escape", "couchbase://user%zz@localhost/default", "user or password", "write % as %25"),
        ("unknown option", "couchbase://localhost/default?timeot=1s", "timeot", "the nearest is timeout"),
        ("bad duration", "couchbase://localhost/default?timeout=soon", "timeout", "the units are"),
        ("zero duration", "couchbase://localhost/default?timeout=0", "timeout", "at least a millisecond"),
        (
            "unknown mechanism",
            "couchbase://localhost/default?sasl_mech_force=SCRAM-SHA2",
            "sasl_mech_force",
            "the nearest is SCRAM-SHA",
        ),
    ] {
        let open = async |bench: &Bench| bench.open_with(Config::new(string)).map(drop);
        table.row(what, AT_ONCE, &[ErrorKind::Argument], Says::here(&[step], remedy), open).await;
    }
    for (what, change, step, remedy) in [
        (
            "zero timeout",
            (|config| config.timeout(Duration::ZERO)) as fn(Config) -> Config,
            "timeout is zero",
            "at least a millisecond",
        ),
        (
            "zero connect timeout",
            |config| config.connect_timeout(Duration::ZERO),
            "connect_timeout is zero",
            "at least a millisecond",
        ),
        ("no place in flight", |config| config.max_in_flight(0), "max_in_flight", "must be 1 to 32768"),
    ] {
        let config = change(table.bench.config());
        let open = async |bench: &Bench| bench.open_with(config).map(drop);
        table.row(what, AT_ONCE, &[ErrorKind::Argument], Says::here(&[step], remedy), open).await;
    }
    table.holds();
}

/// Operations with a mistake, and limits: nothing is sent.
pub async fn every_wrong_argument_is_told(bench: Bench) {
    use ErrorKind::{Argument, Overloaded, TooBig, ValueFormat};
    let config = bench.config().max_in_flight(1).max_queued(1);
    let cb: &Connection = &bench.open_with(config).unwrap();
    cb.connect().await.unwrap();
    for node in bench.cluster().nodes() {
        node.hang();
    }
    let key = bench.key("k");
    let (key, long) = (&key[..], &"k".repeat(251)[..]);
    let huge = Raw(vec![0; (20 << 20) + 1]);
    let zero = Duration::ZERO;
    let mut table = Table::new(bench);
    macro_rules! row {
        ($what:literal, $kind:ident, $step:expr, $remedy:literal, $attempt:expr) => {
            let attempt = async |_: &Bench| $attempt.map(drop);
            table.row($what, AT_ONCE, &[$kind], Says::here(&$step, $remedy), attempt).await;
        };
    }
    row!("empty key", Argument, ["key is empty"], "1 to 250 bytes", cb.get("").await);
    row!("long key", Argument, ["251 bytes"], "1 to 250", cb.get(long).await);
    row!("huge value", TooBig, ["20971521 bytes", key], "20 MiB", cb.set(key, huge).await);
    row!("bytes by reference", ValueFormat, ["reference"], "`Raw(..)`", cb.set(key, &vec![0_u8]).await);
    row!("zero expiry", Argument, ["expiry"], "Expiry::NEVER", cb.touch(key).ttl(zero).await);
    let (least, handle) = ("timeout of zero", cb.with_timeout(zero));
    row!("zero timeout", Argument, [least], "at least a millisecond", cb.get(key).timeout(zero).await);
    row!("zero default", Argument, [least], "at least a millisecond", handle.get(key).await);
    row!("no keys", Argument, ["no keys"], "at least one", cb.get_multi(Vec::<String>::new()).await);

    let _under_way = cb.get(key).send();
    let limit = ["1 operations", "in flight"];
    row!("limit in flight", Overloaded, limit, "raise the limits", cb.get(key).send().await);
    let mut done = CompletionQueue::with_capacity(1);
    let callbacks = cb.callbacks();
    row!("the same for a queue", Overloaded, limit, "wait", callbacks.get(key).send_to(&mut done, ()));
    let mut in_line = pin!(cb.get(key));
    assert!(in_line.as_mut().now_or_never().is_none());
    row!("limit of the line", Overloaded, ["1 stand in line"], "raise the limits", cb.get(key).await);
    callbacks.get("").send_to(&mut done, ()).unwrap();
    let full = ["completion queue is full"];
    row!("full queue", Overloaded, full, "drain it", callbacks.get(key).send_to(&mut done, ()));
    table.holds();
}

/// Views that are not there, answers that end early, arguments with a mistake.
pub async fn every_wrong_query_is_told(bench: Bench) {
    use ErrorKind::{Argument, Http, Network, Protocol, Timeout, ValueFormat};
    let cluster = Cluster::builder().start();
    let cb: &Connection = &bench.open_with(Config::new(cluster.connection_string())).unwrap();
    let design = &DesignDocument::new().view("ids", "function (doc, meta) { emit(meta.id, null); }");
    cb.design_create("d", design).production().await.unwrap();
    for n in 0..200 {
        cb.set(format!("{n}"), n).await.unwrap();
    }
    cb.query_all("d", "ids").stale(Stale::UpdateBefore).await.unwrap();
    let node = cluster.node(0);
    let mut table = Table::new(bench);
    let address = &node.views_address();
    let here = Says::here;
    let there = |step, remedy| Says::of(address, step, remedy);
    macro_rules! row {
        ($what:literal, $deadline:ident, $kinds:expr, $says:expr, $attempt:expr) => {
            let attempt = async |_: &Bench| $attempt.await.map(drop);
            table.row($what, $deadline, &$kinds, $says, attempt).await;
        };
    }
    let ids = || cb.query_all("d", "ids");

    let missing = there(&["view query", "404", "not_found"], "check the names");
    row!("missing design document", AT_ONCE, [Http], missing, cb.query_all("none", "ids"));
    row!("missing view", AT_ONCE, [Http], missing, cb.query_all("d", "none"));
    let no_name = here(&["\"\"", "design document"], "neither empty nor dots");
    row!("empty name", AT_ONCE, [Argument], no_name, cb.query_all("", "ids"));
    let both = here(&["`key` and `keys`"], "give one of them");
    row!("key and keys", AT_ONCE, [Argument], both, ids().key("a").keys(["b"]));
    let no_time = here(&["timeout of zero"], "give it some seconds");
    row!("zero timeout", AT_ONCE, [Argument], no_time, ids().timeout(Duration::ZERO));
    let another = here(&["the row's key", "expected u64"], "ask for the type that it has");
    let decode = cb.query("d", "ids").each(|row| row.key::<u64>().map(drop));
    row!("another type", AT_ONCE, [ValueFormat], another, decode);
    let broken = &DesignDocument::new().view("v", "function (doc { }");
    let wrong_map = there(&["design document", "400", "the server says"], "correct what the server names");
    row!("map function that is none", AT_ONCE, [Http], wrong_map, cb.design_create("broken", broken));

    node.fail_views(1, Fault::Close { after: Some(2_000) });
    let mut seen = 0;
    let cut = there(&["closed the link in the middle of its answer"], "ask again");
    let query = cb.query("d", "ids").each(|_| seen += 1);
    row!("rows cut off", AT_ONCE, [Network, Protocol], cut, query);
    assert!(seen > 0, "the rows that came were not delivered");
    let garbled = Fault::Answer { status: 200, body: b"{\"total_rows\":1,\"rows\":[{,,,}]}"[..].into() };
    node.fail_views(1, garbled);
    let no_json = there(&["answer is malformed at byte"], "check that nothing on the way alters it");
    row!("rows that are no JSON", AT_ONCE, [Protocol], no_json, ids());
    let late = there(&["no whole answer within 400ms"], "raise the timeout");
    node.fail_views(1, Fault::Stall { after: None });
    row!("mute view engine", SHORT, [Timeout], late, ids().timeout(SHORT));
    node.fail_views(1, Fault::Stall { after: Some(2_000) });
    row!("rows that stop", SHORT, [Timeout], late, ids().timeout(SHORT));
    table.holds();
}
