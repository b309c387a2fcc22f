//! The table: every row, in turn, so many rounds, and the medians.

use crate::counted::Writes;
use crate::rows::{Entry, ROWS, Under, What};
use crate::{IN_FLIGHT, Row};
use rustix::time::{ClockId, clock_gettime};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the allocator has counted: allocations, and their bytes.
pub type Allocations = fn() -> (usize, usize);

/// What a row costs for each operation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Microseconds of CPU time of this process.
    pub cpu: f64,
    /// Allocations.
    pub allocations: f64,
    /// Bytes of them.
    pub bytes: f64,
    /// Writes to sockets.
    pub writes: f64,
    /// Nanoseconds of wall time.
    pub wall: f64,
}

struct Running {
    entry: Entry,
    row: Box<dyn Row>,
    writes: Arc<Writes>,
    costs: Vec<Cost>,
}

/// Runs all rows: what each costs, by medians.
///
/// # Errors
/// A row that was answered wrongly.
pub fn measure(
    responder: SocketAddr,
    rounds: usize,
    operations: usize,
    allocations: Allocations,
) -> Result<Vec<(Entry, Cost)>, String> {
    let start = |&entry: &Entry| {
        let writes = Arc::default();
        let mut row = entry.start(responder, &writes);
        // Connections are made here and now: their deadlines know nothing of turns.
        row.run(entry.in_flight);
        Running { entry, row, writes, costs: Vec::with_capacity(rounds) }
    };
    let mut all: Vec<Running> = ROWS.iter().map(start).collect();
    // The first round warms up: connections, buffers, the allocator.
    for _ in 0..=rounds {
        for running in &mut all {
            running.run(operations, allocations)?;
        }
    }
    Ok(all.into_iter().map(|running| (running.entry, running.median())).collect())
}

impl Running {
    fn run(&mut self, operations: usize, allocations: Allocations) -> Result<(), String> {
        let operations = if self.entry.in_flight == 1 { operations.div_ceil(16) } else { operations };
        let (cpu, wall, (count, bytes), writes) =
            (cpu_time(), Instant::now(), allocations(), self.writes.get());
        let right = self.row.run(operations);
        let (wall, cpu) = (wall.elapsed(), cpu_time() - cpu);
        let (count_after, bytes_after) = allocations();
        if right < operations {
            return Err(format!("{}: {right} of {operations} answers were right", self.entry.name()));
        }
        let each = |number: f64| number / right as f64;
        self.costs.push(Cost {
            cpu: each(cpu.as_nanos() as f64 / 1000.0),
            allocations: each((count_after - count) as f64),
            bytes: each((bytes_after - bytes) as f64),
            writes: each((self.writes.get() - writes) as f64),
            wall: each(wall.as_nanos() as f64),
        });
        Ok(())
    }

    fn median(&self) -> Cost {
        let measured = self.costs.get(1..).unwrap_or_default();
        let median = |part: fn(&Cost) -> f64| {
            let mut parts: Vec<f64> = measured.iter().map(part).collect();
            parts.sort_by(f64::total_cmp);
            parts.get(parts.len() / 2).copied().unwrap_or_default()
        };
        Cost {
            cpu: median(|cost| cost.cpu),
            allocations: median(|cost| cost.allocations),
            bytes: median(|cost| cost.bytes),
            writes: median(|cost| cost.writes),
            wall: median(|cost| cost.wall),
        }
    }
}

/// The CPU time of this process so far, all threads and the system's share included.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Prints what was measured.
pub fn print(measured: &[(Entry, Cost)]) {
    let cost_of = |under, what, in_flight| {
        let is_it = |entry: &Entry| (entry.under, entry.what, entry.in_flight) == (under, what, in_flight);
        measured.iter().find(|(entry, _)| is_it(entry)).map_or(f64::NAN, |(_, cost)| cost.cpu)
    };
    println!(
        "{:<40} {:>9} {:>9} {:>9} {:>9} {:>9} {:>12}",
        "a GET of 256 bytes", "CPU, us", "(CPU-F)/P", "allocs", "bytes", "writes", "per second"
    );
    for (entry, cost) in measured {
        let floor = cost_of(Under::Nothing, What::Loop, entry.in_flight);
        let unit = cost_of(entry.under, What::Wakes, IN_FLIGHT);
        let is_client = matches!(entry.what, What::Batch | What::Callbacks | What::Futures | What::Channel);
        let units = if is_client && entry.in_flight == IN_FLIGHT {
            format!("{:.1}", (cost.cpu - floor) / unit)
        } else {
            "-".into()
        };
        println!(
            "{:<40} {:>9.3} {units:>9} {:>9.3} {:>9.1} {:>9.4} {:>12.0}",
            entry.name(),
            cost.cpu,
            cost.allocations,
            cost.bytes,
            cost.writes,
            1e9 / cost.wall
        );
    }
}
