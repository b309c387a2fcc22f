//! Replays every corpus, then runs every body on mutations of it: always the same ones, a bounded number.

use fuzz::mutate::{Random, mutate};
use std::path::PathBuf;

/// Mutations per body, unless `FUZZ_ROUNDS` says otherwise.
const ROUNDS: u64 = 4_000;
/// The same for bodies of which each run takes a whole client or a script engine.
const SLOW_ROUNDS: u64 = 600;

fn run(name: &str) {
    run_rounds(name, ROUNDS);
}

fn run_rounds(name: &str, rounds: u64) {
    let (_, body) = fuzz::BODIES.iter().find(|(body, _)| *body == name).expect("a body of that name");
    let corpus = corpus(name);
    assert!(corpus.len() >= 5, "{name} has next to no corpus");
    for (file, input) in &corpus {
        let _told = Told { name, input, place: file.clone() };
        body(input);
    }
    let (rounds, seed) = (number("FUZZ_ROUNDS", rounds), number("FUZZ_SEED", 1));
    for round in 0..rounds {
        let mut random = Random::new(seed.wrapping_mul(1 << 32).wrapping_add(round));
        let [(_, input), (_, other)] = [0, 1].map(|_| &corpus[random.below(corpus.len())]);
        let input = mutate(input, other, &mut random);
        let _told = Told { name, input: &input, place: format!("seed {seed}, round {round}") };
        body(&input);
    }
}

/// The files of a corpus in the order of their names.
fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(&folder)
        .expect("a corpus")
        .map(|entry| {
            let path = entry.expect("a file").path();
            (
                path.file_name().expect("a name").to_string_lossy().into_owned(),
                std::fs::read(&path).expect("bytes"),
            )
        })
        .collect();
    files.sort();
    files
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect("a number"))
}

/// Tells the input of a body that panics.
struct Told<'a> {
    name: &'a str,
    input: &'a [u8],
    place: String,
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let hex: String = self.input.iter().map(|byte| format!("{byte:02x}")).collect();
            eprintln!(
                "{} failed on {}\ninput: {hex}\ntext:  {}",
                self.name,
                self.place,
                self.input.escape_ascii()
            );
        }
    }
}

#[test]
fn frame() {
    run("frame");
}

#[test]
fn config() {
    run("config");
}

#[test]
fn session() {
    run("session");
}

#[test]
fn connection_string() {
    run("connection_string");
}

#[test]
fn rows() {
    run("rows");
}

#[test]
fn machine() {
    run("machine");
}

#[test]
fn driver() {
    run_rounds("driver", SLOW_ROUNDS);
}

#[test]
fn http() {
    run_rounds("http", SLOW_ROUNDS);
}

#[test]
fn server_data() {
    run("server_data");
}

#[test]
fn server_views() {
    run_rounds("server_views", SLOW_ROUNDS);
}
