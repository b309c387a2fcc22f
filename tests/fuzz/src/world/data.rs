//! A link to a data service. It answers everything as it should, but what a get is answered with may be chosen.

use super::{Open, World, lock};
use crate::mutate::Random;
use couchbase_core::rt::Socket;
use couchbase_core::wire::{Opcode, Outgoing, Packet, Status, peek};
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

const CONFIG: &str = r#"{"rev":1,"revEpoch":1,"name":"default","nodeLocator":"vbucket","nodesExt":[
    {"hostname":"10.0.0.1","services":{"kv":11210,"capi":8092}},
    {"hostname":"10.0.0.2","services":{"kv":11210,"capi":8092}}],
    "vBucketServerMap":{"hashAlgorithm":"CRC","numReplicas":0,
    "serverList":["10.0.0.1:11210","10.0.0.2:11210"],"vBucketMap":[[0],[1],[0],[0]]}}"#;

/// What a get is answered with.
pub(crate) enum Said {
    /// A document, with these flags.
    Document {
        flags: u32,
        value: Vec<u8>,
    },
    Status(u16),
    /// Instead of an answer.
    Bytes(Vec<u8>),
    Nothing,
    /// The link is closed, when what was said before has been read.
    End,
}

pub(super) struct Data {
    world: Arc<Mutex<World>>,
    asked: Vec<u8>,
    answers: Vec<u8>,
    /// How many of the answers' bytes have been read.
    read: usize,
    is_over: bool,
    reader: Option<Waker>,
    cuts: Option<Random>,
    _open: Open,
}

impl Data {
    pub(super) fn new(world: &Arc<Mutex<World>>) -> Self {
        let cuts = lock(world).cuts.clone();
        Self {
            world: world.clone(),
            asked: Vec::new(),
            answers: Vec::new(),
            read: 0,
            is_over: false,
            reader: None,
            cuts,
            _open: Open::new(world),
        }
    }

    fn answer_all(&mut self) {
        let asked = std::mem::take(&mut self.asked);
        let mut rest = &asked[..];
        while let Some(packet) = peek(rest, usize::MAX).expect("requests are frames") {
            self.answer(&packet);
            rest = &rest[packet.len()..];
        }
        self.asked = rest.to_vec();
    }

    fn answer(&mut self, asked: &Packet<'_>) {
        let (opcode, opaque) = (asked.opcode(), asked.opaque());
        let said = match opcode {
            Opcode::GET => lock(&self.world).say.as_mut().map(|say| say(asked.key())),
            _ => None,
        };
        let (status, flags, value) = match (said, opcode) {
            _ if self.is_over => return,
            (Some(Said::Nothing), _) => return,
            (Some(Said::End), _) => {
                self.is_over = true;
                return;
            }
            (Some(Said::Bytes(bytes)), _) => {
                self.answers.extend_from_slice(&bytes);
                return;
            }
            (Some(Said::Document { flags, value }), _) => (Status::SUCCESS, Some(flags), value),
            (Some(Said::Status(status)), _) => (Status(status), None, Vec::new()),
            (None, Opcode::GET_ERROR_MAP) => (Status::UNKNOWN_COMMAND, None, Vec::new()),
            (None, Opcode::GET_CLUSTER_CONFIG) => (Status::SUCCESS, None, CONFIG.into()),
            (None, _) => (Status::SUCCESS, None, Vec::new()),
        };
        let flags = flags.map(u32::to_be_bytes);
        let extras = flags.as_ref().map_or(&[][..], |flags| flags);
        Outgoing { opaque, extras, value: &value, ..Outgoing::response(opcode, status) }
            .write_to(&mut self.answers);
    }
}

impl Socket for Data {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let left = self.answers.len() - self.read;
        if left == 0 && self.is_over {
            return Poll::Ready(Ok(0));
        }
        if left == 0 {
            self.answers.clear();
            self.read = 0;
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let mut len = buf.len().min(left);
        if let Some(cuts) = &mut self.cuts {
            let size = cuts.below(18);
            if size == 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            len = len.min(1 + cuts.below(1 << size));
        }
        buf[..len].copy_from_slice(&self.answers[self.read..][..len]);
        self.read += len;
        Poll::Ready(Ok(len))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        bufs.iter().for_each(|buf| self.asked.extend_from_slice(buf));
        self.answer_all();
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()))
    }
}
