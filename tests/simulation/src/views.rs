//! The view service of every node, prepared: plain code makes up the rows, and keeps what it has answered.
//!
//! A row says for which call it is, in which of the answers to it, and where in that. A query names its call in
//! `startkey`; a design document names the call that stored it as its only view.

mod link;
mod rows;

pub(crate) use link::ViewLink;

use crate::network::SocketId;
use crate::swarm::Login;
use crate::world::World;
use couchbase_testkit::http::{Fault, Request, Response, error_response, json_response};
use rows::Asked;
use std::collections::BTreeMap;

/// What the services have said and done, in order.
#[derive(Default)]
pub(crate) struct Views {
    pub(crate) answers: Vec<Answer>,
    /// Every change of a design document.
    pub(crate) changes: Vec<Change>,
    /// The text of each.
    designs: BTreeMap<String, String>,
    /// Calls whose link the client closed before its end had come.
    pub(crate) let_go: Vec<usize>,
    /// The client was told to close: nothing more may be asked.
    pub(crate) is_closing: bool,
    pub(crate) violation: Option<String>,
}

/// What a node answered to a query.
pub(crate) struct Answer {
    pub(crate) call: usize,
    /// As they were sent.
    pub(crate) rows: Vec<String>,
    pub(crate) total: u64,
    /// How many nodes it says were missing.
    pub(crate) missing: usize,
    pub(crate) end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Whole,
    /// The engine gave up behind the rows.
    GaveUp,
    /// What is behind the rows is no JSON.
    Broken,
    /// No rows but this status, which is final or not.
    Refused(u16, bool),
}

/// A design document has another state.
pub(crate) struct Change {
    pub(crate) name: String,
    /// The call that stored it; `None` once it is removed.
    pub(crate) stored_by: Option<usize>,
}

/// Statuses without success, with the words that a server has for them, and whether that is the last word.
const REFUSALS: [(u16, &str, &str, bool); 8] = [
    (302, "no_active_vbuckets", "the node has no active vbuckets", false),
    (503, "temporary", "Temporary error occurred", false),
    (500, "error", "set_view_outdated", false),
    (404, "not_found", "missing", false),
    (401, "unauthorized", "password required", false),
    (400, "query_parse_error", "no such option", true),
    (404, "not_found", "Design document _design/sim not found", true),
    (500, "error", "badarg", true),
];

impl World {
    /// What a node says to a request, and what goes wrong with it.
    fn answer_views(&mut self, id: SocketId, node: usize, request: &Request) -> (Response, Option<Fault>) {
        let (method, path) = (request.method().as_str().to_owned(), request.uri().path().to_owned());
        self.note(format_args!("{id:?} is asked {method} {}", request.uri()));
        let response = match path.strip_prefix("/default/_design/") {
            Some("sim/_view/rows") if matches!(&*method, "GET" | "POST") => self.answer_query(node, request),
            Some(name) if !name.contains('/') => self.answer_design(node, name, request),
            _ => {
                self.views.report(format!("a request that nobody meant: {method} {}", request.uri()));
                error_response(404, "not_found", "there is nothing at this path")
            }
        };
        let fault = self.http_fault(response.body().len());
        self.note(format_args!("{id:?} answers {} with {fault:?}", response.status()));
        (response, fault)
    }

    /// A node that is no member, or has nothing, sends to others; a stranger is sent away.
    fn turned_away(
        &mut self,
        node: usize,
        request: &Request,
    ) -> Option<(u16, &'static str, &'static str, bool)> {
        let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        if self.swarm.login != Login::Nobody && authorization != Some("Basic YXBwOnNlY3JldA==") {
            self.views.report(format!("a request that does not say who asks: {authorization:?}"));
        }
        let serves = (0..self.swarm.vbuckets).any(|vbucket| self.model.owner(vbucket) == Some(node));
        (!self.model.is_member(node) || !serves).then_some(REFUSALS[0])
    }

    fn answer_query(&mut self, node: usize, request: &Request) -> Response {
        let Some(asked) = Asked::read(request.uri().query().unwrap_or_default(), request.body()) else {
            self.views.report(format!("a query that nobody made: {}", request.uri()));
            return error_response(400, "query_parse_error", "which call is this for?");
        };
        let mut refusal = self.turned_away(node, request);
        if refusal.is_none() && self.random.chance(self.swarm.http.refusals) {
            refusal = Some(*self.random.pick(&REFUSALS));
        }
        if let Some((status, error, reason, is_final)) = refusal {
            self.tally.count("(a query was refused)");
            let end = End::Refused(status, is_final);
            self.views.answers.push(Answer { call: asked.call, rows: Vec::new(), total: 0, missing: 0, end });
            return error_response(status, error, reason);
        }
        let attempt = self.views.answers.iter().filter(|answer| answer.call == asked.call).count();
        let (answer, body) = rows::make_up(&asked, attempt, &self.swarm, &mut self.random);
        self.views.answers.push(answer);
        let mut response = json_response(200, "");
        *response.body_mut() = body;
        response
    }

    fn answer_design(&mut self, node: usize, name: &str, request: &Request) -> Response {
        if let Some((status, error, reason, _)) = self.turned_away(node, request) {
            return error_response(status, error, reason);
        }
        if self.random.chance(self.swarm.http.refusals) {
            self.tally.count("(a design operation was refused)");
            return error_response(503, "temporary", "Temporary error occurred");
        }
        let stored = json_response(200, format!("{{\"ok\":true,\"id\":\"_design/{name}\"}}"));
        match request.method().as_str() {
            "PUT" => {
                let text = String::from_utf8_lossy(request.body()).into_owned();
                let stored_by = author(&text);
                if stored_by.is_none() {
                    self.views.report(format!("nobody wrote {text}"));
                }
                self.views.designs.insert(name.to_owned(), text);
                self.views.changes.push(Change { name: name.to_owned(), stored_by });
                stored
            }
            "DELETE" => match self.views.designs.remove(name) {
                Some(_) => {
                    self.views.changes.push(Change { name: name.to_owned(), stored_by: None });
                    stored
                }
                // So a server says of one that was there; of one that never was, it says otherwise.
                None => error_response(404, "not_found", "deleted"),
            },
            _ => match self.views.designs.get(name) {
                Some(text) => json_response(200, text.clone()),
                None => error_response(404, "not_found", "deleted"),
            },
        }
    }

    fn http_fault(&mut self, body: usize) -> Option<Fault> {
        let trouble = self.swarm.http;
        let after = if self.random.chance(250) { None } else { Some(self.random.below(body + 1)) };
        if self.random.chance(trouble.cuts) {
            self.tally.count("(an answer was cut)");
            Some(Fault::Close { after })
        } else if self.random.chance(trouble.stalls) {
            self.tally.count("(an answer stood still)");
            Some(Fault::Stall { after })
        } else {
            None
        }
    }
}

impl Views {
    pub(crate) fn report(&mut self, words: String) {
        self.violation.get_or_insert(words);
    }
}

/// The call that a request is for, if it is a query and has been written so far.
pub(crate) fn call_of(request: &[u8]) -> Option<usize> {
    let (_, rest) = std::str::from_utf8(request).ok()?.split_once("startkey=")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit())?;
    rest[..digits].parse().ok()
}

/// The call that wrote a design document: its only view is named for it.
pub(crate) fn author(text: &str) -> Option<usize> {
    let (_, rest) = text.split_once("\"call")?;
    rest.split('"').next()?.parse().ok()
}
