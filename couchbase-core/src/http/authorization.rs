//! The value of an `Authorization` header. It never shows itself: not in `Debug`, errors or logs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::{fmt, format, string::String, sync::Arc};

/// Credentials in the form in which a request carries them. Cheap to clone; `Debug` hides them.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization(Arc<str>);

impl Authorization {
    /// HTTP basic authentication (RFC 7617).
    pub fn basic(user: &str, password: &str) -> Self {
        let pair = STANDARD.encode(format!("{user}:{password}"));
        Self(Arc::from(format!("Basic {pair}")))
    }

    pub(super) fn header_line(&self) -> String {
        format!("authorization: {}\r\n", self.0)
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization(hidden)")
    }
}
