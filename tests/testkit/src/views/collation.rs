//! Keys of rows and their order: null, false, true, numbers, strings, arrays, objects.
//!
//! Strings are in the order of the root collation. Arrays are compared element by element, objects member by member in
//! the order written (name first, then value); the shorter comes first. That is why objects are not read into a map.
//!
//! The collation holds different strings equal (one accent written in two ways, characters without weight). A range
//! takes all of them and rows do not keep them apart, so [`Key::collate`] does not either; whether two keys are the
//! same is another question, which grouping asks, and `==` answers.

use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

use icu_collator::options::CollatorOptions;
use icu_collator::{CollatorBorrowed, CollatorPreferences};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

static ROOT: LazyLock<CollatorBorrowed<'static>> = LazyLock::new(|| {
    CollatorBorrowed::try_new(CollatorPreferences::default(), CollatorOptions::default())
        .expect("the root collation is compiled in")
});

/// One JSON value as a key. Numbers are doubles, as in the language that emits them.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Key {
    Null,
    Bool(bool),
    Number(f64),
    String(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Key {
    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(false) => 1,
            Self::Bool(true) => 2,
            Self::Number(_) => 3,
            Self::String(_) => 4,
            Self::Array(_) => 5,
            Self::Object(_) => 6,
        }
    }

    /// The elements of an array.
    pub(super) fn elements(&self) -> Option<&[Self]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The order of rows. Equal keys of this order need not be the same.
    pub(super) fn collate(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => compare_numbers(*a, *b),
            (Self::String(a), Self::String(b)) => ROOT.compare(a, b),
            (Self::Array(a), Self::Array(b)) => collate_all(a, b, Self::collate),
            (Self::Object(a), Self::Object(b)) => collate_all(a, b, |(name_a, a), (name_b, b)| {
                ROOT.compare(name_a, name_b).then_with(|| a.collate(b))
            }),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

/// Part by part; where one ends before they differ, it comes first.
fn collate_all<T>(a: &[T], b: &[T], collate: impl Fn(&T, &T) -> Ordering) -> Ordering {
    let mut parts = a.iter().zip(b).map(|(a, b)| collate(a, b));
    parts.find(|order| order.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()))
}

/// JSON has no NaN, and minus zero is zero.
fn compare_numbers(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Key, E> {
        Ok(Key::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Key, E> {
        Ok(Key::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Key, E> {
        Ok(Key::Number(value as f64))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Key, E> {
        Ok(Key::Number(value as f64))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Key, E> {
        Ok(Key::Number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Key, E> {
        Ok(Key::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Key, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element()? {
            array.push(element);
        }
        Ok(Key::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Key, A::Error> {
        let mut object = Vec::new();
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Key::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        serde_json::from_str(text).unwrap()
    }

    /// Each line sorts before all lines after it.
    const ASCENDING: &[&str] = &[
        "null",
        "false",
        "true",
        "-1e300",
        "-2",
        "-0.5",
        "0",
        "1",
        "1.5",
        "9007199254740993",
        "1e300",
        r#""""#,
        r#"" ""#,
        r#""_""#,
        r#""-""#,
        r#""~""#,
        r#""1""#,
        r#""10""#,
        r#""2""#,
        r#""a""#,
        r#""A""#,
        r#""á""#,
        r#""aa""#,
        r#""Ab""#,
        r#""b""#,
        r#""B""#,
        r#""ba""#,
        r#""z""#,
        r#""Zürich""#,
        r#""я""#,
        r#""中""#,
        "[]",
        "[null]",
        "[1]",
        "[1,1]",
        r#"[1,"a"]"#,
        r#"[1,"A"]"#,
        "[2]",
        r#"["a"]"#,
        "[[]]",
        "[{}]",
        "{}",
        r#"{"a":1}"#,
        r#"{"a":1,"b":0}"#,
        r#"{"a":2}"#,
        r#"{"b":1}"#,
        r#"{"b":1,"a":1}"#,
        r#"{"b":2}"#,
        r#"{"b":2,"a":1}"#,
        r#"{"b":2,"c":2}"#,
    ];

    #[test]
    fn values_are_in_the_order_of_the_table() {
        for (i, a) in ASCENDING.iter().enumerate() {
            for (j, b) in ASCENDING.iter().enumerate() {
                assert_eq!(key(a).collate(&key(b)), i.cmp(&j), "{a} and {b}");
            }
        }
    }

    #[test]
    fn numbers_are_equal_by_value() {
        assert_eq!(key("1"), key("1.0"));
        assert_eq!(key("0"), key("-0.0"));
        assert_eq!(key("[1,{\"a\":10}]"), key("[1.0,{\"a\":1e1}]"));
    }

    #[test]
    fn strings_that_the_collation_holds_equal_are_equal_in_order_and_not_the_same() {
        // An accent in two ways, and a control character, which has no weight in the root collation.
        let equal = [("\"\u{e9}\"", "\"e\\u0301\""), ("\"a\"", "\"a\\u0001\""), ("\"\"", "\"\\u0000\"")];
        for (a, b) in equal {
            for (a, b) in [(a.to_owned(), b.to_owned()), (format!("[{a}]"), format!("[{b}]"))] {
                assert_eq!(key(&a).collate(&key(&b)), Ordering::Equal, "{a} and {b}");
                assert_ne!(key(&a), key(&b));
                // What follows decides, as it does after parts that are the same.
                let [longer, shorter] = [format!("[{a},0]"), format!("[{b}]")];
                assert_eq!(key(&longer).collate(&key(&shorter)), Ordering::Greater);
                let [less, more] = [format!("{{\"k\":{a},\"l\":1}}"), format!("{{\"k\":{b},\"l\":2}}")];
                assert_eq!(key(&less).collate(&key(&more)), Ordering::Less);
            }
        }
    }

    #[test]
    fn the_order_is_consistent() {
        let mut keys: Vec<Key> = ASCENDING.iter().map(|text| key(text)).collect();
        let equal = ["\"a\\u0001\"", "\"\u{e9}\"", "\"e\\u0301\"", "[1,\"a\\u0001\"]", "{\"a\\u0001\":1}"];
        keys.extend(equal.map(key));
        for a in &keys {
            for b in &keys {
                assert_eq!(a.collate(b), b.collate(a).reverse(), "{a:?} and {b:?}");
                for c in &keys {
                    if a.collate(b).is_le() && b.collate(c).is_le() {
                        assert!(a.collate(c).is_le(), "{a:?}, {b:?}, {c:?}");
                    }
                }
            }
        }
    }
}
