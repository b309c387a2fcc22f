//! A terse configuration becomes a [`ClusterMap`].
//!
//! Three generations of servers are read: `nodesExt` and a map (today's buckets), `nodes` and a map (old servers),
//! `nodesExt` alone (the global configuration, before a bucket is open). Alternate addresses are not read.

mod json;

use super::map::{Ports, Table};
use super::{ClusterMap, ConfigError, MAX_NODES, MAX_REPLICAS, NodeInfo, Revision};
use alloc::string::String;
use alloc::vec::Vec;

/// What a server writes for its own host, which it may not know: the reader puts in the host it asked.
const THIS_HOST: &str = "$HOST";
/// Longest host name, in bytes; the limit of the DNS.
const LONGEST_HOST: usize = 255;

impl ClusterMap {
    /// Reads a terse configuration in JSON, as it stands in the value of a GET_CLUSTER_CONFIG or NOT_MY_VBUCKET
    /// reply (not compressed).
    ///
    /// `host` is the host of the link that delivered it, IPv6 with or without brackets. It stands in for `$HOST`
    /// and for host names that are missing.
    ///
    /// Total: any bytes end in a map or an error, without a panic, in memory of a small factor of their length.
    ///
    /// # Errors
    /// [`ConfigError`] says what is wrong. The current map then stays the best there is.
    pub fn parse(json: &[u8], host: &str) -> Result<Self, ConfigError> {
        let config: json::Config<'_> =
            serde_json::from_slice(json).map_err(|e| ConfigError::from_json(&e))?;
        let revision = Revision {
            epoch: counter("revEpoch", config.rev_epoch)?,
            rev: counter("rev", config.rev)?, //
        };
        let bucket = config.name.map(|name| String::from(name.0));
        only("nodeLocator", config.node_locator.as_ref(), "vbucket")?;
        if bucket.is_some() && config.server_map.is_none() {
            return Err(ConfigError::NoMap);
        }

        let (servers, table, replicas) = match config.server_map {
            Some(map) => read_map(map, host)?,
            None => (Vec::new(), Table::default(), 0),
        };
        let nodes = bounded("nodes", config.nodes)?;
        let nodes = match bounded("nodesExt", config.nodes_ext)? {
            Some(ext) => {
                let described =
                    ext.iter().map(|node| read_node(node, host)).collect::<Result<Vec<_>, _>>()?;
                // `nodes` lists the bucket's nodes alone, and they come first in `nodesExt`. It differs from the
                // list of servers for a moment after a failover: then the positions say nothing.
                let by_position = match &nodes {
                    Some(nodes) => nodes.len() == servers.len() && servers.len() <= described.len(),
                    None => servers.len() <= described.len(),
                };
                if by_position { described } else { by_address(&servers, described) }
            }
            None => {
                let described = nodes.unwrap_or_default();
                let described =
                    described.iter().map(|n| read_old_node(n, host)).collect::<Result<Vec<_>, _>>()?;
                by_address(&servers, described)
            }
        };
        if nodes.is_empty() {
            return Err(ConfigError::NoNodes);
        }
        Ok(Self::new(revision, bucket, nodes, servers.len(), replicas, table))
    }
}

/// Host and port of a server of the map.
type Server = (String, u16);

fn read_map(map: json::ServerMap<'_>, host: &str) -> Result<(Vec<Server>, Table, usize), ConfigError> {
    only("hashAlgorithm", map.hash_algorithm.as_ref(), "CRC")?;
    if map.server_list.len > MAX_NODES {
        return Err(ConfigError::TooManyNodes { list: "serverList", len: map.server_list.len });
    }
    let servers =
        map.server_list.items.iter().map(|text| read_server(&text.0, host)).collect::<Result<Vec<_>, _>>()?;
    let json::Rows { entries, width, problem } = map.vbucket_map;
    if let Some(problem) = problem {
        return Err(problem);
    }
    let outside = |&index: &u16| index != Table::NOWHERE && usize::from(index) >= servers.len();
    if let Some(at) = entries.iter().position(outside) {
        return Err(ConfigError::Index { vbucket: at / width, index: i64::from(entries[at]) });
    }
    // Rows are one longer than the number of replicas, except right after that number was changed.
    let replicas = match map.num_replicas {
        None => width - 1,
        Some(count) => match usize::try_from(count) {
            Ok(n) if n <= MAX_REPLICAS => n,
            _ => return Err(ConfigError::Replicas(count)),
        },
    };
    Ok((servers, Table::new(entries, width), replicas))
}

