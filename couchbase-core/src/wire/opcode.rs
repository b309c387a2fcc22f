//! Every operation code that a client can meet, by name.

use super::code::codes;

codes! {
    /// An operation code. In frames that the server begins (`Magic::ServerRequest`) the numbers are another space:
    /// see [`Opcode::CLUSTERMAP_CHANGE_NOTIFICATION`].
    Opcode(u8) {
        /// Get a document.
        GET = 0x00,
        /// Store a document.
        SET = 0x01,
        /// Store a document that must not exist.
        ADD = 0x02,
        /// Store a document that must exist.
        REPLACE = 0x03,
        /// Delete a document.
        DELETE = 0x04,
        /// Add to a counter.
        INCREMENT = 0x05,
        /// Subtract from a counter.
        DECREMENT = 0x06,
        /// Close the connection.
        QUIT = 0x07,
        /// Remove all documents (memcached).
        FLUSH = 0x08,
        /// `GET`, silent on a miss.
        GETQ = 0x09,
        /// Nothing; a fence for quiet operations.
        NOOP = 0x0a,
        /// The server's version.
        VERSION = 0x0b,
        /// `GET` that echoes the key.
        GETK = 0x0c,
        /// `GETK`, silent on a miss.
        GETKQ = 0x0d,
        /// Add bytes to the end.
        APPEND = 0x0e,
        /// Add bytes to the front.
        PREPEND = 0x0f,
        /// Statistics, several replies.
        STAT = 0x10,
        /// `SET`, silent on success.
        SETQ = 0x11,
        /// `ADD`, silent on success.
        ADDQ = 0x12,
        /// `REPLACE`, silent on success.
        REPLACEQ = 0x13,
        /// `DELETE`, silent on success.
        DELETEQ = 0x14,
        /// `INCREMENT`, silent on success.
        INCREMENTQ = 0x15,
        /// `DECREMENT`, silent on success.
        DECREMENTQ = 0x16,
        /// `QUIT` without a reply.
        QUITQ = 0x17,
        /// `FLUSH`, silent on success.
        FLUSHQ = 0x18,
        /// `APPEND`, silent on success.
        APPENDQ = 0x19,
        /// `PREPEND`, silent on success.
        PREPENDQ = 0x1a,
        /// The server's log level.
        VERBOSITY = 0x1b,
        /// Set a document's expiry.
        TOUCH = 0x1c,
        /// Get a document and set its expiry.
        GAT = 0x1d,
        /// `GAT`, silent on a miss.
        GATQ = 0x1e,
        /// Negotiate features.
        HELLO = 0x1f,
        /// Which SASL mechanisms there are.
        SASL_LIST_MECHS = 0x20,
        /// Begin a SASL exchange.
        SASL_AUTH = 0x21,
        /// Continue a SASL exchange.
        SASL_STEP = 0x22,
        /// Server internals.
        IOCTL_GET = 0x23,
        /// Server internals.
        IOCTL_SET = 0x24,
        /// Server internals.
        CONFIG_VALIDATE = 0x25,
        /// Server internals.
        CONFIG_RELOAD = 0x26,
        /// Server internals.
        AUDIT_PUT = 0x27,
        /// Server internals.
        AUDIT_CONFIG_RELOAD = 0x28,
        /// Server internals.
        SHUTDOWN = 0x29,
        /// Server internals.
        SET_BUCKET_THROTTLE_PROPERTIES = 0x2a,
        /// Server internals.
        SET_BUCKET_DATA_LIMIT_EXCEEDED = 0x2b,
        /// Server internals.
        SET_NODE_THROTTLE_PROPERTIES = 0x2c,
        /// Server internals.
        SET_ACTIVE_ENCRYPTION_KEYS = 0x2d,
        /// Server internals.
        PRUNE_ENCRYPTION_KEYS = 0x2e,
        /// Set a vbucket's state.
        SET_VBUCKET = 0x3d,
        /// A vbucket's state.
        GET_VBUCKET = 0x3e,
        /// Delete a vbucket.
        DEL_VBUCKET = 0x3f,
        /// Sequence numbers of all vbuckets.
        GET_ALL_VB_SEQNOS = 0x48,
        /// Get a document with its extended attributes.
        GET_EX = 0x49,
        /// `GET_EX` from a replica.
        GET_EX_REPLICA = 0x4a,
        /// Server internals.
        GET_META_CATCHUP = 0x4b,
        /// Change streams.
        DCP_OPEN = 0x50,
        /// Change streams.
        DCP_ADD_STREAM = 0x51,
        /// Change streams.
        DCP_CLOSE_STREAM = 0x52,
        /// Change streams.
        DCP_STREAM_REQ = 0x53,
        /// Change streams.
        DCP_GET_FAILOVER_LOG = 0x54,
        /// Change streams.
        DCP_STREAM_END = 0x55,
        /// Change streams.
        DCP_SNAPSHOT_MARKER = 0x56,
        /// Change streams.
        DCP_MUTATION = 0x57,
        /// Change streams.
        DCP_DELETION = 0x58,
        /// Change streams.
        DCP_EXPIRATION = 0x59,
        /// Change streams.
        DCP_FLUSH = 0x5a,
        /// Change streams.
        DCP_SET_VBUCKET_STATE = 0x5b,
        /// Change streams.
        DCP_NOOP = 0x5c,
        /// Change streams.
        DCP_BUFFER_ACKNOWLEDGEMENT = 0x5d,
        /// Change streams.
        DCP_CONTROL = 0x5e,
        /// Change streams.
        DCP_SYSTEM_EVENT = 0x5f,
        /// Change streams.
        DCP_PREPARE = 0x60,
        /// Change streams.
        DCP_SEQNO_ACKNOWLEDGED = 0x61,
        /// Change streams.
        DCP_COMMIT = 0x62,
        /// Change streams.
        DCP_ABORT = 0x63,
        /// Change streams.
        DCP_SEQNO_ADVANCED = 0x64,
        /// Change streams.
        DCP_OSO_SNAPSHOT = 0x65,
        /// Change streams.
        DCP_CACHED_VALUE = 0x66,
        /// Change streams.
        DCP_CACHED_KEY_META = 0x67,
        /// Stop writing to disk.
        STOP_PERSISTENCE = 0x80,
        /// Start writing to disk.
        START_PERSISTENCE = 0x81,
        /// Engine parameters.
        SET_PARAM = 0x82,
        /// Get a document from a replica.
        GET_REPLICA = 0x83,
        /// Create a bucket.
        CREATE_BUCKET = 0x85,
        /// Delete a bucket.
        DELETE_BUCKET = 0x86,
        /// Buckets that the user may use.
        LIST_BUCKETS = 0x87,
        /// Choose the bucket of this connection.
        SELECT_BUCKET = 0x89,
        /// Pause a bucket.
        PAUSE_BUCKET = 0x8a,
        /// Resume a bucket.
        RESUME_BUCKET = 0x8b,
        /// Persistence and replication by sequence number.
        OBSERVE_SEQNO = 0x91,
        /// Persistence and replication by key.
        OBSERVE = 0x92,
        /// Drop a document from memory.
        EVICT_KEY = 0x93,
        /// Get a document and lock it.
        GET_LOCKED = 0x94,
        /// Unlock a document.
        UNLOCK_KEY = 0x95,
        /// A vbucket's history.
        GET_FAILOVER_LOG = 0x96,
        /// Server internals.
        LAST_CLOSED_CHECKPOINT = 0x97,
        /// A document's metadata.
        GET_META = 0xa0,
        /// `GET_META`, silent on a miss.
        GETQ_META = 0xa1,
        /// Replicate a document.
        SET_WITH_META = 0xa2,
        /// `SET_WITH_META`, silent on success.
        SETQ_WITH_META = 0xa3,
        /// Replicate a new document.
        ADD_WITH_META = 0xa4,
        /// `ADD_WITH_META`, silent on success.
        ADDQ_WITH_META = 0xa5,
        /// Server internals.
        SNAPSHOT_VB_STATES = 0xa6,
        /// Server internals.
        VBUCKET_BATCH_COUNT = 0xa7,
        /// Replicate a deletion.
        DEL_WITH_META = 0xa8,
        /// `DEL_WITH_META`, silent on success.
        DELQ_WITH_META = 0xa9,
        /// Server internals.
        CREATE_CHECKPOINT = 0xaa,
        /// Server internals.
        NOTIFY_VBUCKET_UPDATE = 0xac,
        /// Serve data.
        ENABLE_TRAFFIC = 0xad,
        /// Refuse writes.
        DISABLE_TRAFFIC = 0xae,
        /// Server internals.
        IFCONFIG = 0xaf,
        /// Server internals.
        CHANGE_VB_FILTER = 0xb0,
        /// Server internals.
        CHECKPOINT_PERSISTENCE = 0xb1,
        /// Write and return metadata.
        RETURN_META = 0xb2,
        /// Server internals.
        COMPACT_DB = 0xb3,
        /// Hand a node its configuration.
        SET_CLUSTER_CONFIG = 0xb4,
        /// The cluster's configuration.
        GET_CLUSTER_CONFIG = 0xb5,
        /// Any document.
        GET_RANDOM_KEY = 0xb6,
        /// Wait for persistence.
        SEQNO_PERSISTENCE = 0xb7,
        /// Keys in order.
        GET_KEYS = 0xb8,
        /// Set the collections.
        COLLECTIONS_SET_MANIFEST = 0xb9,
        /// The collections.
        COLLECTIONS_GET_MANIFEST = 0xba,
        /// A collection's id.
        COLLECTIONS_GET_ID = 0xbb,
        /// A scope's id.
        COLLECTIONS_GET_SCOPE_ID = 0xbc,
        /// Sub-document: get a path.
        SUBDOC_GET = 0xc5,
        /// Sub-document: is there a path.
        SUBDOC_EXISTS = 0xc6,
        /// Sub-document: add a member.
        SUBDOC_DICT_ADD = 0xc7,
        /// Sub-document: set a member.
        SUBDOC_DICT_UPSERT = 0xc8,
        /// Sub-document: delete a path.
        SUBDOC_DELETE = 0xc9,
        /// Sub-document: replace a path.
        SUBDOC_REPLACE = 0xca,
        /// Sub-document: append to an array.
        SUBDOC_ARRAY_PUSH_LAST = 0xcb,
        /// Sub-document: prepend to an array.
        SUBDOC_ARRAY_PUSH_FIRST = 0xcc,
        /// Sub-document: insert into an array.
        SUBDOC_ARRAY_INSERT = 0xcd,
        /// Sub-document: add to a set.
        SUBDOC_ARRAY_ADD_UNIQUE = 0xce,
        /// Sub-document: add to a number.
        SUBDOC_COUNTER = 0xcf,
        /// Sub-document: several lookups.
        SUBDOC_MULTI_LOOKUP = 0xd0,
        /// Sub-document: several changes.
        SUBDOC_MULTI_MUTATION = 0xd1,
        /// Sub-document: number of elements.
        SUBDOC_GET_COUNT = 0xd2,
        /// Sub-document: an attribute becomes the body.
        SUBDOC_REPLACE_BODY_WITH_XATTR = 0xd3,
        /// Open a scan.
        RANGE_SCAN_CREATE = 0xda,
        /// Read on in a scan.
        RANGE_SCAN_CONTINUE = 0xdb,
        /// End a scan.
        RANGE_SCAN_CANCEL = 0xdc,
        /// Server internals.
        PREPARE_SNAPSHOT = 0xe0,
        /// Server internals.
        RELEASE_SNAPSHOT = 0xe1,
        /// Server internals.
        DOWNLOAD_SNAPSHOT = 0xe2,
        /// Server internals.
        GET_FILE_FRAGMENT = 0xe3,
        /// Server internals.
        SCRUB = 0xf0,
        /// Reload users.
        ISASL_REFRESH = 0xf1,
        /// Reload certificates.
        SSL_CERTS_REFRESH = 0xf2,
        /// Server internals.
        GET_CMD_TIMER = 0xf3,
        /// Server internals.
        SET_CTRL_TOKEN = 0xf4,
        /// Server internals.
        GET_CTRL_TOKEN = 0xf5,
        /// Server internals.
        UPDATE_EXTERNAL_USER_PERMISSIONS = 0xf6,
        /// Reload rights.
        RBAC_REFRESH = 0xf7,
        /// Server internals.
        AUTH_PROVIDER = 0xf8,
        /// Give up a right.
        DROP_PRIVILEGE = 0xfb,
        /// For tests of a server.
        ADJUST_TIME_OF_DAY = 0xfc,
        /// For tests of a server.
        EWB_CTL = 0xfd,
        /// What the server's statuses mean.
        GET_ERROR_MAP = 0xfe,
    }
}

impl Opcode {
    /// Server push: the cluster's configuration changed.
    pub const CLUSTERMAP_CHANGE_NOTIFICATION: Self = Self(0x01);
    /// Server push: authenticate a user of the connected authentication provider.
    pub const AUTHENTICATE: Self = Self(0x02);
    /// Server push: the external users that are active.
    pub const ACTIVE_EXTERNAL_USERS: Self = Self(0x03);
}
