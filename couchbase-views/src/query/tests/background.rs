//! Queries that run in the background, and the handles that stop them.

use super::*;
use std::sync::Mutex;

#[test]
fn a_background_query_gives_its_sink_back() {
    let nodes = Scripted::new([vec![pieces(200, THREE)]]);
    let running = query(&nodes).sink(Keep::default()).start();
    assert_eq!(nodes.run(running).unwrap().ids.concat(), "abc");
}

#[test]
fn a_background_query_can_be_stopped_from_anywhere() {
    let started = http(200, THREE).into_bytes()[..140].to_vec();
    let nodes = Scripted::new([vec![Act::Stall(vec![started.clone()]), Act::Stall(vec![started])]]);
    let running = query(&nodes).sink(Keep::default()).start();
    let remote = running.control();
    let reading = nodes.clone();
    let mut running = running;
    let sink = nodes.run(std::future::poll_fn(move |cx| {
        let outcome = Pin::new(&mut running).poll(cx);
        if outcome.is_pending() && reading.reads() == 1 {
            let remote = remote.clone();
            std::thread::spawn(move || remote.stop()).join().unwrap();
        }
        outcome
    }));
    let sink = sink.unwrap();
    assert_eq!((sink.ids.concat(), &sink.done[..]), ("ab".to_owned(), &[9][..]));
    assert_eq!((nodes.open(), nodes.elapsed()), (0, Duration::ZERO));

    let running = query(&nodes).sink(Keep::default()).start();
    running.stop();
    let sink = nodes.run(running).unwrap();
    assert_eq!((sink.ids.len(), &sink.done[..]), (0, &[0][..]));
    assert_eq!(nodes.asked(), [1], "stopped before it was sent");
}

/// Has its query stopped from outside when the first rows come.
#[derive(Default, Debug)]
struct StopFirst {
    control: Arc<std::sync::Mutex<Option<Control>>>,
    rows: Vec<usize>,
}

impl RowSink for StopFirst {
    fn on_rows(&mut self, rows: Rows<'_>) -> Result<Flow> {
        self.rows.push(rows.len());
        let control = self.control.lock().unwrap().take();
        std::thread::spawn(move || control.unwrap().stop()).join().unwrap();
        Ok(Flow::More)
    }
}

#[test]
fn no_rows_come_after_a_query_was_stopped() {
    let nodes = Scripted::new([vec![pieces(200, THREE)]]);
    let sink = StopFirst::default();
    let control = sink.control.clone();
    let running = query(&nodes).sink(sink).start();
    *control.lock().unwrap() = Some(running.control());
    let sink = nodes.run(running).unwrap();
    assert_eq!((sink.rows, nodes.open()), (vec![1], 0));
}

#[test]
fn a_background_query_that_is_dropped_says_so() {
    let nodes = Scripted::new([vec![]]);
    let running = query(&nodes).sink(Keep::default()).start();
    drop(nodes.take_tasks());
    assert_eq!(nodes.run(running).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn who_may_stop_a_query_keeps_nothing_of_its_task() {
    struct Idle;
    impl std::task::Wake for Idle {
        fn wake(self: Arc<Self>) {}
    }
    let idle = Arc::new(Idle);
    for (act, is_over) in [(answer(200, THREE), true), (Act::Stall(vec![]), false)] {
        let nodes = Scripted::new([vec![act]]);
        let control = query(&nodes).sink(Keep::default()).start().control();
        let waker = std::task::Waker::from(idle.clone());
        let mut tasks = nodes.take_tasks();
        let polled = tasks[0].as_mut().poll(&mut Context::from_waker(&waker));
        assert_eq!(polled.is_ready(), is_over);
        drop((tasks, waker));
        assert_eq!(Arc::strong_count(&idle), 1, "the task is over: {is_over}");
        control.stop();
    }
}

/// Stops its own query with the first rows, and asks for more.
#[derive(Default)]
struct Stopper {
    control: Arc<Mutex<Option<Control>>>,
    done: usize,
}

impl RowSink for Stopper {
    fn on_rows(&mut self, _: Rows<'_>) -> Result<Flow> {
        self.control.lock().unwrap().as_ref().expect("it runs").stop();
        Ok(Flow::More)
    }
    fn on_done(&mut self, _: &Metadata) {
        self.done += 1;
    }
    fn on_error(&mut self, error: &Error) {
        panic!("{error}");
    }
}

#[test]
fn what_goes_wrong_after_a_stop_is_no_fault() {
    let cut = Act::Answer(vec![http(200, THREE).as_bytes()[..140].to_vec()]);
    let failed = answer(200, r#"{"rows":[{"id":"a"},{"id":"b"}],"error":"stopped","reason":"node gone"}"#);
    for act in [cut, failed] {
        let nodes = Scripted::new([vec![act]]);
        let sink = Stopper::default();
        let control = sink.control.clone();
        let running = query(&nodes).sink(sink).start();
        *control.lock().unwrap() = Some(running.control());
        assert_eq!(nodes.run(running).unwrap().done, 1);
    }
}
