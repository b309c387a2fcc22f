//! One type per operation: options are its methods, `.await` or `send` its end.
//!
//! They are built by the methods of [`Connection`](crate::Connection). Each owns everything it needs: it can be
//! returned, stored and spawned. Nothing happens until it is awaited or sent; then options are past. What is wrong
//! with its arguments comes out with its outcome, and nothing is sent.

mod multi;
mod op;
mod operation;
mod optional;
mod options;
mod single;
mod value;

pub use multi::{GetMulti, SetMulti};
pub use operation::Operation;
pub use optional::Optional;
pub use single::{Add, Append, Counter, Delete, Get, Set, Touch};
pub use value::{Value, Valued};
