//! Options of a view query: from the query string and the body of a POST, checked among themselves.
//!
//! Wrong values are `query_parse_error`, broken JSON is `bad_request`; unknown options are ignored.

use super::collation::Key;
use super::refusal::Refusal;

/// Whether the index is brought up to date before the rows are read, after it, or not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stale {
    Ok,
    False,
    #[default]
    UpdateAfter,
}

/// How rows with a reduce are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grouping {
    /// One row of all.
    None,
    /// By this many elements of array keys; other keys exactly.
    Level(usize),
    /// By the whole key.
    Exact,
}

/// One end of the range.
#[derive(Clone, Debug, Default)]
pub(super) struct Bound {
    pub(super) key: Option<Key>,
    /// Counts only together with the key.
    pub(super) id: Option<String>,
}

/// The rows from `start` to `end` in the direction asked for: when descending, `start` is the larger.
#[derive(Clone, Debug, Default)]
pub(super) struct Span {
    pub(super) start: Bound,
    pub(super) end: Bound,
    pub(super) exclusive_end: bool,
    pub(super) descending: bool,
}

impl Span {
    /// All rows of one key.
    pub(super) fn of_key(key: &Key, descending: bool) -> Self {
        let bound = Bound { key: Some(key.clone()), id: None };
        Self { start: bound.clone(), end: bound, exclusive_end: false, descending }
    }
}

/// All options of a query.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    pub(super) stale: Stale,
    pub(super) keys: Option<Vec<Key>>,
    pub(super) span: Span,
    pub(super) limit: Option<usize>,
    pub(super) skip: usize,
    pub(super) stops_on_error: bool,
    reduce: Option<bool>,
    group: Option<bool>,
    group_level: Option<usize>,
    include_docs: bool,
}

impl Options {
    /// Reads a query string.
    pub(super) fn parse(query: &str) -> Result<Self, Refusal> {
        let mut options = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            options.set(&name, &value)?;
        }
        Ok(options)
    }

    /// Takes the options from the body of a POST, which win over those of the query string.
    pub(super) fn read_body(&mut self, body: &[u8]) -> Result<(), Refusal> {
        let Key::Object(members) = serde_json::from_slice(body).map_err(|error| Refusal::bad_json(&error))?
        else {
            return Err(Refusal::bad_request("the body must be a JSON object"));
        };
        for (name, value) in members {
            match (name.as_str(), value) {
                ("keys", Key::Array(keys)) => self.keys = Some(keys),
                ("keys", _) => return Err(Refusal::bad_request("the member `keys` must be an array")),
                ("on_error", Key::String(value)) => self.stops_on_error = stops_on_error(&value)?,
                ("connection_timeout", Key::Number(_)) => {}
                ("connection_timeout", _) => {
                    return Err(Refusal::bad_request("`connection_timeout` must be an integer"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        match name {
            "stale" => self.stale = stale(value)?,
            "key" => {
                let key: Key = json(value)?;
                self.span.start.key = Some(key.clone());
                self.span.end.key = Some(key);
            }
            "keys" => match json(value)? {
                Key::Array(keys) => self.keys = Some(keys),
                _ => return Err(Refusal::bad_request("the parameter `keys` must be an array")),
            },
            "startkey" | "start_key" => self.span.start.key = Some(json(value)?),
            "endkey" | "end_key" => self.span.end.key = Some(json(value)?),
            "startkey_docid" | "start_key_doc_id" => self.span.start.id = Some(value.to_owned()),
            "endkey_docid" | "end_key_doc_id" => self.span.end.id = Some(value.to_owned()),
            "inclusive_end" => self.span.exclusive_end = !boolean(name, value)?,
            "descending" => self.span.descending = boolean(name, value)?,
            "limit" => self.limit = Some(natural(name, value)?),
            "skip" => self.skip = natural(name, value)?,
            "reduce" => self.reduce = Some(boolean(name, value)?),
            "group" => self.group = Some(boolean(name, value)?),
            "group_level" => self.group_level = Some(natural(name, value)?),
            "include_docs" => self.include_docs = boolean(name, value)?,
            "on_error" => self.stops_on_error = stops_on_error(value)?,
            "count" => return Err(Refusal::query_parse("there is no parameter `count`, it is `limit`")),
            _ => {}
        }
        Ok(())
    }

    /// Checks the options against each other and the view; `None` asks for the rows of the map.
    pub(super) fn grouping(&self, has_reduce: bool) -> Result<Option<Grouping>, Refusal> {
        let refuse = |reason: &str| Err(Refusal::query_parse(reason));
        let ranged = self.span.start.key.is_some() || self.span.end.key.is_some();
        if self.keys.is_some() && ranged {
            return refuse("`keys` cannot be combined with `key`, `startkey` or `endkey`");
        }
        if let (Some(start), Some(end)) = (&self.span.start.key, &self.span.end.key) {
            if self.span.descending && start.collate(end).is_lt() {
                return refuse(
                    "no row can match: with descending=true `startkey` must not be before `endkey`",
                );
            }
            if !self.span.descending && start.collate(end).is_gt() {
                return refuse(
                    "no row can match: `startkey` is after `endkey`, swap them or set descending=true",
                );
            }
        }
        let grouped = self.group.is_some() || self.group_level.is_some();
        if !has_reduce {
            if self.reduce == Some(true) {
                return refuse("`reduce` is invalid for a view without a reduce function");
            }
            if grouped {
                return refuse("`group` and `group_level` are invalid for a view without a reduce function");
            }
            return Ok(None);
        }
        if self.reduce == Some(false) {
            if grouped {
                return refuse("`group` and `group_level` are invalid with reduce=false");
            }
            return Ok(None);
        }
        if self.group.is_some() && self.group_level.is_some() {
            return refuse("`group` and `group_level` exclude each other");
        }
        if self.include_docs {
            return refuse("`include_docs` is invalid for reduced rows");
        }
        let grouping = match (self.group, self.group_level) {
            (Some(true), _) => Grouping::Exact,
            (_, Some(level)) if level > 0 => Grouping::Level(level),
            _ => Grouping::None,
        };
        if self.keys.is_some() && grouping != Grouping::Exact {
            return refuse("`keys` on a reduced view needs group=true");
        }
        Ok(Some(grouping))
    }
}

fn json<T: serde::de::DeserializeOwned>(value: &str) -> Result<T, Refusal> {
    serde_json::from_str(value).map_err(|error| Refusal::bad_json(&error))
}

fn boolean(name: &str, value: &str) -> Result<bool, Refusal> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Refusal::query_parse(format!("`{name}` must be true or false, not `{value}`"))),
    }
}

fn natural(name: &str, value: &str) -> Result<usize, Refusal> {
    value
        .parse()
        .map_err(|_| Refusal::query_parse(format!("`{name}` must be a whole number from 0, not `{value}`")))
}

fn stale(value: &str) -> Result<Stale, Refusal> {
    match value {
        "ok" => Ok(Stale::Ok),
        "false" => Ok(Stale::False),
        "update_after" => Ok(Stale::UpdateAfter),
        _ => Err(Refusal::query_parse(format!("`stale` must be ok, false or update_after, not `{value}`"))),
    }
}

/// Whether the first node whose rows are missing ends the query.
fn stops_on_error(value: &str) -> Result<bool, Refusal> {
    match value {
        "continue" => Ok(false),
        "stop" => Ok(true),
        _ => Err(Refusal::bad_request(format!("`on_error` must be continue or stop, not `{value}`"))),
    }
}
