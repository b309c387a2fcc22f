//! The map in force: nodes, and which of them holds which vbucket.
//!
//! Immutable. Every index of the table is below the number of nodes: `terse` builds it so, and nobody else builds
//! one. The first nodes are those of the bucket, in the order of the configuration's `serverList`, so that indexes
//! need no translation; nodes that only run other services follow.

use super::{Revision, vbucket_of};
use crate::Node;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

/// One node as the configuration describes it. Ports that are `None`: the service does not run there, or not in
/// that form.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeInfo {
    /// Name or address, IPv6 without brackets.
    pub host: String,
    /// Port of the key-value service.
    pub kv: Option<u16>,
    /// The same with TLS.
    pub kv_tls: Option<u16>,
    /// Port of the management service (HTTP).
    pub mgmt: Option<u16>,
    /// The same with TLS.
    pub mgmt_tls: Option<u16>,
    /// Port of the views service (HTTP).
    pub capi: Option<u16>,
    /// The same with TLS.
    pub capi_tls: Option<u16>,
    /// The node that sent the configuration.
    pub this_node: bool,
    node: Node,
}

/// The ports of one node, by service.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ports {
    pub(super) kv: Option<u16>,
    pub(super) kv_tls: Option<u16>,
    pub(super) mgmt: Option<u16>,
    pub(super) mgmt_tls: Option<u16>,
    pub(super) capi: Option<u16>,
    pub(super) capi_tls: Option<u16>,
}

impl NodeInfo {
    pub(super) fn new(host: String, ports: Ports, this_node: bool) -> Self {
        let Ports { kv, kv_tls, mgmt, mgmt_tls, capi, capi_tls } = ports;
        let port = kv.or(kv_tls).or(mgmt).or(mgmt_tls).unwrap_or(0);
        let node = Node::new(&host, port);
        Self { host, kv, kv_tls, mgmt, mgmt_tls, capi, capi_tls, this_node, node }
    }

    /// The node's name, `host:port` of its key-value service. A node without that service is named by the port
    /// of its management.
    pub fn node(&self) -> Node {
        self.node.clone()
    }
}

/// A cluster's nodes, and for a bucket which node holds which vbucket.
///
/// ```
/// use couchbase_core::topology::ClusterMap;
///
/// let json = br#"{"rev": 7, "revEpoch": 1, "name": "default", "nodeLocator": "vbucket",
///     "nodesExt": [{"services": {"kv": 11210, "mgmt": 8091}, "thisNode": true},
///                  {"services": {"kv": 11210, "mgmt": 8091}, "hostname": "b.example"}],
///     "vBucketServerMap": {"hashAlgorithm": "CRC", "numReplicas": 1,
///         "serverList": ["$HOST:11210", "b.example:11210"],
///         "vBucketMap": [[0, 1], [0, 1], [1, 0], [1, -1]]}}"#;
/// let map = ClusterMap::parse(json, "a.example")?;
///
/// let vbucket = map.vbucket_of(b"user::1001");
/// let active = map.active(vbucket).expect("this map has all active copies");
/// assert_eq!(map.nodes()[active].node().as_str(), "a.example:11210");
/// assert_eq!(map.replica(3, 0), None);
/// # Ok::<(), couchbase_core::topology::ConfigError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ClusterMap {
    revision: Revision,
    bucket: Option<String>,
    nodes: Vec<NodeInfo>,
    bucket_nodes: usize,
    replicas: usize,
    table: Table,
}

/// Rows of equal width, one a vbucket: the active copy's node, then the replicas'. Flat, so that a lookup is one
/// bounds check and one load.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Table {
    entries: Box<[u16]>,
    width: usize,
    rows: u32,
}

impl Table {
    /// Marks a copy that is on no node. No map has as many nodes.
    pub(super) const NOWHERE: u16 = u16::MAX;

