//! Design documents: stored, read, removed, refused; and who may do so.

use serde_json::json;

use super::*;

const MAP: &str = "function (doc, meta) { emit(meta.id, null); }";

#[test]
fn a_design_document_comes_back_as_it_was_sent() {
    let mut bench = Bench::new();
    let body = format!("{{ \"views\" : {{\"v\":{{\"map\":\"{MAP}\"}}}},\"options\":{{}}}}");
    let put = Bench::request(Method::PUT, "/b/_design/dev_a%2Fb").header("content-type", "application/json");
    let response = bench.send(put.header("host", "127.0.0.1:8092"), &body);
    assert_eq!(response.status(), 201);
    assert_eq!(text(&response), r#"{"ok":true,"id":"_design/dev_a/b"}"#);
    assert_eq!(response.headers()["location"], "http://127.0.0.1:8092/b/_design/dev%5Fa%2Fb");

    for path in ["/b/_design/dev_a%2Fb", "/b%2Bc0ffee/_design/dev_a%2fb"] {
        let response = bench.send(Bench::request(Method::GET, path), "");
        assert_eq!((response.status().as_u16(), text(&response)), (200, body.clone()));
        assert_eq!(response.headers()["content-type"], "application/json");
        let meta: serde_json::Value =
            serde_json::from_slice(response.headers()["x-couchbase-meta"].as_bytes()).unwrap();
        assert_eq!(meta["id"], "_design/dev_a/b");
        assert!(meta["rev"].as_str().unwrap().starts_with("1-"), "{meta}");
    }
    let head = bench.send(Bench::request(Method::HEAD, "/b/_design/dev_a%2Fb"), "");
    assert_eq!(head.status(), 200);

    let (status, answer) = bench.ask(Method::DELETE, "/b/_design/dev_a%2Fb", "");
    assert_eq!((status.as_u16(), answer.as_str()), (200, r#"{"ok":true,"id":"_design/dev_a/b"}"#));
    for method in [Method::GET, Method::DELETE] {
        let (status, answer) = bench.ask(method, "/b/_design/dev_a%2Fb", "");
        let (status, error, reason) = refusal(status, &answer);
        assert_eq!((status, error.as_str()), (404, "not_found"));
        assert!(reason.contains("_design/dev_a/b"), "{reason}");
    }
}

#[test]
fn a_design_document_that_breaks_a_rule_is_refused_and_changes_nothing() {
    let mut bench = Bench::new();
    bench.put_design("d", &json!({ "views": { "v": { "map": MAP } } }).to_string());
    let view = |view: serde_json::Value| json!({ "views": { "v": view } }).to_string();
    let cases = [
        ("[]".to_owned(), "object"),
        (r#"{"views":[]}"#.to_owned(), "views"),
        (view(json!(1)), "object"),
        (view(json!({})), "missing"),
        (view(json!({ "map": 1 })), "string"),
        (view(json!({ "map": "function (doc { }" })), "compile"),
        (view(json!({ "map": "1 + 1" })), "not a function"),
        (view(json!({ "map": "(function () { for (;;) {} })()" })), "compile"),
        (view(json!({ "map": MAP, "reduce": null })), "reduce"),
        (view(json!({ "map": MAP, "reduce": "_average" })), "_average"),
        (view(json!({ "map": MAP, "reduce": "function (" })), "compile"),
        (json!({ "views": { "": { "map": MAP } } }).to_string(), "name"),
        (json!({ "views": { " v": { "map": MAP } } }).to_string(), "name"),
    ];
    for (body, word) in cases {
        let (status, answer) = bench.ask(Method::PUT, "/b/_design/d", &body);
        let (status, error, reason) = refusal(status, &answer);
        assert_eq!((status, error.as_str()), (400, "invalid_design_document"), "{body}");
        assert!(reason.contains(word), "{body}: {reason}");
    }
    let (status, answer) = bench.ask(Method::PUT, "/b/_design/d", "{\"views\":");
    assert_eq!(refusal(status, &answer).1, "bad_request");
    let plain = Bench::request(Method::PUT, "/b/_design/d").header("content-type", "text/plain");
    assert_eq!(bench.send(plain, "{}").status(), 415);

    bench.query("stale=false");
    for body in [json!({}), json!({ "views": {} }), json!({ "language": "javascript" })] {
        bench.put_design("e", &body.to_string());
    }
}

#[test]
fn a_view_whose_map_stays_keeps_its_index() {
    let mut bench = Bench::with_view(&[("x", "1")], json!({ "map": MAP }));
    assert_eq!(ids(&bench.rows("")), "x");
    bench.put_design("d", &json!({ "views": { "v": { "map": MAP, "reduce": "_count" } } }).to_string());
    assert_eq!(bench.query("stale=ok"), "{\"rows\":[\r\n{\"key\":null,\"value\":1}\r\n]\r\n}");
    bench.put_design("d", &json!({ "views": { "v": { "map": format!("{MAP} ") } } }).to_string());
    assert_eq!(bench.query("stale=ok"), "{\"total_rows\":0,\"rows\":[\r\n]\r\n}");
}

#[test]
fn what_is_missing_is_named() {
    let mut bench = Bench::with_view(&[], json!({ "map": MAP }));
    let cases = [
        ("/b/_design/d/_view/w", "view `w`"),
        ("/b/_design/e/_view/v", "_design/e"),
        ("/other/_design/d/_view/v", "missing"),
        ("/b%2Bdecaf/_design/d", "uuids_dont_match"),
        ("/b/doc", "path"),
        ("/", "missing"),
    ];
    for (path, words) in cases {
        let (status, answer) = bench.ask(Method::GET, path, "");
        let (status, error, reason) = refusal(status, &answer);
        assert_eq!((status, error.as_str()), (404, "not_found"), "{path}");
        assert!(reason.contains(words), "{path}: {reason}");
    }
    let (status, answer) = bench.ask(Method::GET, "/b/_all_docs", "");
    assert_eq!(refusal(status, &answer).1, "bad_request");
}

#[test]
fn each_request_needs_a_user_with_the_right() {
    let mut bench = Bench::with_view(&[], json!({ "map": MAP }));
    let mut ask = |method: Method, path: &str, authorization: Option<&str>| {
        let mut request = ::http::Request::builder().method(method).uri(path);
        request = request.header("content-type", "application/json");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        bench.send(request, "{}")
    };
    let reader = Some("Basic cmVhZGVyOnNlY3JldA==");
    let path = "/b/_design/d/_view/v";
    for wrong in [None, Some("Basic YXBwOndyb25n"), Some("Bearer x")] {
        let response = ask(Method::GET, path, wrong);
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["www-authenticate"], "Basic realm=\"capi\"");
        assert_eq!(refusal(response.status(), &text(&response)).1, "unauthorized");
    }
    assert_eq!(ask(Method::GET, path, reader).status(), 200);
    assert_eq!(ask(Method::POST, path, reader).status(), 200);
    for response in [
        ask(Method::PUT, "/b/_design/d", reader),
        ask(Method::DELETE, "/b/_design/d", reader),
        ask(Method::GET, "/other/_design/d", reader),
    ] {
        assert_eq!(response.status(), 403);
        let body: serde_json::Value = serde_json::from_str(&text(&response)).unwrap();
        assert!(body["permissions"][0].as_str().unwrap().contains(".views!"), "{body}");
    }
}

#[test]
fn other_methods_are_refused_with_those_allowed() {
    let mut bench = Bench::with_view(&[], json!({ "map": MAP }));
    for (path, allowed) in [("/b/_design/d", "GET,HEAD,PUT,DELETE"), ("/b/_design/d/_view/v", "GET,POST")] {
        let response = bench.send(Bench::request(Method::PATCH, path), "");
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], allowed);
        assert_eq!(refusal(response.status(), &text(&response)).1, "method_not_allowed");
    }
}

#[test]
fn json_is_named_so_to_those_who_ask_for_it() {
    let mut bench = Bench::with_view(&[], json!({ "map": MAP }));
    let mut kind = |accept: &str| {
        let request = Bench::request(Method::GET, "/b/_design/d/_view/v").header("accept", accept);
        bench.send(request, "").headers()["content-type"].to_str().unwrap().to_owned()
    };
    assert_eq!(kind("*/*"), "text/plain;charset=utf-8");
    assert_eq!(kind("text/html, application/json"), "application/json");
}

#[test]
fn a_bucket_made_anew_has_no_design_documents() {
    struct Renewed<'a>(&'a Shelf);
    impl DocumentSource for Renewed<'_> {
        fn for_each(&self, bucket: &str, visit: &mut dyn FnMut(&Document)) {
            self.0.for_each(bucket, visit);
        }
        fn sequence(&self, bucket: &str) -> u64 {
            self.0.sequence(bucket)
        }
        fn placement(&self) -> Placement {
            self.0.placement()
        }

        fn authenticate(&self, user: &str, password: &str, bucket: &str) -> Access {
            self.0.authenticate(user, password, bucket)
        }
        fn bucket_uuid(&self, _bucket: &str) -> Option<String> {
            Some("decaf".to_owned())
        }
    }
    let mut bench = Bench::with_view(&[], json!({ "map": MAP }));
    let request = Bench::request(Method::GET, "/b/_design/d").body(Bytes::new()).unwrap();
    assert_eq!(bench.service.handle_request(&bench.shelf, &request).status(), 200);
    assert_eq!(bench.service.handle_request(&Renewed(&bench.shelf), &request).status(), 404);
}
