//! The only file that names a runtime. Connections are of the same type on all of them.

use couchbase_core::{Config, Connection, Result};
use std::future::Future;
use std::str::FromStr;
use std::{fmt, io};

#[derive(Clone, Copy)]
pub enum Runtime {
    Tokio,
    AsyncStd,
}

impl FromStr for Runtime {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "tokio" => Ok(Self::Tokio),
            "async-std" => Ok(Self::AsyncStd),
            _ => Err("the runtimes are `tokio` and `async-std`"),
        }
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tokio => "tokio",
            Self::AsyncStd => "async-std",
        })
    }
}

/// A runtime with threads of its own, on which connections go on while this thread does something else.
pub enum Executor {
    Tokio(tokio::runtime::Runtime),
    AsyncStd,
}

impl Executor {
    pub fn new(runtime: Runtime) -> io::Result<Self> {
        Ok(match runtime {
            Runtime::Tokio => Self::Tokio(tokio::runtime::Runtime::new()?),
            Runtime::AsyncStd => Self::AsyncStd,
        })
    }

    pub fn connect(&self, config: Config) -> Result<Connection> {
        match self {
            Self::Tokio(runtime) => runtime.block_on(couchbase_tokio::connect(config)),
            Self::AsyncStd => {
                let on_async_std = couchbase_async_std::on(|task| drop(async_std::task::spawn(task)));
                async_std::task::block_on(on_async_std.connect(config))
            }
        }
    }

    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self {
            Self::Tokio(runtime) => runtime.block_on(future),
            Self::AsyncStd => async_std::task::block_on(future),
        }
    }
}
