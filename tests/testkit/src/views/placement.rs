//! Rows come from the node that serves their vbucket. All of them are in this process, but those of a node that is
//! stopped, or that cannot reduce them, do not come, and the answer says so.

use std::borrow::Cow;

use super::index::Row;
use super::source::Placement;

/// A node whose rows are missing in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    /// What the asked node calls it.
    pub(super) from: String,
    pub(super) reason: String,
}

impl Placement {
    /// Whether the node that was asked is part of the cluster.
    pub(super) fn is_member(&self) -> bool {
        self.nodes[self.asked].is_member
    }

    /// Whether the node that was asked serves a vbucket; only then it answers queries.
    pub(super) fn is_serving(&self) -> bool {
        self.owners.contains(&Some(self.asked))
    }

    /// Where another node is that serves a vbucket.
    pub(super) fn elsewhere(&self) -> Option<&str> {
        let node = self.owners.iter().flatten().find(|node| **node != self.asked)?;
        Some(&self.nodes[*node].url)
    }

    /// The nodes that serve a vbucket, in the order of their indexes.
    pub(super) fn serving(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(|node| self.owners.contains(&Some(*node)))
    }

    /// The nodes that cannot be reached.
    pub(super) fn stopped(&self) -> Vec<usize> {
        self.serving().filter(|node| !self.nodes[*node].is_running).collect()
    }

    /// The rows of a node.
    pub(super) fn rows_of(&self, rows: &[Row], node: usize) -> Vec<Row> {
        rows.iter().filter(|row| self.node_of(row) == Some(node)).cloned().collect()
    }

    /// The rows that somebody serves, but not one of these nodes.
    pub(super) fn rows_without<'a>(&self, rows: Cow<'a, [Row]>, without: &[usize]) -> Cow<'a, [Row]> {
        let comes = |row: &Row| self.node_of(row).is_some_and(|node| !without.contains(&node));
        if rows.iter().all(comes) {
            return rows;
        }
        Cow::Owned(rows.iter().filter(|row| comes(row)).cloned().collect())
    }

    /// A node's failure, as the node that was asked tells of it.
    pub(super) fn missing(&self, node: usize, is_stale_false: bool, reason: &str) -> Missing {
        let from = match is_stale_false {
            _ if node == self.asked => "local".to_owned(),
            true => format!("{}/_view_merge/?stale=false", self.nodes[node].url),
            false => format!("{}/_view_merge/", self.nodes[node].url),
        };
        Missing { from, reason: reason.to_owned() }
    }

    fn node_of(&self, row: &Row) -> Option<usize> {
        self.owners.get(usize::from(row.vbucket)).copied().flatten()
    }
}
