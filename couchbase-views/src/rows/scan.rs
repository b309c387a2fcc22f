//! Finds where a JSON value ends, across any cut. It only looks at what bears on that: quotes, escapes, brackets,
//! and for scalars the delimiter. Whether the value is right is judged on the whole, elsewhere; everything that is
//! right ends where this says.

use super::MAX_DEPTH;

/// The state in the middle of a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan {
    kind: Kind,
    /// Open brackets.
    depth: u32,
    in_string: bool,
    is_escaped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    String,
    Container,
    /// Number or literal: ends before the byte that cannot belong to it.
    Scalar,
}

/// More open brackets than allowed.
#[derive(Debug)]
pub(super) struct TooDeep;

impl Scan {
    /// For a value that starts with this byte.
    pub(super) fn new(first: u8) -> Self {
        let kind = match first {
            b'"' => Kind::String,
            b'{' | b'[' => Kind::Container,
            _ => Kind::Scalar,
        };
        let depth = u32::from(kind == Kind::Container);
        Self { kind, depth, in_string: kind == Kind::String, is_escaped: false }
    }

    /// Continues with the bytes after those seen so far. `Some(n)`: the value ends after `n` of them.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Result<Option<usize>, TooDeep> {
        if self.kind == Kind::Scalar {
            return Ok(bytes
                .iter()
                .position(|byte| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r')));
        }
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if self.is_escaped {
                self.is_escaped = false;
                at += 1;
                continue;
            }
            if self.in_string {
                let Some(found) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) else { break };
                at += found + 1;
                if rest[found] == b'\\' {
                    self.is_escaped = true;
                    continue;
                }
                self.in_string = false;
            } else {
                let Some(found) =
                    rest.iter().position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'))
                else {
                    break;
                };
                at += found + 1;
                match rest[found] {
                    b'"' => self.in_string = true,
                    b'{' | b'[' => self.depth += 1,
                    _ => self.depth -= 1,
                }
                if self.depth > MAX_DEPTH {
                    return Err(TooDeep);
                }
            }
            if self.depth == 0 && !self.in_string {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }
}
