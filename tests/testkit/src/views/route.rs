//! What a request is about: bucket, design document, view.

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
}
