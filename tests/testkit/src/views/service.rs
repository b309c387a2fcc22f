//! The view engine as a whole: from a request over design documents and indexes to the answer.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use ::http::header::{ACCEPT, CONTENT_TYPE, HOST, LOCATION};
use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::design::DesignDocument;
use super::options::{Options, Stale};
use super::refusal::{self, Refusal};
use super::route::{Route, Target};
use super::{Access, DocumentSource, Placement, query};
use crate::http::{Request, Response, credentials, json_response};

const META: HeaderName = HeaderName::from_static("x-couchbase-meta");

/// The view engine of the whole cluster: design documents and indexes of all buckets.
///
/// One is shared by all nodes: whichever node is asked answers for the documents of all of them that run.
///
/// As on a real server, a query without `stale=false` is answered from the index as it is, so the first one after
/// the design document was stored finds no rows.
#[derive(Debug, Default)]
pub struct ViewService {
    buckets: BTreeMap<String, Bucket>,
}

#[derive(Debug, Default)]
pub(super) struct Bucket {
    /// Tells a bucket from one of the same name that was there before.
    uuid: String,
    pub(super) designs: BTreeMap<String, DesignDocument>,
}

impl ViewService {
    /// A service without any design document.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers one request. Never blocks on anything but the work itself, which is bounded: the user's functions
    /// run within limits of steps, time and memory.
    pub fn handle_request(&mut self, source: &dyn DocumentSource, request: &Request) -> Response {
        let mut response = self.try_handle(source, request).unwrap_or_else(Refusal::into_response);
        // A node that has nothing to say sends its own type.
        if !response.headers().contains_key(META) && response.status() != StatusCode::FOUND {
            response.headers_mut().insert(CONTENT_TYPE, negotiated_type(request.headers()));
        }
        response
    }

    /// What there is of a bucket, without what one of the same name had before.
    pub(super) fn bucket(&mut self, name: &str, uuid: String) -> &mut Bucket {
        let bucket = self.buckets.entry(name.to_owned()).or_default();
        if bucket.uuid != uuid {
            *bucket = Bucket { uuid, ..Bucket::default() };
        }
        bucket
    }

    fn try_handle(&mut self, source: &dyn DocumentSource, request: &Request) -> Result<Response, Refusal> {
        let route = Route::parse(request.uri().path())?;
        let Some((user, password)) = credentials(request.headers()) else {
            return Ok(refusal::unauthorized());
        };
        let writes = matches!(*request.method(), Method::PUT | Method::DELETE);
        match source.authenticate(&user, &password, &route.bucket) {
            Access::Unauthorized => return Ok(refusal::unauthorized()),
            Access::ReadWrite => {}
            Access::Read if !writes => {}
            Access::Read | Access::Forbidden => {
                return Ok(refusal::forbidden(&route.bucket, if writes { "write" } else { "read" }));
            }
        }
        let Some(uuid) = source.bucket_uuid(&route.bucket) else {
            return Err(Refusal::not_found("missing"));
        };
        if route.uuid.as_ref().is_some_and(|asked| *asked != uuid) {
            return Err(Refusal::not_found("uuids_dont_match"));
        }
        let placement = source.placement();
        if !placement.is_member() {
            return Ok(no_active_vbuckets(&placement, request));
        }
        let bucket = self.bucket(&route.bucket, uuid);
        match &route.target {
            Target::Design { design } => bucket.handle_design(&route.bucket, design, request),
            Target::View { design, view } => {
                bucket.handle_query(source, &placement, &route.bucket, design, view, request)
            }
            Target::AllDocuments => Err(Refusal::bad_request("_all_docs is not supported")),
            Target::Unknown => Err(Refusal::not_found("there is nothing at this path")),
        }
    }
}

