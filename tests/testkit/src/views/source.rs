//! What the views need from the cluster's model: documents, their sequence, buckets and users.
//!
//! The trait is implemented by the model; nothing here knows how documents are stored or which node has them.

use bytes::Bytes;

/// One active document as a map function sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Key of the document, without a collection's prefix.
    pub id: Bytes,
    /// The vbucket that it is in.
    pub vbucket: u16,
    /// The value, not compressed.
    pub value: Bytes,
    /// Flags as stored.
    pub flags: u32,
    /// Unix time in seconds at which it expires, 0 for never.
    pub expiry: u32,
    /// CAS of the last mutation.
    pub cas: u64,
    /// Revision number: how often the document was changed.
    pub rev: u64,
    /// Whether the value is JSON (the datatype's JSON bit).
    pub json: bool,
}

/// What a user may do with the views of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// User and password do not match (401).
    Unauthorized,
    /// The user is known and has no right on this bucket (403).
    Forbidden,
    /// Design documents and rows may be read.
    Read,
    /// Design documents may be written too.
    ReadWrite,
}

/// One node as the others see it when they ask it for its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewNode {
    /// Where its views are, as `http://host:port`.
    pub url: String,
    /// Whether it is part of the cluster.
    pub is_member: bool,
    /// Whether it runs; one that does not refuses connections.
    pub is_running: bool,
}

/// Which node has which rows, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// All nodes that there ever were.
    pub nodes: Vec<ViewNode>,
    /// The node that was asked, by its index.
    pub asked: usize,
    /// The node that serves each vbucket.
    pub owners: Vec<Option<usize>>,
}

/// The cluster as the views see it. Each call may take the model's lock for itself: the service never calls one
/// from within another.
pub trait DocumentSource {
    /// Shows every active document of all nodes once, in any order.
    fn for_each(&self, bucket: &str, visit: &mut dyn FnMut(&Document));

    /// A number that changes with every mutation of the bucket (expiry and deletion included).
    fn sequence(&self, bucket: &str) -> u64;

    /// Which node has which rows, as the node that was asked knows.
    fn placement(&self) -> Placement;

    /// Checks a user's password and tells what the user may do with `bucket`; both are empty in a request that names
    /// nobody. For a bucket that does not exist the answer says whether the user could learn that.
    fn authenticate(&self, user: &str, password: &str, bucket: &str) -> Access;

    /// The bucket's UUID (lower case hexadecimal), `None` without such a bucket.
    fn bucket_uuid(&self, bucket: &str) -> Option<String>;
}
