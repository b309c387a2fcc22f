//! What an answer without success means: whether to ask again, and the error it is otherwise. Pure tables.
//!
//! The statuses are those that the server's view engine gives while a cluster changes, as the established clients
//! read them.

use couchbase_core::{Error, ErrorKind};
use serde::Deserialize;
use std::borrow::Cow;

/// Longest text of a server's that an error repeats, in characters.
const MAX_WORDS: usize = 1000;

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    View,
    Design,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Another node, or the same one later, may do better.
    Again,
    Final,
}

/// Whether to ask again after this answer.
pub(super) fn verdict(purpose: Purpose, status: u16, body: &[u8]) -> Verdict {
    let is_temporary = match (purpose, status) {
        // No active vbucket on this node. Where it points to may be wrong by then: the next node is as good.
        (_, 302 | 503) => true,
        (Purpose::Design, _) => false,
        (_, 300 | 301 | 303 | 307 | 401 | 408 | 409 | 412 | 416 | 417 | 501 | 502 | 504) => true,
        (_, 404) => Words::read(body).reason.as_deref() == Some("missing"),
        (_, 500) => {
            let Words { error, reason, .. } = Words::read(body);
            let said = [error.unwrap_or_default(), reason.unwrap_or_default()];
            !said
                .iter()
                .any(|said| said.contains("{not_found, missing_named_view}") || said.contains("badarg"))
        }
        _ => false,
    };
    if is_temporary { Verdict::Again } else { Verdict::Final }
}

/// The error that this answer is if nobody asks again.
pub(super) fn error(purpose: Purpose, status: u16, body: &[u8]) -> Error {
    let kind = match status {
        401 | 403 => ErrorKind::Auth,
        _ => ErrorKind::Http,
    };
    let what = match purpose {
        Purpose::View => "the view query was",
        Purpose::Design => "the operation on a design document was",
    };
    let error =
        Error::new(kind, format!("{what} answered with HTTP status {status}{}", remedy(purpose, status)));
    match Words::read(body).shown(body) {
        words if words.is_empty() => error,
        words => error.with_server_words(words),
    }
}

/// What may help, for the end of the error's own words.
fn remedy(purpose: Purpose, status: u16) -> &'static str {
    match (purpose, status) {
        (_, 400) => "; correct what the server names",
        (_, 401 | 403) => "; check user and password, and the user's rights",
        (Purpose::View, 404) => {
            "; check the names of design document and view, or create them (unless made for production it is `dev_…`)"
        }
        (Purpose::Design, 404) => "; check its name, or create it",
        _ => "",
    }
}

/// How the server explains itself.
#[derive(Default, Deserialize)]
struct Words<'a> {
    #[serde(borrow, default)]
    error: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    reason: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    message: Option<Cow<'a, str>>,
}

impl<'a> Words<'a> {
    fn read(body: &'a [u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    fn shown(&self, body: &[u8]) -> String {
        let known = [&self.error, &self.reason, &self.message];
        let known: Vec<_> = known.into_iter().flatten().map(|words| &**words).collect();
        let text = if known.is_empty() { String::from_utf8_lossy(body) } else { known.join(": ").into() };
        text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_WORDS).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_verdict() {
        let again = [300, 301, 302, 303, 307, 401, 408, 409, 412, 416, 417, 500, 501, 502, 503, 504];
        for status in 300..=599 {
            let expected = if again.contains(&status) { Verdict::Again } else { Verdict::Final };
            assert_eq!(verdict(Purpose::View, status, b""), expected, "{status}");
            let expected = if [302, 503].contains(&status) { Verdict::Again } else { Verdict::Final };
            assert_eq!(verdict(Purpose::Design, status, b""), expected, "{status}");
        }
    }

    #[test]
    fn bodies_decide_about_404_and_500() {
        let table = [
            (404, r#"{"error":"not_found","reason":"missing"}"#, Verdict::Again),
            (404, r#"{"error":"not_found","reason":"Design document _design/x not found"}"#, Verdict::Final),
            (404, r#"{"error":"not_found","reason":"deleted"}"#, Verdict::Final),
            (404, "missing", Verdict::Final),
            (500, r#"{"error":"error","reason":"{not_found, missing_named_view}"}"#, Verdict::Final),
            (500, r#"{"error":"{not_found, missing_named_view}","reason":""}"#, Verdict::Final),
            (500, r#"{"error":"badarg","reason":"x"}"#, Verdict::Final),
            (500, r#"{"error":"error","reason":"badarg"}"#, Verdict::Final),
            (500, r#"{"error":"set_view_outdated","reason":"x"}"#, Verdict::Again),
            (500, "oops", Verdict::Again),
        ];
        for (status, body, expected) in table {
            assert_eq!(verdict(Purpose::View, status, body.as_bytes()), expected, "{status} {body}");
        }
    }

    #[test]
    fn errors_repeat_the_servers_words() {
        let body = br#"{"error":"not_found","reason":"Design document _design/x not found"}"#;
        let missing = error(Purpose::View, 404, body);
        assert_eq!(missing.kind(), ErrorKind::Http);
        assert_eq!(missing.server_words(), Some("not_found: Design document _design/x not found"));
        assert!(missing.to_string().contains("404"), "{missing}");

        let refused = error(Purpose::View, 401, b"");
        assert_eq!((refused.kind(), refused.server_words()), (ErrorKind::Auth, None));
        let other = error(Purpose::Design, 503, br#"{"message":"Temporary error"}"#);
        assert_eq!((other.kind(), other.server_words()), (ErrorKind::Http, Some("Temporary error")));
        let long = error(Purpose::View, 400, &b"<p>\n".repeat(10_000));
        let words = long.server_words().unwrap();
        assert!(words.len() == MAX_WORDS && !words.contains('\n'));
    }
}
