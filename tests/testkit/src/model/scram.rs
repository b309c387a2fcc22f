//! The server's half of SCRAM (RFC 5802) for SHA-1, SHA-256 and SHA-512.
//!
//! Written against the RFC and apart from the client's half, so that each checks the other. Derived keys are kept
//! by their user: deriving takes thousands of rounds.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

/// A hash, by the mechanism that uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
    Sha512,
}

impl Hash {
    pub(crate) const ALL: [Self; 3] = [Self::Sha512, Self::Sha256, Self::Sha1];

    pub(crate) fn mechanism(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA1",
            Self::Sha256 => "SCRAM-SHA256",
            Self::Sha512 => "SCRAM-SHA512",
        }
    }

    pub(crate) fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(data).to_vec(),
            Self::Sha256 => Sha256::digest(data).to_vec(),
            Self::Sha512 => Sha512::digest(data).to_vec(),
        }
    }

    pub(crate) fn hmac(self, key: &[u8], data: &[u8]) -> Vec<u8> {
        macro_rules! hmac {
            ($hash:ty) => {{
                let mut mac = Hmac::<$hash>::new_from_slice(key).expect("HMAC takes keys of any length");
                mac.update(data);
                mac.finalize().into_bytes().to_vec()
            }};
        }
        match self {
            Self::Sha1 => hmac!(Sha1),
            Self::Sha256 => hmac!(Sha256),
            Self::Sha512 => hmac!(Sha512),
        }
    }

    fn salted_password(self, password: &[u8], salt: &[u8], iterations: u32) -> Vec<u8> {
        let mut salted = vec![0; self.digest(&[]).len()];
        match self {
            Self::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, iterations, &mut salted),
            Self::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, iterations, &mut salted),
            Self::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, iterations, &mut salted),
        }
        salted
    }
}

/// What a server keeps of a password.
#[derive(Clone)]
pub(crate) struct Keys {
    salt: Vec<u8>,
    iterations: u32,
    stored: Vec<u8>,
    server: Vec<u8>,
}

impl Keys {
    pub(crate) fn derive(hash: Hash, password: &[u8], salt: Vec<u8>, iterations: u32) -> Self {
        let salted = hash.salted_password(password, &salt, iterations);
        let stored = hash.digest(&hash.hmac(&salted, b"Client Key"));
        let server = hash.hmac(&salted, b"Server Key");
        Self { salt, iterations, stored, server }
    }

    /// Keys that no proof fits: for users that do not exist, so that they look like any other.
    pub(crate) fn unmatched(hash: Hash, salt: Vec<u8>, iterations: u32) -> Self {
        Self { salt, iterations, stored: hash.digest(&[]), server: Vec::new() }
    }
}

/// A client-first message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ClientFirst<'a> {
    pub(crate) user: String,
    nonce: &'a str,
    bare: &'a str,
}

impl<'a> ClientFirst<'a> {
    /// Channel binding flag `n`, an authorisation identity that is ignored, then `n=` and `r=` alone.
    pub(crate) fn parse(message: &'a [u8]) -> Option<Self> {
        let rest = std::str::from_utf8(message).ok()?.strip_prefix("n,")?;
        let (_, bare) = rest.split_once(',')?;
        let (name, nonce) = bare.strip_prefix("n=")?.split_once(",r=")?;
        if nonce.is_empty() || nonce.contains(',') {
            return None;
        }
        Some(Self { user: name.replace("=2C", ",").replace("=3D", "="), nonce, bare })
    }
}

/// An exchange that waits for the client's proof.
pub(crate) struct Challenge {
    hash: Hash,
    keys: Keys,
    nonce: String,
    first_messages: String,
}

impl std::fmt::Debug for Challenge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Challenge").field("hash", &self.hash).finish_non_exhaustive()
    }
}

/// How an exchange ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The server-final message.
    Proven(String),
    /// The proof is wrong.
    Refused,
    /// The message is no client-final of this exchange.
    Malformed,
}

impl Challenge {
    /// Answers client-first; gives the server-first message too.
    pub(crate) fn new(
        hash: Hash,
        keys: Keys,
        client: &ClientFirst<'_>,
        server_nonce: &str,
    ) -> (Self, String) {
        let nonce = format!("{}{server_nonce}", client.nonce);
        let salt = BASE64_STANDARD.encode(&keys.salt);
        let server_first = format!("r={nonce},s={salt},i={}", keys.iterations);
        let first_messages = format!("{},{server_first}", client.bare);
        (Self { hash, keys, nonce, first_messages }, server_first)
    }

