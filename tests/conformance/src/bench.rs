//! What a promise is tested with: a cluster, and a way to open connections to it on one host.

use crate::host::{Host, with_patience};
use couchbase_core::rt::Runtime;
use couchbase_core::{Config, Connection, Error, ErrorKind, Instant, Result};
use couchbase_testkit::Cluster;
use std::env;
use std::future::poll_fn;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Names a server to test against in place of the embedded cluster.
const SERVER: &str = "COUCHBASE_CONNECTION_STRING";

/// The cluster and the host of one test.
pub struct Bench {
    host: Rc<dyn Opens>,
    runtime: Box<dyn Runtime>,
    address: String,
    cluster: Option<Cluster>,
    prefix: String,
}

trait Opens {
    fn open(&self, config: Config) -> Result<Connection>;
}

impl<H: Host> Opens for H {
    fn open(&self, config: Config) -> Result<Connection> {
        Host::open(self, config)
    }
}

/// Tests a promise against whatever server there is.
///
/// # Panics
/// If the promise is not kept.
pub fn anywhere<H: Host + 'static, F: Future<Output = ()> + 'static>(promise: fn(Bench) -> F) {
    match env::var(SERVER) {
        Ok(address) => run::<H, F>(promise, move || (address, None)),
        Err(_) => run::<H, F>(promise, start),
    }
}

/// Tests a promise that needs the embedded cluster, for its faults or its view from inside.
///
/// # Panics
/// If the promise is not kept.
pub fn embedded<H: Host + 'static, F: Future<Output = ()> + 'static>(promise: fn(Bench) -> F) {
    if env::var_os(SERVER).is_some() {
        println!("skipped: it needs the embedded cluster, and {SERVER} is set");
        return;
    }
    run::<H, F>(promise, start);
}

fn start() -> (String, Option<Cluster>) {
    let cluster = Cluster::builder().nodes(3).replicas(1).vbuckets(16).start();
    (cluster.connection_string(), Some(cluster))
}

fn run<H: Host + 'static, F: Future<Output = ()> + 'static>(
    promise: fn(Bench) -> F,
    server: impl FnOnce() -> (String, Option<Cluster>) + Send + 'static,
) {
    with_patience(move || {
        let (address, cluster) = server();
        let host = Rc::new(H::start());
        let bench =
            Bench { host: host.clone(), runtime: host.runtime(), address, cluster, prefix: fresh_prefix() };
        host.block_on(promise(bench));
    });
}

/// Keeps one run's documents apart from another's on a server that lives longer than the test.
fn fresh_prefix() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("conformance::{:x}::", now.as_nanos())
}

impl Bench {
    /// The embedded cluster.
    ///
    /// # Panics
    /// If the promise is tested against another server: it must be in the `embedded` list.
    pub fn cluster(&self) -> &Cluster {
        self.cluster.as_ref().expect("this promise is listed as one for the embedded cluster")
    }

    /// How to reach the server.
    pub fn config(&self) -> Config {
        Config::new(&self.address)
    }

    /// A connection that is not waited for.
    pub fn open(&self) -> Connection {
        self.open_with(self.config()).unwrap()
    }

    /// The same, with a configuration of one's own.
    pub fn open_with(&self, config: Config) -> Result<Connection> {
        self.host.open(config)
    }

    /// A connection that is ready.
    pub async fn connect(&self) -> Connection {
        let cb = self.open();
        cb.connect().await.unwrap();
        cb
    }

    /// A key that no other test uses.
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Keys on the same vbucket as `key`, or on others of the same node: as many as asked for.
    pub fn keys_on(&self, node: usize, count: usize) -> Vec<String> {
        let candidates = (0..).map(|n| self.key(&format!("{n}")));
        candidates.filter(|key| self.cluster().node_of(key).index() == node).take(count).collect()
    }

    /// The host's clock.
    pub fn now(&self) -> Instant {
        self.runtime.now()
    }

    /// Lets this much time pass, where time itself is what is tested.
    pub async fn pass(&self, time: Duration) {
        let mut timer = self.runtime.timer();
        timer.reset(self.now() + time);
        poll_fn(|cx| timer.poll(cx)).await;
    }

    /// Waits until something outside of the client has come about; a test that waits for ever is stopped.
    pub async fn until(&self, mut come_about: impl FnMut() -> bool) {
        while !come_about() {
            self.pass(Duration::from_millis(1)).await;
        }
    }
}

/// The error of an operation that must fail in this way.
///
/// # Panics
/// If it succeeded, or failed in another way.
pub fn fails<T>(outcome: Result<T>, kind: ErrorKind) -> Error {
    let error = match outcome {
        Ok(_) => panic!("succeeded instead of failing with {kind:?}"),
        Err(error) => error,
    };
    assert_eq!(error.kind(), kind, "{error}");
    error
}
