//! What may stand behind the `?` of a connection string.

use super::duration;
use super::nearest::nearest;
use crate::session::Mechanism;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// The options found; those that were not are `None`.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) timeout: Option<Duration>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) mechanisms: Option<Vec<Mechanism>>,
}

const KNOWN: [&str; 3] = ["timeout", "connect_timeout", "sasl_mech_force"];

/// Options of other clients that are not near to any of ours. Being known words, they may be quoted anywhere.
const ELSEWHERE: [&str; 14] = [
    "bootstrap_on",
    "certpath",
    "compression",
    "console_log_file",
    "console_log_level",
    "enable_mutation_tokens",
    "enable_tls",
    "enable_tracing",
    "http_poolsize",
    "ip_protocol",
    "keypath",
    "network",
    "ssl",
    "truststorepath",
];

impl Options {
    /// Takes one option, its value already decoded. Given twice it is an error: either could be the mistake.
    /// `is_public` says that the name cannot be part of a password.
    pub(super) fn set(&mut self, name: &str, value: &str, is_public: bool) -> Result<(), String> {
        let is_first = match name {
            "timeout" => self.timeout.replace(timeout(name, value)?).is_none(),
            "connect_timeout" => self.connect_timeout.replace(timeout(name, value)?).is_none(),
            "sasl_mech_force" => self.mechanisms.replace(mechanisms(value)?).is_none(),
            _ => return Err(unknown(name, is_public)),
        };
        if is_first { Ok(()) } else { Err(format!("{name} is given twice")) }
    }
}

/// Unless it is public, only a name that is nearly a known one is quoted. In a malformed string any other could be part
/// of a password.
fn unknown(name: &str, is_public: bool) -> String {
    match nearest(name, &KNOWN) {
        Some(known) => format!("{name} is unknown; the nearest is {known}"),
        None if is_public || ELSEWHERE.contains(&name) => {
            format!("{name} is unknown; there are {}", KNOWN.join(", "))
        }
        None => format!("unknown; there are {}", KNOWN.join(", ")),
    }
}

fn timeout(name: &str, value: &str) -> Result<Duration, String> {
    match duration::parse(value) {
        // `check_timeout` judges the length, also of durations that come from code.
        Some(timeout) => Ok(timeout),
        None => Err(format!(
            "{name} must be a duration above zero; the units are s and ms: 2.5s, 800ms, or plain seconds: 2.5"
        )),
    }
}

/// Names separated by spaces or commas.
fn mechanisms(value: &str) -> Result<Vec<Mechanism>, String> {
    let names: Vec<&str> = value.split([' ', ',']).filter(|name| !name.is_empty()).collect();
    let all: Vec<&str> = Mechanism::ALL.iter().map(|mechanism| mechanism.name()).collect();
    if names.is_empty() {
        return Err(format!("sasl_mech_force names no mechanism; there are {}", all.join(", ")));
    }
    let mut mechanisms = Vec::new();
    for name in names {
        let Some(mechanism) = Mechanism::from_name(name) else {
            let hint = match nearest_mechanism(name) {
                Some(known) => format!("the nearest is {known}"),
                None => format!("there are {}", all.join(", ")),
            };
            return Err(format!("sasl_mech_force names an unknown mechanism; {hint}"));
        };
        if !mechanisms.contains(&mechanism) {
            mechanisms.push(mechanism);
        }
    }
    Ok(mechanisms)
}

fn nearest_mechanism(name: &str) -> Option<String> {
    let lower = Mechanism::ALL.iter().map(|mechanism| mechanism.name().to_ascii_lowercase());
    let lower: Vec<String> = lower.collect();
    let known: Vec<&str> = lower.iter().map(String::as_str).collect();
    nearest(name, &known).map(|found| found.to_ascii_uppercase())
}
