//! Buffers that sockets are read into.
//!
//! A buffer is zeroed once and filled from the front; what was received is split off without a copy. Large values keep
//! their part of it; where the rest was, reading goes on, so that most buffers are never used up. A link keeps one only
//! while it holds part of a frame. Buffers that are used up wait until the last value in them is gone, and are used
//! again: three, since one is never free in time.

use crate::machine::copies::CHUNK;
use bytes::{Buf as _, BytesMut};
use std::mem;
use std::vec::Vec;

/// Bytes of one buffer, unless a frame is larger.
const SIZE: usize = CHUNK;
/// Below this much room a buffer counts as used up.
const LEAST_ROOM: usize = 8 * 1024;
const KEPT: usize = 3;

/// A buffer with the bytes that have been received into it.
pub(super) struct ReadBuffer {
    /// Initialised up to its length: first what was received, then room.
    bytes: BytesMut,
    received: usize,
    /// Bytes it began with.
    size: usize,
}

impl ReadBuffer {
    fn new(bytes: BytesMut) -> Self {
        let size = bytes.len();
        Self { bytes, received: 0, size }
    }

    /// Where to read to.
    pub(super) fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.received..]
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.bytes.len() - self.received < LEAST_ROOM
    }

    /// So many bytes were read.
    pub(super) fn received(&mut self, count: usize) {
        self.received = (self.received + count).min(self.bytes.len());
    }

    /// Splits off what was received.
    pub(super) fn take(&mut self) -> BytesMut {
        self.bytes.split_to(mem::take(&mut self.received))
    }

    /// Gives back the end of what was taken, the first `done` bytes of which are not wanted any more: reading goes on
    /// behind the others, which move to the front if they are few. What values have left of a buffer is used up, if it is
    /// less than half: reads into it would be small for ever.
    pub(super) fn give_back(&mut self, mut tail: BytesMut, done: usize) {
        if tail.is_empty() {
            return;
        }
        self.received = tail.len() - done;
        // Neighbours in memory: no byte moves.
        tail.unsplit(mem::take(&mut self.bytes));
        if done > 0 && self.received < LEAST_ROOM && tail.len() >= SIZE / 2 {
            tail.copy_within(done..done + self.received, 0);
        } else {
            tail.advance(done);
        }
        self.bytes = tail;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.received == 0
    }
}

#[derive(Default)]
pub(super) struct Buffers {
    /// The one that is being filled.
    current: Option<ReadBuffer>,
    /// Used up, the oldest first.
    retired: Vec<BytesMut>,
}

impl Buffers {
    /// A buffer with room.
    pub(super) fn get(&mut self) -> ReadBuffer {
        match self.current.take() {
            Some(buffer) if !buffer.is_used_up() => buffer,
            used => {
                if let Some(used) = used {
                    self.retire(used);
                }
                self.fresh(SIZE)
            }
        }
    }

    /// A buffer that holds nothing any more.
    pub(super) fn put(&mut self, buffer: ReadBuffer) {
        debug_assert!(buffer.is_empty());
        if self.current.is_none() && buffer.size == SIZE {
            self.current = Some(buffer);
        } else {
            self.retire(buffer);
        }
    }

    /// Moves what is left in a buffer that was made for a large frame to an ordinary one, if it has room there: the values
    /// of what comes behind would else keep all of it in memory.
    pub(super) fn shrink(&mut self, buffer: &mut ReadBuffer) {
        if buffer.size > SIZE && buffer.received + LEAST_ROOM <= SIZE / 2 {
            self.renew(buffer);
        }
    }

    /// Makes room in a buffer that is used up; what it has received moves along. Twice the size for the next piece
    /// of a large frame, so that its bytes are moved once or twice each.
    pub(super) fn renew(&mut self, buffer: &mut ReadBuffer) {
        let held = buffer.received;
        let wanted =
            if held + LEAST_ROOM > SIZE / 2 { (held * 2).next_power_of_two().max(SIZE) } else { SIZE };
        let mut larger = self.fresh(wanted);
        larger.bytes[..held].copy_from_slice(&buffer.bytes[..held]);
        larger.received = held;
        self.retire(mem::replace(buffer, larger));
    }

    fn fresh(&mut self, size: usize) -> ReadBuffer {
        if size == SIZE {
            for n in 0..self.retired.len() {
                if self.retired[n].try_reclaim(SIZE) {
                    let mut bytes = self.retired.remove(n);
                    bytes.resize(SIZE, 0);
                    return ReadBuffer::new(bytes);
                }
            }
        }
        ReadBuffer::new(BytesMut::zeroed(size))
    }

