//! Design documents: their text, their rules, and the views that they define.

use std::collections::BTreeMap;

use serde_json::Value;

use super::engine;
use super::index::Index;
use super::refusal::Refusal;

/// A design document that was accepted.
#[derive(Debug, Default)]
pub(super) struct DesignDocument {
    /// The text as it was sent.
    pub(super) text: String,
    /// How often a document of this name was stored.
    pub(super) revision: u64,
    pub(super) views: BTreeMap<String, View>,
}

/// A view with its index.
#[derive(Debug)]
pub(super) struct View {
    pub(super) map: String,
    pub(super) reduce: Option<Reduce>,
    pub(super) index: Index,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reduce {
    Count,
    Sum,
    Stats,
    Code(String),
}

impl DesignDocument {
    /// Reads and checks a design document.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        Ok(Self { text: text.to_owned(), revision: 1, views: parse_views(text)? })
    }

    /// Its revision in the form that a document's has.
    pub(super) fn rev(&self) -> String {
        format!("{}-0", self.revision)
    }

    /// Takes the place of `previous`. Views whose map is the same keep their index.
    pub(super) fn replace(&mut self, previous: Self) {
        self.revision = previous.revision + 1;
        for (name, old) in previous.views {
            if let Some(view) = self.views.get_mut(&name).filter(|view| view.map == old.map) {
                view.index = old.index;
            }
        }
    }
}

fn parse_views(text: &str) -> Result<BTreeMap<String, View>, Refusal> {
    let body: Value = serde_json::from_str(text).map_err(|error| Refusal::bad_json(&error))?;
    let Value::Object(mut body) = body else {
        return Err(Refusal::invalid_design("the document must be a JSON object"));
    };
    let views = match body.remove("views") {
        None => return Ok(BTreeMap::new()),
        Some(Value::Object(views)) => views,
        Some(_) => return Err(Refusal::invalid_design("the field `views` must be an object")),
    };
    views.into_iter().map(|(name, definition)| Ok((name.clone(), parse_view(&name, definition)?))).collect()
}

fn parse_view(name: &str, definition: Value) -> Result<View, Refusal> {
    let refuse = |what: &str| Refusal::invalid_design(format!("view `{name}`: {what}"));
    if name.is_empty() || name.trim() != name {
        return Err(refuse("the name must not be empty, nor begin or end with white space"));
    }
    let Value::Object(mut definition) = definition else {
        return Err(refuse("the definition must be an object"));
    };
    let map = match definition.remove("map") {
        Some(Value::String(map)) => map,
        Some(_) => return Err(refuse("the field `map` must be a string")),
        None => return Err(refuse("the field `map` is missing")),
    };
    engine::check(&map).map_err(|error| refuse(&format!("the map function does not compile: {error}")))?;
    let reduce = match definition.remove("reduce") {
        None => None,
        Some(Value::String(reduce)) => Some(parse_reduce(reduce, &refuse)?),
        Some(_) => return Err(refuse("the field `reduce` must be a string")),
    };
    Ok(View { map, reduce, index: Index::default() })
}

fn parse_reduce(reduce: String, refuse: &dyn Fn(&str) -> Refusal) -> Result<Reduce, Refusal> {
    match reduce.as_str() {
        "_count" => Ok(Reduce::Count),
        "_sum" => Ok(Reduce::Sum),
        "_stats" => Ok(Reduce::Stats),
        built_in if built_in.starts_with('_') => {
            Err(refuse(&format!("there is no built-in reduce function `{built_in}`")))
        }
        code => {
            engine::check(code)
                .map_err(|error| refuse(&format!("the reduce function does not compile: {error}")))?;
            Ok(Reduce::Code(reduce))
        }
    }
}
