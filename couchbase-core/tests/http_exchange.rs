//! The HTTP exchange: what it sends, and what it makes of responses at every cut.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use couchbase_core::ErrorKind;
use couchbase_core::http::{Authorization, Exchange, HttpError, MAX_HEAD, MAX_INTERIM, Method, Request};

fn get() -> Exchange {
    Exchange::new(&Request::new(Method::Get, "node:8092", "/b/_design/d/_view/v?limit=1")).unwrap()
}

fn sent(exchange: &mut Exchange) -> String {
    let bytes = exchange.poll_transmit().map_or_else(Vec::new, |parts| parts.concat());
    exchange.handle_sent(bytes.len());
    String::from_utf8(bytes).unwrap()
}

#[derive(Debug, PartialEq)]
struct Heard {
    status: Option<u16>,
    body: Vec<u8>,
    outcome: Result<(), HttpError>,
    complete_before_end: bool,
    can_keep_alive: bool,
}

/// Feeds the pieces, then the end of the link.
fn hear<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Heard {
    let mut exchange = get();
    sent(&mut exchange);
    let mut body = Vec::new();
    let mut outcome = Ok(());
    for piece in pieces {
        outcome = exchange.handle_input(piece, &mut body);
        if outcome.is_err() {
            break;
        }
    }
    let complete_before_end = exchange.is_complete();
    let can_keep_alive = exchange.can_keep_alive();
    if outcome.is_ok() {
        outcome = exchange.handle_end();
    }
    let status = exchange.head().map(|head| head.status());
    Heard { status, body, outcome, complete_before_end, can_keep_alive }
}

fn whole(response: &[u8]) -> Heard {
    hear(std::iter::once(response))
}

const SIZED: &[u8] = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 11\r\n\r\nhello world";
const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n \r\n5\r\nworld\r\n0\r\nTrailer: t\r\n\r\n";
const TO_THE_END: &[u8] = b"HTTP/1.1 200 OK\r\n\r\nhello world";
const HTTP_10: &[u8] = b"HTTP/1.0 200 OK\r\nContent-Length: 11\r\n\r\nhello world";
const CLOSING: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 11\r\n\r\nhello world";
const INTERIM: &[u8] =
    b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world";
const REDIRECT: &[u8] =
    b"HTTP/1.1 302 Object Moved\r\nLocation: http://other:8092/\r\nContent-Length: 11\r\n\r\nhello world";
const EMPTY: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
const ZERO: &[u8] = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n";

#[test]
fn request_line_headers_and_body_are_sent() {
    let who = Authorization::basic("Aladdin", "open sesame");
    let request =
        Request::new(Method::Post, "127.0.0.1:8092", "/b/_design/d%2Fe/_view/v?limit=1&key=%22a%22")
            .header("accept", "application/json")
            .authorization(Some(&who))
            .body("application/json", Bytes::from_static(b"{\"keys\":[1]}"));
    let mut exchange = Exchange::new(&request).unwrap();
    let text = sent(&mut exchange);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.split("\r\n").collect();
    assert_eq!(lines.remove(0), "POST /b/_design/d%2Fe/_view/v?limit=1&key=%22a%22 HTTP/1.1");
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "accept: application/json",
            "authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            "content-length: 12",
            "content-type: application/json",
            "host: 127.0.0.1:8092",
        ]
    );
    assert_eq!(body, "{\"keys\":[1]}");
    assert!(exchange.poll_transmit().is_none());
}

#[test]
fn sending_may_be_cut_anywhere() {
    let request =
        Request::new(Method::Put, "h", "/b/_design/d").body("application/json", Bytes::from_static(b"{}"));
    let mut exchange = Exchange::new(&request).unwrap();
    let expected = sent(&mut Exchange::new(&request).unwrap());
    let mut got = Vec::new();
    while let Some(parts) = exchange.poll_transmit() {
        got.push(parts.concat()[0]);
        exchange.handle_sent(1);
    }
    assert_eq!(String::from_utf8(got).unwrap(), expected);
    assert!(expected.ends_with("\r\n\r\n{}"), "{expected}");
}

