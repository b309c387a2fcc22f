//! A query over an index: which rows, in which order, reduced how.

use std::ops::Range;

use serde_json::value::RawValue;

use super::collation::Key;
use super::design::{Reduce, View};
use super::index::{self, Row};
use super::options::{Grouping, Options, Span};
use super::reduce::reduce;
use super::refusal::Refusal;
use super::rows::RowWriter;
use crate::http::Body;

/// Answers a query from the view's index as it is. `grouping` is what [`Options::grouping`] said.
pub(super) fn answer(
    view: &View,
    name: &str,
    options: &Options,
    grouping: Option<Grouping>,
) -> Result<Body, Refusal> {
    let rows = view.index.rows().map_err(|reason| failed("Mapper", name, reason))?;
    let ranges = ranges(rows, options);
    match (&view.reduce, grouping) {
        (Some(function), Some(grouping)) => reduced(function, rows, &ranges, options, grouping)
            .map_err(|reason| failed("Reducer", name, &reason)),
        _ => Ok(mapped(rows, ranges, options)),
    }
}

fn failed(kind: &str, view: &str, reason: &str) -> Refusal {
    Refusal::failed(format!("{kind}: Error building index for view `{view}`, reason: {reason}"))
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

fn mapped(rows: &[Row], ranges: Vec<Range<usize>>, options: &Options) -> Body {
    let mut writer = RowWriter::new(Some(rows.len()));
    let selected = ranges.into_iter().flat_map(|range| directed(range, options.span.descending));
    for row in limited(selected, options).map(|position| &rows[position]) {
        let id = json_string(&row.id);
        writer.push(&format!(r#"{{"id":{id},"key":{},"value":{}}}"#, row.key_text, row.value));
    }
    writer.finish()
}

fn reduced(
    function: &Reduce,
    rows: &[Row],
    ranges: &[Range<usize>],
    options: &Options,
    grouping: Grouping,
) -> Result<Body, String> {
    let groups = ranges.iter().flat_map(|range| {
        let groups: Vec<&[Row]> =
            rows[range.clone()].chunk_by(|a, b| same_group(&a.key, &b.key, grouping)).collect();
        let order = directed(0..groups.len(), options.span.descending);
        order.map(|position| groups[position]).collect::<Vec<_>>()
    });
    let groups: Vec<&[Row]> = limited(groups, options).collect();
    let mut writer = RowWriter::new(None);
    for (group, value) in groups.iter().zip(reduce(function, &groups)?) {
        writer.push(&format!(r#"{{"key":{},"value":{value}}}"#, group_key(&group[0], grouping)));
    }
    Ok(writer.finish())
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
