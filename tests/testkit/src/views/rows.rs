//! The text of a response with rows, to the byte as a server writes it, in the groups in which it is flushed.

use bytes::Bytes;

use super::placement::Missing;
use crate::http::Body;

/// Rows are flushed once so many bytes of them wait.
const FLUSH: usize = 4096;

/// Writes the rows of one response.
pub(super) struct RowWriter {
    flushed: Vec<Bytes>,
    waiting: String,
    waiting_rows: usize,
    separator: &'static str,
}

impl RowWriter {
    /// Begins a response; `total` is the number of rows of the whole index, which reduced rows do not have.
    pub(super) fn new(total: Option<usize>) -> Self {
        let waiting = match total {
            Some(total) => format!("{{\"total_rows\":{total},\"rows\":["),
            None => "{\"rows\":[".to_owned(),
        };
        Self { flushed: Vec::new(), waiting, waiting_rows: 0, separator: "\r\n" }
    }

    /// Adds a row: the text of one object.
    pub(super) fn push(&mut self, row: &str) {
        self.waiting.push_str(self.separator);
        self.waiting.push_str(row);
        self.separator = ",\r\n";
        self.waiting_rows += row.len();
        if self.waiting_rows >= FLUSH {
            self.flushed.push(std::mem::take(&mut self.waiting).into());
            self.waiting_rows = 0;
        }
    }

    /// Ends the response, with the nodes whose rows it lacks.
    pub(super) fn finish(mut self, missing: &[Missing]) -> Body {
        self.waiting.push_str("\r\n]");
        if !missing.is_empty() {
            let errors: Vec<String> = missing.iter().map(error).collect();
            self.waiting.push_str(&format!(",\r\n\"errors\":[\r\n{}\r\n]", errors.join(",\r\n")));
        }
        self.waiting.push_str("\r\n}");
        self.flushed.push(self.waiting.into());
        Body::Chunks(self.flushed)
    }

    /// Ends the response before its first row, since a node's rows are missing.
    pub(super) fn stop(mut self, missing: &Missing) -> Body {
        self.waiting.push_str(&format!("]\r\n,\r\n\"errors\":[{}]\r\n}}", error(missing)));
        Body::Chunks(vec![self.waiting.into()])
    }
}

fn error(missing: &Missing) -> String {
    let [from, reason] = [&missing.from, &missing.reason].map(|text| serde_json::Value::from(text.as_str()));
    format!(r#"{{"from":{from},"reason":{reason}}}"#)
}
