//! No node is stormed: however its links end, new ones come with longer and longer pauses between them.

use crate::network::{Service, Socket};
use couchbase_core::Instant;
use std::collections::BTreeMap;
use std::time::Duration;

/// So many attempts at one node within [`WINDOW`] are too many.
const MOST: usize = 30;
const WINDOW: Duration = Duration::from_secs(10);

pub(super) fn check(sockets: &[Socket]) -> Result<(), String> {
    let mut dialed: BTreeMap<usize, Vec<Instant>> = BTreeMap::new();
    for socket in sockets.iter().filter(|socket| socket.service == Service::Kv) {
        dialed.entry(socket.node).or_default().push(socket.dialed);
    }
    for (node, at) in dialed {
        if let Some(burst) = at.windows(MOST).find(|burst| burst[MOST - 1] - burst[0] < WINDOW) {
            return Err(format!(
                "node {node} was dialled {MOST} times within {WINDOW:?}, from {:?}",
                burst[0]
            ));
        }
    }
    Ok(())
}
