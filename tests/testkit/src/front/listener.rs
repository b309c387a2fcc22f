//! One listening socket: a thread that accepts, and a thread for each connection that it accepted.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// The stack of a thread that accepts.
const STACK: usize = 128 * 1024;

/// A listening socket that is being served.
pub(crate) struct Listener {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<Vec<JoinHandle<()>>>,
}

impl Listener {
    /// Serves each connection on a thread of its own, which has so many bytes of stack.
    pub(crate) fn spawn(
        listener: TcpListener,
        name: String,
        stack: usize,
        serve: impl Fn(TcpStream) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let stopping = Arc::new(AtomicBool::new(false));
        let thread = {
            let stopping = Arc::clone(&stopping);
            thread::Builder::new()
                .name(name.clone())
                .stack_size(STACK)
                .spawn(move || accept(&listener, &name, stack, &stopping, &Arc::new(serve)))?
        };
        Ok(Self { address, stopping, thread })
    }

    /// Stops listening; gives the threads of the connections that may still be open.
    pub(crate) fn stop(self) -> Vec<JoinHandle<()>> {
        self.stopping.store(true, Ordering::SeqCst);
        // The accepting thread sleeps until someone connects.
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() {
                [127, 0, 0, 1].into()
            } else {
                [0u16, 0, 0, 0, 0, 0, 0, 1].into()
            });
        }
        drop(TcpStream::connect(address));
        self.thread.join().unwrap_or_default()
    }
}

fn accept(
    listener: &TcpListener,
    name: &str,
    stack: usize,
    stopping: &AtomicBool,
    serve: &Arc<impl Fn(TcpStream) + Send + Sync + 'static>,
) -> Vec<JoinHandle<()>> {
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    loop {
        let accepted = listener.accept();
        if stopping.load(Ordering::SeqCst) {
            return threads;
        }
        threads.retain(|thread| !thread.is_finished());
        let Ok((stream, _)) = accepted else {
            // The usual reason is a lack of descriptors, which passes as connections end.
            thread::yield_now();
            continue;
        };
        let serve = Arc::clone(serve);
        let spawned =
            thread::Builder::new().name(name.to_owned()).stack_size(stack).spawn(move || serve(stream));
        // Without a thread the stream was dropped, and the client sees a closed connection.
        threads.extend(spawned);
    }
}
