//! What somebody meant who mistyped a word.

use alloc::vec::Vec;

/// The known word that is fewest insertions, deletions and replacements away from `word`; the first of several.
/// `None` if even that one shares less than half of its letters: then naming it would be a riddle.
pub(super) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let word = word.to_ascii_lowercase();
    // Far from everything, and expensive to compare.
    if word.len() > 64 {
        return None;
    }
    let (distance, best) = known
        .iter()
        .map(|&candidate| (distance(&word, candidate), candidate))
        .min_by_key(|&(distance, _)| distance)?;
    (distance <= best.len() / 2).then_some(best)
}

/// Levenshtein's distance in bytes, by rows.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, steps) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
        ] {
            assert_eq!(distance(a, b), steps, "{a} {b}");
            assert_eq!(distance(b, a), steps, "{b} {a}");
        }
    }

    #[test]
    fn words() {
        let known = ["timeout", "connect_timeout", "sasl_mech_force"];
        assert_eq!(nearest("timout", &known), Some("timeout"));
        assert_eq!(nearest("TIMEOUT", &known), Some("timeout"));
        assert_eq!(nearest("connecttimeout", &known), Some("connect_timeout"));
        assert_eq!(nearest("sasl_mech", &known), Some("sasl_mech_force"));
        assert_eq!(nearest("network", &known), None);
        assert_eq!(nearest("", &known), None);
        assert_eq!(nearest(&"timeout".repeat(1_000), &known), None);
        assert_eq!(nearest("anything", &[]), None);
    }
}
