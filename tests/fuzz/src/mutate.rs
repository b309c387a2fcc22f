//! A seeded, deterministic mutator: the same seed makes the same inputs everywhere.

/// Longest input that a mutation makes, in bytes.
const LONGEST: usize = 64 * 1024;

/// What parsers stumble over, in text and in binary.
const INTERESTING: [&[u8]; 28] = [
    b"",
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x01\xe0\0\0",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"-1",
    b"0",
    b"1e999",
    b"65536",
    b"18446744073709551616",
    b"%",
    b"@",
    "é\u{202e}\u{feff}".as_bytes(),
];

/// Numbers that look random and are not.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Any seed will do.
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// The next number (splitmix64).
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 if there is none.
    pub fn below(&mut self, end: usize) -> usize {
        (self.number() % (end.max(1) as u64)) as usize
    }
}

/// One to eight changes to `input`, some of them with pieces of `other`.
pub fn mutate(input: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=random.below(8) {
        change(&mut bytes, other, random);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let (start, end) = range(bytes.len(), random);
    match random.below(10) {
        0 | 1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        2 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = random.number() as u8;
            }
        }
        3 => drop(bytes.splice(at..at, INTERESTING[random.below(INTERESTING.len())].iter().copied())),
        4 => {
            let new = INTERESTING[random.below(INTERESTING.len())];
            let end = (at + new.len()).min(bytes.len());
            drop(bytes.splice(at..end, new.iter().copied()));
        }
        5 => drop(bytes.drain(start..end)),
        6 => {
            let again = bytes[start..end].to_vec();
            drop(bytes.splice(at..at, again));
        }
        7 => {
            let (from, to) = range(other.len(), random);
            drop(bytes.splice(start..end, other[from..to].iter().copied()));
        }
        8 => digit(bytes, at, random),
        _ => bytes.truncate(at),
    }
}

/// The next digit at or after `at` becomes another one: numbers are where limits hide.
fn digit(bytes: &mut [u8], at: usize, random: &mut Random) {
    if let Some(digit) = bytes[at..].iter_mut().find(|byte| byte.is_ascii_digit()) {
        *digit = b'0' + random.below(10) as u8;
    }
}

/// A range within `len`, more often short than long.
fn range(len: usize, random: &mut Random) -> (usize, usize) {
    let start = random.below(len + 1);
    let longest = (len - start).min(1 << random.below(12));
    (start, start + random.below(longest + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same() {
        let made = |seed| {
            let mut random = Random::new(seed);
            (0..100).map(|_| mutate(b"{\"rev\": 12}", b"[1, 2, 3]", &mut random)).collect::<Vec<_>>()
        };
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
    }

    #[test]
    fn inputs_stay_small() {
        let mut random = Random::new(0);
        let mut bytes = Vec::new();
        for _ in 0..10_000 {
            bytes = mutate(&bytes, &[b'x'; 5_000], &mut random);
            assert!(bytes.len() <= LONGEST);
        }
    }
}
