//! Servers that send without end.

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
