//! The machine alone: `couchbase-core` with `default-features = false`. No future, socket, clock or thread.
use bytes::BytesMut;
use couchbase_core::machine::{Client, Event, LinkId, Request, Transmit};
use couchbase_core::{Config, Instant};
use std::time::Duration;

/// Plays `input` (a fuzzer's, a capture's) to a client with one operation waiting; true if it was answered.
fn play(input: &[u8]) -> bool {
    let mut now = Instant::ZERO;
    let mut client = Client::new(Config::new("couchbase://node0/default"), /* seed */ 7, now).unwrap();
    let get = client.submit(Request::get("k"), Duration::from_millis(2500), now).unwrap();

    let mut link: Option<LinkId> = None;
    let mut rx = BytesMut::from(input);
    let mut tx = Transmit::new();

    for _step in 0..100 {
        while let Some(event) = client.poll_event() {
            match event {
                Event::Resolve { query, .. } => {
                    client.handle_resolved(query, &["10.0.0.1:11210".parse().unwrap()], now)
                }
                Event::Open { link: id, .. } => {
                    link = Some(id);
                    client.handle_connected(id, now);
                }
                Event::Finished { op, result } if op == get => return result.is_ok(),
                Event::Close { .. } => link = None,
                _ => {}
            }
        }
        while let Some(dirty) = client.poll_dirty() {
            while client.poll_transmit(dirty, &mut tx) {
                tx.clear(); // "sent"
            }
        }
        if let Some(id) = link {
            client.handle_input(id, &mut rx, now);
        }
        if let Some((at, _why)) = client.poll_timeout() {
            now = at;
            client.handle_timeout(now);
        }
    }
    false
}

fn main() {
    println!("{}", play(b"\x81\x1f\x00\x00"));
}
