//! From a request to the operation that does it, by way of everything that may stand in between.

use super::Model;
use super::cluster_config::{self, Named};
use super::link::Link;
use super::reply::{Outcome, Refusal, Reply};
use super::request::{Durability, Request};
use super::store::Place;
use super::{collections, hello, node_info, sasl};
use couchbase_core::wire::{Opcode, Status};

impl Model {
    /// Does one request, or refuses it.
    pub(super) fn dispatch(&mut self, link: &mut Link, mut request: Request<'_>) {
        self.requests[usize::from(request.packet.opcode().0)] += 1;
        if let Err(refusal) = self.perform(link, &mut request) {
            link.refuse(&request, &refusal);
        }
    }

    fn perform(&mut self, link: &mut Link, request: &mut Request<'_>) -> Outcome {
        if let Some(status) = self.faults.planned_answer(request.opcode) {
            return self.answer_as_planned(link, request, status);
        }
        if link.user.is_none() && !is_allowed_to_anyone(request.opcode) {
            return Err(Status::EACCESS.into());
        }
        request.check(link)?;
        match request.opcode {
            Opcode::HELLO => hello::hello(link, request),
            Opcode::SASL_LIST_MECHS => sasl::list(link, request),
            Opcode::SASL_AUTH => self.sasl_auth(link, request),
            Opcode::SASL_STEP => self.sasl_step(link, request),
            Opcode::GET_ERROR_MAP => node_info::get_error_map(link, request),
            Opcode::VERSION => node_info::version(link, request),
            Opcode::NOOP => link.answer(request, &Reply::default()),
            Opcode::QUIT => {
                link.closing = true;
                link.answer(request, &Reply::default())
            }
            Opcode::STAT => self.stat(link, request),
            Opcode::LIST_BUCKETS => self.list_buckets(link, request),
            Opcode::SELECT_BUCKET => self.select_bucket(link, request),
            Opcode::GET_CLUSTER_CONFIG => self.get_cluster_config(link, request),
            Opcode::COLLECTIONS_GET_MANIFEST => collections::get_manifest(link, request),
            Opcode::COLLECTIONS_GET_ID | Opcode::COLLECTIONS_GET_SCOPE_ID => {
                collections::get_id(link, request)
            }
            _ => self.document_operation(link, request),
        }
    }

    /// The operations on one document: the link needs a bucket, its user the right, its node the vbucket.
    fn document_operation(&mut self, link: &mut Link, request: &mut Request<'_>) -> Outcome {
        let bucket = link.bucket.ok_or(Status::NO_BUCKET)?;
        self.check_right(link, request)?;
        let vbucket = request.packet.vbucket();
        if !self.layout.serves(link.node, vbucket) {
            return Err(self.not_my_vbucket(link));
        }
        if request.durability == Durability::Asked && !self.layout.has_majority(vbucket) {
            request.durability = Durability::Impossible;
        }
        let place = Place { bucket, vbucket, key: request.key };
        match request.opcode {
            Opcode::GET | Opcode::GETK => self.store.get(link, request, place),
            Opcode::SET | Opcode::ADD | Opcode::REPLACE => self.store.store(link, request, place),
            Opcode::APPEND | Opcode::PREPEND => self.store.concatenate(link, request, place),
            Opcode::DELETE => self.store.delete(link, request, place),
            Opcode::INCREMENT | Opcode::DECREMENT => self.store.count(link, request, place),
            Opcode::TOUCH | Opcode::GAT => self.store.touch(link, request, place),
            Opcode::GET_LOCKED => self.store.get_locked(link, request, place),
            Opcode::UNLOCK_KEY => self.store.unlock(link, request, place),
            _ => Err(Status::NOT_SUPPORTED.into()),
        }
    }

    fn check_right(&mut self, link: &Link, request: &Request<'_>) -> Outcome {
        let needed = match request.opcode {
            Opcode::GET | Opcode::GETK => return Ok(()),
            Opcode::ADD => "Insert",
            Opcode::DELETE => "Delete",
            _ => "Upsert",
        };
        if link.user.is_some_and(|user| self.users.get(user).may_write()) {
            return Ok(());
        }
        let words = format!(
            "Authorization failure: can't execute {} operation without the {needed} privilege",
            request.opcode.name().unwrap_or("this")
        );
        Err(Refusal::from(Status::EACCESS).because(words).logged_as(self.random.reference()))
    }

    /// 0x07, with the config of the node that answers.
    fn not_my_vbucket(&mut self, link: &Link) -> Refusal {
        let config = self.config(link.bucket, link.node).to_vec();
        Refusal::from(Status::NOT_MY_VBUCKET).with_body(config)
    }

    fn answer_as_planned(&mut self, link: &mut Link, request: &Request<'_>, status: Status) -> Outcome {
        match status {
            Status::SUCCESS => link.answer(request, &Reply::default()),
            Status::NOT_MY_VBUCKET => Err(self.not_my_vbucket(link)),
            // What a test plans reaches the client, whatever its features.
            status => {
                link.write(request, &Reply { status, ..Reply::default() });
                Ok(())
            }
        }
    }

    /// The config that `node` gives of a bucket, or of the cluster; rendered once a revision.
    pub(super) fn config(&mut self, bucket: Option<usize>, node: usize) -> &[u8] {
        let scopes = self.store.buckets.len() + 1;
        self.configs.resize_with(scopes * self.nodes.len(), || None);
        let place = node * scopes + bucket.map_or(0, |bucket| bucket + 1);
        let (layout, nodes, buckets) = (&self.layout, &self.nodes, &self.store.buckets);
        self.configs[place].get_or_insert_with(|| {
            let named =
                bucket.map(|bucket| Named { name: &buckets[bucket].name, uuid: &buckets[bucket].uuid });
            cluster_config::render(layout, nodes, node, named.as_ref())
        })
    }
}

fn is_allowed_to_anyone(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::HELLO
            | Opcode::SASL_LIST_MECHS
            | Opcode::SASL_AUTH
            | Opcode::SASL_STEP
            | Opcode::GET_ERROR_MAP
    )
}
