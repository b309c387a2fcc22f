//! The programs of this folder; nothing to import.
