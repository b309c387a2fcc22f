//! What a request is about: bucket, design document, view; and who asks.

use ::http::HeaderMap;
use ::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use super::refusal::Refusal;

/// The path of a request, decoded segment by segment: an encoded slash belongs to its name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) bucket: String,
    /// The UUID that may follow the bucket's name after a plus.
    pub(super) uuid: Option<String>,
    pub(super) target: Target,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    Design { design: String },
    View { design: String, view: String },
    AllDocuments,
    Unknown,
}

impl Route {
    pub(super) fn parse(path: &str) -> Result<Self, Refusal> {
        let segments = path
            .trim_start_matches('/')
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8().map(|name| name.into_owned()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| Refusal::bad_request("the path is not UTF-8"))?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (&bucket, rest) = segments.split_first().unwrap_or((&"", &[]));
        let target = match rest {
            ["_design", design] if !design.is_empty() => Target::Design { design: (*design).to_owned() },
            ["_design", design, "_view", view] if !design.is_empty() => {
                Target::View { design: (*design).to_owned(), view: (*view).to_owned() }
            }
            ["_all_docs"] => Target::AllDocuments,
            _ => Target::Unknown,
        };
        let (bucket, uuid) = match bucket.split_once('+') {
            Some((bucket, uuid)) => (bucket, Some(uuid.to_owned())),
            None => (bucket, None),
        };
        Ok(Self { bucket: bucket.to_owned(), uuid, target })
    }
}

/// User and password of a request with basic authentication, both empty for one without any.
pub(super) fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
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
    fn segments_are_decoded_after_the_path_is_split() {
        let route = Route::parse("/b%2Bffee/_design/a%2Fb%20c/_view/v%3F").unwrap();
        assert_eq!(
            route,
            Route {
                bucket: "b".to_owned(),
                uuid: Some("ffee".to_owned()),
                target: Target::View { design: "a/b c".to_owned(), view: "v?".to_owned() },
            }
        );
        assert_eq!(Route::parse("/b/_all_docs").unwrap().target, Target::AllDocuments);
        assert_eq!(Route::parse("/b/_design/").unwrap().target, Target::Unknown);
        assert_eq!(Route::parse("/").unwrap().target, Target::Unknown);
        assert!(Route::parse("/%ff").is_err());
    }

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
