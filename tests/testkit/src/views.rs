//! Design documents and views of the embedded cluster: requests in, responses out; no sockets, no threads.
//!
//! Without the feature `views` the port still speaks HTTP and says in each answer why there are no views.

#[cfg(not(feature = "views"))]
mod absent;
#[cfg(feature = "views")]
mod collation;
#[cfg(feature = "views")]
mod design;
#[cfg(feature = "views")]
mod engine;
#[cfg(feature = "views")]
mod index;
#[cfg(feature = "views")]
mod listing;
#[cfg(feature = "views")]
mod options;
#[cfg(feature = "views")]
mod placement;
#[cfg(feature = "views")]
mod query;
#[cfg(feature = "views")]
mod reduce;
#[cfg(feature = "views")]
mod refusal;
#[cfg(feature = "views")]
mod route;
#[cfg(feature = "views")]
mod rows;
#[cfg(feature = "views")]
mod service;
mod source;
#[cfg(test)]
#[cfg(feature = "views")]
mod tests;

#[cfg(not(feature = "views"))]
pub use absent::ViewService;
#[cfg(feature = "views")]
pub use service::ViewService;
pub use source::{Access, Document, DocumentSource, Placement, ViewNode};
