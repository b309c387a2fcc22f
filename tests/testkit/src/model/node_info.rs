//! What a node tells about itself and the cluster: the config, the error map, the version, statistics; and the
//! choice of a bucket.

use super::Model;
use super::link::Link;
use super::reply::{Outcome, Refusal, Reply};
use super::request::Request;
use couchbase_core::wire::{Datatype, Status};

const ERROR_MAP_1: &[u8] = include_bytes!("data/error_map_v1.json");
const ERROR_MAP_2: &[u8] = include_bytes!("data/error_map_v2.json");

/// The server whose answers this one gives, and that it is not that server.
const VERSION: &str = "7.6.12-0000-testkit";

/// GET_ERROR_MAP: the highest version that the client understands.
pub(crate) fn get_error_map(link: &mut Link, request: &Request<'_>) -> Outcome {
    let Ok(version) = <[u8; 2]>::try_from(request.packet.value()) else {
        return Err(Refusal::invalid("Request value must be of length 2"));
    };
    if request.packet.vbucket() != 0 {
        return Err(Refusal::invalid("Request vbucket must be 0"));
    }
    let map = match u16::from_be_bytes(version) {
        0 => return Err(Status::KEY_ENOENT.into()),
        1 => ERROR_MAP_1,
        _ => ERROR_MAP_2,
    };
    link.answer(request, &Reply { datatype: Datatype::JSON, value: map, ..Reply::default() })
}

/// VERSION.
pub(crate) fn version(link: &mut Link, request: &Request<'_>) -> Outcome {
    link.answer(request, &Reply { value: VERSION.as_bytes(), ..Reply::default() })
}

impl Model {
    /// GET_CLUSTER_CONFIG: nothing new for a client that has this version or a newer one.
    pub(super) fn get_cluster_config(&mut self, link: &mut Link, request: &Request<'_>) -> Outcome {
        if !request.packet.extras().is_empty() {
            let (epoch, rev) = (request.extras_u64(0).cast_signed(), request.extras_u64(8).cast_signed());
            if rev < 1 {
                return Err(Refusal::invalid("Revision number must not be less than 1"));
            }
            if epoch < 1 && epoch != -1 {
                return Err(Refusal::invalid("Epoch must not be less than 1"));
            }
            if (epoch, rev) >= (1, self.layout.revision().cast_signed()) {
                return link.answer(request, &Reply::default());
            }
        }
        let config = self.config(link.bucket, link.node);
        link.answer(request, &Reply { datatype: Datatype::JSON, value: config, ..Reply::default() })
    }

    /// SELECT_BUCKET: an ordinary user is not told whether the bucket exists.
    pub(super) fn select_bucket(&self, link: &mut Link, request: &Request<'_>) -> Outcome {
        let user = self.users.get(link.user.ok_or(Status::EACCESS)?);
        if request.key == b"@no bucket@" {
            link.bucket = None;
            return link.answer(request, &Reply::default());
        }
        match self.store.bucket_index(request.key) {
            Some(index) if user.may_use(&self.store.buckets[index].name) => link.bucket = Some(index),
            None if user.is_administrator() => return Err(Status::KEY_ENOENT.into()),
            _ => return Err(Status::EACCESS.into()),
        }
        link.answer(request, &Reply::default())
    }

    /// LIST_BUCKETS: those that the user may use.
    pub(super) fn list_buckets(&self, link: &mut Link, request: &Request<'_>) -> Outcome {
        let user = self.users.get(link.user.ok_or(Status::EACCESS)?);
        let mut names: Vec<&str> = self.store.buckets.iter().map(|bucket| bucket.name.as_str()).collect();
        names.retain(|name| user.may_use(name));
        names.sort_unstable();
        link.answer(request, &Reply { value: names.join(" ").as_bytes(), ..Reply::default() })
    }

    /// STAT: one reply an entry, then one without key and value. Only the unnamed group is kept here.
    pub(super) fn stat(&mut self, link: &mut Link, request: &Request<'_>) -> Outcome {
        if !request.key.is_empty() {
            return Err(Status::KEY_ENOENT.into());
        }
        let bucket = link.bucket.ok_or(Status::NO_BUCKET)?;
        let entries = [
            ("version", VERSION.to_owned()),
            ("time", request.at.unix().to_string()),
            // The link that asks is not among those that wait.
            ("curr_connections", (self.connections(link.node) + 1).to_string()),
            ("curr_items_tot", self.store.listing(bucket, request.at).len().to_string()),
        ];
        for (key, value) in entries {
            link.write(request, &Reply { key: key.as_bytes(), value: value.as_bytes(), ..Reply::default() });
        }
        link.answer(request, &Reply::default())
    }
}
