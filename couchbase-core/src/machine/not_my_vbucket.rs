//! An operation met a node that does not have its vbucket: take the map from the reply, and send it where it belongs.
//!
//! The reply's body is the node's configuration, or empty if the node has none or believes that we have it. To another
//! node the operation goes at once (the order on its key permitting); to the same node only after a wait, since the
//! cluster is between two maps.

use super::retry::controlled;
use super::{Client, LinkId, OpId};
use crate::Instant;
use crate::wire::{Packet, Status};
use core::time::Duration;

/// So often an operation goes to another node at once. Nodes that send it to one another for longer are not believed
/// that fast.
const AT_ONCE: u32 = 4;

impl Client {
    pub(super) fn handle_not_my_vbucket(
        &mut self,
        link: LinkId,
        id: OpId,
        packet: &Packet<'_>,
        now: Instant,
    ) {
        // From here on the operation waits, so that a new map does not find it on the wire of its old link. Nor is it one
        // of those that wait for a map: whether it goes is decided below.
        let Some(live) = self.table.get_mut(id) else { return };
        live.refused = None;
        let (vbucket, attempts) = (live.vbucket, live.attempts);
        let delay = self.random.jittered(controlled(attempts));
        let elsewhere = if attempts <= AT_ONCE { Duration::ZERO } else { delay };
        self.table.set_waiting(id, now + delay);
        if packet.value().is_empty() {
            self.fetch_configuration(now);
        } else {
            self.handle_configuration(link, packet.value(), now);
        }
        let goes_elsewhere = self.route(vbucket) != Some(link);
        let until = now + if goes_elsewhere { elsewhere } else { delay };
        self.retry(id, Status::NOT_MY_VBUCKET, until, now);
        if !goes_elsewhere {
            // The node's own map names the node: somebody else may know better.
            self.fetch_configuration(now);
        }
    }
}
