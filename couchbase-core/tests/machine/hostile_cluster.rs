//! Configurations and answers that no honest cluster gives: nothing panics, nothing hangs.

use crate::script::{Script, cluster};
use couchbase_core::machine::Request;
use couchbase_core::wire::{Opcode, Outgoing, Status};
use std::time::Duration;

const HOST: &str = "couchbase://10.0.0.1/default";
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_malformed_answer_ends_its_own_operation_too() {
    let (mut script, link) = Script::connected(HOST, cluster(1, &["10.0.0.1"], &[0]));
    let counter = script.submit(Request::counter("n", 1), 60 * SECOND);
    let read = script.submit(Request::get("n"), 60 * SECOND);
    let asked = script.requests(link);
    // A counter's value has eight bytes.
    let reply =
        Outgoing { opaque: asked[0].opaque, ..Outgoing::response(Opcode::INCREMENT, Status::SUCCESS) };
    script.say(link, Outgoing { value: b"1", ..reply });
    let error = script.error(counter);
    assert!(error.is_ambiguous() && format!("{error}").contains("malformed"), "{error}");
    assert_eq!(script.client.metrics().orphans, 0, "nobody will answer it any more");
    // The vbucket is free for the next link.
    script.pass(SECOND);
    let next = script.opened.last().expect("opened again").0;
    script.establish(next);
    assert_eq!(script.requests(next).iter().map(|asked| asked.opcode).collect::<Vec<_>>(), [Opcode::GET]);
    assert!(!script.results.contains_key(&read));
}