    /// `entries` is whole rows of `width`, each entry an index of a node or [`NOWHERE`](Self::NOWHERE).
    pub(super) fn new(entries: Vec<u16>, width: usize) -> Self {
        let rows = entries.len().checked_div(width).unwrap_or(0);
        Self { entries: entries.into_boxed_slice(), width, rows: u32::try_from(rows).unwrap_or(u32::MAX) }
    }

    fn copy(&self, vbucket: u16, copy: usize) -> Option<usize> {
        match self.entries.get(usize::from(vbucket) * self.width + copy) {
            Some(&index) if index != Self::NOWHERE => Some(usize::from(index)),
            _ => None,
        }
    }
}

impl ClusterMap {
    /// The caller has checked that the table's entries are below `bucket_nodes`, and that below `nodes.len()`.
    pub(super) fn new(
        revision: Revision,
        bucket: Option<String>,
        nodes: Vec<NodeInfo>,
        bucket_nodes: usize,
        replicas: usize,
        table: Table,
    ) -> Self {
        debug_assert!(bucket_nodes <= nodes.len());
        debug_assert!(table.entries.iter().all(|&i| i == Table::NOWHERE || usize::from(i) < bucket_nodes));
        Self { revision, bucket, nodes, bucket_nodes, replicas, table }
    }

    /// The version of this map.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// Name of the bucket; `None` for a cluster's global configuration, which has no vbuckets.
    pub fn bucket(&self) -> Option<&str> {
        self.bucket.as_deref()
    }

    /// All nodes. Those of the bucket come first.
    pub fn nodes(&self) -> &[NodeInfo] {
        &self.nodes
    }

    /// The nodes that hold data of the bucket: the only ones that [`active`](Self::active) and
    /// [`replica`](Self::replica) name. Empty for a global configuration.
    pub fn bucket_nodes(&self) -> &[NodeInfo] {
        &self.nodes[..self.bucket_nodes]
    }

    /// Those of the bucket's nodes that hold the active copy of any vbucket. A node that has just joined, or is about
    /// to leave, holds none.
    pub fn active_nodes(&self) -> impl Iterator<Item = &NodeInfo> {
        let mut is_active = vec![false; self.bucket_nodes];
        for node in (0..=u16::MAX).take(self.table.rows as usize).filter_map(|vbucket| self.active(vbucket)) {
            is_active[node] = true;
        }
        self.bucket_nodes().iter().zip(is_active).filter_map(|(node, is_active)| is_active.then_some(node))
    }

    /// Number of vbuckets; zero for a global configuration.
    pub fn vbucket_count(&self) -> u32 {
        self.table.rows
    }

    /// Number of replicas that the bucket is configured to have. Right after a change of that number the map may
    /// list fewer or more.
    pub fn replicas(&self) -> usize {
        self.replicas
    }

    /// The vbucket of a key; 0 for a global configuration.
    #[inline]
    pub fn vbucket_of(&self, key: &[u8]) -> u16 {
        vbucket_of(key, self.table.rows)
    }

    /// The node, as an index into [`nodes`](Self::nodes), that holds the vbucket's active copy. `None`: no node at
    /// present, or no such vbucket.
    #[inline]
    pub fn active(&self, vbucket: u16) -> Option<usize> {
        self.table.copy(vbucket, 0)
    }

    /// The node, as an index into [`nodes`](Self::nodes), of the vbucket's replica `n`, counted from 0. `None`: on
    /// no node at present, or no such replica or vbucket.
    #[inline]
    pub fn replica(&self, vbucket: u16, n: usize) -> Option<usize> {
        // Past the row's end the next vbucket's row would begin.
        if n.saturating_add(1) < self.table.width { self.table.copy(vbucket, n + 1) } else { None }
    }
}

/// The map in one line: its table would fill pages.
impl fmt::Debug for ClusterMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterMap")
            .field("revision", &format_args!("{}", self.revision))
            .field("bucket", &self.bucket)
            .field("nodes", &self.nodes.iter().map(NodeInfo::node).collect::<Vec<_>>())
            .field("bucket_nodes", &self.bucket_nodes)
            .field("vbuckets", &self.table.rows)
            .field("replicas", &self.replicas)
            .finish()
    }
}
