//! The driver and both faces over the machine and the embedded cluster's model, in memory and in virtual time.

#[path = "driver/in_memory.rs"]
mod in_memory;

#[path = "driver/futures.rs"]
mod futures_face;
