//! Who asks: basic authentication.

use ::http::HeaderMap;
use ::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// User and password of a request with basic authentication, both empty for one without any.
pub(crate) fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Some(Default::default()) };
    let value = value.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_basic_credentials_count() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            credentials(&headers)
        };
        assert_eq!(with("Basic dTpwOnE="), Some(("u".to_owned(), "p:q".to_owned())));
        assert_eq!(with("basic dTo="), Some(("u".to_owned(), String::new())));
        for refused in ["Basic", "Basic dQ==", "Basic *", "Basic //8=", "Bearer dTpw"] {
            assert_eq!(with(refused), None, "{refused}");
        }
        assert_eq!(credentials(&HeaderMap::new()), Some(Default::default()));
    }
}
