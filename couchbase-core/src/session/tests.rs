//! Tests of the session, by what they feed it.

mod error_map;
mod handshake;
mod hostile;
mod impostor;
mod recorded;
mod scram;
mod server;
mod words;
