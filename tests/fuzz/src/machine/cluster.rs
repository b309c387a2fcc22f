//! What a node says of its cluster.

use super::bytes::Bytes;

/// A configuration, with everything about it that matters to the machine.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    rev: u64,
    servers: Vec<&'static str>,
    /// Index of a server, or what is none.
    vbuckets: Vec<i16>,
    has_name: bool,
    has_kv: bool,
    is_own: bool,
}

impl Default for Cluster {
    fn default() -> Self {
        let servers = vec!["10.0.0.1", "10.0.0.2"];
        Self { rev: 1, servers, vbuckets: vec![0, 1, 0, 1, 0], has_name: true, has_kv: true, is_own: false }
    }
}

impl Cluster {
    /// Another one: newer, of the same age, or older.
    pub(super) fn change(&mut self, bytes: &mut Bytes<'_>) {
        const HOSTS: [&str; 8] =
            ["10.0.0.1", "10.0.0.2", "10.0.0.3", "$HOST", "db.example", "fd00::1", "10.0.0.1", "127.0.0.1"];
        let choice = bytes.byte();
        self.rev = match choice & 3 {
            0 | 1 => self.rev.saturating_add(1),
            2 => self.rev,
            _ => bytes.number(),
        };
        self.has_name = choice & 4 == 0;
        self.has_kv = choice & 8 == 0;
        self.is_own = choice & 16 != 0;
        if choice & 32 != 0 {
            let count = 1 + bytes.index() % 5;
            self.servers = bytes.take(count).iter().map(|&host| HOSTS[usize::from(host & 7)]).collect();
        }
        if choice & 64 != 0 {
            let count = bytes.index() % 10;
            self.vbuckets = bytes.take(count).iter().map(|&node| i16::from(node % 8) - 1).collect();
        }
        if let (true, Some(node)) = (choice & 128 != 0, self.vbuckets.first_mut()) {
            *node = (*node + 1) % self.servers.len().max(1) as i16;
        }
    }

    pub(super) fn json(&self) -> String {
        let own = if self.is_own { r#""thisNode":true,"# } else { "" };
        let kv = if self.has_kv { r#""kv":11210"# } else { r#""mgmt":8091"# };
        let name = if self.has_name { r#""name":"default","# } else { "" };
        let join = |parts: Vec<String>| parts.join(",");
        let hosts = join(self.servers.iter().map(|host| format!(r#""{}:11210""#, bracketed(host))).collect());
        let nodes = self.servers.iter().enumerate().map(|(index, host)| {
            let own = if index == 0 { own } else { "" };
            format!(r#"{{{own}"hostname":"{host}","services":{{{kv}}}}}"#)
        });
        let nodes = join(nodes.collect());
        let rows = join(self.vbuckets.iter().map(|node| format!("[{node}]")).collect());
        format!(
            r#"{{"rev":{},"revEpoch":1,{name}"nodeLocator":"vbucket","nodesExt":[{nodes}],
            "vBucketServerMap":{{"hashAlgorithm":"CRC","numReplicas":0,"serverList":[{hosts}],"vBucketMap":[{rows}]}}}}"#,
            self.rev
        )
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}