    fn retire(&mut self, buffer: ReadBuffer) {
        if buffer.size == SIZE {
            if self.retired.len() == KEPT {
                self.retired.remove(0);
            }
            let mut bytes = buffer.bytes;
            bytes.clear();
            self.retired.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn receive(buffer: &mut ReadBuffer, text: &[u8]) {
        buffer.room()[..text.len()].copy_from_slice(text);
        buffer.received(text.len());
    }

    #[test]
    fn the_tail_of_what_was_taken_stays_where_it_is() {
        let mut buffers = Buffers::default();
        let mut buffer = buffers.get();
        receive(&mut buffer, b"whole frame, half a fr");
        let mut received = buffer.take();
        let frame = received.split_to(13);
        let place = received.as_ptr();
        buffer.give_back(received, 0);
        receive(&mut buffer, b"ame");
        let received = buffer.take();
        assert_eq!((&frame[..], &received[..]), (&b"whole frame, "[..], &b"half a frame"[..]));
        assert_eq!(received.as_ptr(), place, "nothing was copied");
    }

    #[test]
    fn what_is_done_with_makes_room_at_the_front() {
        let mut buffer = Buffers::default().get();
        let (place, room) = (buffer.room().as_ptr(), buffer.room().len());
        for _ in 0..1000 {
            receive(&mut buffer, &[b'd'; 300]);
            receive(&mut buffer, b"half a fr");
            let received = buffer.take();
            buffer.give_back(received, 300);
            receive(&mut buffer, b"ame");
            let received = buffer.take();
            assert_eq!((received.as_ptr(), &received[..]), (place, &b"half a frame"[..]));
            buffer.give_back(received, 12);
            assert!(buffer.is_empty());
            assert_eq!((buffer.room().as_ptr(), buffer.room().len()), (place, room));
        }
        // Behind a value that was split off; and part of a large frame stays where it is.
        receive(&mut buffer, &[b'v'; 20_000]);
        receive(&mut buffer, &[b'd'; 300]);
        receive(&mut buffer, &[b'f'; LEAST_ROOM]);
        let mut received = buffer.take();
        let value = received.split_to(20_000);
        let tail = received.as_ptr().addr();
        buffer.give_back(received, 300);
        assert!(value.iter().all(|&byte| byte == b'v'));
        assert_eq!(buffer.room().len(), room - 20_300 - LEAST_ROOM);
        let received = buffer.take();
        assert_eq!((received.as_ptr().addr(), &received[..]), (tail + 300, &[b'f'; LEAST_ROOM][..]));
    }

    #[test]
    fn a_frame_larger_than_the_buffer_moves_to_larger_ones() {
        let mut buffers = Buffers::default();
        let mut buffer = buffers.get();
        let frame: Vec<u8> = (0..300_000_u32).map(|n| n as u8).collect();
        let mut rest = &frame[..];
        while !rest.is_empty() {
            if buffer.is_used_up() {
                let tail = buffer.take();
                buffer.give_back(tail, 0);
                buffers.renew(&mut buffer);
            }
            let count = buffer.room().len().min(rest.len()).min(10_000);
            receive(&mut buffer, &rest[..count]);
            rest = &rest[count..];
        }
        assert_eq!(buffer.take(), frame);
        assert!(buffer.size <= 1 << 20);
    }

    #[test]
    fn what_comes_behind_a_large_frame_does_not_lie_in_its_buffer() {
        let mut buffers = Buffers::default();
        let mut buffer = ReadBuffer::new(BytesMut::zeroed(16 * SIZE));
        receive(&mut buffer, b"the end of a large frame, half a fr");
        let mut received = buffer.take();
        let frame = received.split_to(26);
        buffer.give_back(received, 0);
        buffers.shrink(&mut buffer);
        assert_eq!(buffer.size, SIZE);
        receive(&mut buffer, b"ame");
        assert_eq!((&buffer.take()[..], &frame[..4]), (&b"half a frame"[..], &b"the "[..]));
        // Part of another large one stays where it is.
        let mut buffer = ReadBuffer::new(BytesMut::zeroed(16 * SIZE));
        buffer.received(SIZE);
        buffers.shrink(&mut buffer);
        assert_eq!((buffer.size, buffer.received), (16 * SIZE, SIZE));
    }

    #[test]
    fn used_up_buffers_are_used_again_once_their_values_are_gone() {
        let mut buffers = Buffers::default();
        let mut places = std::collections::BTreeSet::new();
        let mut values: std::collections::VecDeque<Bytes> = std::collections::VecDeque::new();
        for _ in 0..100 {
            let mut buffer = buffers.get();
            places.insert(buffer.room().as_ptr().addr());
            let count = buffer.room().len();
            buffer.received(count);
            let value = buffer.take().freeze();
            buffers.put(buffer);
            values.push_back(value);
            if values.len() > 2 {
                values.pop_front();
            }
        }
        assert!(places.len() <= 5, "{} buffers", places.len());
    }
}