#[test]
fn a_put_without_body_says_so() {
    let text = sent(&mut Exchange::new(&Request::new(Method::Put, "h", "/x")).unwrap());
    assert!(text.contains("content-length: 0\r\n"), "{text}");
}

#[test]
fn what_must_not_be_sent_is_refused() {
    let refused = |request: &Request<'_>| match Exchange::new(request) {
        Err(HttpError::Request(reason)) => reason,
        other => panic!("{other:?}"),
    };
    refused(&Request::new(Method::Get, "h", "/a b"));
    refused(&Request::new(Method::Get, "h", "no-slash"));
    refused(&Request::new(Method::Get, "h", "/a\r\nx: y"));
    refused(&Request::new(Method::Get, "h", &format!("/{}", "a".repeat(70_000))));
    refused(&Request::new(Method::Get, "h\r\nx: y", "/"));
    refused(&Request::new(Method::Get, "h", "/").header("x", "a\r\nb: c"));
    refused(&Request::new(Method::Get, "h", "/").header("x y", "z"));
    refused(&Request::new(Method::Delete, "h", "/").body("a/b", Bytes::from_static(b"x")));
}

#[test]
fn credentials_do_not_show() {
    let who = Authorization::basic("user", "secret");
    let request = Request::new(Method::Get, "h", "/").authorization(Some(&who));
    let exchange = Exchange::new(&request).unwrap();
    let shown = format!("{who:?} {request:?} {exchange:?}");
    let encoded = sent(&mut Exchange::new(&request).unwrap());
    let encoded = encoded.split("Basic ").nth(1).unwrap().trim().to_owned();
    assert!(encoded.len() > 8);
    assert!(!shown.contains("secret") && !shown.contains(&encoded), "{shown}");
}

#[test]
fn every_kind_of_body_arrives() {
    for (response, complete_before_end, can_keep_alive) in [
        (SIZED, true, true),
        (CHUNKED, true, true),
        (TO_THE_END, false, false),
        (HTTP_10, true, false),
        (CLOSING, true, false),
        (INTERIM, true, true),
        (REDIRECT, true, true),
    ] {
        let name = String::from_utf8_lossy(response);
        let heard = whole(response);
        assert_eq!(heard.outcome, Ok(()), "{name}");
        assert_eq!(String::from_utf8(heard.body).unwrap(), "hello world", "{name}");
        assert_eq!(heard.complete_before_end, complete_before_end, "{name}");
        assert_eq!(heard.can_keep_alive, can_keep_alive, "{name}");
    }
    for response in [EMPTY, ZERO] {
        let heard = whole(response);
        assert!(heard.complete_before_end && heard.body.is_empty() && heard.can_keep_alive);
    }
    let mut exchange = get();
    exchange.handle_input(REDIRECT, &mut Vec::new()).unwrap();
    assert_eq!(exchange.head().unwrap().header("LOCATION"), Some("http://other:8092/"));
    assert!(!exchange.can_keep_alive(), "the request was not sent");
}

#[test]
fn cuts_make_no_difference() {
    for response in [SIZED, CHUNKED, TO_THE_END, HTTP_10, CLOSING, INTERIM, REDIRECT, EMPTY, ZERO] {
        let expected = whole(response);
        for cut in 0..=response.len() {
            let (a, b) = response.split_at(cut);
            assert_eq!(hear([a, b].into_iter()), expected, "cut at {cut}");
        }
        for step in [1, 2, 3, 5, 7, 13] {
            assert_eq!(hear(response.chunks(step)), expected, "steps of {step}");
        }
    }
}

#[test]
fn an_early_end_is_an_error_at_every_byte() {
    for response in [SIZED, CHUNKED, HTTP_10, INTERIM] {
        assert_eq!(whole(b"").outcome, Err(HttpError::Closed));
        for end in 1..response.len() {
            let heard = whole(&response[..end]);
            assert_eq!(heard.outcome, Err(HttpError::Truncated), "{end}");
            assert!(b"hello world".starts_with(&heard.body), "{end}");
        }
    }
}

#[test]
fn bytes_after_the_end_forbid_reuse() {
    let heard = whole(&[SIZED, b"H"].concat());
    assert_eq!((heard.outcome, heard.can_keep_alive), (Ok(()), false));
    assert_eq!(heard.body, b"hello world");
}

