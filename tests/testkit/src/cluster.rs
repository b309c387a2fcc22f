//! The running cluster as tests hold it.

use crate::front::{Front, Shared};
use crate::model::{Access, Effect, Model, Setup, User};
use couchbase_core::wire::{Opcode, Status};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A Couchbase-compatible cluster inside this process, with real sockets on loopback.
///
/// Dropping it stops it: its ports are closed and its threads have ended when the drop returns. All methods may be
/// called from any thread, also from async code: they hold a lock briefly and wait for nothing else, but for
/// [`Node::stop`], [`Node::start`] and the drop, which wait for threads to end.
///
/// ```
/// let cluster = couchbase_testkit::Cluster::builder().nodes(3).replicas(1).bucket("default").start();
/// assert!(cluster.connection_string().starts_with("couchbase://app:secret@127.0.0.1:"));
///
/// cluster.set_document("default", "greeting", b"hello");
/// cluster.node_of("greeting").fail_over(); // nothing is lost: a replica takes over
/// assert_eq!(cluster.document("default", "greeting").as_deref(), Some(&b"hello"[..]));
/// ```
pub struct Cluster {
    front: Front,
    credentials: Option<(String, String)>,
    buckets: Vec<String>,
}

/// What a [`Cluster`] is to be; each method has a sensible default.
#[derive(Debug, Clone)]
#[must_use = "a cluster runs once it is started"]
pub struct Builder {
    nodes: usize,
    ip: IpAddr,
    setup: Setup,
}

impl Builder {
    fn new() -> Self {
        Self {
            nodes: 1,
            ip: Ipv4Addr::LOCALHOST.into(),
            setup: Setup {
                nodes: Vec::new(),
                replicas: 0,
                vbuckets: 64,
                buckets: Vec::new(),
                users: Vec::new(),
                anonymous: false,
                seed: 0,
                scram_iterations: 4096,
                unix_time: Duration::ZERO,
                record_effects: false,
            },
        }
    }

    /// How many nodes; 1 unless told otherwise.
    pub fn nodes(mut self, count: usize) -> Self {
        self.nodes = count;
        self
    }

    /// Replicas of each vbucket; none unless told otherwise, 3 at most. Those for which there is no node stay
    /// unassigned.
    pub fn replicas(mut self, count: usize) -> Self {
        self.setup.replicas = count;
        self
    }

    /// Vbuckets of each bucket; 64 unless told otherwise. Any number from 1 is legal.
    pub fn vbuckets(mut self, count: u16) -> Self {
        self.setup.vbuckets = count;
        self
    }

    /// Adds a bucket. Without any there is one, `default`.
    pub fn bucket(mut self, name: impl Into<String>) -> Self {
        self.setup.buckets.push(name.into());
        self
    }

    /// Adds a user that may read and write in these buckets; in all, if none is named. Without any user there is
    /// one, `app` with the password `secret`.
    pub fn user(self, name: impl Into<String>, password: impl Into<String>, buckets: &[&str]) -> Self {
        self.with_user(name.into(), password.into(), buckets, Access::ReadWrite)
    }

    /// Adds a user that may only read in these buckets; in all, if none is named.
    pub fn reader(self, name: impl Into<String>, password: impl Into<String>, buckets: &[&str]) -> Self {
        self.with_user(name.into(), password.into(), buckets, Access::Read)
    }

    /// Adds a user that may do everything.
    pub fn administrator(self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.with_user(name.into(), password.into(), &[], Access::Administrator)
    }

    fn with_user(mut self, name: String, password: String, buckets: &[&str], access: Access) -> Self {
        let user = User::new(name, password).with_access(access);
        self.setup.users.push(if buckets.is_empty() {
            user
        } else {
            user.with_buckets(buckets.iter().copied())
        });
        self
    }

    /// Lets clients without credentials use every bucket. [`Cluster::connection_string`] then names none, unless a
    /// user was added.
    pub fn anonymous(mut self) -> Self {
        self.setup.anonymous = true;
        self
    }

    /// The source of salts, nonces and UUIDs; 0 unless told otherwise.
    pub fn seed(mut self, seed: u64) -> Self {
        self.setup.seed = seed;
        self
    }

    /// Rounds of SCRAM's key derivation; 4,096 unless told otherwise (a real server: 15,000). Fewer are faster, but
    /// the official clients refuse them.
    pub fn scram_iterations(mut self, rounds: u32) -> Self {
        self.setup.scram_iterations = rounds.max(1);
        self
    }

