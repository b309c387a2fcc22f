//! Which node holds which vbucket, and what the cluster says about it.
//!
//! Two tables: `owners` is the truth (the node that serves a vbucket), `map` is what the configs say. They differ
//! only between the two steps of a move, as they do on a real cluster during a rebalance. Every change of what
//! configs say counts the revision up; it never goes back. Nothing here knows documents.

/// A vbucket's chain: the active node first, then the replicas; `None` where no node is assigned.
type Chain = Vec<Option<usize>>;

/// Ownership of all vbuckets, the same for every bucket.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    revision: u64,
    replicas: usize,
    members: Vec<bool>,
    owners: Vec<Option<usize>>,
    map: Vec<Chain>,
}

impl Layout {
    /// Spreads `vbuckets` over `nodes` in contiguous runs, the replicas on the nodes that follow.
    pub(crate) fn new(nodes: usize, replicas: usize, vbuckets: u16) -> Self {
        let count = usize::from(vbuckets);
        let map: Vec<Chain> = (0..count)
            .map(|vb| {
                let active = vb * nodes / count;
                (0..=replicas).map(|r| (r < nodes).then_some((active + r) % nodes)).collect()
            })
            .collect();
        let owners = map.iter().map(|chain| chain[0]).collect();
        Self { revision: 1, replicas, members: vec![true; nodes], owners, map }
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn replicas(&self) -> usize {
        self.replicas
    }

    pub(crate) fn vbuckets(&self) -> u16 {
        u16::try_from(self.map.len()).unwrap_or(u16::MAX)
    }

    pub(crate) fn map(&self) -> &[Chain] {
        &self.map
    }

    /// The nodes that configs list, in order.
    pub(crate) fn members(&self) -> impl Iterator<Item = usize> + '_ {
        self.members.iter().enumerate().filter_map(|(node, member)| member.then_some(node))
    }

    /// Whether `node` serves `vbucket` now.
    pub(crate) fn serves(&self, node: usize, vbucket: u16) -> bool {
        self.owners.get(usize::from(vbucket)).is_some_and(|owner| *owner == Some(node))
    }

    /// The node that serves `vbucket` now.
    pub(crate) fn owner(&self, vbucket: u16) -> Option<usize> {
        self.owners.get(usize::from(vbucket)).copied().flatten()
    }

    /// Whether more than half of a vbucket's copies have a node, as durable writes need. With three replicas a real
    /// server does no durable writes at all.
    pub(crate) fn has_majority(&self, vbucket: u16) -> bool {
        self.map
            .get(usize::from(vbucket))
            .is_some_and(|chain| chain.len() <= 3 && chain.iter().flatten().count() > chain.len() / 2)
    }

    /// First step of a move: `to` serves the vbucket from now on, while configs still name the old node.
    pub(crate) fn hand_over(&mut self, vbucket: u16, to: usize) {
        self.owners[usize::from(vbucket)] = Some(to);
    }

    /// Second step of a move: configs name the node that serves the vbucket.
    pub(crate) fn announce(&mut self, vbucket: u16) {
        let vb = usize::from(vbucket);
        let chain = &mut self.map[vb];
        if chain[0] == self.owners[vb] {
            return;
        }
        let old = chain[0];
        // The node that takes over leaves its place as a replica to the one that it replaces.
        if let Some(place) = chain[1..].iter().position(|replica| *replica == self.owners[vb]) {
            chain[place + 1] = old;
        }
        chain[0] = self.owners[vb];
        self.revision += 1;
    }

    /// Takes `node` out of the cluster: its replicas take over, and a vbucket without one is served by nobody.
    pub(crate) fn fail_over(&mut self, node: usize) {
        if !std::mem::replace(&mut self.members[node], false) {
            return;
        }
        for (chain, owner) in self.map.iter_mut().zip(&mut self.owners) {
            let length = chain.len();
            chain.retain(|place| *place != Some(node));
            chain.resize(length, None);
            if *owner == Some(node) {
                *owner = chain[0];
            }
        }
        self.revision += 1;
    }

