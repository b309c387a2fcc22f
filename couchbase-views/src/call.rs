//! What is asked of a view service: method, path and body, all encoded. Pure.

use bytes::Bytes;
use couchbase_core::http::Method;
use couchbase_core::{Error, ErrorKind, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986 is escaped, in names and values alike.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One call, the same to every node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// JSON.
    pub(crate) body: Option<Bytes>,
}

pub(crate) fn escape(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

/// The path of a design document.
pub(crate) fn design_path(bucket: &str, design: &str) -> Result<String> {
    check_name("design document", design)?;
    Ok(format!("/{}/_design/{}", escape(bucket), escape(design)))
}

/// The path of a view.
pub(crate) fn view_path(bucket: &str, design: &str, view: &str) -> Result<String> {
    check_name("view", view)?;
    Ok(format!("{}/_view/{}", design_path(bucket, design)?, escape(view)))
}

fn check_name(what: &str, name: &str) -> Result<()> {
    // A segment of dots means another path.
    if name.is_empty() || name == "." || name == ".." {
        let words = format!("{name:?} is no name of a {what}; give one that is neither empty nor dots");
        return Err(Error::new(ErrorKind::Argument, words));
    }
    Ok(())
}
