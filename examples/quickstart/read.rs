//! One task, done in each of the ways there are: read all these documents.

use crate::cities::City;
use couchbase_core::{AsyncConnection, CompletionQueue, Connection, Key, Result};
use futures::{StreamExt, TryStreamExt, stream};
use std::sync::mpsc;
use std::time::Duration;

/// Operations in flight at a time. The client allows 4,096 unless told otherwise.
const IN_FLIGHT: usize = 256;

/// Operations are futures: every combinator takes them as they are.
pub async fn futures(cb: &Connection, keys: &[Key]) -> Result<Vec<(Key, City)>> {
    stream::iter(keys)
        .map(|key| cb.get(key))
        .buffer_unordered(IN_FLIGHT)
        .map(|found| {
            let found = found?;
            Ok((found.key().clone(), found.value()?))
        })
        .try_collect()
        .await
}

/// One call for many keys. If one of them fails, the error holds the results of all.
pub async fn multi(cb: &Connection, keys: &[Key]) -> Result<Vec<(Key, City)>> {
    let mut read = Vec::with_capacity(keys.len());
    for some in keys.chunks(IN_FLIGHT) {
        let found: Vec<(Key, City)> = cb.get_multi(some).await?.values()?;
        read.extend(found);
    }
    Ok(read)
}

/// Callbacks run on the connection's driver, so they must not block: these hand the outcome to this thread.
pub fn callbacks(cb: &AsyncConnection, keys: &[Key]) -> Result<Vec<(Key, City)>> {
    let mut read = Vec::with_capacity(keys.len());
    for some in keys.chunks(IN_FLIGHT) {
        let (to_us, outcomes) = mpsc::channel();
        for key in some {
            let to_us = to_us.clone();
            cb.get(key).then(move |outcome| drop(to_us.send(outcome)));
        }
        drop(to_us); // The channel ends when the last callback has run.
        for outcome in outcomes {
            let found = outcome?;
            read.push((found.key().clone(), found.value()?));
        }
    }
    Ok(read)
}

/// Answers wait in a queue until this thread fetches them. Each comes with the token that it was asked for with; nothing
/// is allocated per operation.
pub fn queue(cb: &AsyncConnection, keys: &[Key]) -> Result<Vec<(Key, City)>> {
    let mut answers = CompletionQueue::with_capacity(IN_FLIGHT);
    let mut read = Vec::with_capacity(keys.len());
    let mut unsent = keys.iter();
    while read.len() < keys.len() {
        while !answers.is_full()
            && let Some(key) = unsent.next()
        {
            cb.get(key).send_to(&mut answers, key)?;
        }
        answers.wait(Duration::from_secs(1));
        for answer in answers.drain() {
            read.push((answer.token.clone(), answer.result?.value()?));
        }
    }
    Ok(read)
}
