//! Reductions of groups of rows: the built-in functions natively, the user's own in the engine.

use super::design::Reduce;
use super::engine;
use super::index::Row;

/// Rows that one call of a user's function reduces; more are reduced in parts, and these again.
const PART: usize = 100;

/// Reduces each group to one JSON text.
pub(super) fn reduce(reduce: &Reduce, groups: &[&[Row]]) -> Result<Vec<String>, String> {
    match reduce {
        Reduce::Count => Ok(groups.iter().map(|rows| rows.len().to_string()).collect()),
        Reduce::Sum => groups.iter().map(|rows| Ok(number_text(Stats::of(rows)?.sum))).collect(),
        Reduce::Stats => groups.iter().map(|rows| Ok(Stats::of(rows)?.to_text())).collect(),
        Reduce::Code(code) => {
            engine::reduce(code, |reducer| groups.iter().map(|rows| reduce_by_code(reducer, rows)).collect())
        }
    }
}

fn reduce_by_code(reducer: &engine::Reducer<'_, '_>, rows: &[Row]) -> Result<String, String> {
    let parts = rows
        .chunks(PART)
        .map(|part| {
            let keys = part.iter().map(|row| {
                let id = serde_json::Value::from(String::from_utf8_lossy(&row.id));
                format!("[{},{id}]", row.key_text)
            });
            reducer.call(&array(keys), &array(part.iter().map(|row| row.value.clone())), false)
        })
        .collect::<Result<Vec<_>, _>>()?;
    match <[String; 1]>::try_from(parts) {
        Ok([only]) => Ok(only),
        Err(parts) => reducer.call("null", &array(parts.into_iter()), true),
    }
}

fn array(elements: impl Iterator<Item = String>) -> String {
    format!("[{}]", elements.collect::<Vec<_>>().join(","))
}

struct Stats {
    sum: f64,
    count: usize,
    min: f64,
    max: f64,
    squares: f64,
}

impl Stats {
    fn of(rows: &[Row]) -> Result<Self, String> {
        let none = Self { sum: 0.0, count: 0, min: f64::INFINITY, max: f64::NEG_INFINITY, squares: 0.0 };
        rows.iter().try_fold(none, |stats, row| {
            let value: f64 = serde_json::from_str(&row.value)
                .map_err(|_| format!("Value is not a number (key {})", row.key_text))?;
            Ok(Self {
                sum: stats.sum + value,
                count: stats.count + 1,
                min: stats.min.min(value),
                max: stats.max.max(value),
                squares: stats.squares + value * value,
            })
        })
    }

    fn to_text(&self) -> String {
        let [sum, min, max, squares] = [self.sum, self.min, self.max, self.squares].map(number_text);
        format!(r#"{{"sum":{sum},"count":{},"min":{min},"max":{max},"sumsqr":{squares}}}"#, self.count)
    }
}

/// Whole numbers are written as such, as far as a double holds them exactly.
fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 {
        format!("{}", number as i64)
    } else {
        serde_json::Value::from(number).to_string()
    }
}
