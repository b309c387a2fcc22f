//! Ports that stay ours while nobody listens on them.
//!
//! A socket that is bound and does not listen refuses connections and keeps its port: a node that is stopped gets
//! the same one back. Between closing a listener and binding anew there is a gap, of one system call.

use crate::model::NodeAddress;
use socket2::{Domain, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};

/// As many connections may wait to be accepted.
const BACKLOG: i32 = 1024;

/// A port that nobody listens on.
struct Port(Socket);

impl Port {
    /// Port 0 is any that is free.
    fn reserve(ip: IpAddr, port: u16) -> io::Result<Self> {
        let address = SocketAddr::new(ip, port);
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        // Connections of before that are still winding down do not keep the port from us.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        Ok(Self(socket))
    }

    fn number(&self) -> io::Result<u16> {
        let address = self.0.local_addr()?.as_socket();
        address.map(|address| address.port()).ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
    }

    fn listen(self) -> io::Result<TcpListener> {
        self.0.listen(BACKLOG)?;
        Ok(self.0.into())
    }
}

/// The three ports of one node.
pub(crate) struct Ports {
    kv: Port,
    views: Port,
    mgmt: Port,
}

impl Ports {
    /// Any that are free.
    pub(crate) fn free(ip: IpAddr) -> io::Result<Self> {
        let free = || Port::reserve(ip, 0);
        Ok(Self { kv: free()?, views: free()?, mgmt: free()? })
    }

    /// The ones of this address again.
    pub(crate) fn again(ip: IpAddr, address: &NodeAddress) -> io::Result<Self> {
        let again = |port| Port::reserve(ip, port);
        Ok(Self { kv: again(address.kv)?, views: again(address.views)?, mgmt: again(address.mgmt)? })
    }

    /// Their address, under this host name.
    pub(crate) fn address(&self, host: &str) -> io::Result<NodeAddress> {
        Ok(NodeAddress {
            host: host.to_owned(),
            kv: self.kv.number()?,
            views: self.views.number()?,
            mgmt: self.mgmt.number()?,
        })
    }

    /// Data service, views and management, in this order.
    pub(crate) fn listen(self) -> io::Result<[TcpListener; 3]> {
        Ok([self.kv.listen()?, self.views.listen()?, self.mgmt.listen()?])
    }
}
