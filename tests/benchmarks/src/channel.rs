//! What is compared with on two threads: the usual design of a channel to a task that owns the socket, a oneshot for
//! each answer, one write for all that waits.

use crate::counted::Writes;
use crate::host::{Host as _, TwoThreads};
use crate::responder::GET_REPLY_LEN;
use crate::{IN_FLIGHT, Row, keys};
use bytes::{Bytes, BytesMut};
use couchbase_core::Key;
use couchbase_core::wire::{MAX_BODY_LEN, Opcode, Outgoing, Status, peek};
use futures::future::join_all;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};

type Request = (Key, oneshot::Sender<Bytes>);

pub(crate) struct Channel {
    host: TwoThreads,
    requests: mpsc::UnboundedSender<Request>,
    keys: Arc<Vec<Key>>,
}

impl Channel {
    pub(crate) fn connect(address: SocketAddr, writes: &Arc<Writes>) -> Self {
        let host = TwoThreads::new();
        let (requests, received) = mpsc::unbounded_channel();
        let stream = host.block_on(TcpStream::connect(address)).expect("the responder listens");
        stream.set_nodelay(true).expect("it is a TCP socket");
        drop(host.spawn(own(stream, received, writes.clone())));
        Self { host, requests, keys: Arc::new(keys()) }
    }
}

/// The task that owns the socket. It ends with the channel, or with the socket.
async fn own(stream: TcpStream, mut requests: mpsc::UnboundedReceiver<Request>, writes: Arc<Writes>) {
    let mut waiting: VecDeque<oneshot::Sender<Bytes>> = VecDeque::new();
    let mut taken = Vec::with_capacity(IN_FLIGHT);
    let (mut out, mut opaque) = (Vec::new(), 0_u32);
    let mut input = BytesMut::with_capacity(64 * 1024);
    loop {
        let readable = async {
            match waiting.is_empty() {
                true => std::future::pending().await,
                false => stream.readable().await,
            }
        };
        tokio::select! {
            count = requests.recv_many(&mut taken, IN_FLIGHT) => {
                if count == 0 {
                    return;
                }
                for (key, answer) in taken.drain(..) {
                    opaque = opaque.wrapping_add(1);
                    let request = Outgoing::request(Opcode::GET);
                    Outgoing { opaque, key: key.as_bytes(), ..request }.write_to(&mut out);
                    waiting.push_back(answer);
                }
                let mut written = 0;
                while written < out.len() {
                    writes.add(1);
                    match stream.try_write(&out[written..]) {
                        Ok(count) => written += count,
                        Err(_) if stream.writable().await.is_ok() => {}
                        Err(_) => return,
                    }
                }
                out.clear();
            }
            _ = readable => {
                input.reserve(IN_FLIGHT * GET_REPLY_LEN);
                if let Ok(0) = stream.try_read_buf(&mut input) {
                    return;
                }
                while let Ok(Some(packet)) = peek(&input, MAX_BODY_LEN) {
                    assert_eq!(packet.status(), Status::SUCCESS);
                    let (len, range) = (packet.len(), packet.value_range());
                    let frame = input.split_to(len).freeze();
                    let Some(answer) = waiting.pop_front() else { return };
                    // Whoever waits has not gone.
                    let _ = answer.send(frame.slice(range));
                }
            }
        }
    }
}

impl Row for Channel {
    fn run(&mut self, operations: usize) -> usize {
        let each = operations.div_ceil(IN_FLIGHT);
        let right = Arc::new(AtomicUsize::new(0));
        let tasks = (0..IN_FLIGHT).map(|task| {
            let (requests, keys, right) = (self.requests.clone(), self.keys.clone(), right.clone());
            self.host.spawn(async move {
                let mut found = 0;
                for n in 0..each {
                    let (answer, answered) = oneshot::channel();
                    let request = (keys[(task + n) % keys.len()].clone(), answer);
                    if requests.send(request).is_ok() {
                        found += usize::from(answered.await.is_ok());
                    }
                }
                right.fetch_add(found, Ordering::Relaxed);
            })
        });
        // From within: tasks that are spawned from outside reach a runtime one by one, each with a write of its own.
        self.host.block_on(async { join_all(tasks).await });
        right.load(Ordering::Relaxed)
    }
}
