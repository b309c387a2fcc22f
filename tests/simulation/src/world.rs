//! The world around the client: virtual time, the network, the cluster, and the faults in them.
//!
//! A face of the simulation drives the client, and takes [`Notice`]s of what concerns it; everything else happens
//! here, in the order of time, drawn from one seed. Time moves only from one happening to the next.

use crate::agenda::Agenda;
use crate::fault::{Mending, Trouble};
use crate::network::{Service, Socket, SocketId, Way};
use crate::random::Random;
use crate::routing::Routing;
use crate::swarm::{Login, Swarm};
use crate::tally::Tally;
use crate::trace::Trace;
use crate::views::Views;
use couchbase_core::{Config, Instant};
use couchbase_testkit::model::{Model, NodeAddress, Setup, User};
use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

const KV: u16 = 11210;
const VIEWS: u16 = KV + 1;
/// In November 2023. Time of day stands at this when virtual time stands at zero.
pub(crate) const UNIX_TIME: Duration = Duration::from_secs(1_700_000_000);

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) random: Random,
    pub(crate) trace: Trace,
    pub(crate) swarm: Swarm,
    pub(crate) model: Model,
    pub(crate) trouble: Trouble,
    /// Faults by kind.
    pub(crate) tally: Tally,
    pub(crate) agenda: Agenda<Happening>,
    pub(crate) sockets: Vec<Socket>,
    pub(crate) notices: VecDeque<Notice>,
    pub(crate) routing: Routing,
    pub(crate) views: Views,
    /// The configurations that each node has given, in order.
    pub(crate) former_maps: Vec<Vec<Vec<u8>>>,
}

/// What happens in the world.
#[derive(Debug)]
pub(crate) enum Happening {
    Dialed(SocketId),
    Arrival(SocketId, Way),
    Resolved(u64, Vec<SocketAddr>),
    /// The model asked to be called.
    Model,
    Fault,
    Mend(Mending),
    /// Something that the face planned.
    Wake(u64),
}

/// What the client's side learns of it.
#[derive(Debug)]
pub(crate) enum Notice {
    Connected(SocketId),
    Refused(SocketId),
    Readable(SocketId),
    Writable(SocketId),
    Resolved(u64, Vec<SocketAddr>),
    Wake(u64),
}

impl World {
    pub(crate) fn new(seed: u64, is_printed: bool) -> Self {
        let mut random = Random::new(seed);
        let swarm = Swarm::draw(&mut random);
        let mut trace = Trace::new(is_printed);
        trace.note(Instant::ZERO, format_args!("seed {seed}: {swarm:#?}"));
        let nodes = (0..swarm.nodes)
            .map(|node| NodeAddress {
                host: host_of(node, swarm.has_names),
                kv: KV,
                views: VIEWS,
                mgmt: KV + 2,
            })
            .collect();
        let model = Model::new(Setup {
            nodes,
            replicas: swarm.replicas,
            vbuckets: swarm.vbuckets,
            buckets: vec!["default".into()],
            users: vec![User::new("app", "secret")],
            anonymous: swarm.login == Login::Nobody,
            seed: random.next(),
            scram_iterations: 4096,
            unix_time: UNIX_TIME,
            record_effects: true,
        });
        let mut world = Self {
            now: Instant::ZERO,
            random,
            trace,
            trouble: Trouble::new(swarm.nodes),
            model,
            tally: Tally::default(),
            agenda: Agenda::new(),
            sockets: Vec::new(),
            notices: VecDeque::new(),
            views: Views::default(),
            former_maps: vec![Vec::new(); swarm.nodes],
            routing: Routing::new((0..swarm.nodes).map(|node| host_of(node, swarm.has_names)).collect()),
            swarm,
        };
        if world.swarm.is_hostile {
            world.begin_faults();
        }
        world
    }

    /// How the client is told to connect.
    pub(crate) fn config(&self) -> Config {
        let swarm = &self.swarm;
        let hosts: Vec<String> = (0..swarm.seeds).map(|node| host_of(node, swarm.has_names)).collect();
        let forced = if swarm.login == Login::Plain { "?sasl_mech_force=PLAIN" } else { "" };
        let config = Config::new(format!("couchbase://{}/default{forced}", hosts.join(",")))
            .connect_timeout(swarm.connect_timeout)
            .views_timeout(Duration::from_millis(swarm.timeout_millis.1))
            .max_in_flight(swarm.max_in_flight)
            .max_in_flight_bytes(swarm.max_in_flight_bytes)
            .max_queued(swarm.max_queued);
        match swarm.login {
            Login::Nobody => config,
            Login::Plain | Login::Scram => config.credentials("app", "secret"),
        }
    }

    pub(crate) fn note(&mut self, line: fmt::Arguments<'_>) {
        self.trace.note(self.now, line);
    }

    /// Lets one thing happen; the clock goes to its moment.
    pub(crate) fn step(&mut self) {
        let Some((at, happening)) = self.agenda.pop() else { return };
        self.now = self.now.max(at);
        match happening {
            Happening::Dialed(socket) => self.handle_dialed(socket),
            Happening::Arrival(socket, way) => self.handle_arrival(socket, way),
            Happening::Resolved(query, addrs) => self.notices.push_back(Notice::Resolved(query, addrs)),
            Happening::Model => {
                self.model.handle_timeout(self.now);
                self.serve();
                self.plan_model();
            }
            Happening::Fault => self.handle_fault(),
            Happening::Mend(mending) => self.mend(mending),
            Happening::Wake(id) => self.notices.push_back(Notice::Wake(id)),
        }
    }

    /// The client has dealt with everything until now. `Err`: its map has gone back.
    pub(crate) fn rest(&mut self) -> Result<(), String> {
        self.routing.rest(&mut self.sockets)
    }

    /// A [`Notice::Wake`] with this number follows then.
    pub(crate) fn plan_wake(&mut self, at: Instant, id: u64) {
        self.agenda.plan(at, Happening::Wake(id));
    }

    pub(crate) fn plan_model(&mut self) {
        if let Some(at) = self.model.poll_timeout() {
            self.agenda.plan(at, Happening::Model);
        }
    }

    /// Looks a host up; a [`Notice::Resolved`] follows.
    pub(crate) fn resolve(&mut self, query: u64, host: &str, port: u16) {
        let node = (0..self.swarm.nodes).find(|node| host_of(*node, self.swarm.has_names) == host);
        // An address needs nobody to look it up.
        let fails = self.swarm.has_names && self.trouble.no_names_until > self.now;
        let addrs = match node {
            Some(node) if !fails => vec![SocketAddr::new(address_of(node), port)],
            _ => Vec::new(),
        };
        let at = self.now + self.random.micros(10..=20_000);
        self.agenda.plan(at, Happening::Resolved(query, addrs));
    }
}

fn host_of(node: usize, has_names: bool) -> String {
    if has_names { format!("n{node}.sim") } else { address_of(node).to_string() }
}

fn address_of(node: usize) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, node as u8 + 1))
}

/// The node behind an address of [`World::resolve`], and what is asked of it.
pub(crate) fn node_at(addr: SocketAddr) -> Option<(usize, Service)> {
    let service = match addr.port() {
        KV => Service::Kv,
        VIEWS => Service::Views,
        _ => return None,
    };
    match addr.ip() {
        IpAddr::V4(ip) => Some((usize::from(ip.octets()[3]).checked_sub(1)?, service)),
        IpAddr::V6(_) => None,
    }
}
