//! The running cluster as tests hold it.

mod builder;
mod node;

pub use builder::Builder;
pub use node::Node;

use crate::front::{Front, Shared};
use crate::model::{Effect, Model};
use couchbase_core::wire::{Opcode, Status};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::atomic::Ordering;

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

    /// Requests to views and design documents so far, at all nodes, also those that wait while their node hangs.
    #[must_use]
    pub fn view_requests(&self) -> u64 {
        self.shared().view_requests.load(Ordering::Relaxed)
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
