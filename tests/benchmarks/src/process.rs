//! Processes: the responder's, and which cores they run on.

use rustix::thread::{CpuSet, sched_setaffinity};
use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::{env, thread};

/// A responder in a process of its own, which ends with this value.
#[derive(Debug)]
pub struct Responder {
    child: Child,
    /// The responder ends when this is closed.
    stdin: Option<ChildStdin>,
    address: SocketAddr,
}

impl Responder {
    /// Starts this program once more as the responder, on one core if one is given.
    ///
    /// # Errors
    /// If it cannot be started or does not say where it listens.
    pub fn start(core: Option<usize>) -> io::Result<Self> {
        Self::start_program(Command::new(env::current_exe()?), core)
    }

    /// The same with this program under another path.
    ///
    /// # Errors
    /// As with [`start`](Self::start).
    pub fn start_program(mut program: Command, core: Option<usize>) -> io::Result<Self> {
        program.arg("--respond").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = match core {
            // A process inherits the cores of the thread that starts it.
            Some(core) => thread::scope(|scope| {
                let start = || pin(Some(core)).and_then(|()| program.spawn());
                scope.spawn(start).join().expect("starting a process does not panic")
            })?,
            None => program.spawn()?,
        };
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let address = line
            .trim()
            .parse()
            .map_err(|_| io::Error::other(format!("the responder said {line:?} instead of its address")))?;
        let stdin = child.stdin.take();
        Ok(Self { child, stdin, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.stdin = None;
        // It has no other end.
        let _ = self.child.wait();
    }
}

/// Ends this process when its standard input ends.
pub fn end_with_stdin() {
    thread::spawn(|| {
        let mut rest = Vec::new();
        let ended = io::stdin().read_to_end(&mut rest);
        std::process::exit(i32::from(ended.is_err()));
    });
}

/// Keeps the calling thread, and what it starts from now on, on one core, or gives it all of them.
///
/// # Errors
/// If there is no such core.
pub fn pin(core: Option<usize>) -> io::Result<()> {
    let mut cores = CpuSet::new();
    match core {
        Some(core) => cores.set(core),
        None => (0..CpuSet::MAX_CPU).for_each(|core| cores.set(core)),
    }
    Ok(sched_setaffinity(None, &cores)?)
}
