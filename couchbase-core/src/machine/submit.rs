//! What the application says: submit, cancel, close.
//!
//! Arguments are checked and places given here. Nothing is encoded here; see `placing`.

use super::operation::Answer;
use super::request::no_time;
use super::table::{Live, State};
use super::{Admission, Client, Event, OpId, Phase, Request, SubmitError};
use crate::{Error, ErrorKind, Instant, Reply, Result};
use core::time::Duration;

impl Client {
    /// Accepts an operation, to be carried out within `timeout` (the request's own timeout goes first).
    ///
    /// Before the first connection it waits for that, and its time begins with it. The outcome comes as
    /// [`Event::Finished`].
    ///
    /// # Errors
    /// `Argument` and `TooBig` for what no server would take; `Overloaded` if the limit of operations or bytes in
    /// flight is reached, or others stand in line; `Closed` after [`close`](Self::close); `Auth` while the key's node
    /// refuses the user; the connection's own error if it failed. Nothing is sent then.
    pub fn submit(
        &mut self,
        mut request: Request,
        timeout: Duration,
        now: Instant,
    ) -> Result<OpId, SubmitError> {
        self.accept(&mut request, timeout, false, now).map_err(|error| SubmitError { request, error })
    }

    /// As [`submit`](Self::submit), but at the limit the operation stands in line for a place, within its deadline.
    /// Places are given in the order of submission; nobody passes.
    ///
    /// # Errors
    /// As `submit`; `Overloaded` only if the line itself is at its limit.
    pub fn submit_in_line(
        &mut self,
        mut request: Request,
        timeout: Duration,
        now: Instant,
    ) -> Result<OpId, SubmitError> {
        self.accept(&mut request, timeout, true, now).map_err(|error| SubmitError { request, error })
    }

    /// Takes the request, unless it is refused, from where it lies: so it is moved once on its way in.
    #[inline]
    pub(crate) fn accept(
        &mut self,
        request: &mut Request,
        timeout: Duration,
        may_wait: bool,
        now: Instant,
    ) -> Result<OpId> {
        let now = self.advance(now);
        let timeout = request.timeout_or(timeout);
        let size = request.size();
        let has_place = self.admission.in_line == 0 && self.has_place(size);
        let may_come = has_place || may_wait && self.admission.in_line < self.config.limits.max_queued;
        if let Err(error) = self.check(request, timeout, may_come, now) {
            return Err(error.with_key(request.key.clone()));
        }
        self.admission.order += 1;
        let deadline = self.is_connected().then(|| {
            let deadline = now + timeout;
            (deadline, self.deadlines.insert(deadline, now))
        });
        let order = self.admission.order;
        if !has_place {
            let id = self.table.insert(request, order, State::InLine, timeout, deadline);
            self.admission.line.push_back(id);
            self.admission.in_line += 1;
            return Ok(id);
        }
        self.admission.in_flight += 1;
        self.admission.bytes += size;
        Ok(self.take_in(request, order, timeout, deadline, now))
    }

    /// Refuses what cannot be accepted: because of the connection, of the operation itself, or of the limits.
    #[inline]
    fn check(&self, request: &mut Request, timeout: Duration, may_come: bool, now: Instant) -> Result<()> {
        if self.is_closing || !matches!(self.phase, Phase::Connecting(_) | Phase::Connected) {
            return Err(self.refusal());
        }
        request.check(|| self.unix_time_at(now))?;
        if timeout.is_zero() {
            return Err(no_time());
        }
        if !may_come || self.table.is_exhausted() {
            return Err(self.overloaded());
        }
        if let Some(error) = self.refusal_for(&request.key) {
            return Err(error);
        }
        Ok(())
    }

    /// Why no operation is accepted any more.
    fn refusal(&self) -> Error {
        match &self.phase {
            Phase::Failed(error) => error.clone(),
            Phase::Closed | Phase::Connecting(_) | Phase::Connected => closed(),
        }
    }

    /// One operation is let in whatever its size, or a large one would wait for ever.
    fn has_place(&self, size: usize) -> bool {
        let limits = &self.config.limits;
        self.admission.in_flight == 0
            || (self.admission.in_flight < limits.max_in_flight
                && self.admission.bytes.saturating_add(size) <= limits.max_in_flight_bytes)
    }

    fn overloaded(&self) -> Error {
        let words = alloc::format!(
            "{} operations ({} bytes) are in flight and {} stand in line; wait for some of them, or raise the limits",
            self.admission.in_flight,
            self.admission.bytes,
            self.admission.in_line
        );
        Error::new(ErrorKind::Overloaded, words)
    }

    fn take_place(&mut self, id: OpId, size: usize, now: Instant) {
        self.admission.in_flight += 1;
        self.admission.bytes += size;
        if self.is_connected() {
            self.place(id, now);
        }
    }

    /// Gives free places to those in line, and ends the machine when it is closing and has nothing left to do.
    pub(super) fn settle(&mut self, now: Instant) {
        while let Some(&id) = self.admission.line.front() {
            let Some(live) = self.table.get_mut(id).filter(|live| live.state == State::InLine) else {
                self.admission.line.pop_front();
                continue;
            };
            if live.deadline.is_some_and(|(deadline, _)| deadline <= now) {
                // It must not be sent in its last moment.
                self.admission.line.pop_front();
                self.time_out(id, now);
                continue;
            }
            let size = live.request.size();
            if !self.has_place(size) {
                break;
            }
            if let Some(live) = self.table.get_mut(id) {
                live.state = State::Queued;
            }
            self.admission.line.pop_front();
            self.admission.in_line -= 1;
            self.take_place(id, size, now);
        }
        if self.is_closing && self.table.live() == 0 && !matches!(self.phase, Phase::Closed) {
            self.shut();
        }
    }

