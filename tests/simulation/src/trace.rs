//! What happened, line by line: hashed always, printed when one seed is replayed.
//!
//! Two runs of one seed have the same hash, or something in them was not drawn from the seed.

use couchbase_core::Instant;
use std::fmt::{self, Write};

pub(crate) struct Trace {
    hash: Fnv,
    is_printed: bool,
}

struct Fnv(u64);

impl Write for Fnv {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}

impl Trace {
    pub(crate) fn new(is_printed: bool) -> Self {
        Self { hash: Fnv(0xcbf2_9ce4_8422_2325), is_printed }
    }

    pub(crate) fn note(&mut self, now: Instant, line: fmt::Arguments<'_>) {
        // Writing into a number cannot fail.
        let _ = writeln!(self.hash, "{} {line}", now.as_nanos());
        if self.is_printed {
            let micros = now.as_nanos() / 1000;
            println!("{:>6}.{:06} {line}", micros / 1_000_000, micros % 1_000_000);
        }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash.0
    }
}
