//! How a connection begins.

use super::{Connection, Handle, View};
use crate::driver::Driver;
use crate::rt::Runtime;
use crate::{Config, Result};
use std::boxed::Box;
use std::marker::PhantomData;
use std::sync::Arc;

/// Checks the configuration, spawns the driver on `runtime`, and returns at once. Operations wait until the
/// connection is made, in order, and fail with its error if it fails.
///
/// Adapters' `open` calls this; it is for those who bring a [`Runtime`] of their own.
///
/// # Errors
/// `Argument`, if the configuration is wrong in any point.
pub fn open(config: impl Into<Config>, runtime: impl Runtime) -> Result<Connection> {
    let (cb, driver) = open_parts(config, runtime)?;
    cb.shared().runtime.spawn(Box::pin(driver));
    Ok(cb)
}

/// As [`open`], but the driver is the caller's: to be spawned elsewhere, or turned by hand.
///
/// Nothing moves until the driver runs. Where it is spawned on an executor of one thread, that thread must not block
/// on an operation: run the program as a task of the same executor (`LocalPool::run_until`).
///
/// # Errors
/// `Argument`, if the configuration is wrong in any point.
pub fn open_parts(config: impl Into<Config>, runtime: impl Runtime) -> Result<(Connection, Driver)> {
    let config = config.into();
    let (shared, driver) = Driver::new(config, Box::new(runtime))?;
    let (timeout, quiet) = shared.defaults;
    let view = View { handle: Arc::new(Handle(shared.clone())), shared, timeout, quiet };
    Ok((Connection(Arc::new(view), PhantomData), driver))
}
