//! What can be waited for on a connection.

use crate::{Error, ErrorKind};
use std::format;
use std::str::FromStr;

/// What [`register_event`](crate::Connection::register_event) waits for. Parses from the original client's names.
///
/// ```
/// use couchbase_core::Event;
///
/// assert_eq!("connect".parse::<Event>()?, Event::Connect);
/// assert_eq!("_dtor".parse::<Event>()?, Event::Dtor);
/// # Ok::<(), couchbase_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// The first connection has been made, or has failed.
    Connect,
    /// The last handle is gone, everything under way has ended, the sockets are closed. Waiting for it keeps nothing
    /// alive. A callback is called by the driver, or by whoever drops the last handle if the driver went before.
    Dtor,
}

impl FromStr for Event {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "connect" => Ok(Self::Connect),
            "_dtor" => Ok(Self::Dtor),
            _ => Err(Error::new(
                ErrorKind::Argument,
                format!("no event is called {name:?}; there are \"connect\" and \"_dtor\""),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_are_argument_errors() {
        assert_eq!("Connect".parse::<Event>().map_err(|e| e.kind()), Err(ErrorKind::Argument));
    }
}
