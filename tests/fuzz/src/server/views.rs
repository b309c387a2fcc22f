//! The view service: whatever a client sends, the answers are the same however it was cut.

use super::{NOW, cluster};
use crate::cuts::pieces;
use couchbase_testkit::http::{Limits, Request, ServerLink};
use couchbase_testkit::model::Model;
use couchbase_testkit::views::{Access, Document, DocumentSource, Placement, ViewService};
use std::sync::{Mutex, MutexGuard};

/// Small, so that they are exceeded often.
const LIMITS: Limits = Limits { head: 1_000, body: 2_000 };

/// Sends `data` to a node's view service. The first byte chooses what is there.
pub fn server_views(data: &[u8]) {
    let Some((&choice, requests)) = data.split_first() else { return };
    let whole = play(choice, [requests].into_iter());
    let cut = play(choice, pieces(requests));
    // What waits unread behind a request is limited too, and how much that is depends on the cuts.
    let is_short = requests.len() <= LIMITS.head + LIMITS.body;
    assert!(!is_short || cut == whole, "chunking matters");
}

/// What the client got, and whether the link was closed.
fn play<'a>(choice: u8, pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<u8>, bool) {
    let documents = Documents(Mutex::new(cluster(choice & 1 == 0)));
    let mut service = ViewService::new();
    if choice & 2 != 0 {
        let map = r#"{"views":{"v":{"map":"function (doc, meta) { emit(meta.id, 1); }","reduce":"_count"}}}"#;
        let design = http::Request::put("/default/_design/d")
            .header("authorization", "Basic YXBwOnNlY3JldA==")
            .header("content-type", "application/json")
            .body(map.into());
        assert_eq!(service.handle_request(&documents, &design.expect("valid")).status(), 201);
    }
    let mut link = ServerLink::new(LIMITS);
    let mut answers = Vec::new();
    for piece in pieces {
        if link.wants_input() {
            link.handle_received(piece);
        }
        while let Some(request) = link.poll_request() {
            check(&request);
            let answer = service.handle_request(&documents, &request);
            link.respond(answer, None);
        }
        while let Some(bytes) = link.poll_transmit() {
            answers.extend_from_slice(&bytes);
        }
    }
    (answers, link.is_closed())
}

fn check(request: &Request) {
    assert!(request.body().len() <= LIMITS.body, "more than the limit");
}

struct Documents(Mutex<Model>);

impl Documents {
    fn model(&self) -> MutexGuard<'_, Model> {
        self.0.lock().expect("no panic")
    }
}

impl DocumentSource for Documents {
    fn for_each(&self, bucket: &str, visit: &mut dyn FnMut(&Document)) {
        self.model().for_each_document(bucket, visit, NOW);
        // The model has none: these are there without anybody storing them.
        for (id, value) in [("a", "{\"k\":1}"), ("b", "2")] {
            let [id, value] = [id, value].map(|text| text.as_bytes().to_vec().into());
            visit(&Document { id, vbucket: 1, value, flags: 0, expiry: 0, cas: 1, rev: 1, json: true });
        }
    }

    fn sequence(&self, bucket: &str) -> u64 {
        self.model().sequence(bucket, NOW)
    }

    fn placement(&self) -> Placement {
        self.model().view_placement(0)
    }

    fn authenticate(&self, user: &str, password: &str, bucket: &str) -> Access {
        self.model().authenticate_for_views(user, password, bucket)
    }

    fn bucket_uuid(&self, bucket: &str) -> Option<String> {
        self.model().bucket_uuid(bucket).map(str::to_owned)
    }
}
