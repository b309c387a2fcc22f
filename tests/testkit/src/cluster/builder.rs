//! What a cluster is to be, before it runs.

use super::Cluster;
use crate::front::Front;
use crate::model::{Access, Setup, User};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a [`Cluster`] is to be; each method has a sensible default.
#[derive(Debug, Clone)]
#[must_use = "a cluster runs once it is started"]
pub struct Builder {
    nodes: usize,
    ip: IpAddr,
    setup: Setup,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            nodes: 1,
            ip: Ipv4Addr::LOCALHOST.into(),
            setup: Setup {
                nodes: Vec::new(),
                replicas: 0,
                vbuckets: 64,
                buckets: Vec::new(),
                users: Vec::new(),
                anonymous: false,
                seed: 0,
                scram_iterations: 4096,
                unix_time: Duration::ZERO,
                record_effects: false,
            },
        }
    }

    /// How many nodes; 1 unless told otherwise.
    pub fn nodes(mut self, count: usize) -> Self {
        self.nodes = count;
        self
    }

    /// Replicas of each vbucket; none unless told otherwise, 3 at most. Those for which there is no node stay
    /// unassigned.
    pub fn replicas(mut self, count: usize) -> Self {
        self.setup.replicas = count;
        self
    }

    /// Vbuckets of each bucket; 64 unless told otherwise. Any number from 1 is legal.
    pub fn vbuckets(mut self, count: u16) -> Self {
        self.setup.vbuckets = count;
        self
    }

    /// Adds a bucket. Without any there is one, `default`.
    pub fn bucket(mut self, name: impl Into<String>) -> Self {
        self.setup.buckets.push(name.into());
        self
    }

    /// Adds a user that may read and write in these buckets; in all, if none is named. Without any user there is
    /// one, `app` with the password `secret`.
    pub fn user(self, name: impl Into<String>, password: impl Into<String>, buckets: &[&str]) -> Self {
        self.with_user(name.into(), password.into(), buckets, Access::ReadWrite)
    }

    /// Adds a user that may only read in these buckets; in all, if none is named.
    pub fn reader(self, name: impl Into<String>, password: impl Into<String>, buckets: &[&str]) -> Self {
        self.with_user(name.into(), password.into(), buckets, Access::Read)
    }

    /// Adds a user that may do everything.
    pub fn administrator(self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.with_user(name.into(), password.into(), &[], Access::Administrator)
    }

    fn with_user(mut self, name: String, password: String, buckets: &[&str], access: Access) -> Self {
        let user = User::new(name, password).with_access(access);
        self.setup.users.push(if buckets.is_empty() {
            user
        } else {
            user.with_buckets(buckets.iter().copied())
        });
        self
    }

    /// Lets clients without credentials use every bucket. [`Cluster::connection_string`] then names none, unless a
    /// user was added.
    pub fn anonymous(mut self) -> Self {
        self.setup.anonymous = true;
        self
    }

    /// The source of salts, nonces and UUIDs; 0 unless told otherwise.
    pub fn seed(mut self, seed: u64) -> Self {
        self.setup.seed = seed;
        self
    }

    /// Rounds of SCRAM's key derivation; 4,096 unless told otherwise (a real server: 15,000). Fewer are faster, but
    /// the official clients refuse them.
    pub fn scram_iterations(mut self, rounds: u32) -> Self {
        self.setup.scram_iterations = rounds.max(1);
        self
    }

    /// The address to listen on; 127.0.0.1 unless told otherwise. Anyone who can reach it can use the cluster.
    pub fn bind(mut self, ip: IpAddr) -> Self {
        self.ip = ip;
        self
    }

    /// Keeps a log of everything that takes effect: see [`Cluster::effects`].
    pub fn record_effects(mut self) -> Self {
        self.setup.record_effects = true;
        self
    }

    /// Starts the cluster.
    ///
    /// # Panics
    /// If the settings make no cluster, or the sockets cannot be had. [`try_start`](Self::try_start) tells instead.
    #[must_use]
    pub fn start(self) -> Cluster {
        match self.try_start() {
            Ok(cluster) => cluster,
            Err(error) => panic!("the embedded cluster cannot start: {error}"),
        }
    }

    /// Starts the cluster.
    ///
    /// # Errors
    /// `InvalidInput` if the settings make no cluster; otherwise what the system said about sockets or threads.
    pub fn try_start(mut self) -> io::Result<Cluster> {
        if self.setup.buckets.is_empty() {
            self.setup.buckets.push("default".to_owned());
        }
        if self.setup.users.is_empty() && !self.setup.anonymous {
            self.setup.users.push(User::new("app", "secret"));
        }
        self.check()?;
        self.setup.unix_time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let credentials =
            self.setup.users.first().map(|user| (user.name().to_owned(), user.password().to_owned()));
        let buckets = self.setup.buckets.clone();
        let front = Front::start(self.ip, self.nodes, self.setup)?;
        Ok(Cluster { front, credentials, buckets })
    }

    fn check(&self) -> io::Result<()> {
        let wrong = |words: String| Err(io::Error::new(io::ErrorKind::InvalidInput, words));
        if self.nodes == 0 {
            return wrong("a cluster has at least one node".to_owned());
        }
        if self.setup.vbuckets == 0 {
            return wrong("a bucket has at least one vbucket".to_owned());
        }
        if self.setup.replicas > 3 {
            return wrong(format!("a vbucket has at most 3 replicas, not {}", self.setup.replicas));
        }
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        for (index, name) in self.setup.buckets.iter().enumerate() {
            if name.is_empty() || name.len() > 100 || !name.bytes().all(legal) {
                return wrong(format!(
                    "`{name}` is no bucket name: 1 to 100 letters, digits, `_`, `-` and `.` are"
                ));
            }
            if self.setup.buckets[..index].contains(name) {
                return wrong(format!("there are two buckets `{name}`"));
            }
        }
        if self.setup.users.iter().any(|user| user.name().is_empty()) {
            return wrong("a user has a name".to_owned());
        }
        Ok(())
    }
}
