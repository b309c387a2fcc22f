//! The data set, and what the answers must be according to it.

use crate::failure::Failure;
use couchbase_core::{Error, Key};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// One JSON object a line; `data/README.md` says where it comes from.
const FILE: &str = include_str!("../data/cities.jsonl");

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct City {
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    pub admin1: String,
    /// Degrees.
    pub lat: f64,
    /// Degrees.
    pub lng: f64,
}

/// A city as the streamed view tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub name: String,
    pub lat: f64,
    pub lng: f64,
}

/// The cities of a run by their documents' keys.
pub struct Cities(BTreeMap<Key, City>);

impl Cities {
    /// So many cities, evenly spaced through the file; all, if no number is given.
    pub fn sample(wanted: Option<usize>) -> Result<Self, Failure> {
        let lines: Vec<&str> = FILE.lines().collect();
        let wanted = wanted.unwrap_or(lines.len());
        if wanted == 0 || wanted > lines.len() {
            return Err(Failure::Arguments(format!(
                "there are 1 to {} documents, not {wanted}",
                lines.len()
            )));
        }
        let chosen = (0..wanted).map(|n| n * lines.len() / wanted);
        let cities = chosen.map(|n| {
            let city = serde_json::from_str(lines[n]).map_err(Error::value_format)?;
            Ok((key(n), city))
        });
        cities.collect::<Result<_, _>>().map(Self)
    }

    /// The keys that any run may use.
    pub fn all_keys() -> Vec<Key> {
        (0..FILE.lines().count()).map(key).collect()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Key, &City)> {
        self.0.iter()
    }

    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.0.keys()
    }

    /// How many cities each country has.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for city in self.0.values() {
            *counts.entry(city.country.clone()).or_default() += 1;
        }
        counts
    }

    /// The country with most cities.
    pub fn largest_country(&self) -> &str {
        let counts = self.counts();
        let countries = self.0.values().map(|city| city.country.as_str());
        countries.max_by_key(|&country| counts[country]).expect("there is at least one city")
    }

    /// Each document as it was stored, once.
    pub fn check(&self, what: &str, answers: Vec<(Key, City)>) -> Result<(), Failure> {
        compare(what, &self.0, answers)
    }

    /// Each country with its number of cities, once.
    pub fn check_counts(&self, answers: &[(String, u64)]) -> Result<(), Failure> {
        compare("counting the cities of each country", &self.counts(), answers.to_vec())
    }

    /// Each city of the country, once.
    pub fn check_places(&self, country: &str, answers: &[(Key, Place)]) -> Result<(), Failure> {
        let of_country = self.iter().filter(|(_, city)| city.country == country);
        let expected = of_country.map(|(key, city)| {
            (key.clone(), Place { name: city.name.clone(), lat: city.lat, lng: city.lng })
        });
        compare(&format!("the cities of {country}"), &expected.collect(), answers.to_vec())
    }
}

/// The document key of the city in that line of the file.
fn key(line: usize) -> Key {
    format!("quickstart::{line:04}").into()
}

/// The answers must be exactly what is expected, in any order; the first that is not is named.
fn compare<K, V>(what: &str, expected: &BTreeMap<K, V>, answers: Vec<(K, V)>) -> Result<(), Failure>
where
    K: Ord + Debug,
    V: PartialEq + Debug,
{
    let mut missing: BTreeSet<&K> = expected.keys().collect();
    for (key, answer) in &answers {
        if !missing.remove(key) {
            return Err(Failure::Disagreement(format!("{what}: {key:?} was not expected, or came twice")));
        }
        if *answer != expected[key] {
            let words = format!("{what}: {key:?} is {answer:?} instead of {:?}", expected[key]);
            return Err(Failure::Disagreement(words));
        }
    }
    match missing.first() {
        None => Ok(()),
        Some(key) => Err(Failure::Disagreement(format!("{what}: {key:?} is missing"))),
    }
}
