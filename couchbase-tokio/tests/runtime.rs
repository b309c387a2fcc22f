//! What is tokio's own in the runtime: its paused clock, its absence, a runtime without drivers, foreign executors.
//! What every runtime must do is in the conformance tests.

use couchbase_core::rt::Runtime;
use couchbase_core::{ErrorKind, Instant};
use couchbase_tokio::Tokio;
use std::future::poll_fn;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
    let addr = listener.local_addr().expect("it is bound");
    (listener, addr)
}

#[tokio::test(start_paused = true)]
async fn time_is_tokios_and_may_be_paused() {
    let real = std::time::Instant::now();
    let runtime = Tokio::current().unwrap();
    let mut timer = runtime.timer();
    let began = runtime.now();
    timer.reset(began + Duration::from_secs(3600));
    poll_fn(|cx| timer.poll(cx)).await;

    let passed = runtime.now() - began;
    assert!(passed >= Duration::from_secs(3600), "{passed:?}");
    assert!(passed < Duration::from_secs(3601), "{passed:?}");
    assert!(real.elapsed() < Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_runs_on_while_a_server_is_waited_for() {
    let real = std::time::Instant::now();
    let (_mute, addr) = listener();
    let error = couchbase_tokio::connect(format!("couchbase://app:secret@{addr}/default")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(real.elapsed() < Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_time_is_an_instant_too() {
    let runtime = Tokio::current().unwrap();
    let mut timer = runtime.timer();
    timer.reset(Instant::from_nanos(u64::MAX));
    tokio::select! {
        () = poll_fn(|cx| timer.poll(cx)) => panic!("ready 584 years early"),
        () = tokio::time::sleep(Duration::from_secs(86_400)) => {}
    }
    timer.reset(runtime.now());
    poll_fn(|cx| timer.poll(cx)).await;
}

#[test]
fn outside_of_a_runtime_there_is_none() {
    let error = Tokio::current().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoRuntime);
    assert!(error.to_string().contains("couchbase-async-std"), "{error}");
}

#[test]
fn a_runtime_without_time_is_refused() {
    let bare = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let error = bare.block_on(async { Tokio::current().unwrap_err() });
    assert_eq!(error.kind(), ErrorKind::NoRuntime);
    assert!(error.to_string().contains("enable_all"), "{error}");
}

#[test]
fn a_runtime_without_sockets_cannot_connect_and_says_why() {
    let (_listener, addr) = listener();
    let bare = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let error = bare.block_on(async { Tokio::current().unwrap().connect(addr).await.err().unwrap() });
    assert!(error.to_string().contains("enable_all"), "{error}");
}

#[test]
fn another_executor_may_poll_what_is_tokios() {
    let (listener, addr) = listener();
    let host = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let runtime = host.block_on(async { Tokio::current().unwrap() });
    futures::executor::block_on(async {
        let mut socket = runtime.connect(addr).await.unwrap();
        drop(listener.accept().unwrap());
        let read = poll_fn(|cx| socket.poll_read(cx, &mut [0; 8])).await.unwrap();
        assert_eq!(read, 0, "the other side has hung up");

        let mut timer = runtime.timer();
        timer.reset(runtime.now() + Duration::from_millis(1));
        poll_fn(|cx| timer.poll(cx)).await;
    });
}

#[test]
fn operations_that_a_runtime_leaves_behind_end_with_closed() {
    let (_mute, addr) = listener();
    for workers in [0, 2] {
        let mut builder = match workers {
            0 => tokio::runtime::Builder::new_current_thread(),
            _ => tokio::runtime::Builder::new_multi_thread(),
        };
        let host = builder.enable_all().build().unwrap();
        let cb = host.block_on(async {
            let cb = couchbase_tokio::open(format!("couchbase://app:secret@{addr}/default")).unwrap();
            tokio::task::yield_now().await;
            cb
        });
        let (connected, sent) = (cb.connect(), cb.get("k").send());
        drop(host);
        let connected = futures::executor::block_on(connected).unwrap_err();
        let sent = futures::executor::block_on(sent).unwrap_err();
        let later = futures::executor::block_on(cb.get("k")).unwrap_err();
        for error in [connected, sent, later] {
            assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
        }
        futures::executor::block_on(cb.close()).unwrap();
    }
}
