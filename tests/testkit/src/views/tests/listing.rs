//! The list of design documents that the management service gives.

use serde_json::json;

use super::*;

fn listed(bench: &mut Bench) -> serde_json::Value {
    let response = bench.service.list_designs("b", "c0ffee".to_owned()).expect("this build has views");
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/json");
    serde_json::from_str(&text(&response)).unwrap()
}

#[test]
fn design_documents_are_listed_by_id_with_their_meta_data() {
    let mut bench = Bench::new();
    assert_eq!(listed(&mut bench), json!({ "rows": [] }));
    let views = json!({ "views": { "v": { "map": BY_K, "reduce": "_count" } } });
    bench.put_design("dev_x", &views.to_string());
    assert_eq!(bench.ask(Method::PUT, "/b/_design/a%2Fb%20c", "{}").0, 201);
    bench.put_design("dev_x", &views.to_string());
    let rows = listed(&mut bench)["rows"].take();
    let controllers = |id: &str| {
        let path = format!("/pools/default/buckets/b/ddocs/{id}/controller");
        json!({ "compact": format!("{path}/compactView"), "setUpdateMinChanges": format!("{path}/setUpdateMinChanges") })
    };
    assert_eq!(
        rows,
        json!([
            {
                "doc": { "meta": { "id": "_design/a/b c", "rev": "1-0" }, "json": {} },
                "controllers": controllers("_design%2Fa%2Fb+c"),
            },
            {
                "doc": { "meta": { "id": "_design/dev_x", "rev": "2-0" }, "json": views },
                "controllers": controllers("_design%2Fdev_x"),
            },
        ])
    );
    bench.ask(Method::DELETE, "/b/_design/dev_x", "");
    assert_eq!(listed(&mut bench)["rows"].as_array().map(Vec::len), Some(1));
}
