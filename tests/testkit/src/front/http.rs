//! One connection to a node's views port, and what it has in common with one to the management port.

use super::Shared;
use super::management::follow;
use crate::http::{Fault, Limits, Request, ServerLink};
use crate::views::{Access, Document, DocumentSource, Placement};
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

const READ: usize = 16 * 1024;

/// Faults that wait for requests to the views of a node, in the order in which they were planned.
#[derive(Default)]
pub(super) struct PlannedFaults(VecDeque<Planned>);

struct Planned {
    node: usize,
    fault: Fault,
    left: u64,
}

impl PlannedFaults {
    pub(super) fn plan(&mut self, node: usize, count: u64, fault: Fault) {
        if count > 0 {
            self.0.push_back(Planned { node, fault, left: count });
        }
    }

    /// The fault of the request that a node was just asked.
    fn take(&mut self, node: usize) -> Option<Fault> {
        let position = self.0.iter().position(|planned| planned.node == node)?;
        let planned = self.0.get_mut(position)?;
        planned.left -= 1;
        if planned.left == 0 {
            self.0.remove(position).map(|planned| planned.fault)
        } else {
            Some(planned.fault.clone())
        }
    }
}

/// Design documents and views.
pub(super) fn serve_views(shared: &Shared, node: usize, stream: TcpStream) {
    serve(shared, node, stream, &shared.view_requests, |link, request| {
        let fault = shared.view_faults().take(node);
        let planned = fault.as_ref().and_then(Fault::answer);
        let response = planned.unwrap_or_else(|| {
            let mut views = shared.views.lock().unwrap_or_else(PoisonError::into_inner);
            views.handle_request(&Documents { shared, node }, request)
        });
        link.respond(response, fault.as_ref());
        Next::Request
    });
}

/// What follows an answer.
pub(super) enum Next {
    /// The next request, if the link goes on.
    Request,
    /// The configs of a bucket, or of the cluster, until the link ends.
    Configs(Option<String>),
}

pub(super) fn serve(
    shared: &Shared,
    node: usize,
    stream: TcpStream,
    arrived: &AtomicU64,
    mut answer: impl FnMut(&mut ServerLink, &Request) -> Next,
) {
    static NAMES: AtomicU64 = AtomicU64::new(0);
    let name = (node, NAMES.fetch_add(1, Ordering::Relaxed));
    let _ = stream.set_nodelay(true);
    let stream = Arc::new(stream);
    shared.http.insert(name, &stream);
    let running = shared.model().is_running(node);
    if running {
        exchange(shared, node, &stream, arrived, &mut answer);
    }
    shared.http.remove(&name);
}

/// Reads requests and writes their answers until either side ends the connection.
fn exchange(
    shared: &Shared,
    node: usize,
    mut stream: &TcpStream,
    arrived: &AtomicU64,
    answer: &mut impl FnMut(&mut ServerLink, &Request) -> Next,
) {
    let mut link = ServerLink::new(Limits::default());
    let mut input = vec![0; READ];
    while !link.is_closed() {
        match stream.read(&mut input) {
            Ok(0) => return,
            Ok(count) => link.handle_received(&input[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        }
        while let Some(request) = link.poll_request() {
            arrived.fetch_add(1, Ordering::Relaxed);
            let mut model = shared.model();
            while model.is_held(node, shared.now()) {
                model = shared.wait(model);
            }
            drop(model);
            if let Next::Configs(bucket) = answer(&mut link, &request) {
                return follow(shared, node, bucket.as_deref(), &mut link, stream);
            }
        }
        if !send(&mut link, stream) {
            return;
        }
    }
}

/// Sends all that there is; false once the client is gone.
pub(super) fn send(link: &mut ServerLink, mut stream: &TcpStream) -> bool {
    while let Some(bytes) = link.poll_transmit() {
        if stream.write_all(&bytes).is_err() {
            return false;
        }
    }
    true
}

/// The model's documents as one node gives them, each call under its own lock.
pub(super) struct Documents<'a> {
    pub(super) shared: &'a Shared,
    pub(super) node: usize,
}

impl DocumentSource for Documents<'_> {
    fn for_each(&self, bucket: &str, visit: &mut dyn FnMut(&Document)) {
        self.shared.model().for_each_document(bucket, visit, self.shared.now());
    }

    fn sequence(&self, bucket: &str) -> u64 {
        self.shared.model().sequence(bucket, self.shared.now())
    }

    fn placement(&self) -> Placement {
        self.shared.model().view_placement(self.node)
    }

    fn authenticate(&self, user: &str, password: &str, bucket: &str) -> Access {
        self.shared.model().authenticate_for_views(user, password, bucket)
    }

    fn bucket_uuid(&self, bucket: &str) -> Option<String> {
        self.shared.model().bucket_uuid(bucket).map(ToOwned::to_owned)
    }
}
