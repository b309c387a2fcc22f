//! Why the program ends early: wrong arguments, or something that went wrong at run time.

use couchbase_core::{Error, ErrorKind};
use std::process::ExitCode;
use std::{fmt, io};

pub enum Failure {
    Arguments(String),
    Client(Error),
    System(io::Error),
    /// An answer is not what the file says.
    Disagreement(String),
}

impl Failure {
    /// 2 for wrong arguments, which an address that no client can read is too; otherwise 1.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Arguments(_) => ExitCode::from(2),
            Self::Client(error) if error.kind() == ErrorKind::Argument => ExitCode::from(2),
            _ => ExitCode::from(1),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arguments(mistake) => write!(f, "{mistake}; `--help` says what is possible"),
            Self::Client(error) => error.fmt(f),
            Self::System(error) => error.fmt(f),
            Self::Disagreement(what) => write!(f, "the answers disagree with the file: {what}"),
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