/// The servers in their order, each with the description that has its address, then the descriptions left over.
/// A server that nobody describes is known by its address alone.
fn by_address(servers: &[Server], mut described: Vec<NodeInfo>) -> Vec<NodeInfo> {
    let mut nodes = Vec::with_capacity(servers.len().max(described.len()));
    for (host, port) in servers {
        match described.iter().position(|node| node.host == *host && node.kv == Some(*port)) {
            Some(at) => nodes.push(described.remove(at)),
            None => {
                nodes.push(NodeInfo::new(host.clone(), Ports { kv: Some(*port), ..Ports::default() }, false));
            }
        }
    }
    nodes.append(&mut described);
    nodes
}

fn read_node(node: &json::Node<'_>, host: &str) -> Result<NodeInfo, ConfigError> {
    let services = &node.services;
    let ports = Ports {
        kv: port("kv", services.kv)?,
        kv_tls: port("kvSSL", services.kv_tls)?,
        mgmt: port("mgmt", services.mgmt)?,
        mgmt_tls: port("mgmtSSL", services.mgmt_tls)?,
        capi: port("capi", services.capi)?,
        capi_tls: port("capiSSL", services.capi_tls)?,
    };
    let named = node.hostname.as_ref().map_or(THIS_HOST, |text| &text.0);
    Ok(NodeInfo::new(read_host(named, host)?, ports, node.this_node))
}

/// `hostname` is the address of the management here, `couchApiBase` the URL of the views.
fn read_old_node(node: &json::BucketNode<'_>, host: &str) -> Result<NodeInfo, ConfigError> {
    let (named, mgmt) = match &node.hostname {
        Some(text) => split_port("mgmt", &text.0)?,
        None => (THIS_HOST, None),
    };
    let capi = match &node.couch_api_base {
        Some(url) => {
            let authority = url.0.strip_prefix("http://").and_then(|rest| rest.split('/').next());
            split_port("capi", authority.ok_or_else(|| ConfigError::host(&url.0))?)?.1
        }
        None => None,
    };
    let ports = Ports { kv: port("direct", node.ports.direct)?, mgmt, capi, ..Ports::default() };
    Ok(NodeInfo::new(read_host(named, host)?, ports, node.this_node))
}

fn read_server(text: &str, host: &str) -> Result<Server, ConfigError> {
    match split_port("kv", text)? {
        (named, Some(port)) => Ok((read_host(named, host)?, port)),
        (_, None) => Err(ConfigError::host(text)),
    }
}

/// `host` or `host:port` in its parts, brackets kept.
fn split_port<'t>(service: &'static str, text: &'t str) -> Result<(&'t str, Option<u16>), ConfigError> {
    match text.rsplit_once(':') {
        // A colon within brackets belongs to the address.
        Some((_, rest)) if rest.ends_with(']') => Ok((text, None)),
        Some((named, digits)) => {
            let value = digits.parse::<i64>().map_err(|_| ConfigError::host(text))?;
            Ok((named, port(service, Some(value))?))
        }
        None => Ok((text, None)),
    }
}

/// A host name or address without brackets, with `$HOST` replaced by the link's own.
fn read_host(named: &str, link: &str) -> Result<String, ConfigError> {
    let named = if named == THIS_HOST || named.is_empty() { link } else { named };
    let bare = named.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(named);
    let strange = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '[' | ']' | '/' | '@' | '$');
    if bare.is_empty() || bare.len() > LONGEST_HOST || bare.contains(strange) {
        return Err(ConfigError::host(named));
    }
    Ok(bare.into())
}

fn port(service: &'static str, value: Option<i64>) -> Result<Option<u16>, ConfigError> {
    match value {
        None => Ok(None),
        Some(value) => match u16::try_from(value) {
            Ok(port) if port != 0 => Ok(Some(port)),
            _ => Err(ConfigError::Port { service, value }),
        },
    }
}

fn counter(field: &'static str, value: Option<i64>) -> Result<i64, ConfigError> {
    match value {
        None => Ok(Revision::ABSENT),
        Some(value) if value < 0 => Err(ConfigError::Revision { field, value }),
        Some(value) => Ok(value),
    }
}

/// The field must be absent or have the one value that this client knows.
fn only(field: &'static str, found: Option<&json::Text<'_>>, known: &str) -> Result<(), ConfigError> {
    match found {
        Some(text) if text.0 != known => Err(ConfigError::unsupported(field, &text.0)),
        _ => Ok(()),
    }
}

fn bounded<T>(name: &'static str, list: Option<json::List<T>>) -> Result<Option<Vec<T>>, ConfigError> {
    match list {
        Some(list) if list.len > MAX_NODES => Err(ConfigError::TooManyNodes { list: name, len: list.len }),
        Some(list) => Ok(Some(list.items)),
        None => Ok(None),
    }
}
