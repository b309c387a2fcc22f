//! The command line.

use lexopt::prelude::*;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What `--help` prints.
pub const HELP: &str = "\
What one operation costs: prints one table of one run.

  --placement same|split   client and responder on one core, or on one each (split)
  --rounds N               every row is run so often, in turn; the table has medians (15)
  --operations N           operations of a row in each round, a sixteenth with one in flight (51200)
  --instructions           instructions for one operation instead, by callgrind
  --against FILE           and fails if a row takes more than the file says (tests/benchmarks/instructions.tsv)
  --profiles DIRECTORY     keep callgrind's profiles of that there, for callgrind_annotate
  --run ROW                only this row, once, without a table; with --responder HOST:PORT
  --respond                be the responder: prints its address, ends with its standard input
";

/// Where the processes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Both on the first core.
    Same,
    /// The responder on the first, the client on the second.
    Split,
}

/// What is to be done.
#[derive(Debug)]
pub struct Arguments {
    /// Where the processes run.
    pub placement: Placement,
    /// How often each row is run.
    pub rounds: usize,
    /// Operations in each round.
    pub operations: usize,
    /// What to do.
    pub mode: Mode,
    /// Where callgrind's profiles are kept.
    pub profiles: Option<PathBuf>,
    /// How many instructions operations may take.
    pub against: Option<PathBuf>,
    /// A responder that runs already.
    pub responder: Option<SocketAddr>,
}

/// What the program is to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Mode {
    /// Print the table.
    Table,
    /// Count instructions.
    Instructions,
    /// Run one row.
    Run(String),
    /// Be the responder.
    Respond,
    /// Print the help.
    Help,
}

impl Arguments {
    /// Reads the command line of this process.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read() -> Result<Self, lexopt::Error> {
        Self::parse(lexopt::Parser::from_env())
    }

    fn parse(mut parser: lexopt::Parser) -> Result<Self, lexopt::Error> {
        let mut arguments = Self {
            placement: Placement::Split,
            rounds: 15,
            operations: 51_200,
            mode: Mode::Table,
            profiles: None,
            against: None,
            responder: None,
        };
        while let Some(argument) = parser.next()? {
            match argument {
                Long("placement") => {
                    arguments.placement = match parser.value()?.string()?.as_str() {
                        "same" => Placement::Same,
                        "split" => Placement::Split,
                        other => return Err(format!("{other} is no placement: same or split").into()),
                    };
                }
                Long("rounds") => arguments.rounds = parser.value()?.parse::<usize>()?.max(1),
                Long("operations") => arguments.operations = parser.value()?.parse::<usize>()?.max(1),
                Long("instructions") => arguments.mode = Mode::Instructions,
                Long("profiles") => arguments.profiles = Some(parser.value()?.into()),
                Long("against") => arguments.against = Some(parser.value()?.into()),
                Long("run") => arguments.mode = Mode::Run(parser.value()?.string()?),
                Long("responder") => arguments.responder = Some(parser.value()?.parse()?),
                Long("respond") => arguments.mode = Mode::Respond,
                Short('h') | Long("help") => arguments.mode = Mode::Help,
                _ => return Err(argument.unexpected()),
            }
        }
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        let words = std::iter::once("benchmarks").chain(line.split_whitespace());
        Arguments::parse(lexopt::Parser::from_iter(words)).map_err(|error| error.to_string())
    }

    #[test]
    fn options_are_read_and_wrong_ones_named() {
        let read = parse("--placement same --rounds 3 --operations 640 --instructions").unwrap();
        assert_eq!((read.placement, read.rounds, read.operations), (Placement::Same, 3, 640));
        assert_eq!(read.mode, Mode::Instructions);
        assert!(parse("--placement both").unwrap_err().contains("same or split"));
        assert!(parse("--faster").unwrap_err().contains("--faster"));
    }
}