#[test]
fn what_is_not_http_is_refused() {
    let malformed: &[&[u8]] = &[
        b"\x81\x00\x00\x00\x00\x00\x00\x00",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 099 Low\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n000000000000000000000000000001\r\n",
    ];
    for response in malformed {
        for step in [1, 2, 3, response.len()] {
            let heard = hear(response.chunks(step));
            let shown = String::from_utf8_lossy(response);
            assert!(matches!(heard.outcome, Err(HttpError::Malformed(_))), "{shown}: {heard:?}");
        }
    }
}

#[test]
fn a_broken_chunk_takes_no_whole_one_with_it() {
    let response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n!\r\n";
    let heard = whole(response);
    assert!(matches!(heard.outcome, Err(HttpError::Malformed(_))));
    assert_eq!(heard.body, b"hello");
}

#[test]
fn heads_are_bounded() {
    let endless = [b"HTTP/1.1 200 OK\r\nX: ".as_slice(), &vec![b'a'; MAX_HEAD + 1]].concat();
    assert_eq!(whole(&endless).outcome, Err(HttpError::HeadTooLarge));
    assert_eq!(hear(endless.chunks(1000)).outcome, Err(HttpError::HeadTooLarge));
    let ended = [&endless[..], b"\r\n\r\n"].concat();
    assert_eq!(whole(&ended).outcome, Err(HttpError::HeadTooLarge));
    let chunk_size =
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".as_slice(), &vec![b'1'; MAX_HEAD + 1]];
    assert_eq!(whole(&chunk_size.concat()).outcome, Err(HttpError::HeadTooLarge));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(1000));
    assert!(matches!(whole(many.as_bytes()).outcome, Err(HttpError::Malformed(_))));
}

#[test]
fn interim_responses_are_counted() {
    let with_interim = |count| {
        let interim =
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n".repeat(count / 2);
        [&interim[..], SIZED].concat()
    };
    assert_eq!(whole(&with_interim(MAX_INTERIM)).body, b"hello world");
    let endless = with_interim(MAX_INTERIM + 2);
    for step in [1, 7, endless.len()] {
        assert_eq!(hear(endless.chunks(step)).outcome, Err(HttpError::TooManyInterim));
    }
    assert_eq!(HttpError::TooManyInterim.into_error().kind(), ErrorKind::Protocol);
}

#[test]
fn a_failure_is_final() {
    let mut exchange = get();
    let mut body = Vec::new();
    let first = exchange.handle_input(b"garbage\r\n", &mut body).unwrap_err();
    assert_eq!(exchange.handle_input(SIZED, &mut body), Err(first.clone()));
    assert_eq!(exchange.handle_end(), Err(first));
    assert!(body.is_empty());
}

/// Deterministic noise: whatever comes, nothing panics, and no more is made of it than was sent.
#[test]
fn mutated_responses_never_panic() {
    let mut noise = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        usize::try_from(noise % below as u64).unwrap()
    };
    let mut outcomes = [0; 2];
    for round in 0..20_000 {
        let mut bytes = [SIZED, CHUNKED, TO_THE_END, INTERIM, REDIRECT][round % 5].to_vec();
        for _ in 0..=next(3) {
            let at = next(bytes.len().max(1));
            match next(4) {
                0 if !bytes.is_empty() => bytes[at] = u8::try_from(next(256)).unwrap(),
                1 if bytes.len() > 1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, b"\r\n0;: fF\x00\xff"[next(10)]),
                _ => bytes.truncate(at + 1),
            }
        }
        let step = 1 + next(bytes.len());
        let (once, cut) = (whole(&bytes), hear(bytes.chunks(step)));
        assert_eq!(once.outcome.is_ok(), cut.outcome.is_ok(), "{bytes:?} in steps of {step}");
        assert_eq!(once.status, cut.status);
        assert!(once.body.len() <= bytes.len());
        if once.outcome.is_ok() {
            assert_eq!(once.body, cut.body);
        }
        outcomes[usize::from(once.outcome.is_ok())] += 1;
    }
    assert!(outcomes.iter().all(|&count| count > 1000), "{outcomes:?}");
}
