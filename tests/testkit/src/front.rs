//! Real sockets for the model: one listener for each service of each node, one small thread for each connection.
//!
//! The model stands behind one mutex. A connection's thread does all of its connection's work: it reads, has the
//! model answer everything that was read under one lock, and writes the answers at once after letting go of it. While
//! a fault holds the node it waits for the end of the hold and reads nothing, as a process that stands still would.

mod http;
mod kv;
mod listener;
mod management;
mod port;
mod sockets;

use crate::http::Fault;
use crate::model::{ConnId, Model, NodeAddress, Setup};
use crate::views::ViewService;
use couchbase_core::Instant;
use http::PlannedFaults;
use listener::Listener;
use port::Ports;
use sockets::Sockets;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::AtomicU64;
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
    /// Requests to views and design documents that have arrived.
    pub(crate) view_requests: AtomicU64,
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

/// The ports of a node.
enum Service {
    /// One listener for each service.
    Served([Listener; 3]),
    /// Stopped. `None`: the ports could not be kept, and may be gone.
    Kept(Option<Ports>),
}

/// The running cluster.
pub(crate) struct Front {
    shared: Arc<Shared>,
    addresses: Vec<NodeAddress>,
    ip: IpAddr,
    services: Mutex<Vec<Service>>,
}

impl Front {
    /// Listens on free ports of `ip` for as many nodes as asked, and serves. `setup.nodes` is filled in here.
    pub(crate) fn start(ip: IpAddr, nodes: usize, mut setup: Setup) -> io::Result<Self> {
        let ports = (0..nodes).map(|_| Ports::free(ip)).collect::<io::Result<Vec<_>>>()?;
        // What listens on every address is reached by the loopback one.
        let host = match ip {
            IpAddr::V4(ip) if ip.is_unspecified() => "127.0.0.1".to_owned(),
            IpAddr::V6(ip) if ip.is_unspecified() => "::1".to_owned(),
            ip => ip.to_string(),
        };
        setup.nodes = ports.iter().map(|ports| ports.address(&host)).collect::<io::Result<_>>()?;
        let addresses = setup.nodes.clone();
        let shared = Arc::new(Shared {
            model: Mutex::new(Model::new(setup)),
            changed: Condvar::new(),
            views: Mutex::new(ViewService::new()),
            view_faults: Mutex::default(),
            view_requests: AtomicU64::new(0),
            kv: Sockets::default(),
            http: Sockets::default(),
            began: std::time::Instant::now(),
        });
        let front = Self { shared, addresses, ip, services: Mutex::default() };
        for (node, ports) in ports.into_iter().enumerate() {
            let service = front.serve(node, ports)?;
            front.services().push(service);
        }
        Ok(front)
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn addresses(&self) -> &[NodeAddress] {
        &self.addresses
    }

    fn services(&self) -> MutexGuard<'_, Vec<Service>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, node: usize, ports: Ports) -> io::Result<Service> {
        let [kv, views, mgmt] = ports.listen()?;
        let shared = || Arc::clone(&self.shared);
        let (for_kv, for_views, for_mgmt) = (shared(), shared(), shared());
        Ok(Service::Served([
            Listener::spawn(kv, format!("kv {node}"), SMALL_STACK, move |stream| {
                kv::serve(&for_kv, node, stream);
            })?,
            Listener::spawn(views, format!("views {node}"), LARGE_STACK, move |stream| {
                http::serve_views(&for_views, node, stream);
            })?,
            Listener::spawn(mgmt, format!("mgmt {node}"), SMALL_STACK, move |stream| {
                management::serve_management(&for_mgmt, node, stream);
            })?,
        ]))
    }

    /// Stops a node: once this returns, its ports refuse connections and its threads have ended.
    pub(crate) fn stop(&self, node: usize) {
        let mut services = self.services();
        let Some(service) = services.get_mut(node) else { return };
        let Service::Served(listeners) = std::mem::replace(service, Service::Kept(None)) else { return };
        self.shared.change(|model, _| model.stop(node));
        let threads: Vec<_> = listeners.into_iter().flat_map(Listener::stop).collect();
        *service = Service::Kept(Ports::again(self.ip, &self.addresses[node]).ok());
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
        let mut services = self.services();
        let Service::Kept(kept) = &mut services[node] else { return Ok(()) };
        let ports = match kept.take() {
            Some(ports) => ports,
            None => Ports::again(self.ip, &self.addresses[node])?,
        };
        self.shared.change(|model, _| model.start(node));
        services[node] = self.serve(node, ports)?;
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
