//! What documents can be: JSON, bytes, text, a format of one's own.

mod cluster;

use bytes::Bytes;
use couchbase_tokio::{Decode, Encode, Encoded, Error, Flags, Json, Raw, Result, Text};
use serde_json::json;

// One type, its own format.
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

#[tokio::main]
async fn main() -> Result<()> {
    let cb = couchbase_tokio::connect(cluster::address()).await?;

    cb.set("json", &json!({ "a": [1, 2] })).await?; // anything Serialize, by reference
    cb.set("same", Json(&vec![1, 2])).await?; // spelled out
    cb.set("raw", Bytes::from_static(b"\x00\x01")).await?; // bytes go as they are, no copy
    cb.set("raw", Raw(vec![0, 1])).await?; // likewise from a Vec
    cb.set("text", Text("hello")).await?;
    cb.append("text", " world").await?; // append and prepend take text or bytes
    cb.prepend("raw", Raw(&b"\x02"[..])).await?;
    cb.set("flags", Encoded::new("anything", Flags::from_bits(0x0600_0000))).await?;
    cb.set("temp", Celsius(36.6)).await?;

    let doc = cb.get("raw").await?;
    let bytes: &Bytes = doc.bytes(); // never copied
    println!("{} bytes, {}", bytes.len(), doc.flags());
    let text: String = cb.get("text").value().await?; // flags say text, so no JSON quotes are expected
    let doc = cb.get("json").await?;
    let borrowed: &serde_json::value::RawValue = doc.value_ref()?;
    let Celsius(t) = cb.get("temp").value().await?;
    println!("{text} {borrowed} {t}");
    Ok(())
}
