//! Servers that are none: what a client may meet at an address.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// What such a server does with the first bytes that it gets.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    /// It says nothing, ever.
    Silent,
    /// It answers with these bytes and waits for more.
    Says(&'static [u8]),
    /// It answers with these bytes and closes.
    SaysAndCloses(&'static [u8]),
}

/// A listening socket on loopback with bad manners. Dropping it closes it.
#[derive(Debug)]
pub struct Hostile {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Hostile {
    /// Starts it on a free port.
    pub fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let over = is_over.clone();
        let accepting = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                thread::spawn(move || serve(stream, manner));
            }
        });
        Self { address, is_over, accepting: Some(accepting) }
    }

    /// Host and port.
    pub fn address(&self) -> String {
        self.address.to_string()
    }
}

fn serve(mut stream: TcpStream, manner: Manner) {
    let mut buf = [0; 4096];
    let Ok(1..) = stream.read(&mut buf) else { return };
    match manner {
        Manner::Silent => {}
        Manner::Says(bytes) => drop(stream.write_all(bytes)),
        Manner::SaysAndCloses(bytes) => return drop(stream.write_all(bytes)),
    }
    while let Ok(1..) = stream.read(&mut buf) {}
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            accepting.join().expect("accepting does not panic");
        }
    }
}
