//! The whole client and its receive buffers: values of any size among anything else, read in pieces of any size.
//!
//! Each value says which of the answers it is, so that not a byte of it can be another's. The first byte of the input
//! chooses how many gets are under way at once, each after it what one of them is answered with, see [`next`].

use crate::mutate::Random;
use crate::world::{Said, Still, World, run};
use couchbase_core::{ErrorKind, ValueResult, open};
use std::sync::{Arc, LazyLock, Mutex};

/// Gets, of so many keys.
const MOST: usize = 32;
const KEYS: usize = 5;

/// Answers gets with `data`.
pub fn driver(data: &[u8]) {
    let Some((&choice, script)) = data.split_first() else { return };
    for seed in 0..2 {
        let (script, answered) = (script.to_vec(), Arc::new(Mutex::new(Vec::new())));
        let (mut at, told) = (0, answered.clone());
        let say = move |_: &[u8]| {
            let number = told.lock().expect("no panic").len();
            let (said, length) = next(&script, &mut at, number);
            told.lock().expect("no panic").push(length);
            said
        };
        let world = World::with_data(Box::new(say), Random::new(seed));
        play(choice, &world, &answered);
    }
}

fn play(choice: u8, world: &Arc<Mutex<World>>, answered: &Mutex<Vec<usize>>) {
    let cb = open("couchbase://10.0.0.1/default", Still(world.clone())).expect("valid");
    // Kept, so that buffers cannot be used again before their time.
    let mut kept: Vec<ValueResult> = Vec::new();
    let at_once = 1 + usize::from(choice) % 16;
    for first in (0..MOST).step_by(at_once) {
        let sent: Vec<_> =
            (first..first + at_once).map(|number| cb.get(format!("k{}", number % KEYS)).send()).collect();
        for get in sent {
            match run(world, get) {
                Ok(found) => kept.push(found),
                Err(error) => {
                    assert!(!error.to_string().is_empty() && error.kind() != ErrorKind::Closed, "{error}");
                }
            }
        }
        if choice & 16 != 0 {
            kept.iter().for_each(|found| check(found, &answered.lock().expect("no panic")));
            kept.clear();
        }
    }
    kept.iter().for_each(|found| check(found, &answered.lock().expect("no panic")));
    run(world, cb.close()).expect("closing never fails");
    drop(cb);
    assert_eq!(world.lock().expect("no panic").open, 0, "sockets are left open");
}

/// What the next get is answered with, and how long the value is.
fn next(script: &[u8], at: &mut usize, number: usize) -> (Said, usize) {
    let mut byte = || {
        *at += 1;
        script.get(*at - 1).copied().unwrap_or_default()
    };
    match byte() {
        size @ 0..0xe0 => {
            // From nothing to a few times a buffer.
            let flags = [0, 0x0200_0000, 0x0300_0000, 0x0400_0000][usize::from(size & 3)];
            let length = match size >> 2 {
                small @ 0..16 => usize::from(small),
                size => usize::from(byte()) << (size % 13),
            };
            (Said::Document { flags, value: value(number, length).to_vec() }, length)
        }
        0xe0..0xe8 => (Said::Status([1, 7, 0x82, 0x84, 0x85, 0x86, 0x8b, 0x24][usize::from(byte() & 7)]), 0),
        0xe8..0xf0 => (Said::Nothing, 0),
        0xf0..0xf8 => (Said::End, 0),
        _ => {
            let count = usize::from(byte());
            (Said::Bytes((0..count).map(|_| byte()).collect()), 0)
        }
    }
}

/// The value of an answer: noise, from where its number says.
fn value(number: usize, length: usize) -> &'static [u8] {
    static NOISE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mut random = Random::new(0);
        (0..1 << 18).flat_map(|_| random.number().to_le_bytes()).collect()
    });
    &NOISE[number * 61..][..length]
}

/// It is the value of one of the answers, whole.
fn check(found: &ValueResult, answered: &[usize]) {
    let bytes = found.bytes();
    let is_right =
        |(number, &length): (usize, &usize)| length == bytes.len() && value(number, length) == &bytes[..];
    assert!(answered.iter().enumerate().any(is_right), "{} bytes that nobody said", bytes.len());
    // Whatever the flags say that it is, reading it fails at most.
    let _ = (found.value::<String>(), found.value::<serde_json::Value>(), found.value::<f64>());
}
