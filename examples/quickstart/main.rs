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
use cities::{Cities, Place};
use couchbase_core::{Config, Connection, Key};
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

    // The embedded cluster lives to the end of this function: dropping it stops it.
    let (config, embedded) = match &arguments.config {
        Some(config) => (config.clone(), None),
        None => {
            let cluster = Cluster::builder().nodes(4).replicas(1).bucket("default").try_start()?;
            (Config::new(cluster.connection_string()), Some(cluster))
        }
    };

    let executor = Executor::new(arguments.runtime)?;
    let cb = executor.connect(config).map_err(Failure::connecting)?;
    report::connected(&cb, arguments.runtime, embedded.as_ref());
    report::sample(&cities);

    let run = Run { executor, cb, cities, is_embedded: embedded.is_some() };
    let mut report = Report::new();
    let answers = run.documents(&mut report);
    let closed = run.executor.block_on(run.cb.close());
    let answers = answers?;
    closed?;

    report.print();
    report::countries(&answers.counts);
    report::places(run.cities.largest_country(), &answers.places);
    report::agreed(&run.cities);
    Ok(())
}

struct Run {
    executor: Executor,
    cb: Connection,
    cities: Cities,
    is_embedded: bool,
}

/// What the views said.
struct Answers {
    counts: Vec<(String, u64)>,
    places: Vec<(Key, Place)>,
}

/// What is created is removed on every way out, so no `?` stands between the two. What went wrong first is told.
impl Run {
    fn documents(&self, report: &mut Report) -> Result<Answers, Failure> {
        let (executor, cb, cities) = (&self.executor, &self.cb, &self.cities);
        let keys: Vec<Key> = cities.keys().cloned().collect();
        // Before anything is changed.
        executor.block_on(views::look(cb))?;
        if !self.is_embedded {
            // What an earlier run left behind that was broken off.
            executor.block_on(store::remove(cb, &Cities::all_keys()))?;
        }
        let stored =
            report.step("store", "futures in flight", || executor.block_on(store::store(cb, cities)));
        let answers = stored.map_err(Failure::from).and_then(|_| {
            self.read(&keys, report)?;
            self.views(report)
        });
        let removed =
            report.step("remove", "futures in flight", || executor.block_on(store::remove(cb, &keys)));
        let answers = answers?;
        removed?;
        Ok(answers)
    }

    fn read(&self, keys: &[Key], report: &mut Report) -> Result<(), Failure> {
        let (executor, cb, cities) = (&self.executor, &self.cb, &self.cities);
        let read = report.step("read", "futures in flight", || executor.block_on(read::futures(cb, keys)))?;
        cities.check("reading with futures", read)?;
        let read = report.step("read", "multi-get", || executor.block_on(read::multi(cb, keys)))?;
        cities.check("reading with multi-get", read)?;
        let read = report.step("read", "callbacks", || read::callbacks(&cb.callbacks(), keys))?;
        cities.check("reading with callbacks", read)?;
        let read = report.step("read", "completion queue", || read::queue(&cb.callbacks(), keys))?;
        cities.check("reading with a completion queue", read)
    }

    fn views(&self, report: &mut Report) -> Result<Answers, Failure> {
        let created = self.executor.block_on(views::create(&self.cb));
        let answers = created.map_err(Failure::from).and_then(|()| self.ask(report));
        // Also if creating it failed: that may have come to pass all the same.
        let removed = self.executor.block_on(views::remove(&self.cb));
        let answers = answers?;
        removed?;
        Ok(answers)
    }

    fn ask(&self, report: &mut Report) -> Result<Answers, Failure> {
        let (executor, cb, cities) = (&self.executor, &self.cb, &self.cities);
        let counts = report.step("view", "query_all, grouped", || executor.block_on(views::count(cb)))?;
        cities.check_counts(&counts)?;
        let country = cities.largest_country();
        let places =
            report.step("view", "query_ex, streamed", || executor.block_on(views::of(cb, country)))?;
        cities.check_places(country, &places)?;
        Ok(Answers { counts, places })
    }
}