    /// Checks client-final.
    pub(crate) fn finish(&self, message: &[u8]) -> Verdict {
        let Some((without_proof, proof)) = self.split_final(message) else { return Verdict::Malformed };
        let auth = format!("{},{without_proof}", self.first_messages);
        let signature = self.hash.hmac(&self.keys.stored, auth.as_bytes());
        let client_key: Vec<u8> = proof.iter().zip(&signature).map(|(a, b)| a ^ b).collect();
        if self.hash.digest(&client_key) != self.keys.stored {
            return Verdict::Refused;
        }
        let signature = self.hash.hmac(&self.keys.server, auth.as_bytes());
        Verdict::Proven(format!("v={}", BASE64_STANDARD.encode(signature)))
    }

    /// The message without its proof, and the proof; only of this exchange's nonce and a hash's length.
    fn split_final<'a>(&self, message: &'a [u8]) -> Option<(&'a str, Vec<u8>)> {
        let (without_proof, proof) = std::str::from_utf8(message).ok()?.rsplit_once(",p=")?;
        let (binding, nonce) = without_proof.split_once(",r=")?;
        let proof = BASE64_STANDARD.decode(proof).ok()?;
        let fits = binding.starts_with("c=") && nonce == self.nonce && proof.len() == self.keys.stored.len();
        fits.then_some((without_proof, proof))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &[u8] = b"n,,n=alice=2Cadmin,r=0123456789abcdef";
    const SERVER_NONCE: &str = "fedcba9876543210";

    fn exchange(hash: Hash, password: &[u8]) -> Challenge {
        let client = ClientFirst::parse(FIRST).unwrap();
        assert_eq!(client.user, "alice,admin");
        let keys = Keys::derive(hash, password, (0..20).collect(), 4096);
        let (challenge, first) = Challenge::new(hash, keys, &client, SERVER_NONCE);
        assert_eq!(first, "r=0123456789abcdeffedcba9876543210,s=AAECAwQFBgcICQoLDA0ODxAREhM=,i=4096");
        challenge
    }

    fn last(proof: &str) -> Vec<u8> {
        format!("c=biws,r=0123456789abcdeffedcba9876543210,p={proof}").into_bytes()
    }

    #[test]
    fn published_vectors() {
        for (hash, proof, signature) in [
            (Hash::Sha1, "Qt5bGUBowijlvXfnZlqBXxG63lY=", "PPtF9xOPZXwfK8kvBDGmNbCknso="),
            (
                Hash::Sha256,
                "sTEQ9ZlXIpjCsQ/Oyo7h+ajV+EZZO7Sn908Iw07Sp9w=",
                "NpA0a1/dCGZQgbBfrkKzlA2Ifv5a56myv8e7d1HIuDw=",
            ),
            (
                Hash::Sha512,
                "E0s58ZudoXBPMTOhcMHvG8DsU/tHwXfZTFCNorUuL62OCe5k8Q55ZteFiTMCXQ/RzSffGl3UUyjCQM83y29h1w==",
                "ONvDQ0/g9smuO7Oke0tezFQTG/VAEIppIilxDKzVJogHIDYSYWRllmqwHnsQvh1al7TmfVinIAaqe3iZzkJDww==",
            ),
        ] {
            let verdict = exchange(hash, b"s3cret").finish(&last(proof));
            assert_eq!(verdict, Verdict::Proven(format!("v={signature}")));
            assert_eq!(exchange(hash, b"other").finish(&last(proof)), Verdict::Refused);
        }
    }

    #[test]
    fn what_is_no_client_message() {
        for message in ["", "y,,n=a,r=b", "n,,n=a", "n,,n=a,r=", "n,,n=a,r=b,x=1", "n,,m=1,n=a,r=b"] {
            assert_eq!(ClientFirst::parse(message.as_bytes()), None, "{message}");
        }
        let challenge = exchange(Hash::Sha1, b"s3cret");
        for message in ["", "c=biws", "c=biws,r=other,p=Qt5bGUBowijlvXfnZlqBXxG63lY="] {
            assert_eq!(challenge.finish(message.as_bytes()), Verdict::Malformed, "{message}");
        }
        assert_eq!(challenge.finish(&last("AAAA")), Verdict::Malformed);
    }
}
