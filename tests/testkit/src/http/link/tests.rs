//! One link under every cut of its input, its limits, what is no HTTP, and faults.

use super::*;
use crate::http::{Body, json_response};
use ::http::HeaderValue;

fn link() -> ServerLink {
    ServerLink::new(Limits::default())
}

fn sent(link: &mut ServerLink) -> String {
    let mut all = Vec::new();
    while let Some(bytes) = link.poll_transmit() {
        all.extend_from_slice(&bytes);
    }
    String::from_utf8(all).unwrap()
}

/// Answers each request with its own method, path and body.
fn echo(request: &Request) -> Response {
    let body = String::from_utf8_lossy(request.body()).into_owned();
    Response::new(Body::Whole(format!("{} {} {body}", request.method(), request.uri()).into()))
}

fn serve(link: &mut ServerLink) -> usize {
    let mut served = 0;
    while let Some(request) = link.poll_request() {
        let response = echo(&request);
        link.respond(response, None);
        served += 1;
    }
    served
}

const REQUESTS: &str = "GET /a?x=1 HTTP/1.1\r\nhost: h\r\nconnection:\r\n\r\n\
    POST /b HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\nhello\
    PUT /c HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nfoo\r\n3\r\nbar\r\n0\r\n\r\n\
    POST /d HTTP/1.1\r\nhost: h\r\n\r\n\
    DELETE /e HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";

const ANSWERS: &str = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nGET /a?x=1 \
    HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nPOST /b hello\
    HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nPUT /c foobar\
    HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nPOST /d \
    HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nDELETE /e ";

#[test]
fn pipelined_requests_are_answered_alike_wherever_the_input_is_cut() {
    let answers = ANSWERS.replace("Content-Length: 12", "Content-Length: 11");
    for cut in 0..=REQUESTS.len() {
        let mut link = link();
        link.handle_received(&REQUESTS.as_bytes()[..cut]);
        let mut served = serve(&mut link);
        link.handle_received(&REQUESTS.as_bytes()[cut..]);
        served += serve(&mut link);
        assert_eq!(served, 5, "cut at {cut}");
        assert_eq!(sent(&mut link), answers, "cut at {cut}");
        assert!(link.is_closed(), "the last request asked for it");
    }
    let mut link = link();
    for byte in REQUESTS.as_bytes() {
        link.handle_received(&[*byte]);
        serve(&mut link);
    }
    assert_eq!(sent(&mut link), answers);
}

#[test]
fn header_names_are_spelled_as_a_real_server_spells_them() {
    let mut link = link();
    link.handle_received(b"GET / HTTP/1.1\r\n\r\n");
    link.poll_request().unwrap();
    let mut response = json_response(200, "x-y: z\r\n");
    for name in ["x-couchbase-meta", "www-authenticate"] {
        response.headers_mut().insert(name, HeaderValue::from_static("a-b: c-d"));
    }
    link.respond(response, None);
    assert_eq!(
        sent(&mut link),
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Couchbase-Meta: a-b: c-d\r\n\
         WWW-Authenticate: a-b: c-d\r\nContent-Length: 8\r\n\r\nx-y: z\r\n"
    );
}

#[test]
fn chunks_are_the_pieces_of_the_body() {
    let mut link = link();
    link.handle_received(b"GET / HTTP/1.1\r\n\r\n");
    link.poll_request().unwrap();
    let pieces = ["first", "", "second piece of 26 bytes.."].map(Bytes::from).to_vec();
    link.respond(Response::new(Body::Chunks(pieces)), None);
    assert_eq!(
        sent(&mut link),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
         5\r\nfirst\r\n1a\r\nsecond piece of 26 bytes..\r\n0\r\n\r\n"
    );
    assert!(!link.is_closed());
}

#[test]
fn a_body_longer_than_the_writers_room_arrives_whole() {
    let mut link = link();
    link.handle_received(b"GET / HTTP/1.0\r\n\r\n");
    link.poll_request().unwrap();
    let pieces: Vec<Bytes> = (0..4u8).map(|n| vec![b'a' + n; 30_000].into()).collect();
    let whole: Vec<u8> = pieces.concat();
    link.respond(Response::new(Body::Chunks(pieces)), None);
    let sent = sent(&mut link);
    // A client of HTTP/1.0 gets no chunks, and no second request.
    assert!(sent.starts_with("HTTP/1.1 200 OK\r\nContent-Length: 120000\r\n\r\n"), "{}", &sent[..80]);
    assert!(sent.as_bytes().ends_with(&whole));
    assert!(link.is_closed());
}

