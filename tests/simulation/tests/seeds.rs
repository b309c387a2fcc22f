//! Seeds that once failed, then fifty more on each face; and that a seed always does the same.

use simulation::{Face, Report, run};

fn keeps_its_promises(seed: u64, face: Face) -> Report {
    let report = run(seed, face, false);
    if let Some(failure) = &report.failure {
        panic!(
            "seed {seed}: {failure}\nreplay: cargo run --release -p simulation -- --face {} --seed {seed}",
            face.name()
        );
    }
    report
}

/// The seeds of `seeds.txt`: a face and a number a line, and why.
fn known() -> impl Iterator<Item = (Face, u64)> {
    include_str!("../seeds.txt").lines().filter_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let (name, seed) = (words.next()?, words.next().expect("a seed behind the face"));
        let face = Face::ALL.into_iter().find(|face| face.name() == name).expect("a face that exists");
        Some((face, seed.parse().expect("a number")))
    })
}

#[test]
fn seeds_that_once_failed() {
    for (face, seed) in known() {
        keeps_its_promises(seed, face);
    }
}

#[test]
fn fifty_seeds() {
    for face in Face::ALL {
        let mut faults = 0;
        let (mut successes, mut queries) = (0, 0);
        for seed in 1..=50 {
            let report = keeps_its_promises(seed, face);
            faults += report.faults.iter().map(|(_, count)| count).sum::<u64>();
            successes += report.outcomes.of("success");
            queries += report.calls.of("all rows, or enough");
        }
        // A world in which nothing goes wrong, or nothing works, would show nothing.
        assert!(
            faults > 1000 && successes > 1000,
            "{} face: {faults} faults, {successes} successes",
            face.name()
        );
        // The machine knows nothing of views.
        assert_eq!(queries > 100, face == Face::Driver, "{} face: {queries} queries", face.name());
    }
}

#[test]
fn a_seed_always_does_the_same() {
    for face in Face::ALL {
        for seed in 1..=10 {
            let (once, again) = (run(seed, face, false), run(seed, face, false));
            assert_eq!(once.hash, again.hash, "seed {seed} on the {} face", face.name());
            assert_ne!(once.hash, run(seed + 1, face, false).hash);
        }
    }
}
