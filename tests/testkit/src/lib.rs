//! See the workspace's README.

pub mod http;
pub mod views;
