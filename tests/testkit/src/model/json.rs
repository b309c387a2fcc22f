//! Whether a value is JSON, which decides about its datatype and about what a map function sees.

use serde::de::IgnoredAny;

/// Whether these bytes are one JSON text. As on a real server they must be UTF-8, and escapes must name characters: half
/// a surrogate pair is none. How deep the text is nested does not matter.
pub(crate) fn is_json(value: &[u8]) -> bool {
    // What is skipped over is checked for its form alone, so the two rules about characters are checked here.
    let Ok(text) = std::str::from_utf8(value) else { return false };
    serde_json::from_str::<IgnoredAny>(text).is_ok() && pairs_surrogates(text)
}

/// Whether all surrogates that a JSON text escapes come in pairs.
fn pairs_surrogates(json: &str) -> bool {
    let mut rest = json;
    let mut wants_low = false;
    while let Some(at) = rest.find('\\') {
        if wants_low && at > 0 {
            return false;
        }
        // Only strings have a backslash, and they are well-formed: one more character, or four digits behind a `u`.
        let escape = &rest[at + 1..];
        let unit = escape.strip_prefix('u').and_then(|digits| u16::from_str_radix(digits.get(..4)?, 16).ok());
        let is_low = matches!(unit, Some(0xdc00..=0xdfff));
        if is_low != wants_low {
            return false;
        }
        wants_low = matches!(unit, Some(0xd800..=0xdbff));
        rest = &escape[if unit.is_some() { 5 } else { 1 }..];
    }
    !wants_low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_count_as_well_as_form() {
        for json in [
            "1e999",
            " 1 ",
            r#""\ud83d\ude00""#,
            r#"{"\uD83D\uDE00":["\\ud800","\\\\","\u00e9\n","é"]}"#,
            r#""\ud83d\ude00\ud83d\ude00 \ud83d\ude00""#,
        ] {
            assert!(is_json(json.as_bytes()), "{json}");
        }
        for other in [
            &b""[..],
            b"[1,]",
            b"01",
            b"\"\x01\"",
            b"\xef\xbb\xbf1",
            b"{\"a\":1}{",
            b"\"\xff\"",
            b"{\"\xc3\":1}",
            b"\"\xed\xa0\x80\"",
            br#""\ud800""#,
            br#""\udc00""#,
            br#""\udc00\ud800""#,
            br#""\ud800\ud800\udc00""#,
            br#""\ud800x\udc00""#,
            br#""\ud800\n""#,
            br#"["\ud800","\udc00"]"#,
            br#"{"\udfff":1}"#,
            br#""\\\udfff""#,
        ] {
            assert!(!is_json(other), "{}", other.escape_ascii());
        }
        assert!(is_json(format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)).as_bytes()));
    }
}
