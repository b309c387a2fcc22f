//! The view engine through its requests: rows to the byte, options, rules of design documents, limits.

mod designs;
mod limits;
mod listing;
mod nodes;
mod queries;
mod ranges;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use ::http::{Method, StatusCode};
use bytes::Bytes;

use super::{Access, Document, DocumentSource, Placement, ViewNode, ViewService};
use crate::http::{Request, Response};

const BY_K: &str = "function (doc, meta) { emit(doc.k, null); }";

/// Documents in memory, counting how often they were read.
struct Shelf {
    documents: RefCell<BTreeMap<Bytes, Document>>,
    sequence: Cell<u64>,
    reads: Cell<u32>,
    /// A document is in the vbucket that the last byte of its id is.
    placement: RefCell<Placement>,
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            documents: RefCell::default(),
            sequence: Cell::default(),
            reads: Cell::default(),
            placement: RefCell::new(Placement { nodes: vec![node(0)], asked: 0, owners: vec![Some(0); 256] }),
        }
    }
}

fn node(index: usize) -> ViewNode {
    ViewNode { url: format!("http://10.0.0.{index}:8092"), is_member: true, is_running: true }
}

impl Shelf {
    fn put(&self, id: &str, value: &str) {
        self.put_raw(id.as_bytes(), value.as_bytes(), true);
    }

    fn put_raw(&self, id: &[u8], value: &[u8], json: bool) {
        self.sequence.set(self.sequence.get() + 1);
        let document = Document {
            id: Bytes::copy_from_slice(id),
            vbucket: id.last().copied().unwrap_or_default().into(),
            value: Bytes::copy_from_slice(value),
            flags: 0x0200_0006,
            expiry: 1_800_000_000,
            cas: self.sequence.get(),
            rev: 7,
            json,
        };
        self.documents.borrow_mut().insert(document.id.clone(), document);
    }

    fn remove(&self, id: &str) {
        self.sequence.set(self.sequence.get() + 1);
        self.documents.borrow_mut().remove(id.as_bytes());
    }
}

impl DocumentSource for Shelf {
    fn for_each(&self, bucket: &str, visit: &mut dyn FnMut(&Document)) {
        assert_eq!(bucket, "b");
        self.reads.set(self.reads.get() + 1);
        self.documents.borrow().values().for_each(visit);
    }

    fn sequence(&self, _bucket: &str) -> u64 {
        self.sequence.get()
    }

    fn placement(&self) -> Placement {
        self.placement.borrow().clone()
    }

    fn authenticate(&self, user: &str, password: &str, bucket: &str) -> Access {
        match (user, password, bucket) {
            ("app", "secret", _) => Access::ReadWrite,
            ("reader", "secret", "b") => Access::Read,
            ("reader", "secret", _) => Access::Forbidden,
            _ => Access::Unauthorized,
        }
    }

    fn bucket_uuid(&self, bucket: &str) -> Option<String> {
        (bucket == "b").then(|| "c0ffee".to_owned())
    }
}

/// A service with its documents, asked as a client would.
struct Bench {
    service: ViewService,
    shelf: Shelf,
}

impl Bench {
    fn new() -> Self {
        Self { service: ViewService::new(), shelf: Shelf::default() }
    }

    /// A bench with documents `{"k":…}` by id and a design document `d` of one view `v`.
    fn with_view(documents: &[(&str, &str)], view: serde_json::Value) -> Self {
        let mut bench = Self::new();
        for (id, key) in documents {
            bench.shelf.put(id, &format!(r#"{{"k":{key}}}"#));
        }
        bench.put_design("d", &serde_json::json!({ "views": { "v": view } }).to_string());
        bench
    }

    fn send(&mut self, request: ::http::request::Builder, body: &str) -> Response {
        let request: Request = request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap();
        self.service.handle_request(&self.shelf, &request)
    }

    /// A request of the user who may do everything.
    fn request(method: Method, path: &str) -> ::http::request::Builder {
        ::http::Request::builder().method(method).uri(path).header("authorization", "Basic YXBwOnNlY3JldA==")
    }

    fn ask(&mut self, method: Method, path: &str, body: &str) -> (StatusCode, String) {
        let request = Self::request(method, path).header("content-type", "application/json");
        let response = self.send(request, body);
        (response.status(), text(&response))
    }

    fn put_design(&mut self, name: &str, body: &str) {
        let (status, answer) = self.ask(Method::PUT, &format!("/b/_design/{name}"), body);
        assert_eq!((status.as_u16(), answer), (201, format!(r#"{{"ok":true,"id":"_design/{name}"}}"#)));
    }

    /// The text of view `v` with these options.
    fn query(&mut self, options: &str) -> String {
        let (status, text) = self.ask(Method::GET, &format!("/b/_design/d/_view/v?{options}"), "");
        assert_eq!(status, StatusCode::OK, "{options}: {text}");
        text
    }

    /// The rows of an up to date view `v`, without what surrounds them.
    fn rows(&mut self, options: &str) -> String {
        let text = self.query(&format!("stale=false&{options}"));
        let (_, rows) = text.split_once("\"rows\":[\r\n").unwrap();
        rows.strip_suffix("]\r\n}").unwrap().trim_end().replace(",\r\n", " ")
    }

    /// The refusal of a query of view `v`.
    fn refused(&mut self, options: &str) -> (u16, String, String) {
        let (status, text) = self.ask(Method::GET, &format!("/b/_design/d/_view/v?{options}"), "");
        refusal(status, &text)
    }
}

fn refusal(status: StatusCode, text: &str) -> (u16, String, String) {
    let body: BTreeMap<String, String> = serde_json::from_str(text).unwrap();
    assert_eq!(body.keys().collect::<Vec<_>>(), ["error", "reason"], "{text}");
    (status.as_u16(), body["error"].clone(), body["reason"].clone())
}

fn text(response: &Response) -> String {
    String::from_utf8(response.body().to_bytes().to_vec()).unwrap()
}

/// Ids of rows in their order, with commas.
fn ids(rows: &str) -> String {
    let id = |row: &str| row.split('"').nth(3).unwrap_or_default().to_owned();
    rows.split(' ').filter(|row| !row.is_empty()).map(id).collect::<Vec<_>>().join(",")
}

/// A view of letters, one key twice.
fn letters() -> Bench {
    let keys = [("d1", "\"a\""), ("d2", "\"b\""), ("d3", "\"b\""), ("d4", "\"c\""), ("d5", "\"d\"")];
    Bench::with_view(&keys, serde_json::json!({ "map": BY_K }))
}
