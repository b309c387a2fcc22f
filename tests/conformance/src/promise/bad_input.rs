//! The table of what can be wrong: each row ends, within its own timeout, in an error whose kind and text name the
//! place, the step and the remedy.

use crate::bench::Bench;
use crate::hostile::{Hostile, Manner};
use couchbase_core::{Config, Connection, Error, ErrorKind, Raw, Result};
use couchbase_testkit::Cluster;
use couchbase_testkit::http::Fault;
use couchbase_tokio::views::{DesignDocument, Stale, ViewExt};
use std::net::TcpListener;
use std::time::Duration;

/// The connect deadline of rows that end with it.
const SHORT: Duration = Duration::from_millis(400);
/// That of rows that must not need it.
const LONG: Duration = Duration::from_secs(600);

/// A response to HELLO that announces this many bytes of body.
macro_rules! hello_header {
    ($a:literal $b:literal $c:literal $d:literal) => {
        [0x81, 0x1f, 0, 0, 0, 0, 0, 0, $a, $b, $c, $d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    };
}

/// What became of one row.
struct Row {
    what: &'static str,
    outcome: Result<()>,
    kinds: &'static [ErrorKind],
    /// What its text must name.
    words: Vec<String>,
    took: Duration,
}

impl Row {
    fn fault(&self) -> Option<String> {
        let Err(error) = &self.outcome else { return Some("succeeded".to_owned()) };
        let text = error.to_string();
        if !self.kinds.contains(&error.kind()) {
            return Some(format!("is {:?} and not one of {:?}: {text}", error.kind(), self.kinds));
        }
        let unsaid: Vec<_> = self.words.iter().filter(|words| !text.contains(&words[..])).collect();
        if !unsaid.is_empty() {
            return Some(format!("does not say {unsaid:?}: {text}"));
        }
        // Far from every default, near enough to its own.
        (self.took > Duration::from_secs(60)).then(|| format!("took {:?}: {text}", self.took))
    }
}

struct Table {
    bench: Bench,
    rows: Vec<Row>,
}

impl Table {
    async fn row(
        &mut self,
        what: &'static str,
        kinds: &'static [ErrorKind],
        words: &[&str],
        attempt: impl AsyncFnOnce(&Bench) -> Result<()>,
    ) {
        let began = self.bench.now();
        let outcome = attempt(&self.bench).await;
        let words = words.iter().copied().map(String::from).collect();
        self.rows.push(Row { what, outcome, kinds, words, took: self.bench.now() - began });
    }

    /// Connecting to this address must fail; the address is named.
    async fn connecting(
        &mut self,
        what: &'static str,
        hosts: &str,
        deadline: Duration,
        kinds: &'static [ErrorKind],
        words: &[&str],
    ) {
        let config = Config::new(format!("couchbase://app:secret@{hosts}/default")).connect_timeout(deadline);
        let words: Vec<&str> = words.iter().copied().chain([hosts]).collect();
        self.row(what, kinds, &words, async |bench| connect(bench, config).await).await;
    }

    fn holds(self) {
        let faults: Vec<String> = self
            .rows
            .iter()
            .filter_map(|row| row.fault().map(|fault| format!("{}: {fault}", row.what)))
            .collect();
        assert!(faults.is_empty(), "{} of {} rows:\n{}", faults.len(), self.rows.len(), faults.join("\n"));
    }
}

async fn connect(bench: &Bench, config: Config) -> Result<()> {
    let cb = bench.open_with(config)?;
    let waiting = cb.get("k").send();
    let error = cb.connect().await.err();
    // Operations that waited for the connection end like it.
    let ended = waiting.await.err();
    assert_eq!(error.as_ref().map(Error::kind), ended.as_ref().map(Error::kind));
    error.map_or(Ok(()), Err)
}

/// Places that are no cluster, or not ours.
pub async fn every_wrong_place_is_told(bench: Bench) {
    use ErrorKind::{Auth, BucketNotFound, Network, Protocol, Timeout, UnknownHost};
    let mut table = Table { bench, rows: Vec::new() };

    table.connecting("unknown host", "no-such-host.invalid", LONG, &[UnknownHost], &["spelled"]).await;
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    table.connecting("closed port", &closed, SHORT, &[Network], &["connect", "refused"]).await;

    let (big, half) = (hello_header!(0xff 0xff 0xff 0xff), hello_header!(0 0 0 100));
    let (big, half): (&'static [u8], &'static [u8]) = (big.to_vec().leak(), half.to_vec().leak());
    for (what, manner, deadline, kinds, words) in [
        ("silent server", Manner::Silent, SHORT, &[Timeout][..], &["no answer to HELLO"][..]),
        (
            "HTTP server",
            Manner::Says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
            LONG,
            &[Protocol],
            &["HTTP", "11210"],
        ),
        ("garbage", Manner::Says(&[0xde; 512]), LONG, &[Protocol], &["0xde"]),
        ("half a frame", Manner::Says(half), SHORT, &[Timeout], &["no answer to HELLO"]),
        (
            "half a frame, then closed",
            Manner::SaysAndCloses(half),
            SHORT,
            &[Network, Protocol],
            &["HELLO", "closed"],
        ),
        ("frame of 4 GiB", Manner::Says(big), LONG, &[Protocol], &["HELLO", "4294967295"]),
        (
            "closes in the handshake",
            Manner::SaysAndCloses(b""),
            SHORT,
            &[Network, Protocol],
            &["HELLO", "closed"],
        ),
    ] {
        let server = Hostile::start(manner);
        table.connecting(what, &server.address(), deadline, kinds, words).await;
    }

    let node = |bench: &Bench| bench.cluster().node(0).kv_address();
    let first = node(&table.bench);
    let wrong = table.bench.config().credentials("app", "wrong").connect_timeout(LONG);
    table
        .row("wrong password", &[Auth], &["SASL", "app", "password"], async |bench| {
            connect(bench, wrong).await
        })
        .await;
    let nobody = Config::new(format!("couchbase://{first}/default")).connect_timeout(LONG);
    table
        .row("no user", &[Auth, BucketNotFound], &[&first], async |bench| connect(bench, nobody).await)
        .await;
    let missing = table.bench.config().bucket("absent").connect_timeout(LONG);
    table
        .row(
            "missing bucket",
            &[BucketNotFound],
            &["SELECT_BUCKET", "absent", "missing or not yours"],
            async |bench| connect(bench, missing).await,
        )
        .await;
    table.holds();
}

/// Configurations with a mistake: found without asking anyone.
pub async fn every_wrong_configuration_is_told(bench: Bench) {
    use ErrorKind::Argument;
    let mut table = Table { bench, rows: Vec::new() };
    for (what, string, words) in [
        ("empty", "", &[][..]),
        ("other scheme", "http://localhost/default", &["scheme", "couchbase"]),
        ("TLS", "couchbases://localhost/default", &["couchbases"]),
        ("port out of range", "couchbase://localhost:70000/default", &["host 1", "65535"]),
        ("bad escape", "couchbase://user%zz@localhost/default", &["%"]),
        ("unknown option", "couchbase://localhost/default?timeot=1s", &["timeot", "timeout"]),
        ("bad duration", "couchbase://localhost/default?timeout=soon", &["timeout", "2.5s"]),
        ("zero duration", "couchbase://localhost/default?timeout=0", &["timeout"]),
        ("unknown mechanism", "couchbase://localhost/default?sasl_mech_force=SCRAM-SHA2", &["SCRAM-SHA"]),
    ] {
        table
            .row(what, &[Argument], words, async |bench| bench.open_with(Config::new(string)).map(drop))
            .await;
    }
    for (what, change) in [
        ("zero timeout", (|config| config.timeout(Duration::ZERO)) as fn(Config) -> Config),
        ("zero connect timeout", |config| config.connect_timeout(Duration::ZERO)),
        ("no place in flight", |config| config.max_in_flight(0)),
    ] {
        let config = change(table.bench.config());
        table.row(what, &[Argument], &[], async |bench| bench.open_with(config).map(drop)).await;
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
    let mut table = Table { bench, rows: Vec::new() };
    table.row("empty key", &[Argument], &["empty"], async |_| cb.get("").await.map(drop)).await;
    table.row("long key", &[Argument], &["251", "250"], async |_| cb.get(long).await.map(drop)).await;
    table.row("huge value", &[TooBig], &[key], async |_| cb.set(key, huge).await.map(drop)).await;
    let format = async |_: &Bench| cb.set(key, &vec![0_u8]).await.map(drop);
    table.row("bytes by reference", &[ValueFormat], &["Raw"], format).await;
    let zero = Duration::ZERO;
    table
        .row("zero expiry", &[Argument], &["NEVER"], async |_| cb.touch(key).ttl(zero).await.map(drop))
        .await;
    table.row("zero timeout", &[Argument], &[], async |_| cb.get(key).timeout(zero).await.map(drop)).await;
    let zero_handle = cb.with_timeout(zero);
    table.row("zero default", &[Argument], &[], async |_| zero_handle.get(key).await.map(drop)).await;
    let none = async |_: &Bench| cb.get_multi(Vec::<String>::new()).await.map(drop);
    table.row("no keys", &[Argument], &[], none).await;

    let _under_way = cb.get(key).send();
    table.row("limit in flight", &[Overloaded], &["1"], async |_| cb.get(key).send().await.map(drop)).await;
    let mut done = couchbase_core::CompletionQueue::with_capacity(1);
    let full = async |_: &Bench| cb.callbacks().get(key).send_to(&mut done, ());
    table.row("limit for a queue", &[Overloaded], &[], full).await;
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
    let address = node.views_address();
    let mut table = Table { bench, rows: Vec::new() };
    let query = async |design: &str, view: &str| cb.query_all(design, view).await.map(drop);

    table
        .row("missing design document", &[Http], &["404", "not_found"], async |_| query("none", "ids").await)
        .await;
    table.row("missing view", &[Http], &["404", "not_found"], async |_| query("d", "none").await).await;
    table.row("empty name", &[Argument], &["name"], async |_| query("", "ids").await).await;
    let both = async |_: &Bench| cb.query_all("d", "ids").key("a").keys(["b"]).await.map(drop);
    table.row("key and keys", &[Argument, Http], &["keys"], both).await;
    let zero = async |_: &Bench| cb.query_all("d", "ids").timeout(Duration::ZERO).await.map(drop);
    table.row("zero timeout", &[Argument], &[], zero).await;
    let wrong_type =
        async |_: &Bench| cb.query("d", "ids").each(|row| row.key::<u64>().map(drop)).await.map(drop);
    table.row("another type", &[ValueFormat], &["key"], wrong_type).await;
    let broken = &DesignDocument::new().view("v", "function (doc { }");
    let create = async |_: &Bench| cb.design_create("broken", broken).await;
    table.row("map function that is none", &[Http], &[], create).await;

    node.fail_views(1, Fault::Close { after: Some(2_000) });
    let mut seen = 0;
    let cut = async |_: &Bench| cb.query("d", "ids").each(|_| seen += 1).await.map(drop);
    table.row("rows cut off", &[Network, Protocol], &[], cut).await;
    assert!(seen > 0, "the rows that came were not delivered");
    let garbled = Fault::Answer { status: 200, body: b"{\"total_rows\":1,\"rows\":[{,,,"[..].into() };
    node.fail_views(1, garbled);
    table.row("rows that are no JSON", &[Protocol], &[], async |_| query("d", "ids").await).await;
    node.fail_views(1, Fault::Stall { after: None });
    let mute = async |_: &Bench| cb.query_all("d", "ids").timeout(SHORT).await.map(drop);
    table.row("mute view engine", &[Timeout], &[], mute).await;

    // What a node has answered names it.
    for row in
        table.rows.iter_mut().filter(|row| !row.kinds.contains(&Argument) && row.what != "another type")
    {
        row.words.push(address.clone());
    }
    table.holds();
}
