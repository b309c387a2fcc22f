//! What becomes of values on their way to the server and back.

use crate::bench::{Bench, fails};
use couchbase_core::{Bytes, Decode, Encode, Encoded, Error, ErrorKind, Flags, Json, Raw, Result, Text};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct User {
    name: String,
    visits: u64,
    tags: Vec<String>,
}

/// Anything that serde knows, by reference; numbers and truth by value.
pub async fn json_comes_back_typed(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    let user = User { name: "Ada".into(), visits: 3, tags: vec!["a".into(), "\"é\"".into()] };
    cb.set(&key, &user).await.unwrap();
    let read = cb.get(&key).await.unwrap();
    assert_eq!(read.value::<User>().unwrap(), user);
    assert_eq!(read.flags(), Flags::JSON);
    assert!(read.value_ref::<BTreeMap<&str, serde_json::Value>>().unwrap().contains_key("tags"));

    cb.set(&key, Json(&vec![1, 2])).await.unwrap();
    assert_eq!(cb.get(&key).value::<Vec<u64>>().await.unwrap(), [1, 2]);
    cb.set(&key, true).await.unwrap();
    assert!(cb.get(&key).value::<bool>().await.unwrap());
    cb.set(&key, -1.5).await.unwrap();
    assert_eq!(cb.get(&key).value::<f64>().await.unwrap(), -1.5);
    cb.set(&key, "a \"quoted\" text").await.unwrap();
    assert_eq!(cb.get(&key).value::<String>().await.unwrap(), "a \"quoted\" text");
}

/// Bytes are not touched.
pub async fn bytes_come_back_as_they_were(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    cb.set(&key, Bytes::from_static(b"\x00\xff{")).await.unwrap();
    let read = cb.get(&key).await.unwrap();
    assert_eq!(&read.bytes()[..], b"\x00\xff{");
    assert_eq!(read.flags(), Flags::BYTES);
    let Raw(bytes) = read.value::<Raw<Bytes>>().unwrap();
    assert_eq!(&bytes[..], b"\x00\xff{");
    cb.set(&key, Raw(vec![7; 3])).await.unwrap();
    assert_eq!(cb.get(&key).await.unwrap().into_bytes(), vec![7; 3]);
}

/// Text is stored without JSON's quotes, and read as a string like JSON's.
pub async fn text_is_text(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    cb.set(&key, Text("plain é")).await.unwrap();
    let read = cb.get(&key).await.unwrap();
    assert_eq!(read.flags(), Flags::TEXT);
    assert_eq!(&read.bytes()[..], "plain é".as_bytes());
    assert_eq!(read.value::<String>().unwrap(), "plain é");
    let Text(text) = read.value::<Text<String>>().unwrap();
    assert_eq!(text, "plain é");
}

/// Other people's flags are theirs.
pub async fn flags_come_back_as_they_were(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    for bits in [0, 1, 0x0600_0000, u32::MAX] {
        cb.set(&key, Encoded::new("anything", Flags::from_bits(bits))).await.unwrap();
        let read = cb.get(&key).await.unwrap();
        assert_eq!(read.flags().bits(), bits);
        assert_eq!(&read.bytes()[..], b"anything");
    }
}

struct Celsius(f32);

impl Encode for Celsius {
    fn encode(self) -> Result<Encoded> {
        Ok(Encoded::new(self.0.to_be_bytes().to_vec(), Flags::BYTES))
    }
}

impl Decode for Celsius {
    fn decode(doc: &Encoded) -> Result<Self> {
        let bytes = doc.bytes[..].try_into().map_err(Error::value_format)?;
        Ok(Self(f32::from_be_bytes(bytes)))
    }
}

/// A type of one's own says how it is stored.
pub async fn ones_own_format(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    cb.set(&key, Celsius(36.6)).await.unwrap();
    let Celsius(read) = cb.get(&key).value().await.unwrap();
    assert_eq!(read, 36.6);
}

/// A document of another kind is not guessed at.
pub async fn the_wrong_type_is_a_format_error(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    cb.set(&key, Text("no number")).await.unwrap();
    fails(cb.get(&key).value::<u64>().await, ErrorKind::ValueFormat);
    cb.set(&key, &[1, 2]).await.unwrap();
    fails(cb.get(&key).value::<User>().await, ErrorKind::ValueFormat);
    cb.set(&key, Raw(&b"\xff"[..])).await.unwrap();
    fails(cb.get(&key).value::<String>().await, ErrorKind::ValueFormat);
    fails(cb.get(&key).optional().value::<Celsius>().await, ErrorKind::ValueFormat);
}

struct Unspeakable;

impl Serialize for Unspeakable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("it cannot be said"))
    }
}

/// The error comes from the await like every other, and the server never hears of it.
pub async fn what_cannot_be_encoded_is_not_sent(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    let error = fails(cb.set(&key, &Unspeakable).await, ErrorKind::ValueFormat);
    assert!(error.to_string().contains("it cannot be said"), "{error}");
    fails(cb.set(&key, &Unspeakable).send().await, ErrorKind::ValueFormat);
    let error = fails(cb.set(&key, &vec![1_u8, 2]).await, ErrorKind::ValueFormat);
    assert!(error.to_string().contains("Raw"), "bytes by reference would be a JSON array: {error}");
    fails(cb.get(&key).await, ErrorKind::NotFound);
}
