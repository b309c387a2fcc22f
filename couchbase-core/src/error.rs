//! The one error type of all crates: what happened, to which operation, where, and what may be true now.

mod kind;

pub use kind::ErrorKind;

use crate::wire::Status;
use crate::{Key, MultiResult, Node};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

/// A result whose error is [`Error`] unless said otherwise.
pub type Result<T, E = Error> = core::result::Result<T, E>;

type Source = Box<dyn core::error::Error + Send + Sync>;

/// Why an operation failed. One pointer wide, cheap to clone.
///
/// [`kind`](Self::kind) says what to do about it, [`is_ambiguous`](Self::is_ambiguous) whether the server may have
/// carried it out all the same; the text names the key, the node, the attempts and the server's own words.
///
/// It implements no `From`: with none, `?` finds its error type everywhere.
///
/// ```
/// use couchbase_core::ErrorKind;
///
/// # doc_examples::run(async |cb| {
/// match cb.get("user::1").value::<String>().await {
///     Ok(name) => println!("{name}"),
///     Err(error) => match error.kind() {
///         ErrorKind::NotFound => println!("nobody"),
///         ErrorKind::ValueFormat => println!("no text: {error}"),
///         _ if error.is_transient() => println!("later, perhaps: {error}"),
///         _ => return Err(error),
///     },
/// }
/// # Ok(())
/// # });
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    is_ambiguous: bool,
    is_overtaken: bool,
    attempts: u32,
    status: Option<Status>,
    /// The status is the answer to an operation: it says what is wrong with that, and nothing of the connection.
    is_answer: bool,
    key: Option<Key>,
    node: Option<Node>,
    /// The server's explanation, where it gave one.
    server_words: Option<String>,
    source: Arc<dyn core::error::Error + Send + Sync>,
    all_results: Option<Arc<MultiResult>>,
}

impl Error {
    /// An error of this kind; `source` is what it says in words, or the error behind it.
    pub fn new(kind: ErrorKind, source: impl Into<Source>) -> Self {
        Self(Arc::new(Inner {
            kind,
            is_ambiguous: false,
            is_overtaken: false,
            attempts: 0,
            status: None,
            is_answer: false,
            key: None,
            node: None,
            server_words: None,
            source: Arc::from(source.into()),
            all_results: None,
        }))
    }

    /// A value that cannot be encoded or decoded.
    pub fn value_format(source: impl Into<Source>) -> Self {
        Self::new(ErrorKind::ValueFormat, source)
    }

    /// Names the key it is about.
    pub fn with_key(mut self, key: Key) -> Self {
        self.inner().key = Some(key);
        self
    }

    /// Names the node it came from.
    pub fn with_node(mut self, node: Node) -> Self {
        self.inner().node = Some(node);
        self
    }

    /// Adds the server's own explanation.
    pub fn with_server_words(mut self, words: impl Into<String>) -> Self {
        self.inner().server_words = Some(words.into());
        self
    }

    /// Says something more.
    pub(crate) fn and(mut self, words: &str) -> Self {
        let inner = self.inner();
        inner.source = Arc::from(Source::from(alloc::format!("{}; {words}", inner.source)));
        self
    }

    pub(crate) fn with_status(mut self, status: Status) -> Self {
        self.inner().status = Some(status);
        self
    }

    /// The node's answer to an operation was this status.
    pub(crate) fn answered(self, status: Status) -> Self {
        let mut error = self.with_status(status);
        error.inner().is_answer = true;
        error
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.inner().attempts = attempts;
        self
    }

    /// Says whether the server may have carried it out, or may still do so.
    pub fn ambiguous(mut self, is_ambiguous: bool) -> Self {
        self.inner().is_ambiguous = is_ambiguous;
        self
    }

    pub(crate) fn overtaken(mut self) -> Self {
        self.inner().is_overtaken = true;
        self
    }

    // Only the handles collect results of many keys.
    #[cfg_attr(not(feature = "driver"), allow(dead_code))]
    pub(crate) fn with_all_results(mut self, results: MultiResult) -> Self {
        self.inner().all_results = Some(Arc::new(results));
        self
    }

