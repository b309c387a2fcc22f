//! The program to copy from: loads a real data set into a cluster, reads it back in each of the ways there are, asks
//! two views, checks every answer against the file that the data came from, and prints what it saw.
//!
//! The steps know the client only, no runtime: that is chosen in `executor.rs`, and nowhere else. Those that await run
//! under it; those that take callbacks, or fetch answers from a queue, run on this thread, which has no runtime.

mod arguments;
mod cities;
mod executor;
mod failure;
mod read;
mod report;
mod store;
mod views;

use arguments::{Arguments, Wanted};
use cities::Cities;
use couchbase_core::{Config, Key};
use couchbase_testkit::Cluster;
use executor::Executor;
use failure::Failure;
use report::Report;
use std::process::ExitCode;

fn main() -> ExitCode {
    let outcome = arguments::read().and_then(|wanted| match wanted {
        Wanted::Help => {
            println!("{}", arguments::USAGE);
            Ok(())
        }
        Wanted::Run(arguments) => run(&arguments),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("quickstart: {failure}");
            failure.exit_code()
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let cities = Cities::sample(arguments.documents)?;
    let keys: Vec<Key> = cities.keys().cloned().collect();

    // The embedded cluster lives to the end of this function: dropping it stops it.
    let (config, embedded) = match &arguments.config {
        Some(config) => (config.clone(), None),
        None => {
            let cluster = Cluster::builder().nodes(4).replicas(1).bucket("default").try_start()?;
            (Config::new(cluster.connection_string()), Some(cluster))
        }
    };

    let executor = Executor::new(arguments.runtime)?;
    let cb = executor.connect(config)?;
    report::connected(&cb, arguments.runtime, embedded.as_ref());
    report::sample(&cities);

    let mut report = Report::new();
    if embedded.is_none() {
        // What an earlier run left behind that was broken off.
        executor.block_on(store::remove(&cb, &Cities::all_keys()))?;
    }
    report.step("store", "futures in flight", || executor.block_on(store::store(&cb, &cities)))?;

    let read = report.step("read", "futures in flight", || executor.block_on(read::futures(&cb, &keys)))?;
    cities.check("reading with futures", read)?;
    let read = report.step("read", "multi-get", || executor.block_on(read::multi(&cb, &keys)))?;
    cities.check("reading with multi-get", read)?;
    let read = report.step("read", "callbacks", || read::callbacks(&cb.callbacks(), &keys))?;
    cities.check("reading with callbacks", read)?;
    let read = report.step("read", "completion queue", || read::queue(&cb.callbacks(), &keys))?;
    cities.check("reading with a completion queue", read)?;

    executor.block_on(views::create(&cb))?;
    let counts = report.step("view", "query_all, grouped", || executor.block_on(views::count(&cb)))?;
    cities.check_counts(&counts)?;
    let country = cities.largest_country();
    let places = report.step("view", "query_ex, streamed", || executor.block_on(views::of(&cb, country)))?;
    cities.check_places(country, &places)?;

    report.step("remove", "futures in flight", || executor.block_on(store::remove(&cb, &keys)))?;
    executor.block_on(views::remove(&cb))?;
    executor.block_on(cb.close())?;

    report.print();
    report::countries(&counts);
    report::places(country, &places);
    report::agreed(&cities);
    Ok(())
}
