//! What `HELLO` negotiates.

use super::code::codes;

codes! {
    /// A feature that a client asks for and a server grants.
    Feature(u16) {
        /// Never implemented.
        TLS = 0x02,
        /// Sockets without delay.
        TCP_NODELAY = 0x03,
        /// Replies to writes carry a mutation token.
        MUTATION_SEQNO = 0x04,
        /// Not supported any more.
        TCP_DELAY = 0x05,
        /// Extended attributes.
        XATTR = 0x06,
        /// Extended statuses.
        XERROR = 0x07,
        /// One connection may change its bucket.
        SELECT_BUCKET = 0x08,
        /// Compressed values.
        SNAPPY = 0x0a,
        /// The JSON bit of the datatype.
        JSON = 0x0b,
        /// The server may send requests.
        DUPLEX = 0x0c,
        /// Configurations are pushed.
        CLUSTERMAP_CHANGE_NOTIFICATION = 0x0d,
        /// Replies may change their order.
        UNORDERED_EXECUTION = 0x0e,
        /// Replies carry the server's duration.
        TRACING = 0x0f,
        /// Requests with framing extras.
        ALT_REQUEST_SUPPORT = 0x10,
        /// Durable writes.
        SYNC_REPLICATION = 0x11,
        /// Keys carry a collection.
        COLLECTIONS = 0x12,
        /// Any reply may be compressed.
        SNAPPY_EVERYWHERE = 0x13,
        /// Writes may keep the expiry.
        PRESERVE_TTL = 0x14,
        /// Virtual attributes.
        VATTR = 0x15,
        /// Sub-document.
        SUBDOC_CREATE_AS_DELETED = 0x17,
        /// Sub-document.
        SUBDOC_DOCUMENT_MACRO_SUPPORT = 0x18,
        /// Sub-document.
        SUBDOC_REPLACE_BODY_WITH_XATTR = 0x19,
        /// Replies carry read and write units.
        REPORT_UNIT_USAGE = 0x1a,
        /// Throttling is answered, not waited for.
        NON_BLOCKING_THROTTLING_MODE = 0x1b,
        /// Sub-document.
        SUBDOC_REPLICA_READ = 0x1c,
        /// A client may say which configuration it has.
        GET_CLUSTER_CONFIG_WITH_KNOWN_VERSION = 0x1d,
        /// A configuration is sent once a connection.
        DEDUPE_NOT_MY_VBUCKET_CLUSTERMAP = 0x1e,
        /// Revisions are pushed.
        CLUSTERMAP_CHANGE_NOTIFICATION_BRIEF = 0x1f,
        /// Sub-document.
        SUBDOC_ALLOWS_ACCESS_ON_MULTIPLE_XATTR_KEYS = 0x20,
        /// Sub-document.
        SUBDOC_BINARY_XATTR = 0x21,
        /// Range scans.
        RANGE_SCAN_INCLUDE_XATTR = 0x22,
        /// Sub-document.
        SUBDOC_ALLOW_REPLICA_READ_ON_DELETED_DOCS = 0x23,
        /// Random keys.
        GET_RANDOM_KEY_INCLUDE_XATTR = 0x24,
        /// Replication.
        MUTATE_WITH_META = 0x25,
        /// Change streams.
        DCP_SKIP_DELETES_IN_INITIAL_BACKFILL = 0x26,
    }
}
