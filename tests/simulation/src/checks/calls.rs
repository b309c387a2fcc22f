//! Each query ends once and within its deadline; its rows are the first of one answer, in order; if it went well, all of
//! them, with what the answer says besides; its sink is told the same. An error has its cause in what was answered.

use super::designs;
use crate::calls::{Call, Calls, Form, Outcome, Patience, Told, What};
use crate::views::{Answer, End, Views};
use couchbase_core::{ErrorKind, Instant};
use std::time::Duration;

/// How late an end may come.
const GRACE: Duration = Duration::from_millis(16);

/// What the run was like: when the connection was made, and until when it had to be.
pub(crate) struct Setting {
    pub(crate) connected: Option<Instant>,
    pub(crate) connect_until: Instant,
    /// How many there are to be asked.
    pub(crate) nodes: usize,
}

pub(crate) fn check(calls: &Calls, views: &Views, setting: &Setting) -> Result<(), String> {
    if let Some(violation) = calls.violation.as_ref().or(views.violation.as_ref()) {
        return Err(violation.clone());
    }
    for (number, call) in calls.entries.iter().enumerate() {
        let outcome =
            call.outcome.as_ref().ok_or_else(|| format!("call {number} never ended: {:?}", call.draft))?;
        let answers: Vec<&Answer> = views.answers.iter().filter(|answer| answer.call == number).collect();
        let was_let_go = views.let_go.contains(&number);
        check_call(call, outcome, &answers, was_let_go, calls, setting).map_err(|broken| {
            format!("call {number} {broken}\n  {:?}\n  {outcome:?}\n  sink: {:?}", call.draft, call.told)
        })?;
    }
    designs::check(calls, views)
}

/// Long after everything was mended every view answers, if there is a connection at all.
pub(crate) fn check_probes(calls: &Calls) -> Result<(), String> {
    let mut probes = calls.entries.iter().filter(|call| call.draft.is_probe);
    match probes.find(|call| !matches!(call.outcome, Some(Outcome::Rows { .. }))) {
        Some(call) => Err(format!("long after everything was mended no view answers: {:?}", call.outcome)),
        None => Ok(()),
    }
}

fn check_call(
    call: &Call,
    outcome: &Outcome,
    answers: &[&Answer],
    was_let_go: bool,
    calls: &Calls,
    setting: &Setting,
) -> Result<(), String> {
    check_time(call, outcome, setting)?;
    if let (Some(closed), Some((ended, _))) = (calls.closed, call.ended)
        && call.sent.0 < closed
        && ended > closed
    {
        return Err(format!("ended {:?} after the connection had closed", ended - closed));
    }
    let is_closed = matches!(outcome, Outcome::Failed { kind: ErrorKind::Closed, .. });
    let is_refused = answers.iter().any(|answer| matches!(answer.end, End::Refused(..)));
    if is_closed && was_let_go && !is_refused && !calls.is_driver_gone {
        return Err("was being answered, and the close did not wait for it".into());
    }
    if is_closed && calls.closing.is_none_or(|closing| call.ended.is_some_and(|(ended, _)| ended < closing)) {
        return Err("says that the connection was closed, and nobody has closed it".into());
    }
    if let What::Query { form, .. } = call.draft.what {
        check_storm(call, answers, setting)?;
        check_told(call, form, outcome)?;
        check_rows(call, form, outcome, answers, setting)?;
    }
    Ok(())
}

fn check_time(call: &Call, outcome: &Outcome, setting: &Setting) -> Result<(), String> {
    let (Some((ended, _)), sent) = (call.ended, call.sent.0) else { return Ok(()) };
    if let Some(stopped) = call.stopped.filter(|stopped| *stopped < ended) {
        return Err(format!("was stopped, and ended {:?} later", ended - stopped));
    }
    let (limit, earliest) = match setting.connected {
        Some(connected) => {
            (sent.max(connected) + call.draft.timeout, sent.max(connected) + call.draft.timeout)
        }
        None => (sent.max(setting.connect_until), sent),
    };
    if ended > limit + GRACE {
        return Err(format!("ended {:?} after its deadline", ended - limit));
    }
    if matches!(outcome, Outcome::Failed { kind: ErrorKind::Timeout, .. }) && ended < earliest {
        return Err(format!("timed out {:?} before its deadline", earliest - ended));
    }
    Ok(())
}

