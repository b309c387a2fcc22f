//! Why a configuration was refused.

use alloc::string::String;
use core::fmt;

/// A configuration that cannot be used, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// Not JSON, cut off, or a field of another type than the format says.
    Json(String),
    /// `rev` or `revEpoch` is negative.
    Revision {
        /// Name of the field.
        field: &'static str,
        /// Its value.
        value: i64,
    },
    /// Neither `nodesExt` nor `nodes` nor `serverList` names a node.
    NoNodes,
    /// One of the lists of nodes is longer than [`MAX_NODES`](super::MAX_NODES).
    TooManyNodes {
        /// Name of the list.
        list: &'static str,
        /// Its length.
        len: usize,
    },
    /// A host name, or a `host:port`, that cannot be one.
    Host(String),
    /// A port outside 1 to 65,535.
    Port {
        /// Name of the service.
        service: &'static str,
        /// Its value.
        value: i64,
    },
    /// A bucket without vbuckets (`nodeLocator`), or keys hashed in another way (`hashAlgorithm`).
    Unsupported {
        /// Name of the field.
        field: &'static str,
        /// Its value.
        value: String,
    },
    /// The configuration of a bucket has no `vBucketServerMap`.
    NoMap,
    /// `vBucketMap` is empty.
    NoVbuckets,
    /// `vBucketMap` has more entries than [`MAX_VBUCKETS`](super::MAX_VBUCKETS).
    TooManyVbuckets(usize),
    /// `numReplicas`, or the copies that an entry of `vBucketMap` lists, exceed
    /// [`MAX_REPLICAS`](super::MAX_REPLICAS), or are negative.
    Replicas(i64),
    /// An entry of `vBucketMap` is empty, or not as long as the first.
    Ragged {
        /// The vbucket.
        vbucket: usize,
        /// Length of its entry.
        len: usize,
        /// Length of the first entry.
        expected: usize,
    },
    /// An entry of `vBucketMap` points outside `serverList`.
    Index {
        /// The vbucket.
        vbucket: usize,
        /// The index.
        index: i64,
    },
}

impl ConfigError {
    /// The words of the JSON parser. It may quote the input: long quotes are cut.
    pub(super) fn from_json(error: &serde_json::Error) -> Self {
        Self::Json(quote(&alloc::format!("{error}")))
    }

    pub(super) fn host(text: &str) -> Self {
        Self::Host(quote(text))
    }

    pub(super) fn unsupported(field: &'static str, value: &str) -> Self {
        Self::Unsupported { field, value: quote(value) }
    }
}

/// A piece of the input for an error's text, bounded whatever the server sent.
fn quote(text: &str) -> String {
    const LONGEST: usize = 200;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => alloc::format!("{}…", &text[..end]),
        None => text.into(),
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(words) => write!(f, "the cluster configuration is not in the expected form: {words}"),
            Self::Revision { field, value } => {
                write!(f, "{field} of the cluster configuration is negative: {value}")
            }
            Self::NoNodes => f.write_str("the cluster configuration names no node"),
            Self::TooManyNodes { list, len } => {
                write!(
                    f,
                    "{list} of the cluster configuration has {len} nodes, more than {}",
                    super::MAX_NODES
                )
            }
            Self::Host(text) => {
                write!(f, "the cluster configuration names a node {text:?}, which is no address")
            }
            Self::Port { service, value } => {
                write!(f, "the cluster configuration gives {service} the port {value}, which is none")
            }
            Self::Unsupported { field, value } => {
                write!(
                    f,
                    "{field} of the cluster configuration is {value:?}, which this client does not support"
                )
            }
            Self::NoMap => f.write_str("the bucket's configuration has no vBucketServerMap"),
            Self::NoVbuckets => f.write_str("the bucket's configuration has no vbuckets"),
            Self::TooManyVbuckets(count) => {
                write!(
                    f,
                    "the bucket's configuration has {count} vbuckets, more than {}",
                    super::MAX_VBUCKETS
                )
            }
            Self::Replicas(count) => {
                write!(f, "the bucket's configuration has {count} replicas, not 0 to {}", super::MAX_REPLICAS)
            }
            Self::Ragged { vbucket, len, expected } => {
                write!(
                    f,
                    "vbucket {vbucket} of the bucket's configuration lists {len} copies, not {expected}"
                )
            }
            Self::Index { vbucket, index } => {
                write!(f, "vbucket {vbucket} is on server {index}, which serverList does not have")
            }
        }
    }
}

impl core::error::Error for ConfigError {}
