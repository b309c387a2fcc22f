//! What every implementation of the runtime traits must do, whoever wrote it.

use couchbase_core::rt::{Runtime, Socket};
use futures::channel::oneshot;
use std::future::poll_fn;
use std::io::{self, IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

/// Expands to one test for each promise of the runtime traits, on this host.
#[macro_export]
macro_rules! runtime_contract {
    ($host:ty) => {
        $crate::runtime_contract! { $host:
            bytes_come_back_as_they_were_sent
            a_reader_is_woken_when_bytes_come
            a_writer_waits_for_room_and_is_woken
            reading_and_writing_keep_their_own_wakers
            a_closed_peer_is_the_end_of_the_stream
            nobody_listens_is_an_error
            a_timer_is_never_early
            a_timer_can_be_armed_earlier_and_later
            a_timer_that_is_not_armed_is_never_ready
            a_task_runs_detached
            tasks_run_side_by_side
            hosts_have_addresses
            an_unknown_host_has_none
            the_clock_never_goes_back
            seeds_differ
        }
    };
    ($host:ty: $($promise:ident)*) => {
        $(
            #[test]
            fn $promise() {
                $crate::host::with_patience(|| {
                    let host = <$host as $crate::host::Host>::start();
                    let runtime = $crate::host::Host::runtime(&host);
                    $crate::host::Host::block_on(&host, $crate::runtime::$promise(&*runtime));
                });
            }
        )*
    };
}

async fn pair(runtime: &dyn Runtime) -> (Box<dyn Socket>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = runtime.connect(listener.local_addr().unwrap()).await.unwrap();
    (near, listener.accept().unwrap().0)
}

async fn read_all(socket: &mut dyn Socket, mut into: &mut [u8]) {
    while !into.is_empty() {
        let read = poll_fn(|cx| socket.poll_read(cx, into)).await.unwrap();
        assert_ne!(read, 0, "the stream ended early");
        into = &mut into[read..];
    }
}

async fn reached(runtime: &dyn Runtime, timer: &mut dyn couchbase_core::rt::Timer, after: Duration) {
    let at = runtime.now() + after;
    timer.reset(at);
    poll_fn(|cx| timer.poll(cx)).await;
    assert!(runtime.now() >= at, "{:?} early", at - runtime.now());
}

/// What goes out in several slices comes back as one stream.
pub async fn bytes_come_back_as_they_were_sent(runtime: &dyn Runtime) {
    let (mut near, mut far) = pair(runtime).await;
    let echo = thread::spawn(move || {
        let mut got = [0; 11];
        far.read_exact(&mut got).unwrap();
        far.write_all(&got).unwrap();
        far
    });
    let mut slices = &mut [IoSlice::new(b"one "), IoSlice::new(b""), IoSlice::new(b"two sl.")][..];
    while slices.iter().any(|slice| !slice.is_empty()) {
        let written = poll_fn(|cx| near.poll_write(cx, slices)).await.unwrap();
        assert_ne!(written, 0);
        IoSlice::advance_slices(&mut slices, written);
    }
    let mut got = [0; 11];
    read_all(&mut *near, &mut got).await;
    assert_eq!(&got, b"one two sl.");
    drop(echo.join().unwrap());
}

/// A read with nothing to read is pending, and the bytes that come later wake it.
pub async fn a_reader_is_woken_when_bytes_come(runtime: &dyn Runtime) {
    let (mut near, mut far) = pair(runtime).await;
    let mut buf = [0; 16];
    for round in 0..3_u8 {
        let mut was_pending = false;
        let read = poll_fn(|cx| {
            let polled = near.poll_read(cx, &mut buf);
            if polled.is_pending() && !was_pending {
                was_pending = true;
                far.write_all(&[round; 3]).unwrap();
            }
            polled
        })
        .await
        .unwrap();
        assert!(was_pending);
        assert!(read > 0 && buf[..read].iter().all(|&byte| byte == round));
        read_all(&mut *near, &mut [0; 3][read..]).await;
    }
}

/// A full socket makes the writer wait; room wakes it; nothing is lost or doubled.
pub async fn a_writer_waits_for_room_and_is_woken(runtime: &dyn Runtime) {
    const TOTAL: usize = 32 << 20;
    let (mut near, mut far) = pair(runtime).await;
    let (go, gone) = channel::<()>();
    let reader = thread::spawn(move || {
        gone.recv().unwrap();
        let mut got = Vec::new();
        far.read_to_end(&mut got).unwrap();
        got
    });
    let sent: Vec<u8> = (0..TOTAL).map(|n| (n / 1021) as u8).collect();
    let mut rest = &sent[..];
    let mut go = Some(go);
    while !rest.is_empty() {
        let written = poll_fn(|cx| {
            let polled = near.poll_write(cx, &[IoSlice::new(rest)]);
            if let (Poll::Pending, Some(go)) = (&polled, go.take_if(|_| polled.is_pending())) {
                go.send(()).unwrap();
            }
            polled
        })
        .await
        .unwrap();
        rest = &rest[written..];
    }
    assert!(go.is_none(), "{TOTAL} bytes fit into a socket that nobody reads");
    drop(near);
    assert!(reader.join().unwrap() == sent);
}

struct Tell(Sender<&'static str>, &'static str);

impl Wake for Tell {
    fn wake(self: Arc<Self>) {
        self.0.send(self.1).ok();
    }
}

/// Waiting to read with one waker survives writing with another.
pub async fn reading_and_writing_keep_their_own_wakers(runtime: &dyn Runtime) {
    let (mut near, mut far) = pair(runtime).await;
    let (tell, told) = channel();
    let reader = Waker::from(Arc::new(Tell(tell.clone(), "reader")));
    let writer = Waker::from(Arc::new(Tell(tell, "writer")));

    // The first calls may be pending only because the runtime does not know yet that the socket is ready.
    poll_fn(|cx| near.poll_write(cx, &[IoSlice::new(b"x")])).await.unwrap();
    assert!(near.poll_read(&mut Context::from_waker(&reader), &mut [0; 8]).is_pending());
    assert!(near.poll_write(&mut Context::from_waker(&writer), &[IoSlice::new(b"y")]).is_ready());
    far.write_all(b"z").unwrap();

    // The host turns its reactor while this task waits.
    let woken = thread::spawn(move || told.recv().unwrap());
    while !woken.is_finished() {
        reached(runtime, &mut *runtime.timer(), Duration::from_millis(1)).await;
    }
    assert_eq!(woken.join().unwrap(), "reader");
}

/// Reading after the peer has closed gives zero, again and again.
pub async fn a_closed_peer_is_the_end_of_the_stream(runtime: &dyn Runtime) {
    let (mut near, mut far) = pair(runtime).await;
    far.write_all(b"last").unwrap();
    drop(far);
    read_all(&mut *near, &mut [0; 4]).await;
    for _ in 0..2 {
        assert_eq!(poll_fn(|cx| near.poll_read(cx, &mut [0; 4])).await.unwrap(), 0);
    }
}

/// A closed port refuses.
pub async fn nobody_listens_is_an_error(runtime: &dyn Runtime) {
    let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = runtime.connect(addr).await.err().expect("nobody listens there");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

/// Ready means that the clock has come to the instant; and it stays so.
pub async fn a_timer_is_never_early(runtime: &dyn Runtime) {
    let mut timer = runtime.timer();
    for micros in [0, 1, 999, 1_000, 1_001, 2_500, 7_000] {
        reached(runtime, &mut *timer, Duration::from_micros(micros)).await;
        poll_fn(|cx| timer.poll(cx)).await;
    }
    timer.reset(couchbase_core::Instant::ZERO);
    poll_fn(|cx| timer.poll(cx)).await;
}

/// The last arming counts, whether the timer has been polled before or not.
pub async fn a_timer_can_be_armed_earlier_and_later(runtime: &dyn Runtime) {
    let mut timer = runtime.timer();
    for is_polled in [false, true] {
        for first in [Duration::from_secs(3600), Duration::from_millis(3)] {
            timer.reset(runtime.now() + first);
            if is_polled {
                let _armed = timer.poll(&mut Context::from_waker(Waker::noop()));
            }
            reached(runtime, &mut *timer, Duration::from_millis(6)).await;
        }
    }
}

/// A fresh timer is pending.
pub async fn a_timer_that_is_not_armed_is_never_ready(runtime: &dyn Runtime) {
    let mut idle = runtime.timer();
    let mut other = runtime.timer();
    other.reset(runtime.now() + Duration::from_millis(3));
    poll_fn(|cx| {
        assert!(idle.poll(cx).is_pending());
        other.poll(cx)
    })
    .await;
}

/// A task runs to its end although nobody holds it.
pub async fn a_task_runs_detached(runtime: &dyn Runtime) {
    let (done, told) = oneshot::channel();
    let mut timer = runtime.timer();
    timer.reset(runtime.now() + Duration::from_millis(2));
    runtime.spawn(Box::pin(async move {
        poll_fn(|cx| timer.poll(cx)).await;
        done.send("done").unwrap();
    }));
    assert_eq!(told.await, Ok("done"));
}

/// Tasks that wait for each other all come to their end.
pub async fn tasks_run_side_by_side(runtime: &dyn Runtime) {
    let (first, mut baton) = oneshot::channel::<u32>();
    for _ in 0..100 {
        let (pass, next) = oneshot::channel();
        runtime.spawn(Box::pin(async move {
            let carried = baton.await.unwrap();
            pass.send(carried + 1).unwrap();
        }));
        baton = next;
    }
    first.send(0).unwrap();
    assert_eq!(baton.await, Ok(100));
}

/// Names and literals resolve, with the port they were asked with.
pub async fn hosts_have_addresses(runtime: &dyn Runtime) {
    let found = runtime.resolve("localhost", 11210).await.unwrap();
    assert!(!found.is_empty());
    assert!(found.iter().all(|addr| addr.ip().is_loopback() && addr.port() == 11210), "{found:?}");
    for literal in ["::1", "[::1]"] {
        assert_eq!(runtime.resolve(literal, 8092).await.unwrap(), ["[::1]:8092".parse().unwrap()]);
    }
}

/// An unknown host is an error or has no address.
pub async fn an_unknown_host_has_none(runtime: &dyn Runtime) {
    let found = runtime.resolve("no-such-host.invalid", 1).await;
    assert!(found.as_ref().map_or(true, Vec::is_empty), "{found:?}");
}

/// The clock runs forward on all threads.
pub async fn the_clock_never_goes_back(runtime: &dyn Runtime) {
    let mut last = runtime.now();
    for _ in 0..100 {
        let now = thread::scope(|scope| scope.spawn(|| runtime.now()).join().unwrap());
        assert!(now >= last);
        last = now;
    }
    let since_1970 = runtime.unix_time();
    assert!(since_1970 > Duration::from_secs(1_700_000_000), "{since_1970:?}");
}

/// No two seeds are the same.
pub async fn seeds_differ(runtime: &dyn Runtime) {
    assert_ne!(runtime.seed(), runtime.seed());
}
