//! What is accepted, and every row of it: as `serde_json` reads the whole.

use crate::{Read, read, samples, whole};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The same answer as `serde_json` reads it, with the machine's decisions on top.
struct Oracle<'a> {
    rows: Vec<&'a RawValue>,
    total_rows: u64,
}

impl<'de> Deserialize<'de> for Oracle<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Oracle<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an answer")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Oracle<'de>, A::Error> {
                use serde::de::Error;
                let mut seen = Vec::new();
                let mut oracle = Oracle { rows: Vec::new(), total_rows: 0 };
                while let Some(name) = map.next_key::<&RawValue>()? {
                    let name = serde_json::from_str::<String>(name.get()).unwrap_or_default();
                    let known = ["rows", "total_rows", "errors", "error", "reason", "debug_info"];
                    if known.contains(&&*name) && seen.contains(&name) {
                        return Err(A::Error::custom("twice"));
                    }
                    match &*name {
                        "rows" => oracle.rows = map.next_value()?,
                        "total_rows" => oracle.total_rows = map.next_value()?,
                        "error" => {
                            if map.next_value::<&RawValue>()?.get() == "null" {
                                continue;
                            }
                        }
                        _ => drop(map.next_value::<&RawValue>()?),
                    }
                    seen.push(name);
                }
                if !seen.iter().any(|name| name == "rows" || name == "error") {
                    return Err(A::Error::custom("neither rows nor error"));
                }
                Ok(oracle)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

fn agrees(body: &[u8], read: &Read) {
    let shown = || String::from_utf8_lossy(body).into_owned();
    match serde_json::from_slice::<Oracle<'_>>(body) {
        Ok(oracle) => {
            assert_eq!(read.outcome, Ok(()), "{}", shown());
            let rows: Vec<_> = oracle.rows.iter().map(|row| row.get()).collect();
            assert_eq!(read.rows, rows, "{}", shown());
            assert_eq!(read.total_rows, Some(oracle.total_rows), "{}", shown());
        }
        Err(error) => assert!(read.outcome.is_err(), "accepted, but {error}: {}", shown()),
    }
}

#[test]
fn samples_agree_with_serde_json_at_every_cut() {
    for body in samples() {
        let expected = whole(&body);
        assert_eq!(expected.outcome, Ok(()), "{}", String::from_utf8_lossy(&body));
        agrees(&body, &expected);
        for cut in 0..=body.len() {
            let (a, b) = body.split_at(cut);
            assert_eq!(read([a, b]), expected, "cut at {cut}");
        }
        for step in [1, 2, 3, 5, 7, 13, 63, 64, 65] {
            assert_eq!(read(body.chunks(step)), expected, "steps of {step}");
        }
    }
}

/// Deterministic noise over the samples: accept or reject, and every row, as `serde_json` on the whole.
#[test]
fn mutations_agree_with_serde_json() {
    let mut noise = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        usize::try_from(noise % below as u64).unwrap()
    };
    let samples = samples();
    let small: Vec<_> = samples.iter().filter(|body| body.len() < 600).collect();
    let interesting = b"{}[]\",:\\u0e+-.1tfn \n\x00\xff\xc3";
    let mut outcomes = [0; 2];
    for _ in 0..30_000 {
        let mut body = small[next(small.len())].clone();
        for _ in 0..=next(2) {
            let at = next(body.len());
            match next(6) {
                0 => body[at] = interesting[next(interesting.len())],
                1 => drop(body.remove(at)),
                2 => body.insert(at, interesting[next(interesting.len())]),
                3 => body.swap(at, 0),
                4 => {
                    let end = at + next(body.len() - at);
                    let piece = body[at..end].to_vec();
                    let to = next(body.len());
                    body.splice(to..to, piece);
                }
                _ => body[at] ^= 1 << next(8),
            }
            if body.is_empty() {
                body.push(b'{');
            }
        }
        let once = whole(&body);
        agrees(&body, &once);
        let cut = read(body.chunks(1 + next(body.len())));
        assert_eq!(cut.rows, once.rows);
        assert_eq!(cut.outcome.is_ok(), once.outcome.is_ok());
        outcomes[usize::from(once.outcome.is_ok())] += 1;
    }
    assert!(outcomes.iter().all(|&count| count > 3_000), "{outcomes:?}");
}
