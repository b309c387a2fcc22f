//! What the reader of the output sees.

use crate::cities::{Cities, Place};
use crate::executor::Runtime;
use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, Table};
use couchbase_core::{Connection, Key};
use couchbase_testkit::Cluster;
use indicatif::HumanCount;
use std::time::Instant;

/// Rows of a table that would be longer.
const MOST_ROWS: usize = 10;

pub fn connected(cb: &Connection, runtime: Runtime, embedded: Option<&Cluster>) {
    let cluster = match embedded {
        Some(cluster) => format!("an embedded cluster of {} nodes", cluster.nodes().count()),
        None => "your cluster".to_owned(),
    };
    println!("Connected to bucket `{}` of {cluster}, on {runtime}.", cb.bucket());
}

pub fn sample(cities: &Cities) {
    let (cities, countries) = (count(cities.len()), count(cities.counts().len()));
    println!("The sample has {cities} cities in {countries} countries.\n");
}

/// The steps of the program with the time each took.
pub struct Report(Table);

impl Report {
    pub fn new() -> Self {
        Self(table(["step", "how", "answers", "ms", "per second"], [2, 3, 4]))
    }

    /// Does the work of a step and notes how many answers came in what time.
    pub fn step<T, E>(
        &mut self,
        name: &str,
        how: &str,
        work: impl FnOnce() -> Result<Vec<T>, E>,
    ) -> Result<Vec<T>, E> {
        let began = Instant::now();
        let answers = work()?;
        let seconds = began.elapsed().as_secs_f64();
        let per_second = answers.len() as f64 / seconds;
        self.0.add_row([
            name.to_owned(),
            how.to_owned(),
            count(answers.len()),
            format!("{:.1}", seconds * 1000.0),
            count(per_second as usize),
        ]);
        Ok(answers)
    }

    pub fn print(&self) {
        println!("{}", self.0);
        println!(
            "An answer is that of one operation, or one row of a view, whose time includes building its index.\n"
        );
    }
}

/// The countries with most cities; those with as many by their code.
pub fn countries(counts: &[(String, u64)]) {
    let mut counts = counts.to_vec();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut table = table(["country", "cities"], [1]);
    counts.truncate(MOST_ROWS);
    for (country, cities) in &counts {
        table.add_row([country, &cities.to_string()]);
    }
    println!("The {} countries with most cities, by a view with `_count`:\n{table}\n", counts.len());
}

/// The first cities of a country, and how many there are.
pub fn places(country: &str, places: &[(Key, Place)]) {
    let mut table = table(["city", "latitude", "longitude"], [1, 2]);
    for (_, place) in places.iter().take(MOST_ROWS) {
        table.add_row([place.name.clone(), format!("{:.3}", place.lat), format!("{:.3}", place.lng)]);
    }
    let total = count(places.len());
    println!("The cities of {country}, by a streamed view, which sorts them by name:\n{table}");
    match places.len().saturating_sub(MOST_ROWS) {
        0 => println!("{total} in all.\n"),
        more => println!("and {} more, {total} in all.\n", count(more)),
    }
}

pub fn agreed(cities: &Cities) {
    println!(
        "All answers agree with the file: {} documents, read in 4 ways, and 2 views.",
        count(cities.len())
    );
}

fn table<const COLUMNS: usize>(titles: [&str; COLUMNS], numbers: impl IntoIterator<Item = usize>) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY).set_header(titles);
    for column in numbers {
        table
            .column_mut(column)
            .expect("the header has this column")
            .set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn count(number: usize) -> String {
    HumanCount(number as u64).to_string()
}
