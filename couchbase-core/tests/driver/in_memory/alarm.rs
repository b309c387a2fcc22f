//! The timers of the world: they fire when a test lets time pass.

use super::{Foreign, InMemory};
use couchbase_core::Instant;
use couchbase_core::rt::Timer;
use std::task::{Context, Poll};

pub(super) struct Alarm {
    pub(super) world: InMemory,
    pub(super) id: u64,
}

impl Timer for Alarm {
    fn reset(&mut self, at: Instant) {
        let _foreign = Foreign::begin(&self.world);
        let mut world = self.world.world();
        if world.timers_panic {
            drop(world);
            panic!("a panic that belongs to a test");
        }
        world.timer_resets += 1;
        world.timers.retain(|(id, ..)| *id != self.id);
        world.timers.push((self.id, at, None));
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut world = self.world.world();
        let (now, is_early) = (world.now, world.fire_timers_early);
        match world.timers.iter_mut().find(|(id, ..)| *id == self.id) {
            Some((_, at, _)) if *at <= now || is_early => Poll::Ready(()),
            Some((.., waker)) => {
                *waker = Some(cx.waker().clone());
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }
}
