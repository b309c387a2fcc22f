//! What the machine calls an operation, and what it calls it on the wire, means nothing else later.

use crate::rig::Rig;

/// More than any counter of a few bits lasts, with one slot of the table in use.
const MANY: usize = 10_000;

#[test]
fn the_name_of_an_operation_that_has_ended_names_no_other() {
    let mut rig = Rig::connected(1);
    let first = rig.get("a");
    rig.run();
    for _ in 0..MANY {
        let next = rig.get("b");
        assert_ne!(next, first);
        rig.client.cancel(first, rig.now);
        rig.run();
        assert!(rig.results.remove(&next).is_some(), "cancelled by a name that was another's");
    }
}

#[test]
fn a_repeated_reply_is_never_another_operations() {
    let mut rig = Rig::connected(1);
    rig.set("a", "of a");
    rig.set("b", "of b");
    rig.run();
    rig.get("a");
    rig.deliver(0);
    let repeated = rig.waiting_reply(0);
    rig.run();
    for _ in 0..MANY {
        let get = rig.get("b");
        rig.pull();
        rig.inject(0, &repeated);
        rig.run();
        let value = rig.results.remove(&get).expect("answered").and_then(|reply| reply.value::<String>());
        assert_eq!(value.expect("it is there"), "of b");
    }
}
