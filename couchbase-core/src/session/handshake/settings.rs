//! What every link of a connection has in common: who connects, how, and to what.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::session::credentials::Credentials;
use crate::session::features;
use crate::session::mechanism::Mechanism;
use crate::wire::Feature;

/// The longest agent that is sent, in bytes; with its frame it must fit a HELLO key of 250.
const MAX_AGENT: usize = 200;

/// The settings of a handshake, shared by all links of a connection: made by [`new`](Self::new), then filled in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Name and version of the client, for the server's log; at most 200 bytes of it are sent.
    pub agent: String,
    /// A number that the links of this client have in common, for the server's log.
    pub client_id: u64,
    /// Who logs in; `None` skips authentication.
    pub credentials: Option<Credentials>,
    /// The only mechanisms that may be used; `None` allows every SCRAM, and not PLAIN.
    pub forced: Option<Vec<Mechanism>>,
    /// The bucket to select; `None` stays at the level of the cluster.
    pub bucket: Option<String>,
    /// The features to ask for, in ascending order.
    pub features: &'static [Feature],
}

impl Settings {
    /// Settings that ask for the usual features, with neither user nor bucket.
    pub fn new(agent: impl Into<String>) -> Self {
        Self {
            agent: agent.into(),
            client_id: 0,
            credentials: None,
            forced: None,
            bucket: None,
            features: features::WANTED,
        }
    }

    /// The key of HELLO: JSON with the agent and the names of client and link.
    pub(super) fn hello_key(&self, link_id: u64) -> String {
        // Left out rather than escaped, which keeps the length in bounds.
        let harmless = |c: &char| !c.is_control() && !matches!(c, '"' | '\\');
        let mut agent = String::new();
        for c in self.agent.chars().filter(harmless) {
            if agent.len() + c.len_utf8() > MAX_AGENT {
                break;
            }
            agent.push(c);
        }
        format!(r#"{{"a":"{agent}","i":"{:016x}/{link_id:016x}"}}"#, self.client_id)
    }
}
