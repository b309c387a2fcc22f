//! Queries from end to end against scripted nodes, in virtual time.

mod background;
mod closing;
mod hostile;

use super::*;
use crate::scripted::{Act, Scripted, answer, http, no_connection, pieces};
use crate::{Rows, ViewError};
use couchbase_core::Error;

const THREE: &str = "{\"total_rows\":9,\"rows\":[\r\n{\"id\":\"a\",\"key\":1,\"value\":10},\r\n\
                     {\"id\":\"b\",\"key\":2,\"value\":20},\r\n{\"id\":\"c\",\"key\":3,\"value\":30}\r\n]\r\n}";

fn query(nodes: &Scripted) -> Query {
    Query::new(nodes.home(), "design", "view")
}

#[derive(Default, Debug)]
struct Keep {
    ids: Vec<String>,
    stop_at: usize,
    done: Vec<u64>,
    failed: Vec<ErrorKind>,
    refuse: bool,
}

impl RowSink for Keep {
    fn on_rows(&mut self, rows: Rows<'_>) -> Result<Flow> {
        for row in rows {
            self.ids.extend(row.id().map(str::to_owned));
            if self.refuse {
                return Err(Error::new(ErrorKind::Other, "the sink is full"));
            }
            if self.ids.len() == self.stop_at {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::More)
    }
    fn on_done(&mut self, meta: &Metadata) {
        self.done.push(meta.total_rows());
    }
    fn on_error(&mut self, error: &Error) {
        self.failed.push(error.kind());
    }
}

/// A sink whose fate can be seen after it is gone.
struct Watched(Arc<std::sync::Mutex<Keep>>);

impl RowSink for Watched {
    fn on_rows(&mut self, rows: Rows<'_>) -> Result<Flow> {
        self.0.lock().unwrap().on_rows(rows)
    }
    fn on_done(&mut self, meta: &Metadata) {
        self.0.lock().unwrap().on_done(meta);
    }
    fn on_error(&mut self, error: &Error) {
        self.0.lock().unwrap().on_error(error);
    }
}

/// The error of a query, and what its sink saw.
fn failing(nodes: &Scripted) -> (Error, Keep) {
    let seen = Arc::new(std::sync::Mutex::new(Keep::default()));
    let error = nodes.run(query(nodes).sink(Watched(seen.clone()))).map(|_| ()).unwrap_err();
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!((&seen.failed[..], seen.done.len()), (&[error.kind()][..], 0));
    assert_eq!(nodes.open(), 0);
    (error, seen)
}

#[test]
fn all_rows_can_be_walked_again_and_again() {
    let nodes = Scripted::new([vec![pieces(200, THREE)]]);
    let rows = nodes.run(query(&nodes).all().limit(5).stale(Stale::Ok)).unwrap();
    for _ in 0..2 {
        let seen: Vec<_> = rows.iter().map(|row| (row.id(), row.value::<u8>().unwrap())).collect();
        assert_eq!(seen, [(Some("a"), 10), (Some("b"), 20), (Some("c"), 30)]);
    }
    let typed: Vec<_> = rows.typed::<u8, u8>().map(|row| row.unwrap()).map(|row| (row.id, row.key)).collect();
    assert_eq!(typed[2], (Some("c".to_owned()), 3));
    assert_eq!(rows.typed::<u8, String>().filter(|row| row.is_err()).count(), 3);
    assert_eq!((rows.len(), rows.total_rows(), rows.errors().len()), (3, 9, 0));
    assert_eq!(rows.get(1).unwrap().id(), Some("b"));
    assert!(rows.get(3).is_none() && !rows.is_empty());
    assert_eq!((&rows).into_iter().len(), rows.clone().len());

    let request = &nodes.requests()[0];
    assert!(request.starts_with("GET /bucket/_design/design/_view/view?stale=ok&limit=5 HTTP/1.1\r\n"));
    assert!(request.contains("\r\nhost: node:1\r\n"), "{request}");
    assert!(request.contains("\r\nauthorization: Basic dXNlcjpzZWNyZXQ=\r\n"), "{request}");
    assert_eq!(nodes.open(), 0);
}

#[test]
fn a_closure_may_borrow_stop_and_fail() {
    let nodes = Scripted::new([vec![pieces(200, THREE), pieces(200, THREE), pieces(200, THREE)]]);
    let mut sum = 0;
    let meta = nodes
        .run(query(&nodes).each(|row| {
            sum += row.value::<u64>()?;
            Ok(())
        }))
        .unwrap();
    assert_eq!((sum, meta.total_rows()), (60, 9));

    let local = std::rc::Rc::new(std::cell::Cell::new(0));
    nodes
        .run(query(&nodes).each(|_| {
            local.set(local.get() + 1);
            if local.get() == 2 { Flow::Stop } else { Flow::More }
        }))
        .unwrap();
    assert_eq!(local.get(), 2);

    let error = nodes.run(query(&nodes).each(|row| row.value::<String>().map(drop))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ValueFormat);
    assert_eq!(nodes.open(), 0);
}

#[test]
fn a_sink_comes_back() {
    let nodes = Scripted::new([vec![pieces(200, THREE), pieces(200, THREE)]]);
    let sink = nodes.run(query(&nodes).sink(Keep::default())).unwrap();
    assert_eq!((sink.ids.concat(), &sink.done[..]), ("abc".to_owned(), &[9][..]));
    let sink = nodes.run(query(&nodes).sink(Keep { stop_at: 2, ..Keep::default() })).unwrap();
    assert_eq!((sink.ids.concat(), &sink.done[..], sink.failed.len()), ("ab".to_owned(), &[9][..], 0));
    assert_eq!(nodes.open(), 0);
}

#[test]
fn a_sink_that_fails_ends_the_query() {
    let nodes = Scripted::new([vec![pieces(200, THREE)]]);
    let error = nodes.run(query(&nodes).sink(Keep { refuse: true, ..Keep::default() })).unwrap_err();
    assert!(error.to_string().contains("the sink is full"));
}

#[test]
fn nothing_is_read_ahead_of_the_sink() {
    let body: String = (0..100).map(|n| format!("{{\"key\":{n}}},")).collect();
    let whole = http(200, &format!("{{\"rows\":[{body}0]}}"));
    let nodes =
        Scripted::new([vec![Act::Answer(whole.into_bytes().chunks(64).map(<[u8]>::to_vec).collect())]]);
    let mut seen = 0;
    let counting = nodes.clone();
    let mut batches = Vec::new();
    nodes
        .run(query(&nodes).each(|_| {
            seen += 1;
            batches.push((counting.reads(), seen));
        }))
        .unwrap();
    assert_eq!(seen, 101);
    // Each read of 64 bytes holds at most 8 rows; none was read before the rows of the last were taken.
    assert!(batches.iter().all(|&(reads, seen)| reads * 8 >= seen && reads <= seen / 5 + 2), "{batches:?}");
}

#[test]
fn a_query_waits_for_the_connection() {
    let nodes = Scripted::new([vec![answer(200, THREE)]]).not_connected();
    let connecting = nodes.clone();
    let mut all = query(&nodes).all().timeout(Duration::from_secs(1));
    let rows = nodes.run(std::future::poll_fn(move |cx| {
        let outcome = Pin::new(&mut all).poll(cx);
        if outcome.is_pending() && connecting.asked().is_empty() {
            connecting.connect(Ok(()));
        }
        outcome
    }));
    assert_eq!(rows.unwrap().len(), 3);
}

#[test]
fn a_query_fails_with_the_connection() {
    let nodes = Scripted::new([]).not_connected();
    nodes.connect(Err(no_connection()));
    let (error, _) = failing(&nodes);
    assert_eq!(error.kind(), ErrorKind::Auth);
}

#[test]
fn mistakes_come_out_before_anything_else() {
    let nodes = Scripted::new([]).not_connected();
    let error = nodes.run(query(&nodes).all().key(&1).start_key(&2)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    let error = nodes.run(Query::new(nodes.home(), "", "v").each(|_| ())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    let error = nodes.run(query(&nodes).timeout(Duration::ZERO).sink(Keep::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
}

#[test]
fn other_nodes_are_asked() {
    for first in [
        Act::Refuse,
        Act::Answer(vec![]),
        Act::Answer(vec![b"HTTP/1.1 200 OK\r\nConte".to_vec()]),
        answer(302, ""),
        answer(503, r#"{"message":"Temporary error occurred"}"#),
        answer(404, r#"{"error":"not_found","reason":"missing"}"#),
        answer(500, r#"{"error":"set_view_outdated","reason":""}"#),
        answer(401, r#"{"error":"unauthorized"}"#),
        Act::Ignore,
    ] {
        let nodes =
            Scripted::new([vec![first.clone(), pieces(200, THREE)], vec![first.clone(), pieces(200, THREE)]]);
        let rows = nodes.run(query(&nodes).all()).unwrap();
        assert_eq!(rows.len(), 3, "{first:?}");
        let asked = nodes.asked();
        // The seed decides who is first; each is asked at most twice.
        assert!(asked.len() == 2 && asked[0] != asked[1] || asked.len() == 3, "{first:?}: {asked:?}");
    }
}

#[test]
fn an_answer_that_is_no_success_is_the_error() {
    let missing = r#"{"error":"not_found","reason":"Design document _design/design not found"}"#;
    let nodes = Scripted::new([vec![pieces(404, missing)]]);
    let (error, seen) = failing(&nodes);
    assert_eq!((error.kind(), seen.ids.len()), (ErrorKind::Http, 0));
    assert_eq!(error.server_words(), Some("not_found: Design document _design/design not found"));
    assert_eq!(error.node().unwrap().as_str(), "node:1");

    let cut = Act::Answer(vec![b"HTTP/1.1 400 Bad\r\nContent-Length: 99\r\n\r\n{\"error\":".to_vec()]);
    let (error, _) = failing(&Scripted::new([vec![cut]]));
    assert_eq!((error.kind(), error.server_words()), (ErrorKind::Http, Some("{\"error\":")));

    let endless =
        Act::Stall(vec![b"HTTP/1.1 400 Bad\r\n\r\n".to_vec(), vec![b'x'; 60_000], vec![b'x'; 60_000]]);
    let nodes = Scripted::new([vec![endless]]);
    assert_eq!(failing(&nodes).0.kind(), ErrorKind::Http);
    assert_eq!(nodes.elapsed(), Duration::ZERO);
}

#[test]
fn rows_cut_off_are_an_error_after_those_delivered() {
    let whole = http(200, THREE);
    let cut = &whole[..whole.len() - 36];
    let by_link = Act::Answer(vec![cut.as_bytes().to_vec()]);
    let by_body = answer(200, &THREE[..THREE.len() - 36]);
    for (act, kind) in [(by_link, ErrorKind::Network), (by_body, ErrorKind::Protocol)] {
        let nodes = Scripted::new([vec![act]]);
        let (error, seen) = failing(&nodes);
        assert_eq!((error.kind(), seen.ids.concat()), (kind, "ab".to_owned()));
        assert_eq!(error.node().unwrap().as_str(), "node:1");
        assert_eq!(nodes.asked(), [1], "no second attempt once rows were delivered");
    }
}

#[test]
fn rows_together_with_the_fault_are_delivered() {
    let act = answer(200, "{\"rows\":[{\"id\":\"a\"},{\"id\":\"b\"},{]}");
    let (error, seen) = failing(&Scripted::new([vec![act]]));
    assert_eq!((error.kind(), seen.ids.concat()), (ErrorKind::Protocol, "ab".to_owned()));
}

#[test]
fn an_error_in_a_good_answer_ends_it() {
    let act = answer(200, r#"{"rows":[{"id":"a"}],"error":"stopped","reason":"node gone"}"#);
    let (error, seen) = failing(&Scripted::new([vec![act]]));
    assert_eq!((error.kind(), seen.ids.len()), (ErrorKind::ViewEngine, 1));
    assert_eq!(error.server_words(), Some("stopped: node gone"));
}

#[test]
fn errors_beside_rows_are_metadata() {
    let body = r#"{"total_rows":1,"rows":[],"errors":[{"from":"n2","reason":"timeout"}]}"#;
    let nodes = Scripted::new([vec![answer(200, body)]]);
    let rows = nodes.run(query(&nodes).all()).unwrap();
    let expected = ViewError { from: "n2".to_owned(), reason: "timeout".to_owned() };
    assert_eq!((rows.len(), rows.errors()), (0, &[expected][..]));
}

#[test]
fn silence_ends_at_the_deadline() {
    let started = http(200, THREE).into_bytes()[..120].to_vec();
    for act in [Act::Stall(vec![]), Act::Stall(vec![started])] {
        let nodes = Scripted::new([vec![act.clone()]]);
        assert_eq!(failing(&nodes).0.kind(), ErrorKind::Timeout);
        assert_eq!(nodes.elapsed(), Duration::from_secs(75));

        let nodes = Scripted::new([vec![act]]);
        let error = nodes.run(query(&nodes).all().timeout(Duration::from_millis(300))).unwrap_err();
        assert_eq!((error.kind(), nodes.elapsed()), (ErrorKind::Timeout, Duration::from_millis(300)));
    }
    let nodes = Scripted::new([vec![answer(503, "busy"); 1000]]);
    let (error, _) = failing(&nodes);
    assert_eq!((error.kind(), nodes.elapsed()), (ErrorKind::Timeout, Duration::from_secs(75)));
    assert!(error.to_string().contains("busy"), "{error}");
    assert!(nodes.asked().len() > 75 && nodes.asked().len() < 175);
}

#[test]
fn a_node_that_ignores_us_costs_ten_seconds() {
    let nodes = Scripted::new([vec![Act::Ignore, Act::Ignore]]);
    let (error, _) = failing(&nodes);
    assert_eq!(error.kind(), ErrorKind::Network);
    assert_eq!(nodes.asked(), [1, 1]);
    assert!(nodes.elapsed() > Duration::from_secs(20) && nodes.elapsed() < Duration::from_millis(20_100));
}

#[test]
fn what_is_no_http_is_a_protocol_error() {
    for garbage in [&b"SSH-2.0-OpenSSH_9.6\r\n"[..], b"\x81\x00\x00\x00"] {
        let nodes = Scripted::new([vec![Act::Answer(vec![garbage.to_vec()])]]);
        assert_eq!(failing(&nodes).0.kind(), ErrorKind::Protocol);
    }
}

#[test]
fn a_cluster_without_views_is_told_so() {
    assert_eq!(failing(&Scripted::new([])).0.kind(), ErrorKind::NotSupported);
}

#[test]
fn many_keys_are_posted() {
    let nodes = Scripted::new([vec![answer(200, THREE)]]);
    nodes.run(query(&nodes).all().keys(0..1000).group(true)).unwrap();
    let request = &nodes.requests()[0];
    assert!(
        request.starts_with("POST /bucket/_design/design/_view/view?group=true HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.contains("\r\ncontent-type: application/json\r\n") && request.ends_with(",998,999]}"));
}

#[test]
fn an_answer_may_come_before_the_request_was_read() {
    let refusal = http(400, r#"{"error":"bad_request","reason":"too many keys"}"#);
    let nodes = Scripted::new([vec![Act::Blurt(vec![refusal.into_bytes()])]]);
    let error = nodes.run(query(&nodes).all().keys(0..100_000)).unwrap_err();
    assert_eq!((error.kind(), error.server_words()), (ErrorKind::Http, Some("bad_request: too many keys")));
}

#[test]
fn memory_for_all_rows_is_bounded() {
    let nodes = Scripted::new([vec![pieces(200, THREE), pieces(200, THREE)]]);
    let needed = 3 * (r#"{"id":"a","key":1,"value":10}"#.len() + size_of::<crate::rows::Fields>());
    assert_eq!(nodes.run(query(&nodes).all().max_bytes(needed)).unwrap().len(), 3);
    let error = nodes.run(query(&nodes).all().max_bytes(needed - 1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooBig);
    assert!(error.to_string().contains("max_bytes"), "{error}");
    assert_eq!(size_of::<crate::rows::Fields>(), 56, "as documented at max_bytes");
}

#[test]
fn a_query_that_has_ended_stays_ended() {
    let nodes = Scripted::new([vec![answer(200, THREE)]]);
    let mut all = query(&nodes).all();
    nodes.run(&mut all).unwrap();
    assert_eq!(nodes.run(&mut all).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn dropping_a_query_closes_its_link() {
    let nodes = Scripted::new([vec![Act::Stall(vec![])]]);
    let mut all = query(&nodes).all();
    let looking = nodes.clone();
    nodes.run(std::future::poll_fn(|cx| {
        assert!(Pin::new(&mut all).poll(cx).is_pending());
        if looking.open() == 1 { Poll::Ready(()) } else { Poll::Pending }
    }));
    drop(all);
    assert_eq!(nodes.open(), 0);
}

#[test]
fn futures_can_move_between_threads() {
    fn movable<T: Send + Unpin + 'static>(_: &T) {}
    let nodes = Scripted::new([]);
    movable(&query(&nodes).all());
    movable(&query(&nodes).sink(Keep::default()));
    movable(&query(&nodes).each(|_| ()));
    movable(&query(&nodes).sink(Keep::default()).start().control());
}
