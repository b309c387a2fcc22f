//! Instructions for one operation, counted by callgrind.
//!
//! A row is run twice under it, the second time with twice the operations: the difference is what operations cost,
//! without what it takes to set the row up. The responder runs outside.

use crate::rows::{self, Entry};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

/// callgrind counts a `rep` instruction once for each byte: the C library is told to do without.
const TUNABLES: &str =
    "glibc.cpu.x86_rep_stosb_threshold=0x7fffffff:glibc.cpu.x86_rep_movsb_threshold=0x7fffffff";

/// What is counted, and what of it belongs to the harness.
const COUNTED: &[(&str, Option<&str>)] = &[
    ("machine alone 128", Some("answers alone 128")),
    ("tokio wakes (P) 128", None),
    ("tokio batch 128", None),
    ("tokio boxed callbacks 128", None),
    ("tokio futures 128", None),
    ("async-io futures 128", None),
];

/// Whether there is a callgrind to count with.
pub fn can_count() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok_and(|out| out.status.success())
}

/// Prints the table: each row's instructions for one operation.
///
/// # Errors
/// If a row cannot be run, or callgrind says something unknown.
pub fn print(
    responder: SocketAddr,
    operations: usize,
    profiles: Option<&Path>,
) -> io::Result<Vec<(&'static str, f64)>> {
    if let Some(folder) = profiles {
        std::fs::create_dir_all(folder)?;
    }
    let mut counted = Vec::new();
    println!("{:<44} {:>12}", "instructions for one operation", "");
    for &(name, harness) in COUNTED {
        let harness = match harness {
            Some(harness) => count(find(harness), responder, operations, None)?,
            None => 0.0,
        };
        let whole = count(find(name), responder, operations, profiles)?;
        println!("{name:<44} {:>12.0}", whole - harness);
        counted.push((name, whole - harness));
    }
    Ok(counted)
}

fn find(name: &str) -> &'static Entry {
    rows::find(name).expect("every counted row exists")
}

/// Instructions for one operation of a row.
fn count(row: &Entry, responder: SocketAddr, operations: usize, profiles: Option<&Path>) -> io::Result<f64> {
    let once = collected(row, responder, operations, None)?;
    let twice = collected(row, responder, 2 * operations, profiles)?;
    Ok((twice as f64 - once as f64) / operations as f64)
}

fn collected(
    row: &Entry,
    responder: SocketAddr,
    operations: usize,
    profiles: Option<&Path>,
) -> io::Result<u64> {
    let file_name = row.name().replace([' ', ','], "_");
    let file = profiles.map_or_else(|| "/dev/null".into(), |folder| folder.join(file_name));
    let out = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(std::env::current_exe()?)
        .args(["--run", &row.name(), "--responder", &responder.to_string()])
        .args(["--operations", &operations.to_string()])
        .env("GLIBC_TUNABLES", TUNABLES)
        .output()?;
    let words = String::from_utf8_lossy(&out.stderr);
    let collected = words.lines().find_map(|line| line.split("Collected :").nth(1));
    match collected.and_then(|number| number.trim().parse().ok()) {
        Some(collected) if out.status.success() => Ok(collected),
        _ => Err(io::Error::other(format!("{} under callgrind: {words}", row.name()))),
    }
}