    /// Withdraws an operation that still waits, and forgets one that is on the wire: its late answer is swallowed.
    /// No event follows. An operation that has ended is left alone.
    pub fn cancel(&mut self, op: OpId, now: Instant) {
        let now = self.advance(now);
        if let Some(live) = self.end(op, now) {
            self.after_end(&live, now);
        }
        self.settle(now);
    }

    /// Gives an operation more time: it was submitted later than it seemed. One whose clock does not run yet, and one
    /// that has ended, is left alone.
    pub fn put_off(&mut self, op: OpId, by: Duration) {
        // It stays counted in its bucket, and is counted anew when that comes.
        if let Some((deadline, _)) = self.table.get_mut(op).and_then(|live| live.deadline.as_mut()) {
            *deadline = *deadline + by;
        }
    }

    /// Refuses new operations, waits for those under way (each has its deadline), then closes all links.
    /// [`Event::Closed`] follows. Calling it again changes nothing.
    pub fn close(&mut self, now: Instant) {
        let now = self.advance(now);
        self.is_closing = true;
        self.settle(now);
    }

    /// Ends an operation whose reply has not come.
    pub(super) fn end(&mut self, id: OpId, now: Instant) -> Option<Live> {
        let live = self.table.end(id, now)?;
        self.give_back(&live);
        if let State::OnWire { link, .. } = live.state {
            self.watch_orphans(link, now);
        }
        Some(live)
    }

    /// Ends an operation whose reply has come, or will never come.
    pub(super) fn end_answered(&mut self, id: OpId) -> Option<Live> {
        let live = self.table.end_answered(id)?;
        self.give_back(&live);
        Some(live)
    }

    /// Ends an operation that was carried out, and reports it.
    #[inline]
    pub(super) fn end_succeeded(&mut self, id: OpId, answer: Answer) {
        let Some((size, bucket)) = self.table.end_succeeded(id, answer) else { return };
        self.admission.in_flight -= 1;
        self.admission.bytes -= size;
        if let Some(bucket) = bucket {
            self.deadlines.remove(bucket);
        }
        self.outbox.note_success(id);
    }

    fn give_back(&mut self, live: &Live) {
        if live.state == State::InLine {
            self.admission.in_line -= 1;
            self.thin_out_line();
        } else {
            self.admission.in_flight -= 1;
            self.admission.bytes -= live.request.size();
        }
        if let Some((_, bucket)) = live.deadline {
            self.deadlines.remove(bucket);
        }
    }

    /// Tickets of operations that have ended leave the line when they are the greater part of it. (The front may wait
    /// long for its place while those behind it come and go.)
    fn thin_out_line(&mut self) {
        let Admission { line, in_line, .. } = &mut self.admission;
        if line.len() > 2 * *in_line + 64 {
            let table = &self.table;
            line.retain(|&id| table.get(id).is_some_and(|live| live.state == State::InLine));
        }
    }

    pub(super) fn report(&mut self, op: OpId, result: Result<Reply>) {
        self.outbox.push(Event::Finished { op, result });
    }

    /// The clock of an operation begins to run.
    pub(super) fn start_clock(&mut self, id: OpId, now: Instant) {
        if let Some(live) = self.table.get_mut(id) {
            let deadline = now + live.timeout;
            live.deadline = Some((deadline, self.deadlines.insert(deadline, now)));
        }
    }

    /// Closes every link and says so. Nothing is under way any more.
    fn shut(&mut self) {
        self.close_all_links();
        self.phase = Phase::Closed;
        self.outbox.push(Event::Closed);
    }

    pub(super) fn close_all_links(&mut self) {
        let open: alloc::vec::Vec<_> = self.links.iter().map(|link| link.id).collect();
        for link in open {
            self.drop_link(link);
        }
        self.links.dirty.clear();
        for query in core::mem::take(&mut self.resolving).into_keys() {
            self.outbox.push(Event::Forget { query });
        }
        self.timers.clear();
        self.deriving.clear();
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the connection is closed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    #[test]
    fn tickets_that_are_given_up_do_not_fill_the_line() {
        let now = Instant::ZERO;
        let config = Config::new("couchbase://10.0.0.1/default").max_in_flight(1);
        let mut client = Client::new(config, 1, now).expect("valid");
        let second = Duration::from_secs(1);
        let submit = |client: &mut Client| {
            client.submit_in_line(Request::get("k"), second, now).map_err(|refused| refused.error)
        };
        let first = submit(&mut client).expect("has the place");
        let next = submit(&mut client).expect("stands in line");
        for _ in 0..10_000 {
            let gone = submit(&mut client).expect("stands in line");
            client.cancel(gone, now);
        }
        assert!(client.admission.line.len() < 100, "{} tickets", client.admission.line.len());
        client.cancel(first, now);
        assert_eq!((client.in_flight(), client.metrics().in_line), (1, 0));
        assert!(client.table.get(next).is_some_and(|live| live.state == State::Queued));
    }
}
