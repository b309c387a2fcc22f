//! What a connection is told before it begins.
//!
//! Building a [`Config`] never fails: mistakes in the string and in the settings are found in one place, by
//! [`Config::check`], when a connection is opened. It tells the first, those of the string before all others. What is
//! set in code wins over the connection string. A `Config` holds a password and shows it nowhere.

mod checked;
mod connection_string;
mod duration;
mod nearest;
mod options;
#[cfg(test)]
mod tests;

pub use checked::{Checked, Limits, Seed};
pub(crate) use duration::check_timeout;

use crate::session::{Credentials, Secret};
use alloc::string::String;
use core::fmt;
use core::time::Duration;

/// Where to connect, as whom, and the defaults of all operations.
///
/// Most functions that take one also take a plain connection string:
///
/// ```text
/// couchbase://[user:password@]host[:port][,host[:port]…]/bucket[?option=value[&option=value…]]
/// ```
///
/// - Several hosts, separated by `,` or `;`, are several ways into one cluster; one that answers is enough. IPv6 in
///   brackets; without a port it is 11210, without a host 127.0.0.1.
/// - `%` and two hexadecimal digits stand for a byte in user, password, bucket and values. In user and password
///   `/`, `?` and `%` must be written so (`%2F`, `%3F`, `%25`), and `:` in the user (`%3A`).
/// - `couchbase://` may be left out. `couchbases://` (TLS) is refused: it is not supported yet.
/// - Options, each at most once: `timeout` and `connect_timeout` (`2.5s`, `800ms`, or plain seconds: `2.5`), and
///   `sasl_mech_force`, the only mechanisms to log in with (`SCRAM-SHA512`, `SCRAM-SHA256`, `SCRAM-SHA1`, or
///   `PLAIN`, which sends the password in the clear and is never used unless forced).
///
/// Nothing is checked before a connection is opened; that then fails with an error of kind
/// [`Argument`](crate::ErrorKind::Argument) that says what is wrong and never shows a password.
///
/// ```
/// use couchbase_core::Config;
/// use std::time::Duration;
///
/// let config = Config::new("couchbase://db1,db2/shop?timeout=2.5s")
///     .credentials("app", "secret")
///     .timeout(Duration::from_millis(800));
/// assert!(!format!("{config:?}").contains("secret"));
/// ```
#[derive(Clone)]
#[must_use]
pub struct Config {
    connection_string: String,
    credentials: Option<Credentials>,
    bucket: Option<String>,
    timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
    views_timeout: Duration,
    quiet: bool,
    limits: Limits,
}

impl Config {
    /// Connects to where the connection string says; see the type for its form.
    pub fn new(connection_string: impl Into<String>) -> Self {
        Self {
            connection_string: connection_string.into(),
            credentials: None,
            bucket: None,
            timeout: None,
            connect_timeout: None,
            views_timeout: Checked::VIEWS_TIMEOUT,
            quiet: false,
            limits: Limits::default(),
        }
    }

    /// Logs in as this user. Wins over a user in the connection string.
    pub fn credentials(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some(Credentials::new(user.into(), Secret::new(password.into())));
        self
    }

    /// Opens this bucket. Wins over a bucket in the connection string; not percent-decoded.
    pub fn bucket(mut self, name: impl Into<String>) -> Self {
        self.bucket = Some(name.into());
        self
    }

    /// How long an operation may take from sending, waits and retries included; 2.5 s unless set. More than zero,
    /// at most a day. What is sent before the first connection has this time from then on.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How long the first connection may take; 10 s unless set. More than zero, at most a day. Links to the map's nodes
    /// have 10 s each, whatever this is.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// How long a view query, or an operation on a design document, may take to its last row, from the moment when it
    /// has a connection; 75 s unless set. More than zero, at most a day.
    pub fn views_timeout(mut self, timeout: Duration) -> Self {
        self.views_timeout = timeout;
        self
    }

    /// Whether a missing document is a result without `success` instead of an error, where an operation is about an
    /// existing one (get, delete, touch); `false` unless set.
    pub fn quiet(mut self, quiet: bool) -> Self {
        self.quiet = quiet;
        self
    }

    /// Most operations in flight at a time; 4,096 unless set, 1 to 32,768.
    pub fn max_in_flight(mut self, operations: usize) -> Self {
        self.limits.max_in_flight = operations;
        self
    }

    /// Most bytes of keys and values in flight at a time; 64 MiB unless set, at least 1. One operation is let
    /// through alone however large it is.
    pub fn max_in_flight_bytes(mut self, bytes: usize) -> Self {
        self.limits.max_in_flight_bytes = bytes;
        self
    }

    /// Most operations that wait in line for a place in flight; 65,536 unless set. Zero: none waits, all are
    /// refused at the limit.
    pub fn max_queued(mut self, operations: usize) -> Self {
        self.limits.max_queued = operations;
        self
    }
}

impl<S: Into<String>> From<S> for Config {
    fn from(connection_string: S) -> Self {
        Self::new(connection_string)
    }
}

/// Hosts, bucket and user of the connection string, and what was set; no password, and of a string that cannot be
/// read nothing at all, since nobody knows where in it a password stands.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Config");
        match connection_string::parse(&self.connection_string) {
            Ok(parsed) => shown.field("connection_string", &parsed),
            Err(_) => shown.field("connection_string", &format_args!("(malformed)")),
        };
        shown
            .field("credentials", &self.credentials)
            .field("bucket", &self.bucket)
            .field("timeout", &self.timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("views_timeout", &self.views_timeout)
            .field("quiet", &self.quiet)
            .field("limits", &self.limits)
            .finish()
    }
}
