//! One request, decoded and checked: everything that can be refused without looking at a document. Texts and their
//! order are a real server's.

use super::link::Link;
use super::reply::{Outcome, Refusal};
use super::rule::{Cas, Extras, Key, Rule, is_removed, loud, rule};
use super::store::Moment;
use couchbase_core::wire::framing::request as frame;
use couchbase_core::wire::{Datatype, Feature, Opcode, Packet, Status};
use std::time::Duration;

const MAX_KEY: usize = 250;
const MAX_VALUE: usize = 20 * 1024 * 1024;

/// Whether a write is to be durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    NotAsked,
    /// It is, which here holds of every write.
    Asked,
    /// It is, and not enough nodes have the vbucket.
    Impossible,
}

/// One request.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) packet: Packet<'a>,
    /// The operation; of a quiet one its loud form.
    pub(crate) opcode: Opcode,
    quiet: bool,
    /// The key without collection prefix.
    pub(crate) key: &'a [u8],
    pub(crate) preserve_ttl: bool,
    pub(crate) durability: Durability,
    pub(crate) at: Moment,
    /// How long it lay unanswered.
    pub(crate) waited: Duration,
}

impl<'a> Request<'a> {
    pub(crate) fn new(packet: Packet<'a>, at: Moment, waited: Duration) -> Self {
        let (opcode, quiet) = loud(packet.opcode());
        Self {
            packet,
            opcode,
            quiet,
            key: packet.key(),
            preserve_ttl: false,
            durability: Durability::NotAsked,
            at,
            waited,
        }
    }

    /// A quiet write says nothing when it succeeds.
    pub(crate) fn silent_on_success(&self) -> bool {
        self.quiet && !self.silent_on_miss()
    }

    /// A quiet read says nothing when there is no document.
    pub(crate) fn silent_on_miss(&self) -> bool {
        self.quiet && matches!(self.opcode, Opcode::GET | Opcode::GETK | Opcode::GAT)
    }

    /// Checks the frame against the rules of its opcode, and takes the collection prefix off its key. What is wrong with
    /// several parts is refused for the one that a real server looks at first.
    pub(crate) fn check(&mut self, link: &Link) -> Outcome {
        let Some(rule) = rule(self.opcode) else {
            let opcode = self.packet.opcode();
            let is_known = opcode.name().is_some() || is_removed(opcode);
            return Err(if is_known { Status::NOT_SUPPORTED } else { Status::UNKNOWN_COMMAND }.into());
        };
        self.check_parts(rule, link)?;
        self.check_datatype(link)?;
        self.check_frames(rule)?;
        if rule.key == Key::Document && link.has(Feature::COLLECTIONS) {
            self.key = super::collections::strip_prefix(self.packet.key())?;
        }
        Ok(())
    }

    /// Whether the link has the datatypes of this request.
    fn check_datatype(&self, link: &Link) -> Outcome {
        let datatype = self.packet.datatype().0;
        let granted =
            [(Datatype::JSON, Feature::JSON, "json"), (Datatype::SNAPPY, Feature::SNAPPY, "snappy")];
        for (bit, feature, name) in granted {
            if datatype & bit.0 != 0 && !link.has(feature) {
                return Err(Refusal::invalid(format!("Datatype ({name}) not enabled for the connection")));
            }
        }
        if datatype & Datatype::XATTR.0 != 0 {
            return Err(Refusal::invalid("Datatype (xattr) not enabled for the connection"));
        }
        Ok(())
    }

    /// Which parts there are, and how long they are.
    fn check_parts(&self, rule: Rule, link: &Link) -> Outcome {
        if self.packet.datatype().0 & !7 != 0 {
            return Err(Refusal::invalid("Request datatype invalid"));
        }
        let extras = self.packet.extras().len();
        match rule.extras {
            Extras::None if extras != 0 => return Err(Refusal::invalid("Request must not include extras")),
            Extras::MayBe(_) if extras == 0 => {}
            Extras::Exactly(want) | Extras::MayBe(want) if extras != want => {
                return Err(Refusal::invalid(format!("Request must include extras of length {want}")));
            }
            _ => {}
        }
        let key = self.packet.key();
        let max_key = if link.has(Feature::COLLECTIONS) { MAX_KEY + 1 } else { MAX_KEY };
        match rule.key {
            Key::None if !key.is_empty() => return Err(Refusal::invalid("Request must not include key")),
            Key::Document if key.is_empty() => return Err(Refusal::invalid("Request must include key")),
            _ if key.len() > max_key => {
                return Err(Refusal::invalid(format!("Key length exceeds {max_key}")));
            }
            _ => {}
        }
        if !rule.value && !self.packet.value().is_empty() {
            return Err(Refusal::invalid("Request must not include value"));
        }
        if self.packet.value().len() > MAX_VALUE {
            return Err(Refusal::from(Status::E2BIG));
        }
        match rule.cas {
            Cas::Never if self.packet.cas() != 0 => Err(Refusal::invalid("Request CAS must not be set")),
            Cas::Always if self.packet.cas() == 0 => Err(Refusal::invalid("Request CAS must be set")),
            _ => Ok(()),
        }
    }

    fn check_frames(&mut self, rule: Rule) -> Outcome {
        for info in self.packet.frame_infos() {
            let Ok(info) = info else { return Err(Refusal::invalid("Invalid encoding in FrameExtras")) };
            match (info.id, info.payload) {
                (frame::BARRIER, []) => {}
                (frame::PRESERVE_TTL, []) if rule.keeps_ttl => self.preserve_ttl = true,
                (frame::PRESERVE_TTL, []) => {
                    return Err(Refusal::from(Status::NOT_SUPPORTED)
                        .because("This command does not support PreserveTtl"));
                }
                (frame::DURABILITY, [level, timeout @ ..]) if matches!(timeout.len(), 0 | 2) => {
                    if !rule.durable || self.quiet {
                        return Err(Refusal::invalid(
                            "The requested command does not support durability requirements",
                        ));
                    }
                    if !(1..=3).contains(level) || matches!(timeout, [0, 0] | [0xff, 0xff]) {
                        return Err(Refusal::from(Status::DURABILITY_INVALID_LEVEL)
                            .because("Content represents an invalid requirement specification"));
                    }
                    self.durability = Durability::Asked;
                }
                (frame::BARRIER | frame::PRESERVE_TTL | frame::DURABILITY, _) => {
                    return Err(Refusal::invalid("Invalid encoding in FrameExtras"));
                }
                _ => return Err(Refusal::from(Status::UNKNOWN_FRAME_INFO)),
            }
        }
        Ok(())
    }

    /// Refuses a write that cannot be durable: what a real server looks at right before it writes.
    pub(crate) fn check_durability(&self) -> Outcome {
        match self.durability {
            Durability::Impossible => Err(Status::DURABILITY_IMPOSSIBLE.into()),
            Durability::NotAsked | Durability::Asked => Ok(()),
        }
    }

    /// Four bytes of the extras.
    pub(crate) fn extras_u32(&self, at: usize) -> u32 {
        let bytes = self.packet.extras().get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        u32::from_be_bytes(bytes.unwrap_or_default())
    }

    /// Eight bytes of the extras.
    pub(crate) fn extras_u64(&self, at: usize) -> u64 {
        u64::from(self.extras_u32(at)) << 32 | u64::from(self.extras_u32(at + 4))
    }
}
