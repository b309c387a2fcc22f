//! The cluster's map as JSON, in the "terse" form that clients read over KV.
//!
//! Field names and their order follow a real server's. Hosts are always named: not every client replaces `$HOST`.
//! Only capabilities that hold here are listed.

use super::layout::Layout;
use serde::Serialize;

/// Where the services of one node listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeAddress {
    /// Host name or address, without brackets.
    pub host: String,
    /// Port of the data service.
    pub kv: u16,
    /// Port of design documents and views.
    pub views: u16,
    /// Port of the management service.
    pub mgmt: u16,
}

impl NodeAddress {
    /// Host and port of the data service, an IPv6 address in brackets.
    #[must_use]
    pub fn kv_address(&self) -> String {
        self.with_port(self.kv)
    }

    /// Host and port of design documents and views, an IPv6 address in brackets.
    #[must_use]
    pub fn views_address(&self) -> String {
        self.with_port(self.views)
    }

    /// Host and port of the management service, an IPv6 address in brackets.
    #[must_use]
    pub fn mgmt_address(&self) -> String {
        self.with_port(self.mgmt)
    }

    fn with_port(&self, port: u16) -> String {
        if self.host.contains(':') {
            format!("[{}]:{port}", self.host)
        } else {
            format!("{}:{port}", self.host)
        }
    }
}

const BUCKET_CAPABILITIES: [&str; 7] =
    ["collections", "couchapi", "cbhello", "touch", "cccp", "nodesExt", "preserveExpiry"];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BucketConfig<'a> {
    rev: u64,
    rev_epoch: u64,
    name: &'a str,
    uuid: &'a str,
    uri: String,
    streaming_uri: String,
    node_locator: &'static str,
    bucket_capabilities_ver: &'static str,
    bucket_capabilities: [&'static str; 7],
    collections_manifest_uid: &'static str,
    ddocs: Ddocs,
    nodes: Vec<ListedNode>,
    nodes_ext: Vec<ExtNode<'a>>,
    cluster_capabilities_ver: [u8; 2],
    cluster_capabilities: Empty,
    v_bucket_server_map: ServerMap,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GlobalConfig<'a> {
    rev: u64,
    rev_epoch: u64,
    nodes_ext: Vec<ExtNode<'a>>,
    cluster_capabilities_ver: [u8; 2],
    cluster_capabilities: Empty,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct Ddocs {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedNode {
    hostname: String,
    couch_api_base: String,
    ports: Ports,
}

#[derive(Serialize)]
struct Ports {
    direct: u16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExtNode<'a> {
    services: Services,
    hostname: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    this_node: bool,
}

#[derive(Serialize)]
struct Services {
    kv: u16,
    mgmt: u16,
    capi: u16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServerMap {
    hash_algorithm: &'static str,
    num_replicas: usize,
    server_list: Vec<String>,
    v_bucket_map: Vec<Vec<i32>>,
}

/// A bucket as its config names it.
pub(crate) struct Named<'a> {
    pub(crate) name: &'a str,
    pub(crate) uuid: &'a str,
}

/// The config that `this_node` gives: of a bucket, or of the cluster when none is selected.
pub(crate) fn render(
    layout: &Layout,
    nodes: &[NodeAddress],
    this_node: usize,
    bucket: Option<&Named<'_>>,
) -> Vec<u8> {
    let members: Vec<usize> = layout.members().collect();
    let nodes_ext = members
        .iter()
        .map(|&node| ExtNode {
            services: Services { kv: nodes[node].kv, mgmt: nodes[node].mgmt, capi: nodes[node].views },
            hostname: &nodes[node].host,
            this_node: node == this_node,
        })
        .collect();
    let rev = layout.revision();
    let json = match bucket {
        None => serde_json::to_vec(&GlobalConfig {
            rev,
            rev_epoch: 1,
            nodes_ext,
            cluster_capabilities_ver: [1, 0],
            cluster_capabilities: Empty {},
        }),
        Some(Named { name, uuid }) => serde_json::to_vec(&BucketConfig {
            rev,
            rev_epoch: 1,
            name,
            uuid,
            uri: format!("/pools/default/buckets/{name}?bucket_uuid={uuid}"),
            streaming_uri: format!("/pools/default/bucketsStreaming/{name}?bucket_uuid={uuid}"),
            node_locator: "vbucket",
            bucket_capabilities_ver: "",
            bucket_capabilities: BUCKET_CAPABILITIES,
            collections_manifest_uid: "0",
            ddocs: Ddocs { uri: format!("/pools/default/buckets/{name}/ddocs") },
            nodes: members
                .iter()
                .map(|&node| ListedNode {
                    hostname: nodes[node].mgmt_address(),
                    couch_api_base: format!("http://{}/{name}", nodes[node].views_address()),
                    ports: Ports { direct: nodes[node].kv },
                })
                .collect(),
            nodes_ext,
            cluster_capabilities_ver: [1, 0],
            cluster_capabilities: Empty {},
            v_bucket_server_map: server_map(layout, nodes, &members),
        }),
    };
    json.expect("plain structs of strings and numbers serialise")
}

fn server_map(layout: &Layout, nodes: &[NodeAddress], members: &[usize]) -> ServerMap {
    let place = |node: Option<usize>| -> i32 {
        node.and_then(|node| members.iter().position(|member| *member == node))
            .and_then(|index| i32::try_from(index).ok())
            .unwrap_or(-1)
    };
    ServerMap {
        hash_algorithm: "CRC",
        num_replicas: layout.replicas(),
        server_list: members.iter().map(|&node| nodes[node].kv_address()).collect(),
        v_bucket_map: layout
            .map()
            .iter()
            .map(|chain| chain.iter().map(|&node| place(node)).collect())
            .collect(),
    }
}
