//! The embedded cluster as a program: starts it, prints one line of JSON about it, and runs until its standard input
//! closes or it is interrupted.

use couchbase_testkit::{Builder, Cluster};
use lexopt::prelude::{Long, Short, ValueExt};
use serde::Serialize;
use std::io::{self, Write};
use std::process::ExitCode;

const USAGE: &str = "\
Runs a Couchbase-compatible cluster in this process, on loopback unless told otherwise.

Usage: cluster [OPTIONS]

  --nodes N         nodes [1]
  --replicas R      replicas of each vbucket, 0 to 3 [0]
  --vbuckets V      vbuckets of each bucket [64]
  --bucket NAME     a bucket; may be repeated [default]
  --user NAME       a user of all buckets [app]
  --password P      that user's password [secret]
  --anonymous       clients without credentials may use every bucket
  --seed S          seed of salts, nonces and UUIDs [0]
  --bind IP         address to listen on [127.0.0.1]
  --help            this text

Prints one line of JSON when it is ready, and ends when its standard input does.";

#[derive(Serialize)]
struct Ready<'a> {
    connection_string: String,
    bucket: &'a str,
    user: Option<&'a str>,
    password: Option<&'a str>,
    nodes: Vec<Addresses>,
}

#[derive(Serialize)]
struct Addresses {
    kv: String,
    views: String,
    mgmt: String,
}

/// What the command line asks for.
enum Wanted {
    Help,
    Cluster(Builder),
}

fn main() -> ExitCode {
    let builder = match parse(lexopt::Parser::from_env()) {
        Ok(Wanted::Cluster(builder)) => builder,
        Ok(Wanted::Help) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("cluster: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(builder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cluster: {error}");
            ExitCode::from(if error.kind() == io::ErrorKind::InvalidInput { 2 } else { 1 })
        }
    }
}

fn parse(mut args: lexopt::Parser) -> Result<Wanted, lexopt::Error> {
    let mut builder = Cluster::builder();
    let (mut user, mut password): (Option<String>, Option<String>) = (None, None);
    while let Some(arg) = args.next()? {
        builder = match arg {
            Long("help") | Short('h') => return Ok(Wanted::Help),
            Long("nodes") => builder.nodes(args.value()?.parse()?),
            Long("replicas") => builder.replicas(args.value()?.parse()?),
            Long("vbuckets") => builder.vbuckets(args.value()?.parse()?),
            Long("bucket") => builder.bucket(args.value()?.string()?),
            Long("anonymous") => builder.anonymous(),
            Long("seed") => builder.seed(args.value()?.parse()?),
            Long("bind") => builder.bind(args.value()?.parse()?),
            Long("user") => {
                user = Some(args.value()?.string()?);
                builder
            }
            Long("password") => {
                password = Some(args.value()?.string()?);
                builder
            }
            other => return Err(other.unexpected()),
        };
    }
    Ok(Wanted::Cluster(match (user, password) {
        (None, None) => builder,
        (Some(user), Some(password)) => builder.user(user, password, &[]),
        _ => return Err("--user and --password come together".into()),
    }))
}

fn run(builder: Builder) -> io::Result<()> {
    let cluster = builder.try_start()?;
    let (user, password) = cluster.credentials().unzip();
    let ready = Ready {
        connection_string: cluster.connection_string(),
        bucket: &cluster.buckets()[0],
        user,
        password,
        nodes: cluster
            .nodes()
            .map(|node| Addresses {
                kv: node.kv_address(),
                views: node.views_address(),
                mgmt: node.mgmt_address(),
            })
            .collect(),
    };
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, &ready)?;
    writeln!(out)?;
    out.flush()?;
    io::copy(&mut io::stdin().lock(), &mut io::sink())?;
    Ok(())
}
