//! Those who send operations, in every form that the handles have: awaited, sent, dropped in the middle, with
//! callbacks attached early and late, into a queue.

use super::hub::Hub;
use super::runtime::SimTimer;
use crate::draft::{Draft, Verb};
use crate::ledger::{Answer, Outcome};
use crate::world::World;
use couchbase_core::rt::{BoxFuture, Timer};
use couchbase_core::{
    AsyncConnection, AsyncResult, Cas, CompletionQueue, Connection, CounterResult, Deferred, Instant,
    OperationResult, Result, ValueResult,
};
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// A result as the ledger takes it.
pub(super) trait Told {
    fn told(self) -> Answer;
}

impl Told for ValueResult {
    fn told(self) -> Answer {
        Answer {
            success: self.success(),
            cas: self.cas().to_u64(),
            bytes: Some(self.bytes().to_vec()),
            number: None,
        }
    }
}

impl Told for OperationResult {
    fn told(self) -> Answer {
        Answer { success: self.success(), cas: self.cas().to_u64(), bytes: None, number: None }
    }
}

impl Told for CounterResult {
    fn told(self) -> Answer {
        Answer { success: true, cas: self.cas().to_u64(), bytes: None, number: Some(self.value()) }
    }
}

pub(super) fn outcome<T: Told>(result: Result<T>) -> Outcome {
    match result {
        Ok(result) => Outcome::Answered(result.told()),
        Err(error) => Outcome::failed(&error),
    }
}

/// Builds the operation that a draft describes, and does something with it, whatever its type is.
macro_rules! with_operation {
    ($cb:expr, $draft:expr, |$op:ident| $then:expr) => {{
        let (cb, draft) = ($cb, $draft);
        let (key, cas, expiry) = (draft.key.clone(), Cas::from_u64(draft.cas), draft.expiry);
        match draft.verb {
            Verb::Get => {
                let $op = cb.get(key).quiet(draft.is_quiet).timeout(draft.timeout);
                $then
            }
            Verb::GetAndTouch => {
                let $op = cb.get(key).ttl(expiry).quiet(draft.is_quiet).timeout(draft.timeout);
                $then
            }
            Verb::Set => {
                let $op = cb.set(key, draft.document()).ttl(expiry).cas(cas).timeout(draft.timeout);
                $then
            }
            Verb::Add => {
                let $op = cb.add(key, draft.document()).ttl(expiry).timeout(draft.timeout);
                $then
            }
            Verb::Replace => {
                let $op = cb.replace(key, draft.document()).cas(cas).timeout(draft.timeout);
                $then
            }
            Verb::Append => {
                let $op = cb.append(key, draft.value.clone()).cas(cas).timeout(draft.timeout);
                $then
            }
            Verb::Prepend => {
                let $op = cb.prepend(key, draft.value.clone()).cas(cas).timeout(draft.timeout);
                $then
            }
            Verb::Delete => {
                let $op = cb.delete(key).cas(cas).quiet(draft.is_quiet).timeout(draft.timeout);
                $then
            }
            Verb::Touch => {
                let $op = cb.touch(key).ttl(expiry).quiet(draft.is_quiet).timeout(draft.timeout);
                $then
            }
            Verb::Counter => {
                let op = cb.counter(key, draft.delta);
                let op = if let Some(initial) = draft.initial { op.initial(initial) } else { op };
                let $op = op.timeout(draft.timeout);
                $then
            }
        }
    }};
}

/// How an operation is sent, and what becomes of it.
#[derive(Debug, Clone, Copy)]
enum Manner {
    Awaited,
    /// Awaited, and dropped if it takes longer than this.
    Dropped(Duration),
    Sent,
    /// Sent, and asked for after a while.
    SentAndAwaitedLater(Duration),
    SentAndLeft,
    SentAndCancelled(Duration),
    Callback,
    LateCallback(Duration),
    Queued,
    /// Sent by one thread while another is in the middle of sending, or the driver in the middle of a pass.
    Interrupting,
}

impl Manner {
    fn asks_late(self) -> bool {
        matches!(self, Self::SentAndAwaitedLater(_) | Self::SentAndCancelled(_) | Self::LateCallback(_))
    }
}

pub(super) struct Users {
    pub(super) hub: Arc<Hub>,
    pub(super) cb: Connection,
    pub(super) queue: CompletionQueue<usize>,
}

impl Users {
    /// Invents an operation and sends it, or has a task send it.
    pub(super) fn send_one(&mut self) {
        if self.hub.world().random.chance(60) {
            return self.send_many();
        }
        let manner = self.invent_manner();
        match manner {
            Manner::Interrupting => {
                let (hub, cb) = (self.hub.clone(), self.cb.clone());
                self.hub.interrupt(Some(Box::new(move || {
                    let draft = invent(&hub, manner);
                    let number = draft.number;
                    with_operation!(&cb, &draft, |op| hold(&hub, op.send(), number, manner));
                })));
            }
            Manner::Awaited | Manner::Dropped(_) => {
                let (hub, cb) = (self.hub.clone(), self.cb.clone());
                // The task takes its place in the order of sending when it runs.
                let task = async move {
                    let draft = invent(&hub, manner);
                    await_operation(hub, &cb, draft, manner).await;
                };
                self.hub.spawned().push(Box::pin(task));
            }
            _ => {
                let draft = invent(&self.hub, manner);
                self.send(draft, manner);
            }
        }
    }

    pub(super) fn send_probe(&mut self, draft: Draft) {
        begin_in(&self.hub, &mut self.hub.world(), &draft, "probe");
        self.send(draft, Manner::Sent);
    }

