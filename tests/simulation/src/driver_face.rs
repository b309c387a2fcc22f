//! The whole client in the world: handles, driver and machine, unchanged, on a simulated runtime.

mod calls;
mod executor;
mod hub;
mod many;
mod runtime;
mod sink;
mod users;

pub(crate) use hub::Hub;

use crate::checks::calls::Setting;
use crate::checks::{self, Facts};
use crate::draft::{Draft, key};
use crate::script::{Act, Script};
use crate::swarm::Swarm;
use couchbase_core::{CompletionQueue, Instant, open_parts};
use executor::Executor;
use runtime::SimRuntime;
use std::sync::Arc;
use users::Users;

/// More happenings than any run needs that makes progress.
const MOST_STEPS: u64 = 2_000_000;
const QUEUE: usize = 64;

pub(crate) struct DriverFace {
    hub: Arc<Hub>,
    script: Script,
    executor: Executor,
    /// The driver's task.
    driver: usize,
    users: Option<Users>,
}

impl DriverFace {
    pub(crate) fn new(hub: &Arc<Hub>) -> Result<Self, String> {
        let config = hub.world().config();
        let (cb, driver) = open_parts(config, SimRuntime(hub.clone()))
            .map_err(|error| format!("the configuration is refused: {error}"))?;
        let script = Script::plan(&mut hub.world());
        let mut executor = Executor::default();
        let driver = executor.spawn(Box::pin(driver));
        let connecting = cb.connect();
        let told = hub.clone();
        executor.spawn(Box::pin(async move {
            let outcome = connecting.await;
            let mut world = told.world();
            world.note(format_args!("connected: {outcome:?}"));
            let now = world.now;
            if outcome.is_ok() {
                told.ledger().connected = Some(now);
                world.begin_faults();
            } else {
                told.ledger().connect_failed = Some(now);
            }
        }));
        let users = Users { hub: hub.clone(), cb, queue: CompletionQueue::with_capacity(QUEUE) };
        Ok(Self { hub: hub.clone(), script, executor, driver, users: Some(users) })
    }

    /// The whole run; `Err` is the first promise that was broken.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        for _ in 0..MOST_STEPS {
            self.settle()?;
            let mut world = self.hub.world();
            if self.script.is_over(world.now) {
                drop(world);
                return self.finish();
            }
            world.step();
            // Now and then several things happen before anybody looks.
            while world.agenda.next_at() == Some(world.now) && world.random.chance(300) {
                world.step();
            }
        }
        Err(format!("no end after {MOST_STEPS} steps"))
    }

    /// Runs every task until nothing moves any more.
    fn settle(&mut self) -> Result<(), String> {
        loop {
            let notice = self.hub.world().notices.pop_front();
            if let Some(notice) = notice {
                if let Some(act) = self.hub.wake(notice).and_then(|id| self.script.take(id)) {
                    self.act(act)?;
                }
                continue;
            }
            let mut random = self.hub.world().random.fork();
            self.executor.run(&mut random, &self.hub.new_tasks)?;
            let has_drained = self.users.as_mut().is_some_and(Users::drain);
            if !has_drained && self.hub.world().notices.is_empty() && self.hub.spawned().is_empty() {
                return self.hub.world().rest();
            }
        }
    }

    fn act(&mut self, act: Act) -> Result<(), String> {
        match act {
            Act::Burst(count) => {
                if let Some(users) = &mut self.users {
                    (0..count).for_each(|_| users.send_one());
                    let calls = self.hub.world().swarm.calls;
                    if calls > 0 && self.hub.world().random.chance(calls) {
                        users.call_one();
                    }
                }
            }
            Act::Call => {
                if let Some(users) = &self.users {
                    users.call_one();
                }
            }
            Act::Heal => self.hub.world().heal(),
            // The machine's own matter.
            Act::Calm => {}
            Act::Probe => self.probe(),
            Act::Rest => {
                self.script.check_probes(&self.hub.ledger())?;
                if self.hub.ledger().connected.is_some() {
                    checks::calls::check_probes(&self.hub.calls())?;
                }
            }
            Act::Close => self.close(),
            Act::GiveUp(number) => return Err(format!("operation {number} is given up by its own sender")),
        }
        Ok(())
    }

    /// Everything is whole again: every key can be reached.
    fn probe(&mut self) {
        let Some(users) = &mut self.users else { return };
        let Swarm { keys, max_in_flight, calls, .. } = self.hub.world().swarm;
        if calls > 0 {
            users.call_probe();
        }
        for (index, is_counter) in (0..keys).flat_map(|index| [(index, false), (index, true)]) {
            let draft = Draft::probe(self.hub.ledger().next(), key(index, is_counter));
            self.script.note_probe(&self.hub.ledger(), max_in_flight);
            users.send_probe(draft);
        }
    }

    /// In one of three ways: it is told to, the last handle goes, or the driver is dropped.
    fn close(&mut self) {
        // It holds a handle.
        self.hub.interrupt(None);
        let mut world = self.hub.world();
        let way = world.random.below(6);
        world.note(format_args!("closing, way {way}"));
        drop(world);
        // Tasks that hold a handle go on; what waits in the queue could not be drained any more.
        let is_drained = self.users.as_ref().is_some_and(|users| users.queue.in_flight() == 0);
        if way == 0 && is_drained {
            self.users = None;
        } else if way == 1 {
            self.hub.calls().is_driver_gone = true;
            self.executor.abort(self.driver);
        }
        if let Some(users) = &self.users {
            let (closing, hub) = (users.cb.close(), self.hub.clone());
            let now = hub.world().now;
            hub.world().views.is_closing = true;
            hub.calls().closing = Some(now);
            self.executor.spawn(Box::pin(async move {
                let outcome = closing.await;
                hub.world().note(format_args!("closed: {outcome:?}"));
                hub.ledger().is_closed = outcome.is_ok();
                let now = hub.world().now;
                hub.calls().closed = Some(now);
            }));
        }
    }

    fn finish(&mut self) -> Result<(), String> {
        if self.users.is_some() && !self.hub.ledger().is_closed {
            return Err("it never closed".into());
        }
        if self.executor.is_alive(self.driver) {
            return Err("the connection has ended, its driver has not".into());
        }
        self.users = None;
        self.settle()?;
        let tasks = self.executor.len();
        let alive = self.hub.wakers().alive;
        let world = self.hub.world();
        let held = world.sockets.iter().filter(|socket| socket.is_held_by_client()).count();
        if (tasks, alive, held) != (0, 0, 0) {
            return Err(format!(
                "closed, and left behind: {tasks} tasks, {alive} timers or attempts, {held} sockets"
            ));
        }
        let facts = Facts {
            effects: world.model.effects(),
            sockets: &world.sockets,
            began: Instant::ZERO,
            connect_timeout: world.swarm.connect_timeout,
        };
        let setting = Setting {
            connected: self.hub.ledger().connected,
            connect_until: Instant::ZERO + world.swarm.connect_timeout,
            nodes: world.swarm.nodes,
        };
        checks::calls::check(&self.hub.calls(), &world.views, &setting)?;
        checks::check(&self.hub.ledger(), &facts)
    }
}
