//! The machine alone, against the embedded cluster's model: no socket, no clock, every step under the test's control.

mod addresses;
mod bootstrap;
mod chaos;
mod hostile;
mod hostile_cluster;
mod limits;
mod names;
mod noise;
mod operations;
mod order;
mod random;
mod reconnect;
mod rig;
mod script;
mod time;