impl Bucket {
    fn handle_design(&mut self, bucket: &str, name: &str, request: &Request) -> Result<Response, Refusal> {
        let id = format!("_design/{name}");
        let stored = format!(r#"{{"ok":true,"id":{}}}"#, serde_json::Value::from(id.as_str()));
        match *request.method() {
            Method::GET | Method::HEAD => {
                let design = self.designs.get(name).ok_or_else(|| no_design(name))?;
                let meta = serde_json::json!({ "id": id, "rev": design.rev() }).to_string();
                let mut response = json_response(200, design.text.clone());
                response.headers_mut().insert(META, header_value(&meta));
                Ok(response)
            }
            Method::PUT => {
                require_json(request.headers())?;
                let text = std::str::from_utf8(request.body())
                    .map_err(|error| Refusal::bad_request(format!("invalid UTF-8 JSON: {error}")))?;
                let mut design = DesignDocument::parse(text)?;
                match self.designs.entry(name.to_owned()) {
                    Entry::Occupied(mut entry) => {
                        let previous = entry.insert(DesignDocument::default());
                        design.replace(previous);
                        entry.insert(design);
                    }
                    Entry::Vacant(entry) => {
                        entry.insert(design);
                    }
                }
                let mut response = json_response(201, stored);
                let host =
                    request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
                let [bucket, name] = [bucket, name].map(|part| utf8_percent_encode(part, NON_ALPHANUMERIC));
                let location = format!("http://{host}/{bucket}/_design/{name}");
                response.headers_mut().insert(LOCATION, header_value(&location));
                Ok(response)
            }
            Method::DELETE => {
                self.designs.remove(name).ok_or_else(|| no_design(name))?;
                Ok(json_response(200, stored))
            }
            _ => Ok(refusal::method_not_allowed("GET,HEAD,PUT,DELETE")),
        }
    }

    fn handle_query(
        &mut self,
        source: &dyn DocumentSource,
        placement: &Placement,
        bucket: &str,
        design: &str,
        view_name: &str,
        request: &Request,
    ) -> Result<Response, Refusal> {
        match *request.method() {
            Method::GET => {}
            Method::POST => require_json(request.headers())?,
            _ => return Ok(refusal::method_not_allowed("GET,POST")),
        }
        if !placement.is_serving() {
            return Ok(no_active_vbuckets(placement, request));
        }
        let mut options = Options::parse(request.uri().query().unwrap_or_default())?;
        if request.method() == Method::POST {
            options.read_body(request.body())?;
        }
        let views = &mut self.designs.get_mut(design).ok_or_else(|| no_design(design))?.views;
        let view = views.get_mut(view_name).ok_or_else(|| {
            Refusal::not_found(format!("view `{view_name}` not found in design document _design/{design}"))
        })?;
        let grouping = options.grouping(view.reduce.is_some())?;

        if options.stale == Stale::False {
            view.index.update(&view.map, source, bucket);
        }
        let answer = query::answer(view, view_name, &options, grouping, placement);
        if options.stale == Stale::UpdateAfter {
            view.index.update(&view.map, source, bucket);
        }
        Ok(Response::new(answer?))
    }
}

fn no_active_vbuckets(placement: &Placement, request: &Request) -> Response {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let location = placement.elsewhere().map(|url| format!("{url}{path}"));
    refusal::no_active_vbuckets(location.as_deref())
}

fn no_design(name: &str) -> Refusal {
    Refusal::not_found(format!("Design document _design/{name} not found"))
}

fn require_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") { Ok(()) } else { Err(Refusal::content_type()) }
}

/// JSON is called so only to those who ask for exactly that.
fn negotiated_type(headers: &HeaderMap) -> HeaderValue {
    let asked = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    if asked.flat_map(|value| value.split(',')).any(|kind| kind.trim() == "application/json") {
        HeaderValue::from_static("application/json")
    } else {
        HeaderValue::from_static("text/plain;charset=utf-8")
    }
}

/// A header from text that may hold anything; what no header can carry is left out.
fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_bytes(text.as_bytes()).unwrap_or_else(|_| HeaderValue::from_static(""))
}