/// Before each node is asked again there is a pause: 50 ms that double to 1 s, less up to half by lot.
fn check_storm(call: &Call, answers: &[&Answer], setting: &Setting) -> Result<(), String> {
    let rounds = 6 + call.draft.timeout.as_millis() as usize / 500;
    if answers.len() > rounds * setting.nodes {
        return Err(format!("asked {} times within {:?}", answers.len(), call.draft.timeout));
    }
    Ok(())
}

/// A sink learns of the end once, and the same as whoever waits.
fn check_told(call: &Call, form: Form, outcome: &Outcome) -> Result<(), String> {
    let is_right = match (form, outcome, &call.told[..]) {
        (Form::All | Form::Each, _, told) => told.is_empty(),
        (_, Outcome::Rows { total, missing }, [Told::Done(of, without)]) => (of, without) == (total, missing),
        (_, Outcome::Failed { kind, .. }, [Told::Failed(told)]) => kind == told,
        // A query in the background goes on without the one who waited.
        (Form::Background(..), Outcome::GivenUp, [] | [_]) => true,
        (_, Outcome::GivenUp, []) => true,
        _ => false,
    };
    if is_right { Ok(()) } else { Err("ended otherwise than its sink was told".into()) }
}

fn check_rows(
    call: &Call,
    form: Form,
    outcome: &Outcome,
    answers: &[&Answer],
    setting: &Setting,
) -> Result<(), String> {
    // Rows name their answer: of two answers none has rows in common.
    let is_prefix = |answer: &&&Answer| answer.rows.starts_with(&call.rows);
    let candidates = answers.iter().filter(is_prefix);
    if !call.rows.is_empty() && candidates.clone().next().is_none() {
        return Err(format!("was given rows that are no answer's first: {:#?}", call.rows));
    }
    let refused = |test: &dyn Fn(u16, bool) -> bool| {
        answers
            .iter()
            .filter(|answer| matches!(answer.end, End::Refused(status, last) if test(status, last)))
            .count()
    };
    let is_whole = |answer: &&Answer| answer.rows.len() == call.rows.len();
    // The rows of a query that wants all at once are not seen.
    let is_seen = !matches!(form, Form::All);
    let ends_in = |end| candidates.clone().any(|answer| answer.end == end && (is_whole(answer) || !is_seen));
    let is_right = match outcome {
        _ if call.stopped.is_some() => matches!(outcome, Outcome::Rows { .. } | Outcome::GivenUp),
        Outcome::GivenUp => true,
        Outcome::Rows { .. } if call.has_enough => true,
        Outcome::Rows { total, missing } => candidates.clone().any(|answer| {
            is_whole(answer)
                && answer.end == End::Whole
                && (answer.total, answer.missing) == (*total, *missing)
        }),
        Outcome::Failed { kind, .. } => match kind {
            // A connection that failed has its own error.
            _ if setting.connected.is_none() => true,
            // Of a 404 whose words were cut off nobody knows that it was not the last word.
            ErrorKind::Http => refused(&|status, is_final| is_final || status == 404) > 0,
            ErrorKind::ViewEngine => ends_in(End::GaveUp),
            ErrorKind::Protocol => ends_in(End::Broken),
            ErrorKind::Other => {
                matches!(form, Form::Sink(Patience::Fails(_)) | Form::Background(Patience::Fails(_), _))
                    && call.has_enough
            }
            ErrorKind::Network | ErrorKind::UnknownHost | ErrorKind::Timeout | ErrorKind::Closed => true,
            ErrorKind::Auth => refused(&|status, _| status == 401) >= 3,
            _ => false,
        },
        Outcome::Done | Outcome::Read(_) => false,
    };
    if is_right {
        return Ok(());
    }
    let ends: Vec<_> = answers.iter().map(|answer| (answer.end, answer.rows.len(), answer.total)).collect();
    Err(format!("was given {} rows, and should not have ended so; it was answered {ends:?}", call.rows.len()))
}
