//! The grammar of connection strings; [`Config`](super::Config) documents it for users.
//!
//! No error text quotes a piece that could be part of a password, in however malformed a string: hosts and options
//! are named by their place, and a word is quoted only if it is nearly a known one, or an option's name in a string
//! that has no place for a password.

use super::Seed;
use super::nearest::nearest;
use super::options::Options;
use crate::session::Secret;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::Ipv6Addr;

const DEFAULT_HOST: &str = "127.0.0.1";
const DEFAULT_PORT: u16 = 11210;
const NO_TLS: &str = "couchbases:// (TLS) is not supported yet; couchbase:// is, without encryption";

/// What a string says.
#[derive(Debug)]
pub(super) struct ConnectionString {
    pub(super) seeds: Vec<Seed>,
    pub(super) bucket: Option<String>,
    pub(super) login: Option<Login>,
    pub(super) options: Options,
}

/// A user whose password may be given elsewhere.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: Option<Secret>,
}

/// An error in words, which name no secret.
type Parsed<T> = Result<T, String>;

pub(super) fn parse(text: &str) -> Parsed<ConnectionString> {
    // Usually a variable that was not set: 127.0.0.1 would be a surprise.
    if text.trim().is_empty() {
        return Err("it is empty, so there is no address; it is written as couchbase://host/bucket".into());
    }
    let rest = without_scheme(text)?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    // An unescaped / or ? in a password would make its first half a port and its second a bucket or an option.
    if tail.contains('@') {
        return Err("an @ stands after the first / or ?: in user and password write / as %2F and ? as %3F, \
                    and elsewhere @ as %40"
            .into());
    }
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));

    // The last @: one that belongs to the password does no harm.
    let (login, hosts) = match authority.rsplit_once('@') {
        Some((login, hosts)) => (Some(read_login(login)?), hosts),
        None => (None, authority),
    };
    let bucket = match path.strip_prefix('/') {
        None | Some("") => None,
        Some(name) => Some(decode(name).ok_or("the bucket has a broken % escape: write % as %25")?),
    };
    // A password stands behind a : and before an @. With neither of them, and with everything before the ? in its
    // place, nobody has tried to write one.
    let has_no_password = rest.len() < text.len() && path.len() > 1 && !rest.contains([':', '@']);
    let seeds = read_hosts(hosts)?;
    Ok(ConnectionString { seeds, bucket, login, options: read_options(query, has_no_password)? })
}

/// Without a scheme it is `couchbase`.
fn without_scheme(text: &str) -> Parsed<&str> {
    if let Some(scheme) = incomplete_scheme(text) {
        return Err(match scheme {
            "couchbase" => "the :// after couchbase is missing; write couchbase://host/bucket".into(),
            _ => NO_TLS.into(),
        });
    }
    let Some((scheme, rest)) = text.split_once("://") else { return Ok(text) };
    if scheme.eq_ignore_ascii_case("couchbase") {
        return Ok(rest);
    }
    if scheme.eq_ignore_ascii_case("couchbases") {
        return Err(NO_TLS.into());
    }
    match nearest(scheme, &["couchbase", "couchbases"]) {
        Some(known) => Err(format!("there is no scheme {scheme}://; the nearest is {known}://")),
        None => Err("the scheme before :// is not known; it must be couchbase".into()),
    }
}

/// The scheme that the string begins with, if a part of its `://` is missing. A host may have that name too, and a user:
/// then a port follows, or a password with its `@`.
fn incomplete_scheme(text: &str) -> Option<&'static str> {
    let (word, rest) = text.split_at(text.find([':', '/'])?);
    let scheme = ["couchbase", "couchbases"].into_iter().find(|known| word.eq_ignore_ascii_case(known))?;
    let is_incomplete = match rest.strip_prefix(':') {
        Some(after) if after.starts_with("//") => false,
        Some(after) if after.starts_with('/') => true,
        Some(after) => {
            let port = after.split(['/', '?', ',', ';']).next().unwrap_or_default();
            !after.contains('@') && !port.bytes().all(|c| c.is_ascii_digit())
        }
        None => rest.starts_with("//"),
    };
    is_incomplete.then_some(scheme)
}

fn read_login(login: &str) -> Parsed<Login> {
    let (user, password) = match login.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (login, None),
    };
    let decode = |text| decode(text).ok_or("user or password has a broken % escape: write % as %25");
    Ok(Login { user: decode(user)?, password: password.map(decode).transpose()?.map(Secret::new) })
}

fn read_hosts(hosts: &str) -> Parsed<Vec<Seed>> {
    let mut seeds = Vec::new();
    let is_list = hosts.contains([',', ';']);
    for (at, text) in hosts.split([',', ';']).enumerate() {
        if is_list && text.is_empty() {
            return Err(format!("host {} of the list is empty", at + 1));
        }
        let seed = read_host(text).map_err(|words| format!("host {}: {words}", at + 1))?;
        if !seeds.contains(&seed) {
            seeds.push(seed);
        }
    }
    Ok(seeds)
}

fn read_host(text: &str) -> Parsed<Seed> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (address, after) = rest.split_once(']').ok_or("a [ without its ]")?;
        address.parse::<Ipv6Addr>().map_err(|_| "no IPv6 address stands between [ and ]")?;
        match (after, after.strip_prefix(':')) {
            (_, Some(port)) => (address, Some(port)),
            ("", None) => (address, None),
            _ => return Err("only :port may follow the ]".into()),
        }
    } else {
        match text.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err(
                    "more than one colon: write IPv6 in brackets, and :password only before an @".into()
                );
            }
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
    if !host.contains(':') && !host.chars().all(is_name) {
        return Err("a character that no host name has".into());
    }
    if host.len() > 255 {
        return Err("longer than the 255 bytes of a host name".into());
    }
    let host = if host.is_empty() { DEFAULT_HOST } else { host };
    Ok(Seed { host: host.to_string(), port: port.map_or(Ok(DEFAULT_PORT), read_port)? })
}

fn read_port(text: &str) -> Parsed<u16> {
    let is_number = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let port = text.parse::<u16>().ok().filter(|&port| is_number && port != 0);
    let service = match port {
        None => return Err("its port is not a number from 1 to 65535".into()),
        Some(8091) => "management",
        Some(18091) => "management with TLS",
        Some(11207) => "data with TLS",
        Some(port) => return Ok(port),
    };
    Err(format!("its port is that of {service}; the port of data is meant, {DEFAULT_PORT} unless changed"))
}

fn read_options(query: &str, has_no_password: bool) -> Parsed<Options> {
    let mut options = Options::default();
    for (at, option) in query.split('&').filter(|option| !option.is_empty()).enumerate() {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let named = |words| format!("option {}: {words}", at + 1);
        let value = decode(value).ok_or_else(|| named("a broken % escape: write % as %25".into()))?;
        // What does not look like a name is not quoted even there.
        let is_public = has_no_password && option.contains('=') && looks_like_a_name(name);
        options.set(name, &value, is_public).map_err(named)?;
    }
    Ok(options)
}

fn looks_like_a_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|c| c.is_ascii_lowercase() || c == b'_')
}

/// `None` if a `%` is not followed by two hexadecimal digits, or the bytes are not UTF-8.
fn decode(text: &str) -> Option<String> {
    let is_escape = |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|c| c.is_ascii_hexdigit());
    if !text.split('%').skip(1).all(is_escape) {
        return None;
    }
    percent_encoding::percent_decode_str(text).decode_utf8().ok().map(String::from)
}
