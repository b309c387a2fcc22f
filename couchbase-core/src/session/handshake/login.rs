//! An attempt to log in: the mechanism under way, and how to go on when the server does not know it.
//!
//! The strongest mechanism allowed goes first, so that PLAIN, behind which more requests are sent at once, is only
//! ever the last one: nothing needs to be swallowed when another mechanism is started.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Progress;
use crate::session::credentials::Credentials;
use crate::session::mechanism::{Allowed, Mechanism};
use crate::session::scram::ClientFirst;

#[derive(Debug)]
pub(super) struct Login {
    pub(super) credentials: Credentials,
    pub(super) mechanism: Mechanism,
    pub(super) exchange: Exchange,
    allowed: Allowed,
    nonce: String,
}

/// What `SASL_AUTH` began.
#[derive(Debug)]
pub(super) enum Exchange {
    Scram(ClientFirst),
    /// The password is out already, and the requests that follow authentication as well.
    Plain,
}

impl Login {
    /// Writes `SASL_AUTH` with the strongest mechanism allowed.
    pub(super) fn start(
        credentials: Credentials,
        nonce: String,
        progress: &mut Progress,
        out: &mut Vec<u8>,
    ) -> Self {
        let allowed = Allowed::new(progress.forced());
        let mechanism = allowed.first();
        let exchange = begin(mechanism, &credentials, &nonce, progress, out);
        Self { credentials, mechanism, exchange, allowed, nonce }
    }

    /// Starts again with a mechanism that the server lists, if it does not list the refused one; or says why not.
    ///
    /// Since the next one is listed, this happens once at most. The nonce is used again: a server that does not know
    /// a mechanism has answered nothing with it.
    pub(super) fn restart(self, progress: &mut Progress, out: &mut Vec<u8>) -> Result<Self, String> {
        let Some(listed) = progress.listed.as_deref().filter(|listed| !listed.contains(&self.mechanism))
        else {
            return Err(progress.wrong_password());
        };
        let mechanism =
            self.allowed.choose(listed).ok_or_else(|| explain_no_choice(self.mechanism, listed))?;
        let exchange = begin(mechanism, &self.credentials, &self.nonce, progress, out);
        Ok(Self { mechanism, exchange, ..self })
    }
}

fn begin(
    mechanism: Mechanism,
    credentials: &Credentials,
    nonce: &str,
    progress: &mut Progress,
    out: &mut Vec<u8>,
) -> Exchange {
    match mechanism.hash() {
        Some(hash) => {
            let first = ClientFirst::new(hash, credentials.user(), nonce.to_string());
            progress.write_auth(mechanism, first.message().as_bytes(), out);
            Exchange::Scram(first)
        }
        None => {
            let payload = ["", credentials.user(), credentials.password().reveal()].join("\0");
            progress.write_auth(mechanism, payload.as_bytes(), out);
            progress.write_tail(out);
            Exchange::Plain
        }
    }
}

fn explain_no_choice(refused: Mechanism, listed: &[Mechanism]) -> String {
    if listed.contains(&Mechanism::Plain) {
        "the server offers no SCRAM; PLAIN would show the password to the network: force it with \
         sasl_mech_force=PLAIN if that is acceptable"
            .to_string()
    } else {
        format!("the server offers neither {refused} nor another mechanism that may be used")
    }
}
