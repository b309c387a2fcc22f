//! One connection to a node's management port.

use super::Shared;
use super::http::{Documents, Next, send, serve};
use crate::http::{Request, Response, ServerLink, json_response};
use crate::management::{Resource, SEPARATOR, not_found};
use crate::views::DocumentSource;
use ::http::Method;
use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// How often a stream looks for a new config. Its thread also waits for the client to leave, and cannot wait for both.
const LOOK: Duration = Duration::from_millis(20);

/// Configs, and the list of design documents.
pub(super) fn serve_management(shared: &Shared, node: usize, stream: TcpStream) {
    serve(shared, node, stream, &AtomicU64::new(0), |link, request| match answer(shared, node, request) {
        Ok(response) => {
            link.respond(response, None);
            Next::Request
        }
        Err(bucket) => {
            link.respond_without_end(json_response(200, ""));
            Next::Configs(bucket)
        }
    });
}

/// The answer; `Err` is a stream of the configs of this bucket, or of the cluster.
fn answer(shared: &Shared, node: usize, request: &Request) -> Result<Response, Option<String>> {
    let documents = Documents { shared, node };
    let resource = Resource::parse(request.uri().path()).filter(|_| *request.method() == Method::GET);
    let Some(resource) = resource else { return Ok(not_found()) };
    if let Some(refusal) = resource.refusal(request.headers(), &documents) {
        return Ok(refusal);
    }
    match resource {
        Resource::Config { bucket, streaming: true } => Err(bucket),
        Resource::Config { bucket, streaming: false } => {
            let mut model = shared.model();
            let config = model.config_of(bucket.as_deref(), node).map(<[u8]>::to_vec);
            Ok(config.map_or_else(not_found, |config| json_response(200, config)))
        }
        Resource::Designs { bucket } => {
            let Some(uuid) = documents.bucket_uuid(&bucket) else { return Ok(not_found()) };
            let mut views = shared.views.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(views.list_designs(&bucket, uuid).unwrap_or_else(not_found))
        }
    }
}

/// Sends each config that is new, until the node stops or the client leaves.
pub(super) fn follow(
    shared: &Shared,
    node: usize,
    bucket: Option<&str>,
    link: &mut ServerLink,
    mut stream: &TcpStream,
) {
    let _ = stream.set_read_timeout(Some(LOOK));
    let mut sent = None;
    loop {
        let mut model = shared.model();
        while model.is_held(node, shared.now()) {
            model = shared.wait(model);
        }
        if !model.is_running(node) {
            return;
        }
        let revision = model.revision();
        if sent != Some(revision) {
            let Some(config) = model.config_of(bucket, node).map(<[u8]>::to_vec) else { return };
            drop(model);
            link.push(&config);
            link.push(SEPARATOR);
            if !send(link, stream) {
                return;
            }
            sent = Some(revision);
        } else {
            drop(model);
        }
        let left = match stream.read(&mut [0; 64]) {
            Ok(count) => count == 0,
            Err(error) => {
                !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
            }
        };
        if left {
            return;
        }
    }
}