    /// Takes a node in again that had left. It holds nothing until a vbucket is moved to it.
    pub(crate) fn join(&mut self, node: usize) {
        if !std::mem::replace(&mut self.members[node], true) {
            self.revision += 1;
        }
    }

    /// Whether `node` has, or had until its move was announced, a copy of any vbucket.
    pub(crate) fn holds_any(&self, node: usize) -> bool {
        self.owners.contains(&Some(node)) || self.map.iter().any(|chain| chain.contains(&Some(node)))
    }

    /// Whether `node` is part of the cluster.
    pub(crate) fn is_member(&self, node: usize) -> bool {
        self.members.get(node).copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_evenly_with_replicas_elsewhere() {
        let layout = Layout::new(4, 1, 64);
        for node in 0..4 {
            assert_eq!((0..64).filter(|vb| layout.serves(node, *vb)).count(), 16);
        }
        assert!(layout.map().iter().all(|chain| chain[0] != chain[1] && chain[1].is_some()));
    }

    #[test]
    fn more_replicas_than_nodes_leaves_places_empty() {
        let layout = Layout::new(1, 2, 4);
        assert_eq!(layout.map()[3], [Some(0), None, None]);
    }

    #[test]
    fn a_majority_of_copies_counts_the_places_without_a_node() {
        for (nodes, replicas, expected) in [
            (1, 0, true),
            (1, 1, false),
            (2, 1, true),
            (1, 2, false),
            (2, 2, true),
            (3, 2, true),
            (4, 3, false),
        ] {
            let layout = Layout::new(nodes, replicas, 4);
            assert_eq!(layout.has_majority(0), expected, "{nodes} nodes, {replicas} replicas");
            assert!(!layout.has_majority(4));
        }
        let mut layout = Layout::new(2, 1, 4);
        layout.fail_over(0);
        assert!((0..4).all(|vbucket| !layout.has_majority(vbucket)));
    }

    #[test]
    fn a_vbucket_count_that_nodes_do_not_divide() {
        let layout = Layout::new(3, 0, 7);
        assert!((0..7).all(|vb| layout.owner(vb).is_some()));
        assert!((0..3).all(|node| (0..7).any(|vb| layout.serves(node, vb))));
        assert!(!layout.serves(0, 7));
    }

    #[test]
    fn a_move_is_two_steps_and_counts_once() {
        let mut layout = Layout::new(2, 1, 4);
        layout.hand_over(0, 1);
        assert!(layout.serves(1, 0) && !layout.serves(0, 0));
        assert_eq!((layout.map()[0][0], layout.revision()), (Some(0), 1));
        layout.announce(0);
        assert_eq!((layout.map()[0].as_slice(), layout.revision()), (&[Some(1), Some(0)][..], 2));
        layout.announce(0);
        assert_eq!(layout.revision(), 2);
    }

    #[test]
    fn fail_over_promotes_replicas() {
        let mut layout = Layout::new(2, 1, 4);
        layout.fail_over(0);
        assert!((0..4).all(|vb| layout.serves(1, vb)));
        assert_eq!(layout.map()[0], [Some(1), None]);
        assert_eq!(layout.members().collect::<Vec<_>>(), [1]);
        layout.fail_over(0);
        assert_eq!(layout.revision(), 2);
        layout.fail_over(1);
        assert_eq!(layout.owner(0), None);
    }

    #[test]
    fn who_comes_back_holds_nothing_until_something_is_moved() {
        let mut layout = Layout::new(2, 1, 4);
        layout.fail_over(0);
        layout.join(0);
        layout.join(0);
        assert_eq!(layout.revision(), 3);
        assert_eq!(layout.members().collect::<Vec<_>>(), [0, 1]);
        assert!(!layout.holds_any(0) && layout.holds_any(1));
        layout.hand_over(3, 0);
        layout.announce(3);
        assert!(layout.holds_any(0) && layout.serves(0, 3) && !layout.serves(0, 2));
    }
}
