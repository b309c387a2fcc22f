//! The JSON of a terse configuration, as far as this client reads it. Unknown fields are skipped.
//!
//! Lists are cut at their limits while they are read, and what was wrong in them is kept for the caller, so that a
//! hostile document costs no more memory than an honest one. Texts are borrowed from the document where they have
//! no escapes.

use super::super::map::Table;
use super::super::{ConfigError, MAX_NODES, MAX_REPLICAS, MAX_VBUCKETS};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, SeqAccess, Visitor};

#[derive(Deserialize)]
pub(super) struct Config<'a> {
    pub(super) rev: Option<i64>,
    #[serde(rename = "revEpoch")]
    pub(super) rev_epoch: Option<i64>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow, rename = "nodeLocator")]
    pub(super) node_locator: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) nodes: Option<List<BucketNode<'a>>>,
    #[serde(borrow, rename = "nodesExt")]
    pub(super) nodes_ext: Option<List<Node<'a>>>,
    #[serde(borrow, rename = "vBucketServerMap")]
    pub(super) server_map: Option<ServerMap<'a>>,
}

/// An element of `nodesExt`.
#[derive(Deserialize)]
pub(super) struct Node<'a> {
    #[serde(default)]
    pub(super) services: Services,
    #[serde(borrow)]
    pub(super) hostname: Option<Text<'a>>,
    #[serde(default, rename = "thisNode")]
    pub(super) this_node: bool,
}

#[derive(Default, Deserialize)]
pub(super) struct Services {
    pub(super) kv: Option<i64>,
    #[serde(rename = "kvSSL")]
    pub(super) kv_tls: Option<i64>,
    pub(super) mgmt: Option<i64>,
    #[serde(rename = "mgmtSSL")]
    pub(super) mgmt_tls: Option<i64>,
    pub(super) capi: Option<i64>,
    #[serde(rename = "capiSSL")]
    pub(super) capi_tls: Option<i64>,
}

/// An element of `nodes`, all that servers before `nodesExt` sent.
#[derive(Deserialize)]
pub(super) struct BucketNode<'a> {
    #[serde(borrow)]
    pub(super) hostname: Option<Text<'a>>,
    #[serde(default)]
    pub(super) ports: BucketPorts,
    #[serde(borrow, rename = "couchApiBase")]
    pub(super) couch_api_base: Option<Text<'a>>,
    #[serde(default, rename = "thisNode")]
    pub(super) this_node: bool,
}

#[derive(Default, Deserialize)]
pub(super) struct BucketPorts {
    pub(super) direct: Option<i64>,
}

/// The forward map, where a rebalance is heading, is not read: the reply that refuses a vbucket brings the map
/// that is right by then.
#[derive(Deserialize)]
pub(super) struct ServerMap<'a> {
    #[serde(borrow, rename = "hashAlgorithm")]
    pub(super) hash_algorithm: Option<Text<'a>>,
    #[serde(rename = "numReplicas")]
    pub(super) num_replicas: Option<i64>,
    #[serde(borrow, rename = "serverList")]
    pub(super) server_list: List<Text<'a>>,
    #[serde(rename = "vBucketMap")]
    pub(super) vbucket_map: Rows,
}

/// A string, borrowed from the document if it has no escapes.
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowing;
        impl<'de> Visitor<'de> for Borrowing {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.into())))
            }
        }
        deserializer.deserialize_str(Borrowing)
    }
}

/// A list of nodes: the first [`MAX_NODES`], and how many there were.
pub(super) struct List<T> {
    pub(super) items: Vec<T>,
    pub(super) len: usize,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bounded<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Bounded<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while items.len() < MAX_NODES {
                    match seq.next_element()? {
                        Some(item) => items.push(item),
                        None => return Ok(List { len: items.len(), items }),
                    }
                }
                Ok(List { len: items.len() + skip(&mut seq)?, items })
            }
        }
        deserializer.deserialize_seq(Bounded(PhantomData))
    }
}

/// `vBucketMap`, flat. Its indexes are below `MAX_NODES`; `serverList`, which may follow later in the document, may
/// still be shorter.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) entries: Vec<u16>,
    pub(super) width: usize,
    pub(super) problem: Option<ConfigError>,
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Outer;
        impl<'de> Visitor<'de> for Outer {
            type Value = Rows;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of lists of server indexes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut rows = Rows::default();
                let mut vbucket = 0;
                while vbucket < MAX_VBUCKETS && rows.problem.is_none() {
                    if seq.next_element_seed(Row { rows: &mut rows, vbucket })?.is_none() {
                        if vbucket == 0 {
                            rows.problem = Some(ConfigError::NoVbuckets);
                        }
                        return Ok(rows);
                    }
                    vbucket += 1;
                }
                let len = vbucket + skip(&mut seq)?;
                if rows.problem.is_none() && len > MAX_VBUCKETS {
                    rows.problem = Some(ConfigError::TooManyVbuckets(len));
                }
                Ok(rows)
            }
        }
        deserializer.deserialize_seq(Outer)
    }
}

/// Reads one row of `vBucketMap` to the end of `rows`.
struct Row<'r> {
    rows: &'r mut Rows,
    vbucket: usize,
}

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of server indexes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Self { rows, vbucket } = self;
        let mut len = 0;
        while len <= MAX_REPLICAS {
            let Some(index) = seq.next_element::<i64>()? else { break };
            len += 1;
            match index {
                -1 => rows.entries.push(Table::NOWHERE),
                0.. if index < MAX_NODES as i64 => rows.entries.push(index as u16),
                _ => rows.problem = Some(ConfigError::Index { vbucket, index }),
            }
        }
        len += skip(&mut seq)?;
        if vbucket == 0 {
            rows.width = len;
        }
        if len > MAX_REPLICAS + 1 {
            rows.problem = Some(ConfigError::Replicas(i64::try_from(len - 1).unwrap_or(i64::MAX)));
        } else if len != rows.width || len == 0 {
            rows.problem = Some(ConfigError::Ragged { vbucket, len, expected: rows.width.max(1) });
        }
        Ok(())
    }
}

/// Reads the rest of a list without keeping it; how many elements that were.
fn skip<'de, A: SeqAccess<'de>>(seq: &mut A) -> Result<usize, A::Error> {
    let mut len = 0;
    while seq.next_element::<IgnoredAny>()?.is_some() {
        len += 1;
    }
    Ok(len)
}
