//! Deadlines that have come: which operations end, and what can truly be said of them.

use super::deadline::Bucket;
use super::table::{Live, State};
use super::{Client, OpId};
use crate::{Error, ErrorKind, Instant};
use alloc::vec::Vec;

impl Client {
    /// Ends what is due, in the order of submission; puts off what shares a bucket with it.
    pub(super) fn expire(&mut self, due: Bucket, now: Instant) {
        let counted = self.table.iter().filter_map(|live| {
            let (deadline, bucket) = live.deadline?;
            (bucket <= due).then_some((live.order, live.id, deadline))
        });
        let mut counted: Vec<(u64, OpId, Instant)> = counted.collect();
        counted.sort_unstable();
        let (mut ended, mut later) = (Vec::new(), Vec::new());
        for (_, id, deadline) in counted {
            if deadline <= now {
                ended.extend(self.time_out(id, now));
            } else if let Some((_, bucket)) = self.table.get_mut(id).and_then(|live| live.deadline.take()) {
                self.deadlines.remove(bucket);
                later.push((id, deadline));
            }
        }
        self.deadlines.passed(due);
        for (id, deadline) in later {
            if let Some(live) = self.table.get_mut(id) {
                live.deadline = Some((deadline, self.deadlines.insert(deadline, now)));
            }
        }
        // Not before all have ended: what waited for one that is due may be due itself, and must not be sent now.
        for live in ended {
            self.after_end(&live, now);
        }
    }

    /// The deadline of an operation has come.
    pub(super) fn time_out(&mut self, id: OpId, now: Instant) -> Option<Live> {
        let live = self.end(id, now)?;
        let error = self.timeout_error(&live);
        self.report(id, Err(error));
        Some(live)
    }

    fn timeout_error(&self, live: &Live) -> Error {
        let after = live.timeout;
        let state = self.node_of(live.vbucket);
        let link = state.and_then(|node| self.links.get(node.link?));
        let (words, node, is_ambiguous) = match live.state {
            State::InLine | State::Queued => {
                (alloc::format!("no place among the operations in flight within {after:?}"), None, false)
            }
            State::OnWire { link, .. } => {
                let node = self.links.get(link).map(|link| link.node.clone());
                (alloc::format!("{} was not answered within {after:?}", live.request.kind.name), node, true)
            }
            State::Waiting { .. } => match (state, live.refused) {
                (None, _) => {
                    (alloc::format!("no node has vbucket {} within {after:?}", live.vbucket), None, false)
                }
                (Some(node), _) if node.link.is_none() => {
                    let trouble = node.trouble.as_ref().map_or_else(
                        || "it is being connected".into(),
                        |trouble| alloc::format!("{trouble}"),
                    );
                    let words = alloc::format!("no link to the key's node within {after:?} ({trouble})");
                    (words, Some(node.node.clone()), false)
                }
                (Some(node), Some(status)) => {
                    let words = alloc::format!("the server kept answering {status} for {after:?}");
                    (words, Some(node.node.clone()), false)
                }
                (Some(node), None) if link.is_some_and(|link| link.is_full) => {
                    let owed = link.map_or(0, |link| link.owed.len());
                    let words = alloc::format!(
                        "not sent within {after:?}: the node leaves {owed} requests unanswered"
                    );
                    (words, Some(node.node.clone()), false)
                }
                (Some(node), None) => {
                    let words =
                        alloc::format!("waited {after:?} behind an earlier operation on its key or vbucket");
                    (words, Some(node.node.clone()), false)
                }
            },
        };
        let mut error = Error::new(ErrorKind::Timeout, words)
            .with_key(live.request.key.clone())
            .with_attempts(live.attempts)
            .ambiguous(is_ambiguous && !live.request.is_read());
        if let Some(status) = live.refused {
            error = error.with_status(status);
        }
        match node {
            Some(node) => error.with_node(node),
            None => error,
        }
    }
}
