//! Durations in text, and which durations may be timeouts.

use crate::error::{Error, ErrorKind, Result};
use alloc::format;
use core::time::Duration;

/// Longest timeout. What is meant to last longer than a day is not a timeout, and usually a wrong unit.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Refuses zero, which nothing can meet, and what is absurdly long.
pub(crate) fn check_timeout(name: &str, timeout: Duration) -> Result<Duration> {
    if timeout.is_zero() {
        Err(Error::new(ErrorKind::Argument, format!("{name} is zero; give it at least a millisecond")))
    } else if timeout > LONGEST {
        Err(Error::new(ErrorKind::Argument, format!("{name} is {timeout:?}: it must be at most a day")))
    } else {
        Ok(timeout)
    }
}

/// `2.5s`, `800ms`, or plain seconds `2.5`. Exact to the nanosecond; what is below is cut off. `None` for anything
/// else, negative numbers included.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let (number, nanos_each) = if let Some(number) = text.strip_suffix("ms") {
        (number, 1_000_000)
    } else {
        (text.strip_suffix('s').unwrap_or(text), 1_000_000_000)
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (number, ""),
    };
    // Without a digit before the point, or with a sign, it is no number here.
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|c| c.is_ascii_digit()) {
        return None;
    }
    let mut nanos = whole.parse::<u64>().ok()?.checked_mul(nanos_each)?;
    let mut place = nanos_each;
    for digit in fraction.bytes() {
        place /= 10;
        nanos = nanos.checked_add(u64::from(digit - b'0') * place)?;
    }
    Some(Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_text() {
        let good = [
            ("2.5s", 2_500_000_000),
            ("2.5", 2_500_000_000),
            ("800ms", 800_000_000),
            ("0.5ms", 500_000),
            ("0", 0),
            ("10", 10_000_000_000),
            ("007s", 7_000_000_000),
            ("0.000000001", 1),
            ("0.0000000019999999999999999999999999", 1),
            ("18446744073.709551615s", u64::MAX),
        ];
        for (text, nanos) in good {
            assert_eq!(parse(text), Some(Duration::from_nanos(nanos)), "{text}");
        }
        let bad = [
            "",
            "s",
            "ms",
            ".",
            ".5",
            "5.",
            "-1",
            "-1s",
            "+1",
            "1 s",
            " 1",
            "1e3",
            "inf",
            "NaN",
            "1m",
            "1h",
            "1us",
            "1S",
            "1.2.3",
            "0x10",
            "1,5",
            "٣",
            "18446744073.709551616",
            "18446744074",
            "99999999999999999999999",
        ];
        for text in bad {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn as_timeout() {
        assert!(check_timeout("timeout", Duration::from_nanos(1)).is_ok());
        assert!(check_timeout("timeout", LONGEST).is_ok());
        for wrong in [Duration::ZERO, LONGEST + Duration::from_nanos(1), Duration::MAX] {
            let error = check_timeout("timeout", wrong).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument);
        }
    }
}