    /// The address to listen on; 127.0.0.1 unless told otherwise. Anyone who can reach it can use the cluster.
    pub fn bind(mut self, ip: IpAddr) -> Self {
        self.ip = ip;
        self
    }

    /// Keeps a log of everything that takes effect: see [`Cluster::effects`].
    pub fn record_effects(mut self) -> Self {
        self.setup.record_effects = true;
        self
    }

    /// Starts the cluster.
    ///
    /// # Panics
    /// If the settings make no cluster, or the sockets cannot be had. [`try_start`](Self::try_start) tells instead.
    #[must_use]
    pub fn start(self) -> Cluster {
        match self.try_start() {
            Ok(cluster) => cluster,
            Err(error) => panic!("the embedded cluster cannot start: {error}"),
        }
    }

    /// Starts the cluster.
    ///
    /// # Errors
    /// `InvalidInput` if the settings make no cluster; otherwise what the system said about sockets or threads.
    pub fn try_start(mut self) -> io::Result<Cluster> {
        if self.setup.buckets.is_empty() {
            self.setup.buckets.push("default".to_owned());
        }
        if self.setup.users.is_empty() && !self.setup.anonymous {
            self.setup.users.push(User::new("app", "secret"));
        }
        self.check()?;
        self.setup.unix_time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let credentials =
            self.setup.users.first().map(|user| (user.name().to_owned(), user.password().to_owned()));
        let buckets = self.setup.buckets.clone();
        let front = Front::start(self.ip, self.nodes, self.setup)?;
        Ok(Cluster { front, credentials, buckets })
    }

    fn check(&self) -> io::Result<()> {
        let wrong = |words: String| Err(io::Error::new(io::ErrorKind::InvalidInput, words));
        if self.nodes == 0 {
            return wrong("a cluster has at least one node".to_owned());
        }
        if self.setup.vbuckets == 0 {
            return wrong("a bucket has at least one vbucket".to_owned());
        }
        if self.setup.replicas > 3 {
            return wrong(format!("a vbucket has at most 3 replicas, not {}", self.setup.replicas));
        }
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        for (index, name) in self.setup.buckets.iter().enumerate() {
            if name.is_empty() || name.len() > 100 || !name.bytes().all(legal) {
                return wrong(format!(
                    "`{name}` is no bucket name: 1 to 100 letters, digits, `_`, `-` and `.` are"
                ));
            }
            if self.setup.buckets[..index].contains(name) {
                return wrong(format!("there are two buckets `{name}`"));
            }
        }
        if self.setup.users.iter().any(|user| user.name().is_empty()) {
            return wrong("a user has a name".to_owned());
        }
        Ok(())
    }
}

impl Cluster {
    /// Begins to describe a cluster.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// A connection string for the first bucket, with the first user's credentials and every node that was started.
    #[must_use]
    pub fn connection_string(&self) -> String {
        let addresses: Vec<String> = self.front.addresses().iter().map(|node| node.kv_address()).collect();
        let user = self.credentials.as_ref().map_or_else(String::new, |(name, password)| {
            let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
            format!("{}:{}@", encode(name), encode(password))
        });
        format!("couchbase://{user}{}/{}", addresses.join(","), self.buckets[0])
    }

    /// The first user's name and password; `None` if clients need none.
    #[must_use]
    pub fn credentials(&self) -> Option<(&str, &str)> {
        self.credentials.as_ref().map(|(name, password)| (name.as_str(), password.as_str()))
    }

    /// The names of the buckets.
    #[must_use]
    pub fn buckets(&self) -> &[String] {
        &self.buckets
    }

