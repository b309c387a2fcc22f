//! A configuration that has been checked as a whole: what the machine and the driver work with.

use super::connection_string::{self, Login};
use super::{Config, check_timeout};
use crate::error::{Error, ErrorKind, Result};
use crate::session::{Credentials, Mechanism};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// One way into the cluster.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seed {
    /// Name or address, IPv6 without brackets.
    pub host: String,
    /// Port of its key-value service.
    pub port: u16,
}

/// How much may be under way at a time.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most operations in flight.
    pub max_in_flight: usize,
    /// Most bytes of keys and values in flight.
    pub max_in_flight_bytes: usize,
    /// Most operations waiting in line for a place.
    pub max_queued: usize,
}

impl Limits {
    /// What `max_in_flight` may at most be: the table of operations has room for those in flight, those in line, and
    /// those whose late answers are still to come.
    pub const MOST_IN_FLIGHT: usize = 32_768;
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_in_flight: 4_096, max_in_flight_bytes: 64 << 20, max_queued: 65_536 }
    }
}

/// The settings of a connection, defaults filled in.
#[doc(hidden)]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// At least one, without duplicates, in the order of the connection string.
    pub seeds: Vec<Seed>,
    /// Name of the bucket.
    pub bucket: String,
    /// Who logs in, if anybody.
    pub credentials: Option<Credentials>,
    /// The only mechanisms allowed for that; at least one. `None`: those that do not send the password.
    pub mechanisms: Option<Vec<Mechanism>>,
    /// How long an operation may take.
    pub timeout: Duration,
    /// How long the first connection may take.
    pub connect_timeout: Duration,
    /// How long a view query may take.
    pub views_timeout: Duration,
    /// Whether a missing document is a result without value.
    pub quiet: bool,
    /// How much may be under way.
    pub limits: Limits,
}

impl Checked {
    const TIMEOUT: Duration = Duration::from_millis(2_500);
    const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
    pub(super) const VIEWS_TIMEOUT: Duration = Duration::from_secs(75);
}

impl Config {
    /// Reads the connection string, adds what was set in code, and checks all of it.
    ///
    /// # Errors
    /// Of kind `Argument`, with words that say what is wrong and what would be right, and never a password.
    #[doc(hidden)]
    pub fn check(&self) -> Result<Checked> {
        let parsed = connection_string::parse(&self.connection_string)
            .map_err(|words| argument(format!("connection string: {words}")))?;
        let bucket =
            self.bucket.clone().or(parsed.bucket).ok_or_else(|| {
                argument("the bucket is missing; it is named as in couchbase://host/bucket")
            })?;
        check_bucket(&bucket).map_err(argument)?;
        let credentials = match (&self.credentials, parsed.login) {
            (Some(credentials), _) => Some(credentials.clone()),
            (None, Some(Login { user, password: Some(password) })) => Some(Credentials::new(user, password)),
            (None, Some(Login { password: None, .. })) => {
                return Err(argument(
                    "a user without a password: write it between a : and the @, or set both with \
                     Config::credentials",
                ));
            }
            (None, None) => None,
        };
        if let Some(credentials) = &credentials {
            check_credentials(credentials).map_err(argument)?;
        }
        let limits = self.limits;
        if limits.max_in_flight == 0 || limits.max_in_flight > Limits::MOST_IN_FLIGHT {
            return Err(argument(format!("max_in_flight must be 1 to {}", Limits::MOST_IN_FLIGHT)));
        }
        if limits.max_in_flight_bytes == 0 {
            return Err(argument("max_in_flight_bytes must be at least 1"));
        }
        let timeout = self.timeout.or(parsed.options.timeout).unwrap_or(Checked::TIMEOUT);
        let connect_timeout =
            self.connect_timeout.or(parsed.options.connect_timeout).unwrap_or(Checked::CONNECT_TIMEOUT);
        Ok(Checked {
            seeds: parsed.seeds,
            bucket,
            credentials,
            mechanisms: parsed.options.mechanisms,
            timeout: check_timeout("timeout", timeout)?,
            connect_timeout: check_timeout("connect_timeout", connect_timeout)?,
            views_timeout: check_timeout("views_timeout", self.views_timeout)?,
            quiet: self.quiet,
            limits,
        })
    }
}

/// The servers' own rule for names of buckets. The name is not quoted: in a malformed string it may be part of a
/// password.
fn check_bucket(name: &str) -> Result<(), String> {
    const LONGEST: usize = 100;
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '%');
    if name.is_empty() {
        Err("the name of the bucket is empty".into())
    } else if name.len() > LONGEST {
        Err(format!("the name of the bucket has {} bytes, more than {LONGEST}", name.len()))
    } else if name.contains('/') {
        Err("only the name of the bucket may follow the hosts: it contains a /".into())
    } else if !name.chars().all(allowed) {
        Err("the name of the bucket has a character other than letters, digits, _ . - and %".into())
    } else {
        Ok(())
    }
}

fn check_credentials(credentials: &Credentials) -> Result<(), String> {
    if credentials.user().is_empty() {
        return Err("the user's name is empty".into());
    }
    // It separates the two on the wire.
    if credentials.user().contains('\0') || credentials.password().reveal().contains('\0') {
        return Err("user and password cannot contain a zero byte".into());
    }
    Ok(())
}

fn argument(words: impl Into<String>) -> Error {
    Error::new(ErrorKind::Argument, words.into())
}
