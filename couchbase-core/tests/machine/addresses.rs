//! Hosts with several addresses, some of which are silent: each has its share of the time, and all have their turn.

use couchbase_core::machine::{Client, Event, LinkLoss};
use couchbase_core::{Config, Instant};
use std::net::SocketAddr;
use std::time::Duration;

/// Addresses that a client tries within its connect timeout of 10 s, and when. The look-up takes a while, and what is
/// listed here refuses; everything else is silent.
fn tried(count: u16, looked_up_after: Duration, refusing: &[u16]) -> Vec<(u16, Duration)> {
    let addresses: Vec<SocketAddr> = (1..=count).map(|n| SocketAddr::from(([10, 0, 0, 1], n))).collect();
    let config = Config::from("couchbase://db.example/default").connect_timeout(Duration::from_secs(10));
    let mut now = Instant::ZERO;
    let mut client = Client::new(config, 1, now).expect("the configuration is fine");
    let mut tried = Vec::new();
    loop {
        while let Some(event) = client.poll_event() {
            match event {
                Event::Resolve { query, .. } => {
                    now = now + looked_up_after;
                    client.handle_resolved(query, &addresses, now);
                }
                Event::Open { link, addr } => {
                    tried.push((addr.port(), now - Instant::ZERO));
                    if refusing.contains(&addr.port()) {
                        client.handle_lost(link, LinkLoss::Refused, now);
                    }
                }
                Event::ConnectFailed { .. } => return tried,
                _ => {}
            }
        }
        now = client.poll_timeout().expect("it waits for something").0.max(now);
        client.handle_timeout(now);
    }
}

fn ports(tried: &[(u16, Duration)]) -> Vec<u16> {
    tried.iter().map(|(port, _)| *port).collect()
}

#[test]
fn the_time_is_shared_evenly_however_many_addresses_are_silent() {
    for count in 1..=20 {
        let tried = tried(count, Duration::ZERO, &[]);
        assert_eq!(ports(&tried), Vec::from_iter(1..=count));
        let share = Duration::from_secs(10) / u32::from(count);
        for (place, (_, at)) in tried.iter().enumerate() {
            let due = share * place as u32;
            assert!(at.abs_diff(due) < Duration::from_millis(1), "{count} addresses: {tried:?}");
        }
    }
}

#[test]
fn a_slow_look_up_leaves_less_but_leaves_each_its_share() {
    let slow = tried(3, Duration::from_secs(7), &[]);
    assert_eq!(slow, [(1, Duration::from_secs(7)), (2, Duration::from_secs(8)), (3, Duration::from_secs(9))]);
}

#[test]
fn addresses_that_refuse_cost_nobody_time() {
    let mixed = tried(5, Duration::ZERO, &[1, 3, 4]);
    assert_eq!(ports(&mixed), [1, 2, 3, 4, 5]);
    assert_eq!(mixed[1].1, Duration::ZERO);
    assert!(mixed[4].1 < Duration::from_secs(5), "{mixed:?}");
}
