//! Runs seeds of the simulation, and shows how it went.

use lexopt::prelude::{Long, Short, ValueExt};
use simulation::{Face, Report, Tally, run};
use std::process::ExitCode;
use std::time::Instant;

const USAGE: &str = "\
Runs the client against the embedded cluster in virtual time, with faults drawn from seeds.

Usage: simulation [OPTIONS]

  --seeds N       how many seeds to run [1000]
  --from S        the first of them [1]
  --seed S        run this one only, and print its trace
  --face FACE     machine, driver, or all [all]
  --help          this text

Ends with 1 at the first promise that the client breaks.";

struct Wanted {
    from: u64,
    seeds: u64,
    is_printed: bool,
    faces: Vec<Face>,
}

fn main() -> ExitCode {
    let wanted = match parse(lexopt::Parser::from_env()) {
        Ok(Some(wanted)) => wanted,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("simulation: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    for face in &wanted.faces {
        if !run_face(*face, &wanted) {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn parse(mut args: lexopt::Parser) -> Result<Option<Wanted>, lexopt::Error> {
    let mut wanted = Wanted { from: 1, seeds: 1000, is_printed: false, faces: Face::ALL.to_vec() };
    let mut seed = None;
    while let Some(arg) = args.next()? {
        match arg {
            Long("help") | Short('h') => return Ok(None),
            Long("seeds") => wanted.seeds = args.value()?.parse()?,
            Long("from") => wanted.from = args.value()?.parse()?,
            Long("seed") => seed = Some(args.value()?.parse()?),
            Long("face") => {
                let name = args.value()?.string()?;
                wanted.faces.retain(|face| name == "all" || face.name() == name);
                if wanted.faces.is_empty() {
                    return Err(format!("there is no face {name:?}").into());
                }
            }
            other => return Err(other.unexpected()),
        }
    }
    if wanted.seeds == 0 {
        return Err("--seeds must be at least 1".into());
    }
    if let Some(seed) = seed {
        (wanted.from, wanted.seeds, wanted.is_printed) = (seed, 1, true);
    }
    Ok(Some(wanted))
}

/// True if every promise was kept.
fn run_face(face: Face, wanted: &Wanted) -> bool {
    let began = Instant::now();
    let (mut faults, mut outcomes, mut calls) = (Tally::default(), Tally::default(), Tally::default());
    let mut virtual_seconds = 0.0;
    for seed in wanted.from..=wanted.from.saturating_add(wanted.seeds - 1) {
        let report = run(seed, face, wanted.is_printed);
        if let Some(failure) = &report.failure {
            tell_failure(seed, face, &report, failure, seed - wanted.from + 1);
            return false;
        }
        faults.add(&report.faults);
        outcomes.add(&report.outcomes);
        calls.add(&report.calls);
        virtual_seconds += report.time.as_secs_f64();
        if wanted.is_printed {
            println!("trace hash {:016x}", report.hash);
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{} face: {} seeds in {seconds:.1} s ({:.0} a second), {virtual_seconds:.0} s of virtual time",
        face.name(),
        wanted.seeds,
        wanted.seeds as f64 / seconds
    );
    table("faults", &faults);
    table("operations", &outcomes);
    if face == Face::Driver {
        table("calls to view services", &calls);
    }
    true
}

fn table(title: &str, tally: &Tally) {
    let total: u64 = tally.iter().map(|(_, count)| count).sum();
    println!("  {title:<36} {total:>9}");
    for (what, count) in tally.iter() {
        println!("    {what:<34} {count:>9}");
    }
}

fn tell_failure(seed: u64, face: Face, report: &Report, failure: &str, tried: u64) {
    println!("seed {seed} ({} face) after {tried} seeds: {failure}", face.name());
    println!("trace hash {:016x}", report.hash);
    println!("replay: cargo run --release -p simulation -- --face {} --seed {seed}", face.name());
}