    fn inner(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The numeric code that the original client library gave for this: for what a node answered by its status, else
    /// by the kind; 0 if it had none.
    pub fn rc(&self) -> u16 {
        match self.0.status {
            Some(status) if self.0.is_answer => kind::rc_of(status),
            _ => self.0.kind.rc(),
        }
    }

    /// The server may have carried it out, or may still do so: it changes something, and was sent without a clear
    /// answer. Without this the operation had no effect, and is safe to repeat unless it was
    /// [overtaken](Self::is_overtaken).
    ///
    /// Of an operation on many keys: true if it is so of any key. Those that succeeded took effect;
    /// [`all_results`](Self::all_results) has them all.
    pub fn is_ambiguous(&self) -> bool {
        self.0.is_ambiguous
    }

    /// It had to be retried, and a later operation on its key had already been carried out. It was not, and must not
    /// be: the later one was meant to win.
    pub fn is_overtaken(&self) -> bool {
        self.0.is_overtaken
    }

    /// The document is not there.
    pub fn is_not_found(&self) -> bool {
        self.0.kind == ErrorKind::NotFound
    }

    /// The document exists already (`add`), or has another CAS.
    #[doc(alias = "is_key_exists")]
    pub fn is_cas_mismatch(&self) -> bool {
        self.0.kind == ErrorKind::KeyExists
    }

    /// The deadline passed.
    pub fn is_timeout(&self) -> bool {
        self.0.kind == ErrorKind::Timeout
    }

    /// The same call may succeed later. Not so of one that was overtaken: it must not be repeated.
    pub fn is_transient(&self) -> bool {
        self.0.kind.is_transient() && !self.0.is_overtaken
    }

    /// The way to the server is the trouble.
    pub fn is_network(&self) -> bool {
        self.0.kind.is_network()
    }

    /// The arguments are the trouble: the same call fails again.
    pub fn is_input(&self) -> bool {
        self.0.kind.is_input()
    }

    /// The state of the document is the trouble.
    pub fn is_data(&self) -> bool {
        self.0.kind.is_data()
    }

    /// Nothing will succeed on this connection until its configuration changes. An answer to one operation is not
    /// fatal: who may not write may still read.
    pub fn is_fatal(&self) -> bool {
        self.0.kind.is_fatal() && !self.0.is_answer
    }

    /// The key it is about, if it is about one.
    pub fn key(&self) -> Option<&Key> {
        self.0.key.as_ref()
    }

    /// The node that the operation was last sent to, or that gave the answer.
    pub fn node(&self) -> Option<&Node> {
        self.0.node.as_ref()
    }

    /// How often the operation was handed to a link, to be written to its socket.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The status that the server answered, in the numbers of the protocol ([`Status`](crate::wire::Status)), if it
    /// answered one.
    pub fn status(&self) -> Option<u16> {
        self.0.status.map(|status| status.0)
    }

    /// The server's own explanation, if it gave one.
    pub fn server_words(&self) -> Option<&str> {
        self.0.server_words.as_deref()
    }

    /// Of a multi-operation: every key with its own outcome; otherwise empty.
    pub fn all_results(&self) -> &MultiResult {
        static NONE: MultiResult = MultiResult::EMPTY;
        self.0.all_results.as_deref().unwrap_or(&NONE)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        write!(f, "{}: {}", inner.kind, inner.source)?;
        if let Some(words) = &inner.server_words {
            write!(f, " (the server says: {words})")?;
        }
        if let Some(key) = &inner.key {
            write!(f, "; key {key:?}")?;
        }
        if let Some(node) = &inner.node {
            write!(f, "; node {node}")?;
        }
        if let Some(status) = inner.status {
            write!(f, "; status {status}")?;
        }
        if inner.attempts > 1 {
            write!(f, "; {} attempts", inner.attempts)?;
        }
        if inner.is_ambiguous {
            f.write_str("; the server may have carried it out")?;
        }
        if let Some(results) = &inner.all_results {
            write!(f, "; {} of {} keys failed", results.failures().count(), results.len())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {{ {self} }}", self.0.kind)
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.0.source.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn thread_safe<T: Send + Sync + 'static>() {}
    const _: () = thread_safe::<Error>();
    const _: () = assert!(size_of::<Error>() == size_of::<usize>());

    #[test]
    fn the_text_names_everything_that_is_known() {
        let error = Error::new(ErrorKind::Timeout, "no answer within 2.5s")
            .with_key("k".into())
            .with_node(Node::new("::1", 11210))
            .with_attempts(3)
            .with_status(Status::ETMPFAIL)
            .with_server_words("busy")
            .ambiguous(true);
        assert_eq!(
            alloc::format!("{error}"),
            "timeout: no answer within 2.5s (the server says: busy); key \"k\"; node [::1]:11210; \
             status 0x86 (ETMPFAIL); 3 attempts; the server may have carried it out"
        );
        assert!(error.is_transient() && error.is_network() && !error.is_data());
        assert!(error.all_results().is_empty());
    }
}
