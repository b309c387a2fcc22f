//! A user's name and password. The password can be used, not shown: no formatting of it exists.
//!
//! Both are cheap to clone, since every link of a connection holds them.

use alloc::sync::Arc;
use core::fmt;

/// A password, or another word that must not be seen.
///
/// It has no `Display`, and its `Debug` prints none of it, not even how long it is.
///
/// ```
/// use couchbase_core::session::Secret;
///
/// assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(..)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Hides `word`.
    pub fn new(word: impl Into<Arc<str>>) -> Self {
        Self(word.into())
    }

    /// The word itself, for the one place that proves it to a server.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Who logs in: a user name with its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    user: Arc<str>,
    password: Secret,
}

impl Credentials {
    /// A user with a password.
    pub fn new(user: impl Into<Arc<str>>, password: Secret) -> Self {
        Self { user: user.into(), password }
    }

    /// The user's name.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The user's password.
    pub fn password(&self) -> &Secret {
        &self.password
    }
}
