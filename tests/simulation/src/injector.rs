//! What no server should send, at the boundaries of frames: former replies again, replies to nothing, garbage; and
//! what a server may send that is behind the others: a configuration that was in force before.
//!
//! All but the last only on links that serve: during the handshake anything unasked is a reason to give up, and a
//! failed first connection is final.

use crate::network::SocketId;
use crate::world::World;
use couchbase_core::wire::{MAX_BODY_LEN, Magic, Opcode, Outgoing, Packet, Status, peek};
use std::collections::VecDeque;

/// How many former frames are kept to be repeated, and the longest of them.
const KEPT: usize = 24;
const LONGEST: usize = 4096;

#[derive(Default)]
pub(crate) struct Injector {
    is_serving: bool,
    former: VecDeque<Vec<u8>>,
}

pub(crate) fn is_about_documents(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::GET
            | Opcode::GAT
            | Opcode::SET
            | Opcode::ADD
            | Opcode::REPLACE
            | Opcode::APPEND
            | Opcode::PREPEND
            | Opcode::DELETE
            | Opcode::TOUCH
            | Opcode::INCREMENT
            | Opcode::DECREMENT
    )
}

impl World {
    /// The server's frames for a link, with whatever else it is to get.
    pub(crate) fn disturb(&mut self, id: SocketId, frames: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(frames.len());
        let mut rest = frames;
        while let Ok(Some(packet)) = peek(rest, MAX_BODY_LEN) {
            let frame = &rest[..packet.len()];
            rest = &rest[packet.len()..];
            self.note(format_args!(
                "{id:?} answered {} {} #{:x}",
                packet.opcode(),
                packet.status(),
                packet.opaque()
            ));
            self.write_frame(id, &packet, frame, &mut out);
            self.keep(id, &packet, frame);
            self.add_to(id, packet.opaque(), &mut out);
        }
        out.extend_from_slice(rest);
        out
    }

    /// The frame as it is, or with a former configuration of the same node in it.
    fn write_frame(&mut self, id: SocketId, packet: &Packet<'_>, frame: &[u8], out: &mut Vec<u8>) {
        let has_map = match packet.opcode() {
            Opcode::GET_CLUSTER_CONFIG => packet.status() == Status::SUCCESS,
            _ => packet.status() == Status::NOT_MY_VBUCKET,
        };
        if !has_map || packet.value().is_empty() || self.swarm.lags == 0 {
            return out.extend_from_slice(frame);
        }
        let former = &mut self.former_maps[self.sockets[id.0].node];
        if former.last().is_none_or(|last| last != packet.value()) {
            former.push(packet.value().to_vec());
        }
        if !self.random.chance(self.swarm.lags) {
            return out.extend_from_slice(frame);
        }
        let value = &former[self.random.below(former.len())];
        Outgoing { value, ..Outgoing::from_packet(packet) }.write_to(out);
        if value != packet.value() {
            self.tally.count("(a node was behind)");
            self.note(format_args!("{id:?} gives a former configuration"));
        }
    }

    fn keep(&mut self, id: SocketId, packet: &Packet<'_>, frame: &[u8]) {
        let injector = &mut self.sockets[id.0].injector;
        injector.is_serving |= is_about_documents(packet.opcode());
        if injector.is_serving && frame.len() <= LONGEST {
            if injector.former.len() == KEPT {
                injector.former.pop_front();
            }
            injector.former.push_back(frame.to_vec());
        }
    }

    fn add_to(&mut self, id: SocketId, opaque: u32, out: &mut Vec<u8>) {
        if !self.sockets[id.0].injector.is_serving {
            return;
        }
        let former = &self.sockets[id.0].injector.former;
        if !former.is_empty() && self.random.chance(self.swarm.repeats) {
            out.extend_from_slice(&former[self.random.below(former.len())]);
            self.tally.count("(a reply was repeated)");
            self.note(format_args!("{id:?} repeats a former reply"));
        }
        if self.random.chance(self.swarm.inventions) {
            self.invent(opaque, out);
            self.tally.count("(a reply was invented)");
            self.note(format_args!("{id:?} invents a reply"));
        }
        if self.random.chance(self.swarm.garbage) {
            out.extend_from_slice(&[0x55; 24]);
            self.tally.count("(garbage was sent)");
            self.note(format_args!("{id:?} sends garbage"));
        }
    }

    fn invent(&mut self, opaque: u32, out: &mut Vec<u8>) {
        // Half of all positions on a link away from any that this run reaches.
        let never_used = opaque ^ 0x8000_0000;
        let own = 0xffff_0000 | self.random.below(0xffff) as u32;
        let frame = match self.random.below(4) {
            0 => Outgoing {
                opaque: never_used,
                cas: 1,
                extras: &[0; 4],
                value: b"nobody asked",
                ..Outgoing::response(Opcode::GET, Status::SUCCESS)
            },
            1 => Outgoing { opaque: never_used, ..Outgoing::response(Opcode::SET, Status::NOT_MY_VBUCKET) },
            2 => Outgoing {
                opaque: own,
                value: b"{\"rev\":999999,\"revEpoch\":999}",
                ..Outgoing::response(Opcode::GET_CLUSTER_CONFIG, Status::SUCCESS)
            },
            _ => Outgoing {
                magic: Magic::ServerRequest,
                opaque,
                value: b"{}",
                ..Outgoing::request(Opcode::SET)
            },
        };
        frame.write_to(out);
    }
}