#[test]
fn head_gets_the_length_without_the_body() {
    let mut link = link();
    link.handle_received(b"HEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    link.poll_request().unwrap();
    link.respond(Response::new(Body::Whole(Bytes::from_static(b"0123456789"))), None);
    assert_eq!(sent(&mut link), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    assert!(link.poll_request().is_some(), "the link goes on");
}

#[test]
fn a_client_that_waits_for_the_go_ahead_gets_it() {
    let mut link = link();
    link.handle_received(b"PUT / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
    assert!(link.poll_request().is_none());
    assert_eq!(sent(&mut link), "HTTP/1.1 100 Continue\r\n\r\n");
    link.handle_received(b"{}");
    assert_eq!(&link.poll_request().unwrap().body()[..], b"{}");
}

#[test]
fn what_is_no_http_gets_400_and_the_end() {
    let cases: &[&[u8]] = &[
        b"\x80\x1f\x00\x00",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ];
    for case in cases {
        let name = String::from_utf8_lossy(case);
        let mut link = link();
        link.handle_received(case);
        assert!(link.poll_request().is_none(), "{name}");
        let answer = sent(&mut link);
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{name}: {answer}");
        assert!(answer.contains("Connection: close\r\n") && answer.contains(r#""error":"bad_request""#));
        assert!(link.is_closed(), "{name}");
        link.handle_received(b"GET / HTTP/1.1\r\n\r\n");
        assert!(link.poll_request().is_none(), "{name}: nothing is read any more");
    }
}

#[test]
fn requests_beyond_the_limits_are_refused() {
    let limits = Limits { head: 200, body: 100 };
    let cases = [
        format!("GET /{} HTTP/1.1\r\n", "x".repeat(250)),
        format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(250)),
        "PUT / HTTP/1.1\r\ncontent-length: 101\r\n\r\n".to_owned(),
        format!("PUT / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n65\r\n{}\r\n", "y".repeat(0x65)),
        "z".repeat(301),
    ];
    for case in &cases {
        let mut link = ServerLink::new(limits);
        link.handle_received(case.as_bytes());
        assert!(link.poll_request().is_none(), "{case}");
        let answer = sent(&mut link);
        assert!(answer.starts_with("HTTP/1.1 413 "), "{case}: {answer}");
        assert!(link.is_closed());
    }
    let mut link = ServerLink::new(limits);
    link.handle_received(
        format!("PUT / HTTP/1.1\r\ncontent-length: 100\r\n\r\n{}", "y".repeat(100)).as_bytes(),
    );
    assert_eq!(link.poll_request().unwrap().body().len(), 100);
    // Behind a request that awaits its answer no more than one may wait.
    assert!(!link.wants_input());
    link.handle_received(&[b' '; 301]);
    assert!(sent(&mut link).starts_with("HTTP/1.1 413 "));
}

fn faulty(fault: &Fault) -> (ServerLink, String) {
    let mut link = link();
    link.handle_received(b"GET / HTTP/1.1\r\n\r\n");
    link.poll_request().unwrap();
    let pieces = ["0123456789", "abcdefghij"].map(Bytes::from).to_vec();
    link.respond(Response::new(Body::Chunks(pieces)), Some(fault));
    let sent = sent(&mut link);
    (link, sent)
}

#[test]
fn faults_cut_stall_and_replace_the_answer() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    let (link, sent) = faulty(&Fault::Close { after: None });
    assert_eq!((sent.as_str(), link.is_closed()), ("", true));

    let (link, sent) = faulty(&Fault::Close { after: Some(0) });
    assert_eq!((sent.as_str(), link.is_closed()), (HEAD, true));

    let (link, sent) = faulty(&Fault::Close { after: Some(13) });
    assert_eq!((sent, link.is_closed()), (format!("{HEAD}a\r\n0123456789\r\n3\r\nabc\r\n"), true));

    let (link, sent) = faulty(&Fault::Stall { after: None });
    assert_eq!((sent.as_str(), link.is_closed(), link.is_stalled()), ("", false, true));

    let (mut link, sent) = faulty(&Fault::Stall { after: Some(3) });
    assert_eq!((sent, link.is_stalled()), (format!("{HEAD}3\r\n012\r\n"), true));
    link.handle_received(b"GET / HTTP/1.1\r\n\r\n");
    assert!(link.poll_request().is_none(), "a stalled link answers nothing any more");

    let fault = Fault::Answer { status: 503, body: Bytes::from_static(b"busy") };
    let (mut link, sent) = faulty(&fault);
    assert_eq!(
        sent,
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\nbusy"
    );
    link.handle_received(b"GET /next HTTP/1.1\r\n\r\n");
    assert!(link.poll_request().is_some(), "the link goes on");
    assert_eq!(json_response(100, "").status(), 500);
}

#[test]
fn an_answer_without_end_goes_on_piece_by_piece() {
    let mut link = link();
    link.handle_received(b"GET / HTTP/1.1\r\n\r\n");
    link.poll_request().unwrap();
    link.respond_without_end(Response::new(Body::Whole("first".into())));
    assert_eq!(sent(&mut link), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    link.push(b"");
    assert_eq!(sent(&mut link), "", "an empty chunk would be the end");
    link.push(b"\n\n");
    assert_eq!(sent(&mut link), "2\r\n\n\n\r\n");
    link.handle_received(b"GET /next HTTP/1.1\r\n\r\n");
    assert!(link.poll_request().is_none() && !link.wants_input() && !link.is_closed());
    let large = vec![b'x'; 100_000];
    link.push(&large);
    let sent = sent(&mut link);
    assert!(sent.len() > large.len() && sent.bytes().filter(|byte| *byte == b'x').count() == large.len());
}

#[test]
fn an_answer_without_a_request_is_nothing() {
    let mut link = link();
    link.respond(json_response(200, "{}"), None);
    link.respond_without_end(json_response(200, "{}"));
    link.push(b"more");
    assert_eq!(sent(&mut link), "");
    link.handle_received(b"GET / HTTP/1.1\r\n\r\n");
    assert!(link.poll_request().is_some());
}
