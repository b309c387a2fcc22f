//! Faults on demand, in virtual time.

use super::*;

#[test]
fn a_stalled_node_works_later_on_what_came_meanwhile() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.model.stall(0, Duration::from_secs(5), bench.now);
    bench.send(conn, set(b"1"));
    bench.send(conn, get());
    assert_eq!(bench.answers(conn), []);
    assert!(bench.model.is_waiting(conn, bench.now));
    assert!(bench.model.effects().is_empty(), "nothing is done before the stall ends");
    assert_eq!(bench.model.poll_timeout(), Some(bench.now + Duration::from_secs(5)));
    bench.pass(4);
    assert_eq!(bench.answers(conn), []);
    bench.pass(1);
    assert_eq!(bench.answers(conn).len(), 2);
    assert_eq!(bench.model.poll_timeout(), None);
}

#[test]
fn a_hung_node_still_does_what_it_was_asked_when_released() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.model.hang(0);
    bench.send(conn, set(b"late"));
    bench.pass(1_000);
    assert_eq!(bench.answers(conn), []);
    let late = bench.accept(0);
    bench.model.release(0, bench.now);
    assert_eq!(bench.answers(conn)[0].status, Status::SUCCESS);
    assert!(!bench.model.is_waiting(late, bench.now));
}

#[test]
fn a_vbucket_that_moves_away_from_a_hung_node_is_refused_by_it_afterwards() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.model.hang(0);
    bench.send(conn, set(b"late"));
    bench.model.move_vbucket(0, 1);
    bench.model.release(0, bench.now);
    assert_eq!(bench.answers(conn)[0].status, Status::NOT_MY_VBUCKET);
    assert!(bench.model.effects().is_empty());
}

#[test]
fn a_stopped_node_forgets_what_it_had_not_done() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.stored(conn, b"kept");
    bench.model.hang(0);
    bench.send(conn, delete());
    bench.model.stop(0);
    assert_eq!(bench.model.poll_closed(), Some(conn));
    assert_eq!(bench.model.accept(0, bench.now), None);
    bench.model.handle_closed(conn);
    bench.model.start(0);
    let conn = bench.client();
    assert_eq!(bench.call(conn, get()).text(), "kept");
}

#[test]
fn planned_answers_are_given_without_doing_anything() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.model.answer_next(2, Opcode::SET, Status::ETMPFAIL);
    bench.model.answer_next(1, Opcode::SET, Status::EBUSY);
    bench.model.answer_next(0, Opcode::SET, Status::ENOMEM);
    assert_eq!(bench.status(conn, get()), Status::KEY_ENOENT);
    let statuses: Vec<Status> = (0..4).map(|_| bench.status(conn, set(b"v"))).collect();
    assert_eq!(statuses, [Status::ETMPFAIL, Status::ETMPFAIL, Status::EBUSY, Status::SUCCESS]);
    assert_eq!(bench.model.effects().len(), 1);
    assert_eq!(bench.model.requests(Opcode::SET), 4);
    bench.model.answer_next(1, Opcode::GET, Status::NOT_MY_VBUCKET);
    assert!(bench.call(conn, get()).text().starts_with('{'), "the config comes with it");
}

#[test]
fn cutting_loses_the_answers_that_were_not_sent() {
    let mut bench = Bench::new();
    let (cut, other) = (bench.client(), bench.link(1, &[]));
    bench.send(cut, set(b"v"));
    bench.model.cut_links(0);
    assert_eq!(bench.answers(cut), []);
    assert_eq!(bench.model.effects().len(), 1, "done, though nobody was told");
    assert!(bench.model.wants_close(cut) && !bench.model.wants_close(other));
    bench.send(cut, set(b"w"));
    assert_eq!(bench.model.effects().len(), 1, "nothing is read any more");
    assert_eq!((bench.model.connections(0), bench.model.connections(1)), (1, 1));
    bench.model.handle_closed(cut);
    assert_eq!(bench.model.connections(0), 0);
}

#[test]
fn two_models_that_are_told_the_same_do_the_same() {
    let run = || {
        let mut bench = Bench::new();
        let conn = bench.accept(0);
        let auth = Outgoing {
            key: b"SCRAM-SHA256",
            value: b"n,,n=app,r=abc",
            ..Outgoing::request(Opcode::SASL_AUTH)
        };
        let challenge = bench.call(conn, auth);
        let other = bench.client();
        bench.stored(other, b"v");
        (challenge, bench.model.effects().to_vec(), bench.model.bucket_uuid("default").map(str::to_owned))
    };
    assert_eq!(run(), run());
}
