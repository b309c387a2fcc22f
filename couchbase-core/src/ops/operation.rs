//! What all operations on one key have in common, for those that wrap them.

use super::op::Op;
use crate::connection::face::Face;
use crate::result::sealed::Sealed;
use crate::{Reply, Result};

/// An operation on one key that has not been sent. Sealed: the types of this module.
pub trait Operation: Send + Sealed + Sized {
    /// What it returns if it succeeds.
    type Output: Send + 'static;
    /// How it reports.
    type Face: Face;

    #[doc(hidden)]
    fn op(&mut self) -> &mut Op<Self::Face>;

    #[doc(hidden)]
    fn into_op(self) -> Op<Self::Face>;

    #[doc(hidden)]
    fn read(outcome: Result<Reply>) -> Result<Self::Output>;
}
