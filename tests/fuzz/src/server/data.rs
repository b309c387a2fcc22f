//! The data service: whatever a client sends, the answers are frames, and the same however it was cut or held up.

use super::{NOW, cluster};
use crate::cuts::pieces;
use couchbase_core::wire::{MAX_BODY_LEN, Magic, peek};
use couchbase_testkit::model::{ConnId, Model};
use std::time::Duration;

/// What a client got, and whether the link was closed.
type Outcome = (Vec<u8>, bool);

/// Sends `data` to a node. The first byte chooses who may do what, and the node.
pub fn server_data(data: &[u8]) {
    let Some((&choice, requests)) = data.split_first() else { return };
    let whole = play(choice, |model, conn| model.handle_input(conn, requests, NOW));
    let cut = play(choice, |model, conn| {
        pieces(requests).for_each(|piece| model.handle_input(conn, piece, NOW));
    });
    assert!(cut == whole, "chunking matters");
    frames(&whole.0);

    // Kept by a node that hangs, it is worked on when that ends. (One that stalls may answer otherwise: time passes.)
    let held = play(choice, |model, conn| {
        model.hang(node(choice));
        pieces(requests).for_each(|piece| model.handle_input(conn, piece, NOW));
        let mut early = Vec::new();
        assert!(!model.poll_output(conn, &mut early), "a node that hangs answers");
        model.release(node(choice), NOW);
    });
    assert!(held == whole, "holding it up matters");
    play(choice, |model, conn| {
        model.stall(node(choice), Duration::from_millis(700), NOW);
        model.handle_input(conn, requests, NOW);
        let due = model.poll_timeout().expect("a stall has an end");
        model.handle_timeout(due);
        assert!(model.poll_timeout().is_none());
    });
}

fn node(choice: u8) -> usize {
    usize::from(choice >> 1 & 1)
}

fn play(choice: u8, send: impl FnOnce(&mut Model, ConnId)) -> Outcome {
    let mut model = cluster(choice & 1 == 0);
    let conn = model.accept(node(choice), NOW).expect("it runs");
    send(&mut model, conn);
    let mut answers = Vec::new();
    while model.poll_output(conn, &mut answers) {}
    let is_closed = model.wants_close(conn);
    assert_eq!(model.poll_closed(), is_closed.then_some(conn));
    assert_eq!(model.poll_closed(), None, "named twice");
    model.handle_closed(conn);
    assert!(!model.poll_output(conn, &mut answers), "it is gone");
    (answers, is_closed)
}

fn frames(mut answers: &[u8]) {
    while !answers.is_empty() {
        let packet = peek(answers, MAX_BODY_LEN).expect("answers are frames").expect("answers are whole");
        assert!(!matches!(packet.magic(), Magic::Request | Magic::AltRequest));
        answers = &answers[packet.len()..];
    }
}
