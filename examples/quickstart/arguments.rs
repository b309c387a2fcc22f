//! The command line: what is asked for, or which mistake was made.

use crate::executor::Runtime;
use crate::failure::Failure;
use couchbase_core::Config;
use lexopt::prelude::{Long, Short, ValueExt};

pub const USAGE: &str = "\
Loads cities of the world into a cluster, reads them back in several ways, asks two views, and checks all answers.

Usage: cargo run --release --example quickstart [-- OPTIONS]

  --runtime NAME     tokio or async-std [tokio]
  --documents N      how many of the 5,000 cities, evenly spaced [all]
  --connect ADDRESS  a cluster of yours, couchbase://host/bucket, instead of an embedded one of four nodes
  --user NAME        whom to log in as there
  --password TEXT    that user's password
  --help             this text

In a cluster of yours it touches only documents whose keys begin with `quickstart::`, and the design document
`quickstart_cities`, unless that is somebody else's; it removes them at the end, also when something went wrong.";

/// What the command line asks for.
pub enum Wanted {
    Help,
    Run(Arguments),
}

pub struct Arguments {
    pub runtime: Runtime,
    /// How many documents; all there are, if it is not said.
    pub documents: Option<usize>,
    /// Where to connect; without it there is an embedded cluster.
    pub config: Option<Config>,
}

pub fn read() -> Result<Wanted, Failure> {
    parse(lexopt::Parser::from_env()).map_err(|mistake| Failure::Arguments(mistake.to_string()))
}

fn parse(mut parser: lexopt::Parser) -> Result<Wanted, lexopt::Error> {
    let mut runtime = Runtime::Tokio;
    let (mut documents, mut address, mut user, mut password) = (None, None, None, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(Wanted::Help),
            Long("runtime") => runtime = parser.value()?.parse()?,
            Long("documents") => documents = Some(parser.value()?.parse()?),
            Long("connect") => address = Some(parser.value()?.string()?),
            Long("user") => user = Some(parser.value()?.string()?),
            Long("password") => password = Some(parser.value()?.string()?),
            _ => return Err(argument.unexpected()),
        }
    }
    let config = match (address, user, password) {
        (None, None, None) => None,
        (None, ..) => return Err("`--user` and `--password` need `--connect`".into()),
        (Some(address), None, None) => Some(Config::new(address)),
        (Some(address), Some(user), Some(password)) => Some(Config::new(address).credentials(user, password)),
        (Some(_), ..) => return Err("`--user` and `--password` need each other".into()),
    };
    Ok(Wanted::Run(Arguments { runtime, documents, config }))
}
