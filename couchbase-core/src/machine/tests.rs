//! The machine against scripted nodes.
