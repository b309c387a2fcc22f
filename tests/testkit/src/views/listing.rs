//! The list of a bucket's design documents, which the management service gives.
//!
//! It is read from the same documents as the views' own port gives one by one.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::value::RawValue;

use super::ViewService;
use super::design::DesignDocument;
use crate::http::{Response, json_response};

/// What a path of the management service leaves as it is, besides letters and digits.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Serialize)]
struct Listing<'a> {
    rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    doc: Listed<'a>,
    controllers: Controllers,
}

#[derive(Serialize)]
struct Listed<'a> {
    meta: Meta,
    json: &'a RawValue,
}

#[derive(Serialize)]
struct Meta {
    id: String,
    rev: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Controllers {
    compact: String,
    set_update_min_changes: String,
}

impl ViewService {
    /// All design documents of a bucket by their ids, with their meta data; `None` if this build has no views.
    pub fn list_designs(&mut self, bucket: &str, uuid: String) -> Option<Response> {
        let designs = &self.bucket(bucket, uuid).designs;
        let rows = designs.iter().map(|(name, design)| row(bucket, name, design)).collect();
        Some(json_response(200, serde_json::to_vec(&Listing { rows }).expect("strings and JSON serialise")))
    }
}

fn row<'a>(bucket: &str, name: &str, design: &'a DesignDocument) -> Row<'a> {
    let id = format!("_design/{name}");
    let controller = |what: &str| {
        let [bucket, id] = [bucket, &id].map(escaped);
        format!("/pools/default/buckets/{bucket}/ddocs/{id}/controller/{what}")
    };
    Row {
        controllers: Controllers {
            compact: controller("compactView"),
            set_update_min_changes: controller("setUpdateMinChanges"),
        },
        doc: Listed {
            json: serde_json::from_str(&design.text).expect("a design document was read as JSON"),
            meta: Meta { rev: design.rev(), id },
        },
    }
}

/// A part of a path as the management service writes it: as in a form, where a space is a plus.
fn escaped(part: &str) -> Cow<'_, str> {
    let text: Cow<'_, str> = utf8_percent_encode(part, ESCAPED).into();
    if text.contains("%20") { text.replace("%20", "+").into() } else { text }
}
