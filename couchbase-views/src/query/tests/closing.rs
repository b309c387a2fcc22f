//! Queries of a connection that is being closed.

use super::*;
use couchbase_core::Standing;

/// How a query ends if the connection stands like this from when the query first waits.
fn ending(nodes: &Scripted, standing: Standing) -> Error {
    let mut all = query(nodes).all();
    let mut next = Some(standing);
    let outcome = nodes.run(std::future::poll_fn(|cx| {
        let outcome = Pin::new(&mut all).poll(cx);
        if outcome.is_pending()
            && let Some(standing) = next.take()
        {
            nodes.stand(standing);
        }
        outcome
    }));
    assert_eq!((nodes.errands(), nodes.open()), (0, 0), "though it is not dropped");
    outcome.map(|_| ()).unwrap_err()
}

#[test]
fn a_query_that_comes_too_late_is_not_sent() {
    for standing in [Standing::Closing, Standing::Ended] {
        let nodes = Scripted::new([vec![]]);
        let unsent = query(&nodes).all();
        nodes.stand(standing);
        assert_eq!(nodes.run(unsent).unwrap_err().kind(), ErrorKind::Closed);
        assert_eq!(failing(&nodes).0.kind(), ErrorKind::Closed);
        let started = query(&nodes).sink(Keep::default()).start();
        assert_eq!(nodes.run(started).unwrap_err().kind(), ErrorKind::Closed);
        assert!(nodes.asked().is_empty());
    }
}

#[test]
fn what_is_being_answered_comes_to_its_end() {
    let nodes = Scripted::new([vec![pieces(200, THREE)]]);
    let mut seen = Vec::new();
    let closing = nodes.clone();
    nodes
        .run(query(&nodes).each(|_| {
            closing.stand(Standing::Closing);
            seen.push(closing.errands());
        }))
        .unwrap();
    assert_eq!(seen, [1, 1, 1], "closing waits for it");
    assert_eq!((nodes.errands(), nodes.open()), (0, 0));
}

#[test]
fn a_node_that_is_still_being_connected_is_not_asked() {
    let nodes = Scripted::new([vec![Act::Ignore], vec![Act::Ignore]]);
    assert_eq!(ending(&nodes, Standing::Closing).kind(), ErrorKind::Closed);
    assert_eq!((nodes.asked().len(), nodes.elapsed()), (1, Duration::ZERO));
}

#[test]
fn a_pause_ends_at_once() {
    let nodes = Scripted::new([vec![answer(503, "busy"), answer(200, THREE)]]);
    let error = ending(&nodes, Standing::Closing);
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_eq!(error.node().unwrap().as_str(), "node:1");
    assert_eq!((nodes.asked().len(), nodes.elapsed()), (1, Duration::ZERO));
}

#[test]
fn a_query_that_waits_for_the_connection_is_not_sent() {
    let nodes = Scripted::new([vec![]]).not_connected();
    assert_eq!(ending(&nodes, Standing::Closing).kind(), ErrorKind::Closed);
    assert!(nodes.asked().is_empty());
}

#[test]
fn without_a_driver_nothing_goes_on() {
    let started = http(200, THREE).into_bytes()[..140].to_vec();
    let nodes = Scripted::new([vec![Act::Stall(vec![started])]]);
    assert_eq!(ending(&nodes, Standing::Ended).kind(), ErrorKind::Closed);
    assert_eq!((nodes.reads(), nodes.elapsed()), (1, Duration::ZERO));
}

/// Notes how much closing waits for when it is told of the end.
struct AtEnd(Scripted, Vec<usize>);

impl RowSink for AtEnd {
    fn on_rows(&mut self, _: Rows<'_>) -> Result<Flow> {
        Ok(Flow::More)
    }
    fn on_done(&mut self, _: &Metadata) {
        self.1.push(self.0.errands());
    }
}

#[test]
fn a_query_is_over_when_its_sink_has_been_told() {
    let nodes = Scripted::new([vec![pieces(200, THREE), pieces(200, THREE), Act::Stall(vec![])]]);
    let sink = || AtEnd(nodes.clone(), Vec::new());
    let mut awaited = query(&nodes).sink(sink());
    assert_eq!(nodes.run(&mut awaited).unwrap().1, [1]);
    assert_eq!(nodes.errands(), 0, "though it is not dropped");

    let mut running = query(&nodes).sink(sink()).start();
    let sink_back = nodes.run(&mut running).unwrap();
    assert_eq!((sink_back.1, nodes.errands()), (vec![1], 0));

    let mut stopped = query(&nodes).sink(sink()).start();
    let control = stopped.control();
    let sink_back = nodes.run(std::future::poll_fn(|cx| {
        if nodes.open() == 1 {
            control.stop();
        }
        Pin::new(&mut stopped).poll(cx)
    }));
    assert_eq!((sink_back.unwrap().1, nodes.errands(), nodes.open()), (vec![1], 0, 0));
}
