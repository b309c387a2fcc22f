//! Rows that plain code makes up, and the text of an answer with them, as a server writes it.

use super::{Answer, End};
use crate::random::Random;
use crate::swarm::Swarm;
use bytes::Bytes;
use couchbase_testkit::http::Body;

/// What a query asks for.
pub(super) struct Asked {
    pub(super) call: usize,
    limit: usize,
    is_descending: bool,
}

impl Asked {
    /// The call is the first key, in the path or, where there are many, in the body.
    pub(super) fn read(query: &str, body: &[u8]) -> Option<Self> {
        let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let keys = std::str::from_utf8(body).ok()?.strip_prefix("{\"keys\":[");
        let first = keys.and_then(|keys| keys.split(',').next());
        Some(Self {
            call: value("startkey").or(first)?.parse().ok()?,
            limit: value("limit").map_or(Some(usize::MAX), |limit| limit.parse().ok())?,
            is_descending: value("descending") == Some("true"),
        })
    }
}

/// The answer, and its text: whole or in chunks, with or without what may stand behind the rows.
pub(super) fn make_up(asked: &Asked, attempt: usize, swarm: &Swarm, random: &mut Random) -> (Answer, Body) {
    let count = random.below(swarm.rows + 1);
    let mut rows: Vec<String> = (0..count).map(|at| row(asked.call, attempt, at, random)).collect();
    if asked.is_descending {
        rows.reverse();
    }
    rows.truncate(asked.limit);
    let missing = if random.chance(200) { 1 + random.below(2) } else { 0 };
    let end = match random.chance(swarm.http.errors) {
        true => *random.pick(&[End::GaveUp, End::GaveUp, End::Broken]),
        false => End::Whole,
    };
    let answer = Answer { call: asked.call, rows, total: count as u64, missing, end };
    let text = text(&answer);
    let body = if random.chance(500) { Body::Whole(text) } else { Body::Chunks(chunks(&text, random)) };
    (answer, body)
}

fn row(call: usize, attempt: usize, at: usize, random: &mut Random) -> String {
    let value = match random.below(5) {
        0 => "null".to_owned(),
        1 => format!("{at}.5e-3"),
        // What ends rows and answers elsewhere must not end one inside of a string.
        2 => r#""]}\"\\\u00e9,\n{\"error\":1}""#.to_owned(),
        3 => format!(r#"{{"of":[{at},{{"deep":[[]]}}],"text":"{}"}}"#, "é".repeat(random.below(40))),
        _ => format!("\"{}\"", "x".repeat(random.below(600))),
    };
    format!(r#"{{"id":"call{call}.{attempt}.{at}","key":[{call},{at}],"value":{value}}}"#)
}

fn text(answer: &Answer) -> Bytes {
    let mut text =
        format!("{{\"total_rows\":{},\"rows\":[\r\n{}\r\n]", answer.total, answer.rows.join(",\r\n"));
    if answer.missing > 0 {
        let error = r#"{"from":"http://10.0.0.9:11211/_view_merge/","reason":"econnrefused"}"#;
        text.push_str(&format!(",\r\n\"errors\":[\r\n{}\r\n]", vec![error; answer.missing].join(",\r\n")));
    }
    if answer.end == End::GaveUp {
        text.push_str(",\"error\":\"shutdown\",\"reason\":\"the index is being rebuilt\"");
    }
    if answer.end == End::Broken {
        text.push_str(",\r\n{\"rows\"");
    }
    text.push_str("\r\n}\n");
    text.into()
}

fn chunks(text: &Bytes, random: &mut Random) -> Vec<Bytes> {
    let mut rest = text.clone();
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        let count = 1 + random.below(rest.len());
        chunks.push(rest.split_to(count));
    }
    chunks
}
