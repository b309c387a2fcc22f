//! F, the floor: a blocking loop that writes gets encoded beforehand and counts the bytes of the replies.

use crate::counted::Writes;
use crate::responder::GET_REPLY_LEN;
use crate::{Row, frames};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

/// A blocking socket.
pub(crate) struct Blocking {
    stream: TcpStream,
    requests: Vec<u8>,
    in_flight: usize,
    buffer: Vec<u8>,
    writes: Arc<Writes>,
}

impl Blocking {
    /// A loop with so many requests in each write.
    ///
    /// # Panics
    /// If nobody listens there.
    pub(crate) fn connect(address: SocketAddr, in_flight: usize, writes: &Arc<Writes>) -> Self {
        let stream = TcpStream::connect(address).expect("the responder listens");
        stream.set_nodelay(true).expect("it is a TCP socket");
        let (requests, buffer, writes) = (frames::gets(in_flight), vec![0; 64 * 1024], writes.clone());
        Self { stream, requests, in_flight, buffer, writes }
    }
}

impl Row for Blocking {
    fn run(&mut self, operations: usize) -> usize {
        let mut done = 0;
        while done < operations {
            self.writes.add(1);
            self.stream.write_all(&self.requests).expect("the responder takes requests");
            let mut left = self.in_flight * GET_REPLY_LEN;
            while left > 0 {
                let count = self.stream.read(&mut self.buffer).expect("the responder answers");
                assert!(count > 0, "the responder has closed the connection");
                left -= count;
            }
            done += self.in_flight;
        }
        done
    }
}
