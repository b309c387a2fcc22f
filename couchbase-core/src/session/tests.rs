//! Tests of the session, by what they feed it.

mod handshake;
mod scram;
mod server;
