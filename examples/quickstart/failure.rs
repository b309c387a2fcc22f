//! Why the program ends early: wrong arguments, or something that went wrong at run time.

use couchbase_core::{Error, ErrorKind};
use std::process::ExitCode;
use std::{fmt, io};

pub enum Failure {
    Arguments(String),
    /// The connection string, or what goes with it, cannot be right.
    Address(Error),
    Client(Error),
    System(io::Error),
    /// An answer is not what the file says.
    Disagreement(String),
    /// Somebody else's design document has the name that ours would have.
    InTheWay(&'static str),
}

impl Failure {
    /// Of an error while connecting. One with a status was found by a server, so the address was good enough to reach it.
    pub fn connecting(error: Error) -> Self {
        match (error.kind(), error.status()) {
            (ErrorKind::Argument, None) => Self::Address(error),
            _ => Self::Client(error),
        }
    }

    /// 2 for wrong arguments, which an address that no client can read is too; otherwise 1.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Arguments(_) | Self::Address(_) => ExitCode::from(2),
            Self::Client(_) | Self::System(_) | Self::Disagreement(_) | Self::InTheWay(_) => {
                ExitCode::from(1)
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arguments(mistake) => write!(f, "{mistake}; `--help` says what is possible"),
            Self::Address(error) | Self::Client(error) => error.fmt(f),
            Self::System(error) => error.fmt(f),
            Self::Disagreement(what) => write!(f, "the answers disagree with the file: {what}"),
            Self::InTheWay(name) => write!(
                f,
                "the bucket has a design document `{name}` that is not this program's: nothing was changed; \
                 remove or rename it, or use another bucket"
            ),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Client(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}
