//! How operations report: the two faces of a connection. Sealed; a face is a type, never a value.

use crate::result::sealed::Sealed;

/// How a connection's operations report: [`Futures`] or [`Callbacks`].
pub trait Face: Send + Sync + Unpin + 'static + Sealed {}

/// Operations are futures. The default everywhere.
#[derive(Debug)]
pub enum Futures {}

/// Operations are sent with callbacks or a completion queue.
#[derive(Debug)]
pub enum Callbacks {}

impl Sealed for Futures {}
impl Sealed for Callbacks {}
impl Face for Futures {}
impl Face for Callbacks {}
