//! A query over an index: which rows, in which order, reduced how.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::value::RawValue;

use super::collation::Key;
use super::design::{Reduce, View};
use super::index::{self, Row};
use super::options::{Grouping, Options, Span, Stale};
use super::placement::Missing;
use super::reduce::reduce;
use super::refusal::Refusal;
use super::rows::RowWriter;
use super::source::Placement;
use crate::http::Body;

/// Answers a query from the view's index as it is. `grouping` is what [`Options::grouping`] said.
pub(super) fn answer(
    view: &View,
    name: &str,
    options: &Options,
    grouping: Option<Grouping>,
    placement: &Placement,
) -> Result<Body, Refusal> {
    let rows = view.index.rows().map_err(|reason| failed("Mapper", name, reason))?;
    let is_fresh = options.stale == Stale::False;
    let stopped = placement.stopped();
    let mut missing: Vec<Missing> =
        stopped.iter().map(|node| placement.missing(*node, is_fresh, "econnrefused")).collect();
    let mut rows = placement.rows_without(Cow::Borrowed(rows), &stopped);
    let (Some(function), Some(grouping)) = (&view.reduce, grouping) else {
        return Ok(match missing.first() {
            Some(first) if options.stops_on_error => RowWriter::new(Some(0)).stop(first),
            _ => mapped(&rows, options, &missing),
        });
    };
    let mut outcome = reduced(function, &rows, options, grouping, &missing);
    if outcome.is_err() && placement.serving().count() > 1 {
        let failing = failing(function, &rows, placement);
        for (node, reason) in &failing {
            missing.push(placement.missing(*node, is_fresh, &in_words("Reducer", name, reason)));
        }
        let nodes: Vec<usize> = failing.into_iter().map(|(node, _)| node).collect();
        rows = placement.rows_without(rows, &nodes);
        outcome = reduced(function, &rows, options, grouping, &missing);
    }
    match missing.first() {
        Some(first) if options.stops_on_error => Ok(RowWriter::new(None).stop(first)),
        _ => outcome.map_err(|reason| failed("Reducer", name, &reason)),
    }
}

/// The nodes that cannot reduce what they have, and why. A node reduces all of it, whatever is asked for.
fn failing(function: &Reduce, rows: &[Row], placement: &Placement) -> Vec<(usize, String)> {
    let nodes = placement.serving().filter_map(|node| {
        let rows = placement.rows_of(rows, node);
        let reason = (!rows.is_empty()).then(|| reduce(function, &[&rows]).err()).flatten()?;
        Some((node, reason))
    });
    nodes.collect()
}

fn failed(kind: &str, view: &str, reason: &str) -> Refusal {
    Refusal::failed(in_words(kind, view, reason))
}

fn in_words(kind: &str, view: &str, reason: &str) -> String {
    format!("{kind}: Error building index for view `{view}`, reason: {reason}")
}

/// The ranges of rows that are asked for, one for each of `keys`.
fn ranges(rows: &[Row], options: &Options) -> Vec<Range<usize>> {
    match &options.keys {
        None => vec![index::range(rows, &options.span)],
        Some(keys) => {
            let spans = keys.iter().map(|key| Span::of_key(key, options.span.descending));
            spans.map(|span| index::range(rows, &span)).collect()
        }
    }
}

fn mapped(rows: &[Row], options: &Options, missing: &[Missing]) -> Body {
    let mut writer = RowWriter::new(Some(rows.len()));
    let selected =
        ranges(rows, options).into_iter().flat_map(|range| directed(range, options.span.descending));
    for row in limited(selected, options).map(|position| &rows[position]) {
        let id = json_string(&row.id);
        writer.push(&format!(r#"{{"id":{id},"key":{},"value":{}}}"#, row.key_text, row.value));
    }
    writer.finish(missing)
}

fn reduced(
    function: &Reduce,
    rows: &[Row],
    options: &Options,
    grouping: Grouping,
    missing: &[Missing],
) -> Result<Body, String> {
    let groups = ranges(rows, options).into_iter().flat_map(|range| {
        let groups: Vec<&[Row]> = rows[range].chunk_by(|a, b| same_group(&a.key, &b.key, grouping)).collect();
        let order = directed(0..groups.len(), options.span.descending);
        order.map(|position| groups[position]).collect::<Vec<_>>()
    });
    let groups: Vec<&[Row]> = limited(groups, options).collect();
    let mut writer = RowWriter::new(None);
    for (group, value) in groups.iter().zip(reduce(function, &groups)?) {
        writer.push(&format!(r#"{{"key":{},"value":{value}}}"#, group_key(&group[0], grouping)));
    }
    Ok(writer.finish(missing))
}

fn directed(range: Range<usize>, descending: bool) -> impl Iterator<Item = usize> {
    let Range { start, end } = range;
    range.map(move |position| if descending { end - 1 - (position - start) } else { position })
}

fn limited<T>(rows: impl Iterator<Item = T>, options: &Options) -> impl Iterator<Item = T> {
    rows.skip(options.skip).take(options.limit.unwrap_or(usize::MAX))
}

fn same_group(a: &Key, b: &Key, grouping: Grouping) -> bool {
    match grouping {
        Grouping::None => true,
        Grouping::Exact => a == b,
        Grouping::Level(level) => match (a.elements(), b.elements()) {
            (Some(a), Some(b)) => a[..a.len().min(level)] == b[..b.len().min(level)],
            _ => a == b,
        },
    }
}

/// The key that a group is shown under.
fn group_key(row: &Row, grouping: Grouping) -> String {
    match grouping {
        Grouping::None => "null".to_owned(),
        Grouping::Exact => row.key_text.clone(),
        Grouping::Level(level) => match serde_json::from_str::<Vec<&RawValue>>(&row.key_text) {
            Ok(elements) => {
                let shown: Vec<&str> = elements.iter().take(level).map(|element| element.get()).collect();
                format!("[{}]", shown.join(","))
            }
            Err(_) => row.key_text.clone(),
        },
    }
}

fn json_string(text: &[u8]) -> String {
    serde_json::Value::from(String::from_utf8_lossy(text)).to_string()
}
