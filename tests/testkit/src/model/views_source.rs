//! What the views and the management service ask of the model; the front gives it to them behind the lock.

use super::Model;
use super::store::Moment;
use crate::views::{Access as ViewAccess, Placement, ViewNode};
use couchbase_core::Instant;

pub use crate::views::Document as ViewDocument;

impl Model {
    /// Shows every live document of a bucket, sorted by key.
    pub fn for_each_document(&mut self, bucket: &str, visit: &mut dyn FnMut(&ViewDocument), now: Instant) {
        let Some(bucket) = self.store.bucket_index(bucket.as_bytes()) else { return };
        for (vbucket, key, document) in self.store.listing(bucket, Moment::new(now, self.unix_time)) {
            visit(&ViewDocument {
                id: key.to_vec().into(),
                vbucket,
                value: document.value.clone().into(),
                flags: document.flags,
                expiry: document.expiry,
                cas: document.cas,
                rev: document.rev,
                json: document.is_json(),
            });
        }
    }

    /// A number that changes with every change of the bucket; 0 without such a bucket.
    pub fn sequence(&mut self, bucket: &str, now: Instant) -> u64 {
        let at = Moment::new(now, self.unix_time);
        self.store.bucket_index(bucket.as_bytes()).map_or(0, |bucket| self.store.sequence(bucket, at))
    }

    /// Which node has which rows, as `node` knows.
    #[must_use]
    pub fn view_placement(&self, node: usize) -> Placement {
        let nodes = self.nodes.iter().enumerate().map(|(index, address)| ViewNode {
            url: format!("http://{}", address.views_address()),
            is_member: self.layout.is_member(index),
            is_running: self.faults.is_running(index),
        });
        let owners = (0..self.layout.vbuckets()).map(|vbucket| self.layout.owner(vbucket));
        Placement { nodes: nodes.collect(), asked: node, owners: owners.collect() }
    }

    /// What a user may do with the views of a bucket. Without name and password: what anybody may.
    #[must_use]
    pub fn authenticate_for_views(&self, name: &str, password: &str, bucket: &str) -> ViewAccess {
        let user = match self.users.with_password(name, password) {
            None if name.is_empty() => self.users.anonymous(),
            user => user,
        };
        match user.map(|user| self.users.get(user)) {
            None => ViewAccess::Unauthorized,
            Some(user) if !user.may_use(bucket) => ViewAccess::Forbidden,
            Some(user) if user.may_write() => ViewAccess::ReadWrite,
            Some(_) => ViewAccess::Read,
        }
    }

    /// The UUID of a bucket.
    #[must_use]
    pub fn bucket_uuid(&self, bucket: &str) -> Option<&str> {
        self.store.bucket_index(bucket.as_bytes()).map(|bucket| self.store.buckets[bucket].uuid.as_str())
    }

    /// The config of a bucket, or of the cluster, as `node` gives it over its data service; `None` without such a
    /// bucket.
    pub fn config_of(&mut self, bucket: Option<&str>, node: usize) -> Option<&[u8]> {
        let bucket = match bucket {
            Some(name) => Some(self.store.bucket_index(name.as_bytes())?),
            None => None,
        };
        Some(self.config(bucket, node))
    }
}