    fn invent_manner(&self) -> Manner {
        let mut world = self.hub.world();
        let cancels = world.swarm.cancels;
        let later = world.random.micros(0..=400_000);
        if world.random.chance(cancels) {
            return *world.random.pick(&[
                Manner::Dropped(later),
                Manner::SentAndLeft,
                Manner::SentAndCancelled(later),
            ]);
        }
        *world.random.pick(&[
            Manner::Awaited,
            Manner::Awaited,
            Manner::Sent,
            Manner::Sent,
            Manner::SentAndAwaitedLater(later),
            Manner::Callback,
            Manner::Callback,
            Manner::LateCallback(later),
            Manner::Queued,
            Manner::Interrupting,
        ])
    }

    fn send(&mut self, draft: Draft, manner: Manner) {
        let hub = self.hub.clone();
        let number = draft.number;
        match manner {
            Manner::Callback | Manner::LateCallback(_) => {
                let cb: AsyncConnection = self.cb.callbacks();
                with_operation!(&cb, &draft, |op| call_back(hub, op.send(), number, manner));
            }
            Manner::Queued => {
                let cb: AsyncConnection = self.cb.callbacks();
                let queue = &mut self.queue;
                if let Err(error) = with_operation!(&cb, &draft, |op| op.send_to(queue, number)) {
                    self.hub.end(number, Outcome::Refused(error.kind()));
                }
            }
            _ => {
                let cb = &self.cb;
                with_operation!(cb, &draft, |op| hold(&hub, op.send(), number, manner));
            }
        }
    }

    /// Takes what the queue has.
    pub(super) fn drain(&mut self) -> bool {
        let mut has_drained = false;
        for completion in self.queue.drain() {
            let number = completion.token;
            let verb = self.hub.ledger().entries[number].draft.verb;
            self.hub.end(number, Outcome::of(completion.result, verb));
            has_drained = true;
        }
        has_drained
    }
}

fn invent(hub: &Hub, manner: Manner) -> Draft {
    let mut world = hub.world();
    let ledger = hub.ledger();
    let world = &mut *world;
    let draft = Draft::invent(ledger.next(), &world.swarm, &mut world.random, |key| ledger.cas_of(key));
    drop(ledger);
    begin_in(hub, world, &draft, &format!("{manner:?}"));
    if manner.asks_late() {
        hub.ledger().entries[draft.number].is_told_late = true;
    }
    draft
}

/// The ledger takes an operation that is sent now.
pub(super) fn begin_in(hub: &Hub, world: &mut World, draft: &Draft, how: &str) {
    let Draft { number, verb, key, timeout, .. } = draft;
    world.note(format_args!("operation {number}: {verb:?} {key} {timeout:?}, {how}"));
    hub.ledger().send(draft.clone(), world.now, world.model.effects().len());
}

async fn await_operation(hub: Arc<Hub>, cb: &Connection, draft: Draft, manner: Manner) {
    let number = draft.number;
    let told = with_operation!(cb, &draft, |op| within(&hub, op, manner).await);
    hub.end(number, told.unwrap_or(Outcome::GivenUp));
}

/// `None`: the time of this manner is over, and the operation is dropped.
async fn within<T: Told>(
    hub: &Arc<Hub>,
    operation: impl Future<Output = Result<T>>,
    manner: Manner,
) -> Option<Outcome> {
    let Manner::Dropped(after) = manner else { return Some(outcome(operation.await)) };
    at_most(hub, after, operation).await.map(outcome)
}

/// `None`: it took longer, and is dropped.
pub(super) async fn at_most<T>(hub: &Arc<Hub>, time: Duration, what: impl Future<Output = T>) -> Option<T> {
    let mut what = Box::pin(what);
    let mut timer = SimTimer::new(hub.clone());
    timer.reset(now(hub) + time);
    poll_fn(|cx| match what.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => timer.poll(cx).map(|()| None),
    })
    .await
}

pub(super) fn now(hub: &Hub) -> Instant {
    hub.world().now
}

pub(super) async fn pause(hub: &Arc<Hub>, time: Duration) {
    let mut timer = SimTimer::new(hub.clone());
    timer.reset(now(hub) + time);
    poll_fn(|cx| timer.poll(cx)).await;
}

pub(super) fn spawn(hub: &Hub, task: impl Future<Output = ()> + Send + 'static) {
    let task: BoxFuture<()> = Box::pin(task);
    hub.spawned().push(task);
}

fn hold<T: Told + Send + 'static>(hub: &Arc<Hub>, deferred: Deferred<T>, number: usize, manner: Manner) {
    let task_hub = hub.clone();
    match manner {
        Manner::SentAndLeft => {
            deferred.detach();
            hub.end(number, Outcome::GivenUp);
        }
        Manner::SentAndCancelled(after) => spawn(hub, async move {
            pause(&task_hub, after).await;
            if deferred.is_finished() {
                task_hub.end(number, outcome(deferred.await));
            } else {
                deferred.cancel();
                task_hub.end(number, Outcome::GivenUp);
            }
        }),
        Manner::SentAndAwaitedLater(after) => spawn(hub, async move {
            pause(&task_hub, after).await;
            task_hub.end(number, outcome(deferred.await));
        }),
        _ => spawn(hub, async move {
            task_hub.end(number, outcome(deferred.await));
        }),
    }
}

fn call_back<T: Told + Clone + Send + 'static>(
    hub: Arc<Hub>,
    result: AsyncResult<T>,
    number: usize,
    manner: Manner,
) {
    let told = hub.clone();
    let callback = move |result: Result<T>| told.end(number, outcome(result));
    match manner {
        Manner::LateCallback(after) => {
            let task_hub = hub.clone();
            spawn(&hub, async move {
                pause(&task_hub, after).await;
                result.then(callback);
            });
        }
        _ => result.then(callback),
    }
}