    /// All nodes.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..self.front.addresses().len()).map(|index| Node { cluster: self, index })
    }

    /// A node by its index.
    ///
    /// # Panics
    /// If there is no such node.
    #[must_use]
    pub fn node(&self, index: usize) -> Node<'_> {
        assert!(index < self.front.addresses().len(), "there is no node {index}");
        Node { cluster: self, index }
    }

    /// The node that serves a key.
    ///
    /// # Panics
    /// If nobody serves it: its node failed over, and there was no replica.
    #[must_use]
    pub fn node_of(&self, key: &str) -> Node<'_> {
        let model = self.shared().model();
        let vbucket = model.vbucket_of(key.as_bytes());
        let owner = model.owner(vbucket);
        drop(model);
        self.node(owner.unwrap_or_else(|| panic!("no node serves vbucket {vbucket}")))
    }

    /// The vbucket of a key.
    #[must_use]
    pub fn vbucket_of(&self, key: &str) -> u16 {
        self.shared().model().vbucket_of(key.as_bytes())
    }

    /// Moves a vbucket to another node at once. The old one answers NOT_MY_VBUCKET with the new config.
    pub fn move_vbucket(&self, vbucket: u16, to: usize) {
        self.change(|model, _| model.move_vbucket(vbucket, to));
    }

    /// First half of a move: `to` serves the vbucket, while configs still name the old node.
    pub fn hand_over(&self, vbucket: u16, to: usize) {
        self.change(|model, _| model.hand_over(vbucket, to));
    }

    /// Second half of a move: configs name the node that serves the vbucket.
    pub fn announce(&self, vbucket: u16) {
        self.change(|model, _| model.announce(vbucket));
    }

    /// The next `count` requests with this opcode, at any node, are answered with `status` and not done.
    pub fn answer_next(&self, count: u64, opcode: Opcode, status: Status) {
        self.change(|model, _| model.answer_next(count, opcode, status));
    }

    /// The value of a document, as it is stored.
    #[must_use]
    pub fn document(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        self.change(|model, now| model.document(bucket, key.as_bytes(), now).map(<[u8]>::to_vec))
    }

    /// Stores a document without flags and expiry; gives its CAS.
    ///
    /// # Panics
    /// If there is no such bucket.
    pub fn set_document(&self, bucket: &str, key: &str, value: &[u8]) -> u64 {
        self.change(|model, now| model.set_document(bucket, key.as_bytes(), value, now))
            .unwrap_or_else(|| panic!("there is no bucket `{bucket}`"))
    }

    /// Requests with this opcode so far, at all nodes, refused ones included.
    #[must_use]
    pub fn requests(&self, opcode: Opcode) -> u64 {
        self.shared().model().requests(opcode)
    }

    /// The revision of the configs.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.shared().model().revision()
    }

    /// What took effect so far, in order; empty unless [`Builder::record_effects`] was said.
    #[must_use]
    pub fn effects(&self) -> Vec<Effect> {
        self.shared().model().effects().to_vec()
    }

    fn shared(&self) -> &Shared {
        self.front.shared()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Model, couchbase_core::Instant) -> T) -> T {
        self.shared().change(change)
    }
}

/// One node of a [`Cluster`].
#[derive(Clone, Copy)]
pub struct Node<'a> {
    cluster: &'a Cluster,
    index: usize,
}

impl Node<'_> {
    /// Its index.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Host and port of its data service.
    #[must_use]
    pub fn kv_address(&self) -> String {
        self.cluster.front.addresses()[self.index].kv_address()
    }

    /// Host and port of its design documents and views.
    #[must_use]
    pub fn views_address(&self) -> String {
        self.cluster.front.addresses()[self.index].views_address()
    }

    /// Host and port of its management service.
    #[must_use]
    pub fn mgmt_address(&self) -> String {
        self.cluster.front.addresses()[self.index].mgmt_address()
    }

    /// For this long it accepts connections and answers nothing; then it does what it was asked in the meantime.
    pub fn stall(&self, time: Duration) {
        self.cluster.change(|model, now| model.stall(self.index, time, now));
    }

    /// It accepts connections and answers nothing until [`release`](Self::release).
    pub fn hang(&self) {
        self.cluster.change(|model, _| model.hang(self.index));
    }

    /// Ends a stall or a hang: it does what it was asked in the meantime.
    pub fn release(&self) {
        self.cluster.change(|model, now| model.release(self.index, now));
    }

    /// Closes all its connections and refuses new ones, from when this returns.
    pub fn stop(&self) {
        self.cluster.front.stop(self.index);
    }

    /// Starts it again after [`stop`](Self::stop), on the same ports, with the vbuckets that it had.
    ///
    /// # Panics
    /// If someone else has taken one of its ports.
    pub fn start(&self) {
        if let Err(error) = self.cluster.front.start_again(self.index) {
            panic!("node {} cannot start again: {error}", self.index);
        }
    }

    /// Takes it out of the cluster: configs no longer list it, and its replicas take over with all documents. It
    /// goes on running, and answers NOT_MY_VBUCKET to everything.
    pub fn fail_over(&self) {
        self.cluster.change(|model, _| model.fail_over(self.index));
    }

    /// Closes all connections to its data service; new ones are accepted.
    pub fn cut_links(&self) {
        self.cluster.change(|model, _| model.cut_links(self.index));
    }

    /// Connections to its data service that are open now.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.cluster.shared().model().connections(self.index)
    }
}
