//! The documented frames, the recorded frames, and hostile bytes.

use super::framing::{FrameInfo, FrameInfos};
use super::*;
use alloc::vec;
use alloc::vec::Vec;

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |c: u8| (c as char).to_digit(16).expect("a hex digit") as u8;
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn whole(frame: &[u8]) -> Packet<'_> {
    peek(frame, MAX_BODY_LEN).expect("a frame").expect("a whole frame")
}

fn again(packet: &Packet<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    Outgoing::from_packet(packet).write_to(&mut out);
    out
}

#[test]
fn documented_frames_round_trip() {
    let lines: Vec<_> = include_str!("testdata/frames.tsv").lines().collect();
    assert_eq!(lines.len(), 49, "the file is whole");
    for line in lines {
        let (name, hex) = line.split_once('\t').expect("name, tab, bytes");
        let frame = bytes(hex);
        let packet = whole(&frame);
        assert_eq!(packet.len(), frame.len(), "{name}");
        assert_eq!(again(&packet), frame, "{name}");
        assert!(packet.frame_infos().all(|info| info.is_ok()), "{name}");
        assert!(packet.opcode().name().is_some(), "{name}");
        for cut in 0..frame.len() {
            assert_eq!(peek(&frame[..cut], MAX_BODY_LEN), Ok(None), "{name} cut at {cut}");
        }
    }
}

#[test]
fn recorded_frames_round_trip() {
    let mut frames = 0;
    let mut malformed = Vec::new();
    for line in include_str!("testdata/captures.tsv").lines() {
        let mut fields = line.split('\t');
        let name = fields.next().expect("a name");
        for hex in fields {
            let all = bytes(hex);
            let mut rest = &all[..];
            while !rest.is_empty() {
                match peek(rest, MAX_BODY_LEN) {
                    Ok(Some(packet)) => {
                        assert_eq!(again(&packet), rest[..packet.len()], "{name}");
                        // One request announces a field that is longer than its framing extras.
                        let is_whole = packet.frame_infos().all(|info| info.is_ok());
                        assert!(is_whole || name == "full/bad_frame_len", "{name}");
                        rest = &rest[packet.len()..];
                        frames += 1;
                    }
                    Ok(None) => panic!("{name}: cut off"),
                    Err(error) => {
                        malformed.push((name, error));
                        break;
                    }
                }
            }
        }
    }
    assert_eq!(frames, 907 - 1, "all that is well-formed");
    let [magic, lengths, long] = &malformed[..] else { panic!("three are malformed: {malformed:?}") };
    assert_eq!(*magic, ("wire/bad_magic", WireError::BadMagic(0x42)));
    assert!(matches!(lengths.1, WireError::BadLengths { .. }), "{lengths:?}");
    assert!(matches!(long.1, WireError::TooLong { .. }), "{long:?}");
}

#[test]
fn a_documented_frame_has_its_parts_where_they_belong() {
    let frame = bytes(
        "080105040801007300000018000000140000000000000000130108ca50020000060000000008666f6f7b2261223a317d",
    );
    let packet = whole(&frame);
    assert_eq!((packet.magic(), packet.opcode(), packet.vbucket()), (Magic::AltRequest, Opcode::SET, 115));
    let infos: Vec<_> = packet.frame_infos().map(|info| info.expect("whole")).collect();
    assert_eq!(infos[0], FrameInfo { id: framing::request::DURABILITY, payload: &[1, 0x08, 0xca] });
    assert_eq!(infos[1], FrameInfo { id: framing::request::PRESERVE_TTL, payload: &[] });
    assert_eq!(packet.extras(), [2, 0, 0, 6, 0, 0, 0, 0]);
    assert_eq!((packet.key(), packet.value()), (&b"\x08foo"[..], &b"{\"a\":1}"[..]));
    assert_eq!(&frame[packet.value_range()], packet.value());
}

#[test]
fn what_is_no_frame_is_a_typed_error_at_once() {
    assert_eq!(peek(b"H", 100), Err(WireError::BadMagic(b'H')));
    let mut long = [0; HEADER_LEN];
    long[0] = 0x81;
    long[8..12].copy_from_slice(&u32::MAX.to_be_bytes());
    let refused = peek(&long, MAX_BODY_LEN).expect_err("4 GiB");
    assert_eq!(refused, WireError::TooLong { opcode: Opcode::GET, body: u32::MAX, limit: MAX_BODY_LEN });
    let mut crowded = [0; HEADER_LEN];
    crowded[0] = 0x81;
    crowded[3] = 5;
    crowded[11] = 4;
    assert_eq!(peek(&crowded, 100), Err(WireError::BadLengths { opcode: Opcode::GET, parts: 5, body: 4 }));
}

#[test]
fn frame_infos_escape_large_ids_and_lengths() {
    for (id, len, head) in [
        (0, 0, &[0x00][..]),
        (5, 0, &[0x50]),
        (1, 3, &[0x13]),
        (4, 20, &[0x4f, 5]),
        (16, 15, &[0xff, 1, 0]),
        (270, 14, &[0xfe, 255]),
    ] {
        let payload = vec![7; len];
        let mut out = Vec::new();
        FrameInfo { id, payload: &payload }.write_to(&mut out);
        assert_eq!(out[..head.len()], *head, "{id} {len}");
        let mut read = FrameInfos::new(&out);
        assert_eq!(read.next(), Some(Ok(FrameInfo { id, payload: &payload })));
        assert_eq!(read.next(), None);
        for cut in 1..out.len() {
            let mut read = FrameInfos::new(&out[..cut]);
            assert_eq!(
                (read.next(), read.next()),
                (Some(Err(framing::CutOff)), None),
                "{id} {len} cut at {cut}"
            );
        }
    }
}

#[test]
fn every_code_has_one_name() {
    fn distinct<T: Ord + Copy>(codes: &[T]) -> bool {
        let mut sorted = codes.to_vec();
        sorted.sort();
        sorted.windows(2).all(|pair| pair[0] < pair[1])
    }
    assert!(distinct(Opcode::ALL) && distinct(Status::ALL) && distinct(Feature::ALL));
    assert_eq!(alloc::format!("{} {:?}", Status::ETMPFAIL, Status(0x777)), "0x86 (ETMPFAIL) Status(0x777)");
}

#[cfg(feature = "driver")]
#[test]
fn server_durations_follow_the_servers_formula() {
    use core::time::Duration;
    for (micros, encoded, back) in [
        (0, 0, 0.0),
        (1, 1, 0.5),
        (10, 6, 11.297),
        (100, 21, 99.915),
        (1_000, 79, 1_001.939),
        (2_500_000, 7079, 2_499_891.338),
        (75_000_000, 49_992, 74_999_245.544),
        (500_000_000, 65_535, 120_125_042.1),
    ] {
        assert_eq!(framing::encode_server_duration(Duration::from_micros(micros)), encoded, "{micros}");
        let decoded = framing::server_duration(encoded).as_secs_f64() * 1e6;
        assert!((decoded - back).abs() < 0.002 + back * 1e-8, "{encoded}: {decoded} instead of {back}");
    }
}
