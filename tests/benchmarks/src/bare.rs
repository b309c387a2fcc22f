//! The loop of F inside a runtime, on the client's own sockets but without the client.

use crate::counted::Writes;
use crate::host::Host;
use crate::responder::GET_REPLY_LEN;
use crate::{Row, frames};
use couchbase_core::rt::{Runtime as _, Socket};
use futures::future::poll_fn;
use std::io::IoSlice;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::ready;

pub(crate) struct Bare<H> {
    host: H,
    socket: Box<dyn Socket>,
    requests: Vec<u8>,
    in_flight: usize,
    buffer: Vec<u8>,
}

impl<H: Host> Bare<H> {
    pub(crate) fn connect(address: SocketAddr, in_flight: usize, writes: &Arc<Writes>) -> Self {
        let host = H::new();
        let runtime = host.runtime(writes);
        let socket = host.block_on(runtime.connect(address)).expect("the responder listens");
        drop(runtime);
        Self { host, socket, requests: frames::gets(in_flight), in_flight, buffer: vec![0; 64 * 1024] }
    }
}

impl<H: Host> Row for Bare<H> {
    fn run(&mut self, operations: usize) -> usize {
        let Self { host, socket, requests, in_flight, buffer } = self;
        host.block_on(async {
            let mut done = 0;
            while done < operations {
                let mut written = 0;
                poll_fn(|cx| {
                    while written < requests.len() {
                        written += ready!(socket.poll_write(cx, &[IoSlice::new(&requests[written..])]))?;
                    }
                    std::io::Result::Ok(()).into()
                })
                .await
                .expect("the responder takes requests");
                let mut left = *in_flight * GET_REPLY_LEN;
                while left > 0 {
                    let read = poll_fn(|cx| socket.poll_read(cx, buffer)).await;
                    let count = read.expect("the responder answers");
                    assert!(count > 0, "the responder has closed the connection");
                    left -= count;
                }
                done += *in_flight;
            }
            done
        })
    }
}
