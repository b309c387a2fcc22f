//! The whole machine, with nodes that say anything at any time, and an application that does as it likes.
//!
//! The input is a sequence of happenings, see [`happen`](Play::happen): one byte chooses which, those after it choose
//! whatever it needs. What is missing at the end counts as zero, and an input that is used up ends the play: everything
//! is closed, and by then every operation has ended.

mod bytes;
mod cluster;
mod nodes;
mod operations;
mod promises;

use bytes::Bytes;
use couchbase_core::machine::{Client, LinkLoss};
use couchbase_core::{Config, Instant};
use nodes::Nodes;
use operations::Operations;
use promises::Said;
use std::time::Duration;

/// Longest time that a deadline is exceeded by.
const LATE: Duration = Duration::from_millis(16);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer timeouts than this are not waited for in the end.
const PATIENCE: Duration = Duration::from_secs(20);

/// Plays `data` to a machine.
pub fn machine(data: &[u8]) {
    play(data);
}

/// How many operations ended well.
fn play(data: &[u8]) -> usize {
    let mut bytes = Bytes::new(data);
    let mut play = Play::begin(&mut bytes);
    while !bytes.is_empty() {
        play.happen(&mut bytes);
        play.look();
    }
    play.end();
    play.operations.succeeded
}

struct Play {
    client: Client,
    now: Instant,
    nodes: Nodes,
    operations: Operations,
    said: Said,
}

impl Play {
    /// The first byte chooses the configuration.
    fn begin(bytes: &mut Bytes<'_>) -> Self {
        let choice = bytes.byte();
        let hosts = ["10.0.0.1", "10.0.0.1,10.0.0.2", "db.example,10.0.0.1", "[fd00::1],db.example"];
        let hosts = hosts[usize::from(choice & 3)];
        let mut config = Config::new(format!("couchbase://{hosts}/default?sasl_mech_force=PLAIN"));
        if choice & 4 != 0 {
            config = config.credentials("app", "app-secret");
        }
        if choice & 8 != 0 {
            config = config.max_in_flight(3).max_queued(5);
        }
        if choice & 16 != 0 {
            config = config.max_in_flight_bytes(2_000);
        }
        let now = Instant::ZERO + Duration::from_secs(1);
        let client = Client::new(config.connect_timeout(CONNECT_TIMEOUT), 1, now).expect("valid");
        let mut play = Self {
            client,
            now,
            nodes: Nodes::default(),
            operations: Operations::default(),
            said: Said::default(),
        };
        play.look();
        // Without a connection there is little to break: most inputs have one, and nodes of some maps.
        if choice & 32 == 0 {
            play.nodes.go_on(&mut play.client, 0, play.now);
            play.look();
            play.nodes.go_on(&mut play.client, 0, play.now);
            play.look();
        }
        play
    }

    fn happen(&mut self, bytes: &mut Bytes<'_>) {
        let (client, now) = (&mut self.client, self.now);
        match bytes.byte() % 20 {
            0..4 => self.operations.submit(client, bytes, now),
            4 => self.operations.cancel(client, bytes, now),
            5 => self.operations.put_off(client, bytes),
            6 => self.nodes.resolve(client, bytes, now),
            7 => self.nodes.connect(client, bytes, now),
            8 => self.nodes.lose(client, bytes, now),
            9 => self.nodes.go_on(client, bytes.index(), now),
            10 => self.nodes.pull(client, bytes),
            11..14 => self.nodes.reply(client, bytes, now),
            14 => self.nodes.push(client, bytes, now),
            15 => self.nodes.babble(client, bytes, now),
            16 => self.nodes.change(bytes),
            17 => client.handle_unix_time(Duration::from_secs(bytes.number()), now),
            18 if bytes.byte() == 0xc1 => {
                client.close(now);
                self.operations.is_closing = true;
            }
            // Timers may fire early, and a clock may stand still.
            18 => client.handle_timeout(now),
            _ => self.pass(Duration::from_micros(1 << (bytes.byte() % 26))),
        }
    }

    /// Takes what the machine says, and holds it to its promises.
    fn look(&mut self) {
        while let Some(event) = self.client.poll_event() {
            self.said.check(&event);
            self.nodes.hear(&event);
            self.operations.hear(event, self.now);
        }
        assert!(!self.client.has_events());
        self.operations.check(&self.client, self.nodes.count(), self.now);
    }

    /// Time passes, timer by timer, as long as there are any.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        let mut timers = 0_u32;
        while let Some((at, _)) = self.client.poll_timeout().filter(|&(at, _)| at <= end) {
            self.now = self.now.max(at);
            self.client.handle_timeout(self.now);
            self.look();
            let next = self.client.poll_timeout();
            assert!(next.is_none_or(|(at, _)| at > self.now), "{next:?} is due at {:?}", self.now);
            timers += 1;
            assert!(timers < 100_000, "timers without end");
        }
        self.now = end;
    }

    /// Closes, and waits: every operation ends in its time, every link is closed, and nothing is left.
    fn end(&mut self) {
        self.client.close(self.now);
        self.operations.is_closing = true;
        self.look();
        self.operations.withdraw(&mut self.client, PATIENCE, self.now);
        self.look();
        self.pass(CONNECT_TIMEOUT + PATIENCE + LATE);
        self.operations.check_all_ended();
        self.nodes.check_all_closed();
        assert!(self.said.is_over(), "closed, and it does not say so");
        assert!(self.client.poll_timeout().is_none(), "closed, and it waits for something");
        assert!(self.client.poll_dirty().is_none(), "closed, and it has something to write");
        let metrics = self.client.metrics();
        assert_eq!((metrics.in_flight, metrics.in_line, metrics.orphans), (0, 0, 0));
    }
}

/// How a socket may end.
fn loss(choice: u8) -> LinkLoss {
    match choice % 4 {
        0 => LinkLoss::Refused,
        1 => LinkLoss::Reset,
        2 => LinkLoss::Eof,
        _ => LinkLoss::Failed("no route to host".into()),
    }
}

#[cfg(test)]
mod tests {
    /// Without inputs that get far, mutations would only exercise the beginning.
    #[test]
    fn the_corpus_gets_far() {
        for (input, succeeded) in [
            (&include_bytes!("../corpus/machine/gets_and_sets")[..], 6),
            (include_bytes!("../corpus/machine/not_my_vbucket"), 2),
            (include_bytes!("../corpus/machine/node_leaves_and_returns"), 3),
            (include_bytes!("../corpus/machine/lost_links"), 5),
            (include_bytes!("../corpus/machine/at_the_limit"), 5),
            (include_bytes!("../corpus/machine/temporary_failures"), 1),
            (include_bytes!("../corpus/machine/login_and_names"), 2),
            (include_bytes!("../corpus/machine/pushed_maps"), 3),
            (include_bytes!("../corpus/machine/closes_early"), 2),
            (include_bytes!("../corpus/machine/odd_replies"), 5),
            (include_bytes!("../corpus/machine/cut_replies"), 2),
        ] {
            assert!(super::play(input) >= succeeded, "{}", input.escape_ascii());
        }
    }
}
