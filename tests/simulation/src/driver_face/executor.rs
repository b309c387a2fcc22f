//! Runs tasks on one thread; which of those that are ready goes next is chance.

use crate::random::Random;
use couchbase_core::rt::BoxFuture;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Wake, Waker};

/// Polls without a pause in virtual time that no run needs.
const MOST_POLLS: usize = 100_000;

#[derive(Default)]
pub(super) struct Executor {
    tasks: BTreeMap<usize, (BoxFuture<()>, Waker)>,
    count: usize,
    ready: Arc<Ready>,
}

/// Tasks to be polled, each once.
#[derive(Default)]
struct Ready(Mutex<Vec<usize>>);

struct TaskWaker {
    task: usize,
    ready: Arc<Ready>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.ready.add(self.task);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ready.add(self.task);
    }
}

impl Ready {
    fn add(&self, task: usize) {
        let mut ready = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !ready.contains(&task) {
            ready.push(task);
        }
    }

    fn take(&self, random: &mut Random) -> Option<usize> {
        let mut ready = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ready.is_empty() {
            return None;
        }
        let index = random.below(ready.len());
        Some(ready.swap_remove(index))
    }
}

impl Executor {
    pub(super) fn spawn(&mut self, task: BoxFuture<()>) -> usize {
        self.count += 1;
        let waker = Waker::from(Arc::new(TaskWaker { task: self.count, ready: self.ready.clone() }));
        self.tasks.insert(self.count, (task, waker));
        self.ready.add(self.count);
        self.count
    }

    /// Drops a task in the middle of its life.
    pub(super) fn abort(&mut self, task: usize) {
        drop(self.tasks.remove(&task));
    }

    pub(super) fn is_alive(&self, task: usize) -> bool {
        self.tasks.contains_key(&task)
    }

    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Polls one task that is ready; false if none is.
    fn poll_one(&mut self, random: &mut Random) -> bool {
        let Some(task) = self.ready.take(random) else { return false };
        if let Some((future, waker)) = self.tasks.get_mut(&task)
            && future.as_mut().poll(&mut Context::from_waker(waker)).is_ready()
        {
            drop(self.tasks.remove(&task));
        }
        true
    }

    /// Polls until none is ready; what tasks spawn is taken from `spawned`.
    pub(super) fn run(
        &mut self,
        random: &mut Random,
        spawned: &Mutex<Vec<BoxFuture<()>>>,
    ) -> Result<(), String> {
        for _ in 0..MOST_POLLS {
            let new = std::mem::take(&mut *spawned.lock().unwrap_or_else(PoisonError::into_inner));
            for task in new {
                self.spawn(task);
            }
            if !self.poll_one(random) {
                return Ok(());
            }
        }
        Err(format!("tasks were still ready after {MOST_POLLS} polls"))
    }
}
