//! One connection to a node's data service.

use super::Shared;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

/// As much as a client may have sent in one go: what is read together is answered together.
const READ: usize = 64 * 1024;

/// Serves until the client leaves, or the cluster closes the connection.
pub(super) fn serve(shared: &Shared, node: usize, stream: TcpStream) {
    // Without it answers are merely later.
    let _ = stream.set_nodelay(true);
    let Some(conn) = shared.model().accept(node, shared.now()) else { return };
    let stream = Arc::new(stream);
    shared.kv.insert(conn, &stream);
    let mut input = vec![0; READ];
    let mut output = Vec::new();
    // A cut between accepting and registering the socket shows here.
    let mut closing = shared.model().wants_close(conn);
    while !closing {
        let count = match (&*stream).read(&mut input) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        let mut model = shared.model();
        model.handle_input(conn, &input[..count], shared.now());
        while model.is_waiting(conn, shared.now()) {
            model = shared.wait(model);
        }
        model.poll_output(conn, &mut output);
        closing = model.wants_close(conn);
        drop(model);
        if (&*stream).write_all(&output).is_err() {
            break;
        }
        output.clear();
    }
    shared.kv.remove(&conn);
    shared.model().handle_closed(conn);
}
