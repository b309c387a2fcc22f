//! Real sockets for the model: one listener for each service of each node, one small thread for each connection.
//!
//! The model stands behind one mutex. A connection's thread does all of its connection's work: it reads, has the
//! model answer everything that was read under one lock, and writes the answers at once after letting go of it. While
//! a fault holds the node it waits for the end of the hold and reads nothing, as a process that stands still would.

mod http;
mod kv;
mod listener;
mod sockets;

use crate::http::Fault;
use crate::model::{ConnId, Model, NodeAddress, Setup};
use crate::views::ViewService;
use couchbase_core::Instant;
use http::PlannedFaults;
use listener::Listener;
use sockets::Sockets;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Enough for any request to the model, and little beside what a thread costs otherwise.
const SMALL_STACK: usize = 512 * 1024;

/// Where views are computed: the JavaScript engine takes its part of the stack.
const LARGE_STACK: usize = 2 * 1024 * 1024;

/// What all threads of the cluster share.
pub(crate) struct Shared {
    model: Mutex<Model>,
    /// A hold began or ended, or a link was closed from within.
    changed: Condvar,
    pub(crate) views: Mutex<ViewService>,
    view_faults: Mutex<PlannedFaults>,
    kv: Sockets<ConnId>,
    http: Sockets<(usize, u64)>,
    began: std::time::Instant,
}

impl Shared {
    /// The time that has passed since the cluster began.
    pub(crate) fn now(&self) -> Instant {
        Instant::from(self.began.elapsed())
    }

    /// The model. A thread that panicked while it held the lock has not made it unfit for others.
    pub(crate) fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the model a new state of affairs, and lets all threads act on it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Model, Instant) -> T) -> T {
        let now = self.now();
        let mut model = self.model();
        let result = change(&mut model, now);
        while let Some(conn) = model.poll_closed() {
            self.kv.shut(conn);
        }
        drop(model);
        self.changed.notify_all();
        result
    }

    fn view_faults(&self) -> MutexGuard<'_, PlannedFaults> {
        self.view_faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next `count` requests to the views of a node end with `fault`.
    pub(crate) fn plan_view_fault(&self, node: usize, count: u64, fault: Fault) {
        self.view_faults().plan(node, count, fault);
    }

    /// Waits for a change, or for the next time at which the model wants to be told the time.
    fn wait<'a>(&self, model: MutexGuard<'a, Model>) -> MutexGuard<'a, Model> {
        let mut model = match model.poll_timeout() {
            Some(due) => {
                let time = due - self.now();
                self.changed.wait_timeout(model, time).unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.changed.wait(model).unwrap_or_else(PoisonError::into_inner),
        };
        model.handle_timeout(self.now());
        model
    }
}

/// The three listeners of a node that runs.
struct Listeners {
    kv: Listener,
    views: Listener,
    mgmt: Listener,
}

/// The running cluster.
pub(crate) struct Front {
    shared: Arc<Shared>,
    addresses: Vec<NodeAddress>,
    ip: IpAddr,
    listeners: Mutex<Vec<Option<Listeners>>>,
}

/// The three sockets of a node before anyone is served.
struct Bound {
    kv: TcpListener,
    views: TcpListener,
    mgmt: TcpListener,
}

impl Bound {
    fn at(ip: IpAddr, ports: [u16; 3]) -> io::Result<Self> {
        let [kv, views, mgmt] = ports.map(|port| TcpListener::bind(SocketAddr::new(ip, port)));
        Ok(Self { kv: kv?, views: views?, mgmt: mgmt? })
    }

    fn address(&self, host: &str) -> io::Result<NodeAddress> {
        Ok(NodeAddress {
            host: host.to_owned(),
            kv: self.kv.local_addr()?.port(),
            views: self.views.local_addr()?.port(),
            mgmt: self.mgmt.local_addr()?.port(),
        })
    }
}

impl Front {
    /// Listens on free ports of `ip` for as many nodes as asked, and serves. `setup.nodes` is filled in here.
    pub(crate) fn start(ip: IpAddr, nodes: usize, mut setup: Setup) -> io::Result<Self> {
        let bound = (0..nodes).map(|_| Bound::at(ip, [0; 3])).collect::<io::Result<Vec<_>>>()?;
        // What listens on every address is reached by the loopback one.
        let host = match ip {
            IpAddr::V4(ip) if ip.is_unspecified() => "127.0.0.1".to_owned(),
            IpAddr::V6(ip) if ip.is_unspecified() => "::1".to_owned(),
            ip => ip.to_string(),
        };
        setup.nodes = bound.iter().map(|bound| bound.address(&host)).collect::<io::Result<_>>()?;
        let addresses = setup.nodes.clone();
        let shared = Arc::new(Shared {
            model: Mutex::new(Model::new(setup)),
            changed: Condvar::new(),
            views: Mutex::new(ViewService::new()),
            view_faults: Mutex::default(),
            kv: Sockets::default(),
            http: Sockets::default(),
            began: std::time::Instant::now(),
        });
        let front = Self { shared, addresses, ip, listeners: Mutex::new(Vec::new()) };
        let listeners = bound
            .into_iter()
            .enumerate()
            .map(|(node, bound)| front.serve(node, bound).map(Some))
            .collect::<io::Result<Vec<_>>>()?;
        *front.listeners() = listeners;
        Ok(front)
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn addresses(&self) -> &[NodeAddress] {
        &self.addresses
    }

    fn listeners(&self) -> MutexGuard<'_, Vec<Option<Listeners>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, node: usize, bound: Bound) -> io::Result<Listeners> {
        let shared = || Arc::clone(&self.shared);
        let (kv, views, mgmt) = (shared(), shared(), shared());
        Ok(Listeners {
            kv: Listener::spawn(bound.kv, format!("kv {node}"), SMALL_STACK, move |stream| {
                kv::serve(&kv, node, stream);
            })?,
            views: Listener::spawn(bound.views, format!("views {node}"), LARGE_STACK, move |stream| {
                http::serve_views(&views, node, stream);
            })?,
            mgmt: Listener::spawn(bound.mgmt, format!("mgmt {node}"), SMALL_STACK, move |stream| {
                http::serve_management(&mgmt, node, stream);
            })?,
        })
    }

    /// Stops a node: once this returns, its ports refuse connections and its threads have ended.
    pub(crate) fn stop(&self, node: usize) {
        let stopped = self.listeners()[node].take();
        self.shared.change(|model, _| model.stop(node));
        let Some(Listeners { kv, views, mgmt }) = stopped else { return };
        let threads: Vec<_> = [kv, views, mgmt].into_iter().flat_map(Listener::stop).collect();
        // Whoever was accepted in the meantime is cut here.
        self.shared.change(|model, _| model.stop(node));
        self.shared.http.shut_where(|(of, _)| *of == node);
        for thread in threads {
            // A connection's panic was printed by its thread.
            let _ = thread.join();
        }
    }

    /// Starts a stopped node again, on the ports that it had.
    pub(crate) fn start_again(&self, node: usize) -> io::Result<()> {
        let mut listeners = self.listeners();
        if listeners[node].is_some() {
            return Ok(());
        }
        let NodeAddress { kv, views, mgmt, .. } = self.addresses[node];
        let bound = Bound::at(self.ip, [kv, views, mgmt])?;
        self.shared.change(|model, _| model.start(node));
        listeners[node] = Some(self.serve(node, bound)?);
        Ok(())
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        for node in 0..self.addresses.len() {
            self.stop(node);
        }
    }
}
