//! Every status that a server answers, by name.

use super::code::codes;

codes! {
    /// How a request ended, in the server's terms.
    Status(u16) {
        /// Done.
        SUCCESS = 0x00,
        /// Not found.
        KEY_ENOENT = 0x01,
        /// Exists, or another CAS.
        KEY_EEXISTS = 0x02,
        /// Value too large.
        E2BIG = 0x03,
        /// Malformed request.
        EINVAL = 0x04,
        /// Append or prepend to a missing document.
        NOT_STORED = 0x05,
        /// Counter operation on something else.
        DELTA_BADVAL = 0x06,
        /// Another node has this vbucket; the body is the configuration.
        NOT_MY_VBUCKET = 0x07,
        /// No bucket selected.
        NO_BUCKET = 0x08,
        /// The document is locked.
        LOCKED = 0x09,
        /// Change streams.
        DCP_STREAM_NOT_FOUND = 0x0a,
        /// Change streams.
        OPAQUE_NO_MATCH = 0x0b,
        /// Throttled.
        EWOULDTHROTTLE = 0x0c,
        /// The bucket has configuration only.
        ECONFIG_ONLY = 0x0d,
        /// Unlock of a document that is not locked.
        NOT_LOCKED = 0x0e,
        /// The CAS is no CAS.
        CAS_VALUE_INVALID = 0x0f,
        /// The authentication has expired.
        AUTH_STALE = 0x1f,
        /// Authentication refused.
        AUTH_ERROR = 0x20,
        /// The SASL exchange goes on.
        AUTH_CONTINUE = 0x21,
        /// Argument out of range.
        ERANGE = 0x22,
        /// Change streams.
        ROLLBACK = 0x23,
        /// No right to do this, or not authenticated.
        EACCESS = 0x24,
        /// The node is starting.
        NOT_INITIALIZED = 0x25,
        /// Encryption at rest.
        ENCRYPTION_KEY_NOT_AVAILABLE = 0x26,
        /// Damaged data.
        CHECKSUM_MISMATCH = 0x27,
        /// Expiry out of range.
        EXPIRY_OVERFLOW = 0x28,
        /// Lock time out of range.
        LOCK_EXPIRY_OVERFLOW = 0x29,
        /// Rate limited.
        RATE_LIMITED_NETWORK_INGRESS = 0x30,
        /// Rate limited.
        RATE_LIMITED_NETWORK_EGRESS = 0x31,
        /// Too many connections.
        RATE_LIMITED_MAX_CONNECTIONS = 0x32,
        /// Rate limited.
        RATE_LIMITED_MAX_COMMANDS = 0x33,
        /// Quota.
        SCOPE_SIZE_LIMIT_EXCEEDED = 0x34,
        /// Quota.
        BUCKET_SIZE_LIMIT_EXCEEDED = 0x35,
        /// Quota.
        BUCKET_RESIDENT_RATIO_TOO_LOW = 0x36,
        /// Quota.
        BUCKET_DATA_SIZE_TOO_BIG = 0x37,
        /// Quota.
        BUCKET_DISK_SPACE_TOO_LOW = 0x38,
        /// The bucket hibernates.
        BUCKET_PAUSED = 0x50,
        /// The server gave the operation up.
        CANCELLED = 0x51,
        /// Framing extras that the server does not know.
        UNKNOWN_FRAME_INFO = 0x80,
        /// An opcode that the server does not know.
        UNKNOWN_COMMAND = 0x81,
        /// Out of memory.
        ENOMEM = 0x82,
        /// Known, but not offered here.
        NOT_SUPPORTED = 0x83,
        /// A fault of the server.
        EINTERNAL = 0x84,
        /// Too busy.
        EBUSY = 0x85,
        /// Not at the moment.
        ETMPFAIL = 0x86,
        /// Malformed extended attributes.
        XATTR_EINVAL = 0x87,
        /// No such collection.
        UNKNOWN_COLLECTION = 0x88,
        /// Collections.
        CANNOT_APPLY_COLLECTIONS_MANIFEST = 0x8a,
        /// No such scope.
        UNKNOWN_SCOPE = 0x8c,
        /// Change streams.
        DCP_STREAM_ID_INVALID = 0x8d,
        /// No such durability level.
        DURABILITY_INVALID_LEVEL = 0xa0,
        /// Too few nodes for it.
        DURABILITY_IMPOSSIBLE = 0xa1,
        /// Another durable write is pending.
        SYNC_WRITE_IN_PROGRESS = 0xa2,
        /// The durable write's outcome is unknown.
        SYNC_WRITE_AMBIGUOUS = 0xa3,
        /// A durable write is being committed again.
        SYNC_WRITE_RE_COMMIT_IN_PROGRESS = 0xa4,
        /// The scan was cancelled.
        RANGE_SCAN_CANCELLED = 0xa5,
        /// The scan has more.
        RANGE_SCAN_MORE = 0xa6,
        /// The scan is complete.
        RANGE_SCAN_COMPLETE = 0xa7,
        /// The vbucket has another history.
        VB_UUID_NOT_EQUAL = 0xa8,
        /// No such path.
        SUBDOC_PATH_ENOENT = 0xc0,
        /// The path meets another kind of value.
        SUBDOC_PATH_MISMATCH = 0xc1,
        /// No path at all.
        SUBDOC_PATH_EINVAL = 0xc2,
        /// The path is too long.
        SUBDOC_PATH_E2BIG = 0xc3,
        /// Nested too deep.
        SUBDOC_DOC_E2DEEP = 0xc4,
        /// The value does not fit there.
        SUBDOC_VALUE_CANTINSERT = 0xc5,
        /// The document is not JSON.
        SUBDOC_DOC_NOTJSON = 0xc6,
        /// The number is out of range.
        SUBDOC_NUM_ERANGE = 0xc7,
        /// The delta is zero or no number.
        SUBDOC_DELTA_EINVAL = 0xc8,
        /// The path exists.
        SUBDOC_PATH_EEXISTS = 0xc9,
        /// The value nests too deep.
        SUBDOC_VALUE_ETOODEEP = 0xca,
        /// The commands do not go together.
        SUBDOC_INVALID_COMBO = 0xcb,
        /// Some paths failed.
        SUBDOC_MULTI_PATH_FAILURE = 0xcc,
        /// Done, on a deleted document.
        SUBDOC_SUCCESS_DELETED = 0xcd,
        /// Attribute flags that do not go together.
        SUBDOC_XATTR_INVALID_FLAG_COMBO = 0xce,
        /// More than one attribute.
        SUBDOC_XATTR_INVALID_KEY_COMBO = 0xcf,
        /// No such macro.
        SUBDOC_XATTR_UNKNOWN_MACRO = 0xd0,
        /// No such virtual attribute.
        SUBDOC_XATTR_UNKNOWN_VATTR = 0xd1,
        /// Virtual attributes are read-only.
        SUBDOC_XATTR_CANT_MODIFY_VATTR = 0xd2,
        /// Some paths failed, on a deleted document.
        SUBDOC_MULTI_PATH_FAILURE_DELETED = 0xd3,
        /// Attributes come first.
        SUBDOC_INVALID_XATTR_ORDER = 0xd4,
        /// No such macro.
        SUBDOC_XATTR_UNKNOWN_VATTR_MACRO = 0xd5,
        /// The document is not deleted.
        SUBDOC_CAN_ONLY_REVIVE_DELETED_DOCUMENTS = 0xd6,
        /// Deleted documents have no body.
        SUBDOC_DELETED_DOCUMENT_CANT_HAVE_VALUE = 0xd7,
        /// The attribute is not binary.
        SUBDOC_FIELD_NOT_BINARY_VALUE = 0xd8,
    }
}
