//! One node, and the faults of one node.

use super::Cluster;
use crate::http::Fault;
use std::time::Duration;

/// One node of a [`Cluster`].
#[derive(Clone, Copy)]
pub struct Node<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) index: usize,
}

impl Node<'_> {
    /// Its index.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Host and port of its data service.
    #[must_use]
    pub fn kv_address(&self) -> String {
        self.cluster.front.addresses()[self.index].kv_address()
    }

    /// Host and port of its design documents and views.
    #[must_use]
    pub fn views_address(&self) -> String {
        self.cluster.front.addresses()[self.index].views_address()
    }

    /// Host and port of its management service.
    #[must_use]
    pub fn mgmt_address(&self) -> String {
        self.cluster.front.addresses()[self.index].mgmt_address()
    }

    /// For this long it accepts connections and answers nothing; then it does what it was asked in the meantime.
    pub fn stall(&self, time: Duration) {
        self.cluster.change(|model, now| model.stall(self.index, time, now));
    }

    /// It accepts connections and answers nothing until [`release`](Self::release).
    pub fn hang(&self) {
        self.cluster.change(|model, _| model.hang(self.index));
    }

    /// Ends a stall or a hang: it does what it was asked in the meantime.
    pub fn release(&self) {
        self.cluster.change(|model, now| model.release(self.index, now));
    }

    /// Closes all its connections and refuses new ones, from when this returns. Its rows are missing in what other
    /// nodes answer to view queries, and the answers say so.
    pub fn stop(&self) {
        self.cluster.front.stop(self.index);
    }

    /// Starts it again after [`stop`](Self::stop), on the same ports, with the vbuckets that it had.
    ///
    /// # Panics
    /// If someone else has taken one of its ports.
    pub fn start(&self) {
        if let Err(error) = self.cluster.front.start_again(self.index) {
            panic!("node {} cannot start again: {error}", self.index);
        }
    }

    /// Takes it out of the cluster: configs no longer list it, and its replicas take over with all documents. It
    /// goes on running, answers NOT_MY_VBUCKET to everything, and sends view queries elsewhere.
    pub fn fail_over(&self) {
        self.cluster.change(|model, _| model.fail_over(self.index));
    }

    /// Closes all connections to its data service; new ones are accepted.
    pub fn cut_links(&self) {
        self.cluster.change(|model, _| model.cut_links(self.index));
    }

    /// The next `count` requests to its design documents and views end with `fault`, after what was planned before.
    pub fn fail_views(&self, count: u64, fault: Fault) {
        self.cluster.shared().plan_view_fault(self.index, count, fault);
    }

    /// Bytes that have arrived at its data service and wait while it hangs or stalls: with them a test knows that
    /// requests are under way.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.cluster.shared().model().unread(self.index)
    }

    /// Connections to its data service that are open now.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.cluster.shared().model().connections(self.index)
    }
}
