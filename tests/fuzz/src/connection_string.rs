//! Connection strings: what was understood, written out again in full, is understood the same.

use couchbase_core::{Checked, Config, ErrorKind};
use std::fmt::Write;
use std::time::Duration;

/// Reads `data` as a connection string.
pub fn connection_string(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let config = Config::new(text.as_ref());
    assert!(!format!("{config:?}").is_empty());
    match config.check() {
        Ok(checked) => {
            assert!(!checked.seeds.is_empty() && !checked.bucket.is_empty());
            assert!(!checked.timeout.is_zero() && !checked.connect_timeout.is_zero());
            let again = Config::new(written(&checked)).check().expect("what was written is right");
            assert_eq!(format!("{again:?}"), format!("{checked:?}"));
            let password = |checked: &Checked| {
                checked.credentials.as_ref().map(|credentials| credentials.password().reveal().to_owned())
            };
            assert_eq!(password(&again), password(&checked));
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Argument);
            assert!(error.to_string().len() < 400, "{error}");
        }
    }
}

fn written(checked: &Checked) -> String {
    let login = match &checked.credentials {
        Some(login) => format!("{}:{}@", escaped(login.user()), escaped(login.password().reveal())),
        None => String::new(),
    };
    let hosts: Vec<String> = checked
        .seeds
        .iter()
        .map(|seed| match seed.host.contains(':') {
            true => format!("[{}]:{}", seed.host, seed.port),
            false => format!("{}:{}", seed.host, seed.port),
        })
        .collect();
    let mut text = format!(
        "couchbase://{login}{}/{}?timeout={}&connect_timeout={}",
        hosts.join(";"),
        escaped(&checked.bucket),
        seconds(checked.timeout),
        seconds(checked.connect_timeout),
    );
    if let Some(mechanisms) = &checked.mechanisms {
        let names: Vec<&str> = mechanisms.iter().map(|mechanism| mechanism.name()).collect();
        text += &format!("&sasl_mech_force={}", escaped(&names.join(" ")));
    }
    text
}

fn seconds(duration: Duration) -> String {
    format!("{}.{:09}s", duration.as_secs(), duration.subsec_nanos())
}

/// Every byte as an escape.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "%{byte:02x}");
        out
    })
}
