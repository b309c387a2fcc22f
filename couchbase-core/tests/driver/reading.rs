//! What is read lies in buffers that are read into again: no value may notice.

use crate::in_memory::{InMemory, settle};
use bytes::Bytes;
use couchbase_core::{Connection, Driver, Raw};
use futures::FutureExt;

/// Bytes that tell at each place which value they are of.
fn pattern(n: usize, len: usize) -> Bytes {
    (0..len).map(|at| (n * 31 + at * 7 + at / 251) as u8).collect()
}

fn store(cb: &Connection, driver: &mut Driver, key: &str, value: &Bytes) {
    let set = cb.set(key, Raw(value.clone())).send();
    settle(driver);
    set.now_or_never().unwrap().unwrap();
}

#[test]
fn values_stay_as_they_came_however_they_are_cut_and_whatever_follows() {
    const LENGTHS: [usize; 12] = [0, 1, 300, 5000, 8191, 8192, 8200, 20_000, 50_000, 65_500, 70_000, 300_000];
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let values: Vec<Bytes> = LENGTHS.iter().enumerate().map(|(n, &len)| pattern(n, len)).collect();
    for (n, value) in values.iter().enumerate() {
        store(&cb, &mut driver, &format!("k{n}"), value);
    }
    let mut kept = std::collections::VecDeque::new();
    let mut seed = 7_u32;
    let mut draw = |below: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize % below
    };
    for round in 0..400 {
        world.world().read_size = match draw(6) {
            0 => 61 + draw(200),
            1 => 4000 + draw(300),
            2 => 8150 + draw(100),
            3 => 16_300 + draw(200),
            4 => 1 + draw(70_000),
            _ => usize::MAX,
        };
        let count = 1 + draw(12);
        let sent: Vec<_> = (0..count)
            .map(|_| {
                // Mostly small ones.
                let n = if draw(3) > 0 { draw(4) } else { draw(LENGTHS.len()) };
                (n, cb.get(format!("k{n}")).send())
            })
            .collect();
        settle(&mut driver);
        for (n, get) in sent {
            let found = get.now_or_never().expect("answered").unwrap().into_bytes();
            assert!(found == values[n], "round {round}: value {n}");
            kept.push_back((n, found));
        }
        while kept.len() > 100 {
            kept.remove(draw(kept.len()));
        }
        for (n, found) in &kept {
            assert!(*found == values[*n], "round {round}: kept value {n}");
        }
    }
}

/// Reads that it takes to get a megabyte of small values.
fn reads(world: &InMemory, cb: &Connection, driver: &mut Driver) -> usize {
    let before = world.reads().0;
    let sent: Vec<_> = (0..1000).map(|_| cb.get("small").send()).collect();
    settle(driver);
    assert!(sent.into_iter().all(|get| get.now_or_never().unwrap().unwrap().bytes().len() == 1000));
    world.reads().0 - before
}

#[test]
fn a_large_value_makes_later_reads_no_smaller() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    store(&cb, &mut driver, "small", &pattern(1, 1000));
    store(&cb, &mut driver, "large", &pattern(2, 50_000));
    let before = reads(&world, &cb, &mut driver);
    let large = cb.get("large").send();
    settle(&mut driver);
    large.now_or_never().unwrap().unwrap();
    let while_used_up = reads(&world, &cb, &mut driver);
    let after = reads(&world, &cb, &mut driver);
    assert!(while_used_up <= before + 2, "{before} reads before, {while_used_up} then");
    assert!(after <= before, "{before} reads before, {after} after");
}
