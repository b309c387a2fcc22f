//! The client as a state machine: what happened goes in, what to do next comes out.
//!
//! [`Client`] knows all nodes of one bucket. It holds no socket, no clock, no thread and no lock; whoever drives it
//! owns those. A driver is a loop:
//!
//! 1. tell it what happened: [`handle_input`](Client::handle_input), [`handle_connected`](Client::handle_connected),
//!    [`handle_lost`](Client::handle_lost), [`handle_resolved`](Client::handle_resolved),
//!    [`handle_unresolved`](Client::handle_unresolved), [`handle_timeout`](Client::handle_timeout);
//! 2. carry out its events until there are none: [`poll_event`](Client::poll_event);
//! 3. write what it has for the links that [`poll_dirty`](Client::poll_dirty) names:
//!    [`poll_transmit`](Client::poll_transmit);
//! 4. come back when something happens, at [`poll_timeout`](Client::poll_timeout) at the latest.
//!
//! ```
//! use couchbase_core::machine::{Client, Event, Request};
//! use couchbase_core::{Config, Instant};
//! use std::time::Duration;
//!
//! let now = Instant::ZERO;
//! let mut client = Client::new(Config::new("couchbase://10.0.0.1/default"), 7, now)?;
//! let get = client.submit(Request::get("k"), Duration::from_millis(2500), now).map_err(|e| e.error)?;
//!
//! // An address needs no resolving, so the machine asks for a socket at once.
//! let Some(Event::Open { link, addr }) = client.poll_event() else { panic!("wants a socket") };
//! assert_eq!(addr.port(), 11210);
//! client.handle_connected(link, now);
//! assert_eq!(client.poll_dirty(), Some(link)); // The handshake is to be written.
//! # let _ = get;
//! # Ok::<(), couchbase_core::Error>(())
//! ```

mod bootstrap;
mod configuration;
pub(crate) mod copies;
mod deadline;
mod event;
mod expire;
mod id;
mod input;
mod link;
mod lost_link;
mod not_my_vbucket;
mod opening;
mod operation;
mod order;
mod outbox;
mod output;
mod owed;
mod placing;
mod random;
mod reconnect;
mod refused_user;
mod replies;
mod request;
mod retry;
mod submit;
mod table;
mod timer;
mod transmit;

pub use event::{Event, LinkLoss, SubmitError, TimerKind};
pub use id::{LinkId, OpId, ResolveId};
pub use output::Metrics;
#[cfg(feature = "driver")]
pub(crate) use output::Said;
pub use random::Seed;
pub use request::Request;
pub use transmit::Transmit;

use crate::config::Checked;
use crate::session::{DerivedKeys, Settings};
use crate::topology::ClusterMap;
use crate::{Config, Error, Instant, Result};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use bootstrap::Connecting;
use copies::Copies;
use core::time::Duration;
use deadline::Deadlines;
use link::{Links, Target};
use outbox::Outbox;
use random::Random;
use reconnect::NodeState;
use table::Table;
use timer::Timers;

/// The machine of one connection: all nodes of one bucket, and every operation from submission to end.
///
/// Its methods come in four families: `handle_*` tells it what happened and never fails; plain verbs are the
/// application's; `poll_*` says what it wants; the rest are getters. Time is an argument, always the last, and must
/// not run backwards (if it does, the latest time counts).
pub struct Client {
    config: Checked,
    settings: Arc<Settings>,
    keys: DerivedKeys,
    /// Links whose handshake has work left, each once. A timer runs while there are any.
    deriving: VecDeque<LinkId>,
    random: Random,
    /// The latest time that was told.
    now: Instant,
    /// Unix time at some instant.
    unix_time: (Duration, Instant),
    phase: Phase,
    is_closing: bool,

    table: Table,
    deadlines: Deadlines,
    timers: Timers,
    admission: Admission,

    links: Links,
    map: Option<ClusterMap>,
    /// One for each node of the map that has data of the bucket, in the map's order.
    nodes: Vec<NodeState>,
    /// How many nodes ever came into the map.
    stays: u64,
    /// A node refuses the user.
    is_user_refused: bool,
    /// Hosts being looked up.
    resolving: BTreeMap<ResolveId, Target>,
    resolutions: u64,
    configuration: configuration::Fetching,

    copies: Copies,
    outbox: Outbox,
    metrics: Metrics,
}

/// How far the connection as a whole has come.
enum Phase {
    Connecting(Connecting),
    Connected,
    Failed(Error),
    Closed,
}

/// Who has a place, and who stands in line for one.
#[derive(Default)]
struct Admission {
    in_flight: usize,
    bytes: usize,
    /// Tickets, oldest first. Those whose operation has ended are skipped.
    line: VecDeque<OpId>,
    in_line: usize,
    /// Counts submissions.
    order: u64,
}

impl Client {
    /// A machine that begins to connect at once. `config` is anything that a [`Config`] is made from; `seed` is where
    /// all its randomness comes from.
    ///
    /// # Errors
    /// `Argument`, if the configuration is wrong in any point.
    pub fn new(config: impl Into<Config>, seed: impl Into<Seed>, now: Instant) -> Result<Self> {
        let config = config.into().check()?;
        let mut random = Random::new(seed.into());
        let settings = Settings {
            client_id: random.number(),
            credentials: config.credentials.clone(),
            forced: config.mechanisms.clone(),
            bucket: Some(config.bucket.clone()),
            ..Settings::new(concat!("couchbase-rust/", env!("CARGO_PKG_VERSION")))
        };
        let connecting = Connecting::new(&config, &mut random, now);
        let mut client = Self {
            config,
            settings: Arc::new(settings),
            keys: DerivedKeys::default(),
            deriving: VecDeque::new(),
            random,
            now,
            unix_time: (Duration::ZERO, now),
            phase: Phase::Connecting(connecting),
            is_closing: false,
            table: Table::default(),
            deadlines: Deadlines::new(),
            timers: Timers::default(),
            admission: Admission::default(),
            links: Links::default(),
            map: None,
            nodes: Vec::new(),
            stays: 0,
            is_user_refused: false,
            resolving: BTreeMap::new(),
            resolutions: 0,
            configuration: configuration::Fetching::default(),
            copies: Copies::default(),
            outbox: Outbox::default(),
            metrics: Metrics::default(),
        };
        client.begin_connecting();
        Ok(client)
    }

    /// The checked configuration, defaults filled in.
    #[doc(hidden)]
    pub fn config(&self) -> &Checked {
        &self.config
    }

    /// True once the first map is known, and ever after.
    pub fn is_connected(&self) -> bool {
        self.map.is_some()
    }

    /// The cluster's map, once connected.
    pub fn map(&self) -> Option<&ClusterMap> {
        self.map.as_ref()
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.config.bucket
    }

    /// Operations that have a place and have not ended.
    pub fn in_flight(&self) -> usize {
        self.admission.in_flight
    }
}

impl core::fmt::Debug for Client {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Client")
            .field("bucket", &self.config.bucket)
            .field("map", &self.map)
            .field("in_flight", &self.admission.in_flight)
            .finish_non_exhaustive()
    }
}
