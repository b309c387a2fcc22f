//! Answers that do not come, or not whole: what is known of the document then.

use super::*;
use std::task::{Context, Waker};

fn stalled(head: &str) -> Act {
    Act::Stall(vec![format!("{head}\r\nContent-Length: 99\r\n\r\n{{").into_bytes()])
}

#[test]
fn what_was_sent_and_not_answered_may_have_been_done() {
    let unsent = Scripted::new([vec![Act::Ignore; 8]]);
    let error = unsent.run(DesignOp::create(unsent.home(), "beer", &beer())).unwrap_err();
    assert!(error.is_network() && !error.is_ambiguous(), "{error}");
    for is_write in [true, false] {
        let nodes = Scripted::new([vec![Act::Stall(vec![])]]);
        let error = match is_write {
            true => nodes.run(DesignOp::create(nodes.home(), "beer", &beer())).unwrap_err(),
            false => nodes.run(DesignOp::get(nodes.home(), "beer")).map(drop).unwrap_err(),
        };
        assert!(error.is_timeout() && error.is_ambiguous() == is_write, "{error}");
    }
    let nodes = Scripted::new([vec![Act::Stall(vec![])]]);
    let mut create = DesignOp::create(nodes.home(), "beer", &beer());
    let mut cx = Context::from_waker(Waker::noop());
    while nodes.requests().is_empty() {
        assert!(Pin::new(&mut create).poll(&mut cx).is_pending());
    }
    nodes.stand(Standing::Ended);
    let error = nodes.run(&mut create).unwrap_err();
    assert!(error.kind() == ErrorKind::Closed && error.is_ambiguous(), "{error}");
}

#[test]
fn it_is_done_when_the_server_says_so_whatever_becomes_of_the_rest() {
    let cut = Act::Answer(vec![b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{\"ok\"".to_vec()]);
    for act in [stalled("HTTP/1.1 201 Created"), cut] {
        let nodes = Scripted::new([vec![act]]);
        nodes.run(DesignOp::create(nodes.home(), "beer", &beer())).unwrap();
        assert_eq!((nodes.elapsed(), nodes.open()), (Duration::ZERO, 0));
    }
    // Of one that is read the rest is wanted.
    let nodes = Scripted::new([vec![stalled("HTTP/1.1 200 OK")]]);
    assert!(nodes.run(DesignOp::get(nodes.home(), "beer")).is_err());
}

#[test]
fn it_is_gone_only_if_the_server_says_that_it_was_deleted() {
    let gone = |reason: &str| answer(404, &format!(r#"{{"error":"not_found","reason":"{reason}"}}"#));
    for (reason, is_gone) in [("deleted", true), ("missing", false), ("uuids_dont_match", false)] {
        let nodes = Scripted::new([vec![Act::Answer(vec![]), gone(reason)]]);
        let outcome = nodes.run(DesignOp::delete(nodes.home(), "beer"));
        assert_eq!(outcome.is_ok(), is_gone, "{reason}");
        assert!(
            outcome.err().is_none_or(|error| error.is_ambiguous()),
            "{reason}: the first may have done it"
        );
    }
}
