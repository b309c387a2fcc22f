//! The client's side of SCRAM (RFC 5802, RFC 7677) over any of the three hashes that a data node offers.
//!
//! Each step consumes the state before it, so no message can be used twice. The server's signature is checked, in
//! constant time: a server that cannot prove that it knows the password is refused. Channel binding is not used
//! (`n,,`), and names go out as they are apart from the two characters that SCRAM escapes: for ASCII that is what
//! SASLprep would give.

mod derivation;
mod error;
mod hash;
mod keys;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(crate) use self::derivation::Derivation;
pub(crate) use self::error::ScramError;
pub(crate) use self::hash::Hash;
pub use self::keys::DerivedKeys;
use self::keys::Keys;
use super::credentials::Credentials;

/// A password protected with fewer rounds is cheap to guess for whoever saw the exchange. RFC 7677 asks for 4,096;
/// data nodes that were set up with a round 4,000 are in use and must be let through.
pub(crate) const MIN_ITERATIONS: u32 = 4_000;
/// A second of work or so; the server's own default is 15,000.
pub(crate) const MAX_ITERATIONS: u32 = 1_000_000;
/// The longest server message that is looked at, in bytes; real ones have about 150.
pub(crate) const MAX_MESSAGE: usize = 2_048;

/// The exchange after client-first: waits for the server's nonce and salt.
pub(crate) struct ClientFirst {
    hash: Hash,
    nonce: String,
    bare: String,
}

/// The exchange after server-first: wants the password's keys.
pub(crate) struct Challenge {
    hash: Hash,
    /// client-first and server-first, as the signatures begin.
    messages: String,
    nonce: String,
    salt: Vec<u8>,
    iterations: u32,
}

/// The exchange after client-final: waits for the server's signature.
pub(crate) struct ClientFinal {
    hash: Hash,
    server_key: Vec<u8>,
    auth_message: String,
}

impl ClientFirst {
    /// Begins an exchange. `nonce` must be fresh, printable, and free of commas.
    pub(crate) fn new(hash: Hash, user: &str, nonce: String) -> Self {
        let bare = format!("n={},r={nonce}", user.replace('=', "=3D").replace(',', "=2C"));
        Self { hash, nonce, bare }
    }

    /// client-first: the payload of `SASL_AUTH`.
    pub(crate) fn message(&self) -> String {
        format!("n,,{}", self.bare)
    }

    /// Takes server-first.
    pub(crate) fn handle_server_first(self, message: &[u8]) -> Result<Challenge, ScramError> {
        let message = text(message)?;
        let offer = Offer::parse(message)?;
        if offer.nonce.len() <= self.nonce.len() || !offer.nonce.starts_with(&self.nonce) {
            return Err(ScramError::Nonce);
        }
        Ok(Challenge {
            hash: self.hash,
            messages: format!("{},{message}", self.bare),
            nonce: offer.nonce.into(),
            salt: offer.salt,
            iterations: offer.iterations,
        })
    }
}

impl Challenge {
    /// The work of thousands of rounds that leads to the keys.
    pub(crate) fn derivation(&self, credentials: &Credentials) -> Derivation {
        let password = credentials.password().reveal().as_bytes();
        Derivation::new(self.hash, password, &self.salt, self.iterations)
    }

    /// Gives the next state and client-final, the payload of `SASL_STEP`.
    pub(crate) fn answer(self, keys: Keys) -> (ClientFinal, String) {
        // biws is the base64 of the "n,," that the exchange began with.
        let without_proof = format!("c=biws,r={}", self.nonce);
        let auth_message = format!("{},{without_proof}", self.messages);
        let stored_key = self.hash.digest(&keys.client);
        let signature = self.hash.hmac(&stored_key, auth_message.as_bytes());
        let proof: Vec<u8> = keys.client.iter().zip(&signature).map(|(key, mask)| key ^ mask).collect();
        let client_final = format!("{without_proof},p={}", STANDARD.encode(proof));
        (ClientFinal { hash: self.hash, server_key: keys.server, auth_message }, client_final)
    }
}

impl ClientFinal {
    /// Takes server-final: succeeds only if the server knows the password's keys.
    pub(crate) fn handle_server_final(self, message: &[u8]) -> Result<(), ScramError> {
        let message = text(message)?;
        let field = message.split(',').next().unwrap_or_default();
        if let Some(words) = field.strip_prefix("e=") {
            return Err(ScramError::Refused(words.chars().filter(|c| !c.is_control()).collect()));
        }
        let encoded = field.strip_prefix("v=").ok_or(ScramError::NotProven)?;
        let signature = STANDARD.decode(encoded).map_err(|_| ScramError::Base64("signature"))?;
        if self.hash.verify(&self.server_key, self.auth_message.as_bytes(), &signature) {
            Ok(())
        } else {
            Err(ScramError::NotProven)
        }
    }
}

/// server-first in parts.
struct Offer<'a> {
    nonce: &'a str,
    salt: Vec<u8>,
    iterations: u32,
}

impl<'a> Offer<'a> {
    /// The grammar fixes the order of the attributes; extensions may follow them and are passed over.
    fn parse(message: &'a str) -> Result<Self, ScramError> {
        if message.starts_with("m=") {
            return Err(ScramError::UnknownExtension);
        }
        if let Some(words) = message.strip_prefix("e=") {
            return Err(ScramError::Refused(words.chars().filter(|c| !c.is_control()).collect()));
        }
        let mut fields = message.split(',');
        let mut field = |prefix: &str, name| {
            fields.next().and_then(|field| field.strip_prefix(prefix)).ok_or(ScramError::Missing(name))
        };
        let nonce = field("r=", "nonce")?;
        let salt = field("s=", "salt")?;
        let iterations = field("i=", "iteration count")?;
        let salt = STANDARD.decode(salt).map_err(|_| ScramError::Base64("salt"))?;
        if salt.is_empty() {
            return Err(ScramError::NoSalt);
        }
        Ok(Self { nonce, salt, iterations: rounds(iterations)? })
    }
}

fn rounds(field: &str) -> Result<u32, ScramError> {
    // A leading plus, which `parse` would take, is not a SCRAM number.
    if field.is_empty() || !field.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(ScramError::NotANumber);
    }
    let count: u64 = field.parse().unwrap_or(u64::MAX);
    match u32::try_from(count) {
        Ok(count) if count < MIN_ITERATIONS => Err(ScramError::TooFewIterations(count)),
        Ok(count) if count <= MAX_ITERATIONS => Ok(count),
        _ => Err(ScramError::TooManyIterations(count)),
    }
}

fn text(message: &[u8]) -> Result<&str, ScramError> {
    if message.len() > MAX_MESSAGE {
        return Err(ScramError::TooLong(message.len()));
    }
    core::str::from_utf8(message).map_err(|_| ScramError::NotText)
}

/// Key material stays out of every form of output.
impl fmt::Debug for ClientFirst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientFirst").field("hash", &self.hash).finish_non_exhaustive()
    }
}

/// Key material stays out of every form of output.
impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge").field("hash", &self.hash).finish_non_exhaustive()
    }
}

/// Key material stays out of every form of output.
impl fmt::Debug for ClientFinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientFinal").field("hash", &self.hash).finish_non_exhaustive()
    }
}
