//! The benchmark program; see `--help`.

use benchmarks::arguments::{Arguments, HELP, Mode, Placement};
use benchmarks::baseline::Baseline;
use benchmarks::{instructions, process, responder, rows, table};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn allocations() -> (usize, usize) {
    let stats = ALLOCATOR.stats();
    (stats.allocations + stats.reallocations, stats.bytes_allocated)
}

fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("{error}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    match &arguments.mode {
        Mode::Help => print!("{HELP}"),
        Mode::Respond => {
            process::end_with_stdin();
            responder::serve(|address| {
                println!("{address}");
                // A reader that is gone has ended this process already.
                let _ = std::io::stdout().flush();
            })?;
        }
        Mode::Run(name) => {
            let row = rows::find(name).ok_or_else(|| format!("there is no row {name:?}"))?;
            let address = arguments.responder.ok_or("--run needs --responder")?;
            let right = row.start(address, &Arc::default()).run(arguments.operations);
            if right < arguments.operations {
                return Err(format!("{right} of {} answers were right", arguments.operations).into());
            }
        }
        Mode::Instructions => {
            if !instructions::can_count() {
                println!("skipped: valgrind is not installed");
                return Ok(());
            }
            let baseline = arguments.against.as_deref().map(Baseline::read).transpose()?;
            let responder = process::Responder::start(None)?;
            let operations = arguments.operations.min(25_600);
            let counted =
                instructions::print(responder.address(), operations, arguments.profiles.as_deref())?;
            if let Some(baseline) = baseline {
                baseline.compare(&counted)?;
            }
        }
        Mode::Table => {
            let (responders, clients) = match arguments.placement {
                Placement::Same => (0, 0),
                Placement::Split => (0, 1),
            };
            let responder = process::Responder::start(Some(responders))?;
            process::pin(Some(clients))?;
            let (rounds, operations) = (arguments.rounds, arguments.operations);
            println!(
                "responder on core {responders}, client on core {clients} (2 threads: on all); \
                 medians of {rounds} rounds of {operations} operations\n"
            );
            table::print(&table::measure(responder.address(), rounds, operations, allocations)?);
        }
    }
    Ok(())
}
