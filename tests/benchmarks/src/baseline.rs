//! How many instructions operations took when that was last agreed on. A change that makes them dearer says so, by
//! changing the file.

use std::io;
use std::path::Path;
use std::process::Command;

/// So much more may be counted: runs differ by about one in a hundred.
const TOLERANCE: f64 = 1.04;

/// The figures of the file: one row a line, its name and its number, with a tab between them. The first line names the
/// compiler they were counted with; another one counts otherwise.
#[derive(Debug)]
pub struct Baseline {
    compiler: String,
    rows: Vec<(String, f64)>,
}

impl Baseline {
    /// Reads the file.
    ///
    /// # Errors
    /// If it cannot be read, or a line is not what it should be.
    pub fn read(file: &Path) -> io::Result<Self> {
        Self::parse(&std::fs::read_to_string(file)?).map_err(io::Error::other)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        let compiler = lines.next().and_then(|line| line.strip_prefix("# ")).ok_or("no compiler is named")?;
        let row = |line: &str| {
            let (name, number) = line.split_once('\t')?;
            Some((name.to_owned(), number.parse().ok()?))
        };
        let rows = lines.map(|line| row(line).ok_or_else(|| format!("no row and its number: {line:?}")));
        Ok(Self { compiler: compiler.to_owned(), rows: rows.collect::<Result<_, _>>()? })
    }

    /// Compares what was counted, if it was this compiler that built it.
    ///
    /// # Errors
    /// Which rows take more.
    pub fn compare(&self, counted: &[(&str, f64)]) -> io::Result<()> {
        let compiler = Command::new("rustc").arg("--version").output()?.stdout;
        let compiler = String::from_utf8_lossy(&compiler).trim().to_owned();
        if compiler != self.compiler {
            println!("not compared: counted with {compiler}, agreed on with {}", self.compiler);
            return Ok(());
        }
        let dearer = self.dearer(counted);
        if dearer.is_empty() {
            println!("no row takes more than was agreed on");
            return Ok(());
        }
        Err(io::Error::other(dearer.join("\n")))
    }

    fn dearer(&self, counted: &[(&str, f64)]) -> Vec<String> {
        let agreed = |name: &str| self.rows.iter().find(|(row, _)| row == name).map(|&(_, number)| number);
        let above = counted.iter().filter_map(|&(name, number)| {
            let agreed = agreed(name)?;
            (number > agreed * TOLERANCE)
                .then(|| format!("{name}: {number:.0} instructions, {agreed:.0} were agreed on"))
        });
        above.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_take_more_are_named_and_others_are_not() {
        let baseline =
            Baseline::parse("# rustc 1.0\nmachine alone 128\t1000\ntokio batch 128\t2000\n").unwrap();
        let dearer =
            baseline.dearer(&[("machine alone 128", 1041.0), ("tokio batch 128", 2079.0), ("other", 9.0)]);
        assert_eq!(dearer, ["machine alone 128: 1041 instructions, 1000 were agreed on"]);
        for wrong in ["", "machine alone 128\t1000", "# rustc 1.0\nmachine alone 128 1000"] {
            assert!(Baseline::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_agreed_figures_can_be_read() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.tsv");
        let baseline = Baseline::read(&file).unwrap();
        assert!(baseline.compiler.starts_with("rustc 1.") && baseline.rows.len() >= 5);
        assert!(baseline.rows.iter().all(|(row, _)| crate::rows::find(row).is_some()));
    }
}
