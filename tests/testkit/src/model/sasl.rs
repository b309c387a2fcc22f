//! Authentication: SASL_LIST_MECHS, SASL_AUTH and SASL_STEP.

use super::Model;
use super::link::Link;
use super::reply::{Outcome, Refusal, Reply};
use super::request::Request;
use super::scram::{Challenge, ClientFirst, Hash, Verdict};
use couchbase_core::wire::Status;

const MECHANISMS: &[u8] = b"SCRAM-SHA512 SCRAM-SHA256 SCRAM-SHA1 PLAIN";

/// A SCRAM exchange that waits for its second message.
#[derive(Debug)]
pub(crate) struct Exchange {
    challenge: Challenge,
    user: Option<usize>,
}

/// SASL_LIST_MECHS.
pub(crate) fn list(link: &mut Link, request: &Request<'_>) -> Outcome {
    link.answer(request, &Reply { value: MECHANISMS, ..Reply::default() })
}

impl Model {
    /// SASL_AUTH: begins an exchange; whoever the link was before, it is no longer.
    pub(super) fn sasl_auth(&mut self, link: &mut Link, request: &Request<'_>) -> Outcome {
        if link.sasl.is_some() {
            return Err(Refusal::invalid("Logic error: a SASL exchange is already in progress"));
        }
        link.user = None;
        link.bucket = None;
        let name = String::from_utf8_lossy(request.key).to_ascii_uppercase();
        if name == "PLAIN" {
            return self.plain(link, request);
        }
        let Some(hash) = Hash::ALL.into_iter().find(|hash| hash.mechanism() == name) else {
            let words = format!("Requested mechanism \"{name}\" is not supported");
            return Err(Refusal::from(Status::AUTH_ERROR).because(words));
        };
        let Some(first) = ClientFirst::parse(request.packet.value()) else {
            return Err(Refusal::from(Status::EINVAL));
        };
        let (keys, user) = self.users.keys(&first.user, hash);
        let nonce = format!("{:016x}", self.random.next());
        let (challenge, server_first) = Challenge::new(hash, keys, &first, &nonce);
        link.sasl = Some(Exchange { challenge, user });
        link.answer(
            request,
            &Reply { status: Status::AUTH_CONTINUE, value: server_first.as_bytes(), ..Reply::default() },
        )
    }

    /// `authzid NUL user NUL password`; a NUL at the end is tolerated.
    fn plain(&mut self, link: &mut Link, request: &Request<'_>) -> Outcome {
        let message = std::str::from_utf8(request.packet.value()).map_err(|_| Status::EINVAL)?;
        let (_, rest) = message.split_once('\0').ok_or(Status::EINVAL)?;
        let (name, password) = rest.split_once('\0').ok_or(Status::EINVAL)?;
        let password = password.strip_suffix('\0').unwrap_or(password);
        match self.users.with_password(name, password) {
            Some(user) => {
                link.user = Some(user);
                link.answer(request, &Reply::default())
            }
            None => Err(self.not_authenticated()),
        }
    }

    /// SASL_STEP: ends an exchange, well or badly.
    pub(super) fn sasl_step(&mut self, link: &mut Link, request: &Request<'_>) -> Outcome {
        let Some(exchange) = link.sasl.take() else {
            return Err(Refusal::invalid(
                "Logic error: The server expects the client to start with SASL START before sending SASL STEP",
            ));
        };
        match exchange.challenge.finish(request.packet.value()) {
            Verdict::Proven(server_final) if exchange.user.is_some() => {
                link.user = exchange.user;
                link.answer(request, &Reply { value: server_final.as_bytes(), ..Reply::default() })
            }
            Verdict::Proven(_) | Verdict::Refused => Err(self.not_authenticated()),
            Verdict::Malformed => Err(Refusal::from(Status::EINVAL)),
        }
    }

    fn not_authenticated(&mut self) -> Refusal {
        Refusal::from(Status::AUTH_ERROR).logged_as(self.random.reference())
    }
}
