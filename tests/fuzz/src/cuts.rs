//! An input in pieces, as a socket might deliver it.

use crate::mutate::Random;

/// The pieces of `data` in order, none of them empty; where it is cut depends on `data` alone.
pub(crate) fn pieces(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let seed = data.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut random = Random::new(seed);
    // Some inputs byte by byte, some in a few large pieces.
    let longest = 1 << random.below(13);
    let mut rest = data;
    std::iter::from_fn(move || {
        let len = (1 + random.below(longest)).min(rest.len());
        let piece = rest.split_off(..len)?;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_is_lost() {
        for len in [0, 1, 2, 100, 10_000] {
            let data: Vec<u8> = (0..len).map(|n| n as u8).collect();
            assert_eq!(super::pieces(&data).collect::<Vec<_>>().concat(), data);
        }
    }
}
