//! Servers that send without end, or stop in the middle.

use super::*;

#[test]
fn a_flood_ends_with_the_deadline() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let floods: [(String, &[u8]); 5] = [
        ("HTTP/1.1 200 OK\r\nX: ".to_owned(), b"x"),
        (format!("{chunked}0\r\n"), b"Trailer: x\r\n"),
        (format!("{chunked}9\r\n{{\"rows\":["), b"\r\n1\r\n "),
        ("HTTP/1.1 200 OK\r\n\r\n{\"rows\":[0".to_owned(), b",0"),
        ("HTTP/1.1 500 Oh\r\n\r\n".to_owned(), b"x"),
    ];
    for (first, again) in floods {
        let nodes = Scripted::new([vec![Act::Flood(first.clone().into_bytes(), again)]]);
        let whole = Duration::from_secs(1);
        let error = nodes.run(query(&nodes).timeout(whole).each(|_| ())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{first}");
        assert!(nodes.elapsed() < whole + Duration::from_millis(100), "{first}: {:?}", nodes.elapsed());
        assert_eq!(nodes.open(), 0);
    }
}

#[test]
fn interim_answers_without_end_are_no_answer() {
    let again = b"HTTP/1.1 100 Continue\r\n\r\n";
    let nodes = Scripted::new([vec![Act::Flood(again.to_vec(), again)]]);
    assert_eq!(failing(&nodes).0.kind(), ErrorKind::Protocol);
    assert!(nodes.reads() < 20, "{} reads", nodes.reads());
}

#[test]
fn a_refusal_counts_though_its_words_do_not_come() {
    let stalled = |status: &str| {
        Act::Stall(vec![format!("HTTP/1.1 {status}\r\nContent-Length: 50\r\n\r\n{{").into_bytes()])
    };
    let nodes = Scripted::new([vec![stalled("404 Not Found")]]);
    let error = failing(&nodes).0;
    assert!(error.kind() == ErrorKind::Http && error.to_string().contains("404"), "{error}");
    assert_eq!(nodes.elapsed(), Duration::from_secs(1));
    let busy = || vec![stalled("503 Busy"), answer(200, THREE)];
    let nodes = Scripted::new([busy(), busy()]);
    nodes.run(query(&nodes).all()).unwrap();
    assert!(nodes.elapsed() < Duration::from_secs(3), "{:?}", nodes.elapsed());
}

#[test]
fn a_look_up_that_does_not_end_leaves_time_for_another_node() {
    for script in
        [[vec![Act::Unresolved], vec![answer(200, THREE)]], [vec![answer(200, THREE)], vec![Act::Unresolved]]]
    {
        let nodes = Scripted::new(script);
        nodes.run(query(&nodes).all()).unwrap();
        assert!(nodes.elapsed() <= Duration::from_secs(10), "{:?}", nodes.elapsed());
    }
}

#[test]
fn many_small_chunks_are_one_body() {
    let mut bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for byte in THREE.bytes() {
        bytes.extend_from_slice(&[b'1', b'\r', b'\n', byte, b'\r', b'\n']);
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    let nodes = Scripted::new([vec![Act::Answer(vec![bytes])]]);
    assert_eq!(nodes.run(query(&nodes).all()).unwrap().len(), 3);
}

#[test]
fn reports_and_rows_are_what_they_look_like() {
    let odd = r#"{"rows":[["oops"]],"errors":{"from":"n1","reason":"down"}}"#;
    let nodes = Scripted::new([vec![answer(200, odd)]]);
    let rows = nodes.run(query(&nodes).all()).unwrap();
    let reports: Vec<_> = rows.errors().iter().map(|error| (&*error.from, &*error.reason)).collect();
    assert_eq!(reports, [("n1", "down")]);
    let error = rows.get(0).unwrap().value::<u8>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ValueFormat, "an array is no failed row: {error}");
}
