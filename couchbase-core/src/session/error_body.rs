//! What a server says in the body of a refusal: `{"error":{"context":"…","ref":"…"}}`, or plain words.
//!
//! The words come from the network and end up in errors and logs, so they are cut short and freed of control
//! characters. The reference is what an operator finds in the server's own log.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use serde::Deserialize;

/// Longer explanations are cut here, in characters.
const MAX_WORDS: usize = 400;

/// A server's explanation of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorBody {
    context: String,
    reference: String,
}

impl ErrorBody {
    /// Reads the value of a reply that reports an error; `None` if it says nothing.
    ///
    /// ```
    /// use couchbase_core::session::ErrorBody;
    ///
    /// let body = br#"{"error":{"context":"Key length exceeds 250","ref":"66e01fb1"}}"#;
    /// let body = ErrorBody::parse(body).expect("an explanation");
    /// assert_eq!(body.to_string(), "Key length exceeds 250; ref 66e01fb1");
    /// ```
    pub fn parse(value: &[u8]) -> Option<Self> {
        let body = match serde_json::from_slice::<Document<'_>>(value) {
            Ok(document) => Self {
                context: printable(&document.error.context),
                reference: printable(&document.error.reference),
            },
            Err(_) => {
                Self { context: printable(core::str::from_utf8(value).ok()?), reference: String::new() }
            }
        };
        (!body.context.is_empty() || !body.reference.is_empty()).then_some(body)
    }

    /// The explanation; empty if there is only a reference.
    pub fn context(&self) -> &str {
        &self.context
    }

    /// Under which name the server logged it; empty if it did not say.
    pub fn reference(&self) -> &str {
        &self.reference
    }
}

impl fmt::Display for ErrorBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)?;
        match (self.context.is_empty(), self.reference.is_empty()) {
            (_, true) => Ok(()),
            (true, false) => write!(f, "ref {}", self.reference),
            (false, false) => write!(f, "; ref {}", self.reference),
        }
    }
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    error: Explanation<'a>,
}

#[derive(Deserialize)]
struct Explanation<'a> {
    #[serde(borrow, default)]
    context: Cow<'a, str>,
    #[serde(borrow, default, rename = "ref")]
    reference: Cow<'a, str>,
}

fn printable(words: &str) -> String {
    words.chars().filter(|c| !c.is_control()).take(MAX_WORDS).collect()
}
