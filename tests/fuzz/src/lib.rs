//! Bodies of fuzz targets, as ordinary functions: give them any bytes, they panic if a promise is broken.
//!
//! The README says what each body promises and how to run them at length. A body is deterministic: how it cuts its
//! input into pieces follows from the input itself.

mod config;
mod connection_string;
mod cuts;
mod driver;
mod frame;
mod http;
mod machine;
pub mod mutate;
mod rows;
mod server;
mod session;
mod world;

pub use config::config;
pub use connection_string::connection_string;
pub use driver::driver;
pub use frame::frame;
pub use http::http;
pub use machine::machine;
pub use rows::rows;
pub use server::{server_data, server_views};
pub use session::session;

/// A body with its name, which is that of its corpus.
pub type Body = (&'static str, fn(&[u8]));

/// All bodies.
pub const BODIES: [Body; 10] = [
    ("frame", frame),
    ("config", config),
    ("session", session),
    ("connection_string", connection_string),
    ("rows", rows),
    ("machine", machine),
    ("driver", driver),
    ("http", http),
    ("server_data", server_data),
    ("server_views", server_views),
];
