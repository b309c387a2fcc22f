//! From a key to its vbucket.
//!
//! CRC-32 (IEEE, reflected) of the bare key, its bits 16 to 30, modulo the number of vbuckets. The same on every
//! client and server: a change here loses documents. The key is hashed without collection prefix.

/// The vbucket of `key` in a bucket of `count` vbuckets.
///
/// Any count works, not only powers of two; the servers' usual one is 1,024. A count of zero has no vbuckets: the
/// answer is then 0, which no map without vbuckets resolves to a node.
///
/// ```
/// use couchbase_core::topology::vbucket_of;
///
/// assert_eq!(vbucket_of(b"hello", 1024), 528);
/// assert_eq!(vbucket_of(b"hello", 64), 16);
/// ```
#[inline]
pub fn vbucket_of(key: &[u8], count: u32) -> u16 {
    let hash = (crc32fast::hash(key) >> 16) & 0x7fff;
    let vbucket = if count.is_power_of_two() {
        hash & (count - 1)
    } else if count == 0 {
        0
    } else {
        hash % count
    };
    // At most 0x7fff whatever the count, so nothing is cut off.
    vbucket as u16
}

#[cfg(test)]
mod tests {
    use super::vbucket_of;

    #[test]
    fn known_keys() {
        let long = [b'x'; 250];
        let table: [(&[u8], u32, u16, u16, u16); 12] = [
            (b"", 0, 0, 0, 0),
            (b"a", 26807, 183, 55, 55),
            (b"foo", 3187, 115, 51, 115),
            (b"bar", 30463, 767, 63, 127),
            (b"hello", 13840, 528, 16, 16),
            (b"Hello", 30673, 977, 17, 81),
            (b"key_1", 5093, 997, 37, 101),
            (b"user::1001", 29996, 300, 44, 44),
            (b"airline_10", 3433, 361, 41, 105),
            ("café".as_bytes(), 6317, 173, 45, 45),
            (&long, 2408, 360, 40, 104),
            (&[0x00, 0x01, 0x02, 0xff], 16306, 946, 50, 50),
        ];
        for (key, hash, of_1024, of_64, of_128) in table {
            assert_eq!(vbucket_of(key, 1024), of_1024, "{key:?}");
            assert_eq!(vbucket_of(key, 64), of_64, "{key:?}");
            assert_eq!(vbucket_of(key, 128), of_128, "{key:?}");
            assert_eq!(u32::from(vbucket_of(key, 65_536)), hash, "{key:?}");
            for count in 1..3_000 {
                assert_eq!(u32::from(vbucket_of(key, count)), hash % count, "{key:?} of {count}");
            }
        }
    }

    #[test]
    fn extreme_counts() {
        assert_eq!(vbucket_of(b"hello", 0), 0);
        assert_eq!(vbucket_of(b"hello", 1), 0);
        assert_eq!(vbucket_of(b"hello", u32::MAX), 13840);
    }
}
