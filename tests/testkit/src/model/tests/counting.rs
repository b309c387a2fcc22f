//! INCREMENT and DECREMENT.

use super::*;

fn count(bench: &mut Bench, conn: ConnId, opcode: Opcode, delta: u64, initial: u64, expiry: u32) -> Answer {
    let mut extras = [0; 20];
    extras[..8].copy_from_slice(&delta.to_be_bytes());
    extras[8..16].copy_from_slice(&initial.to_be_bytes());
    extras[16..].copy_from_slice(&expiry.to_be_bytes());
    bench.call(conn, Outgoing { extras: &extras, ..about(opcode) })
}

fn number(answer: &Answer) -> u64 {
    assert_eq!(answer.status, Status::SUCCESS);
    u64::from_be_bytes(answer.value[..].try_into().unwrap())
}

#[test]
fn begins_at_the_initial_value_and_is_text() {
    let mut bench = Bench::new();
    let conn = bench.client();
    assert_eq!(number(&count(&mut bench, conn, Opcode::INCREMENT, 5, 10, 0)), 10);
    assert_eq!(number(&count(&mut bench, conn, Opcode::INCREMENT, 5, 10, 0)), 15);
    assert_eq!(number(&count(&mut bench, conn, Opcode::DECREMENT, 1, 10, 0)), 14);
    assert_eq!(bench.call(conn, get()).text(), "14");
}

#[test]
fn wraps_upwards_and_stops_at_zero_downwards() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.stored(conn, b"18446744073709551615");
    assert_eq!(number(&count(&mut bench, conn, Opcode::INCREMENT, 3, 0, 0)), 2);
    assert_eq!(number(&count(&mut bench, conn, Opcode::DECREMENT, 3, 0, 0)), 0);
    assert_eq!(bench.call(conn, get()).text(), "0");
}

#[test]
fn a_certain_expiry_forbids_to_create() {
    let mut bench = Bench::new();
    let conn = bench.client();
    let answer = count(&mut bench, conn, Opcode::INCREMENT, 1, 1, u32::MAX);
    assert_eq!(answer.status, Status::KEY_ENOENT);
    bench.stored(conn, b"1");
    assert_eq!(number(&count(&mut bench, conn, Opcode::INCREMENT, 1, 1, u32::MAX)), 2);
}

#[test]
fn white_space_and_a_plus_may_stand_around_a_number() {
    let mut bench = Bench::new();
    let conn = bench.client();
    for (text, value) in [
        (" 1", 1),
        ("\t7", 7),
        ("\r\n\x0b\x0c 7", 7),
        ("+1", 1),
        ("  +1", 1),
        ("1 ", 1),
        ("1\n", 1),
        ("12 abc", 12),
        ("007", 7),
        ("000000000000000000000000000018", 18),
        ("18446744073709551614", u64::MAX - 1),
    ] {
        bench.stored(conn, text.as_bytes());
        let counted = number(&count(&mut bench, conn, Opcode::INCREMENT, 1, 1, 0));
        assert_eq!(counted, value + 1, "{text:?}");
        assert_eq!(bench.call(conn, get()).text(), counted.to_string(), "nothing around it is kept");
    }
}

#[test]
fn what_is_no_unsigned_number_is_refused_and_stays() {
    let mut bench = Bench::new();
    let conn = bench.client();
    for text in [
        "abc",
        "",
        " ",
        "+",
        "-1",
        " -1",
        "-0",
        "+ 1",
        "++1",
        "+-1",
        "1.5",
        "1,5",
        "12abc",
        "0x10",
        "\"1\"",
        "18446744073709551616",
        "100000000000000000000",
        "111111111111111111111",
    ] {
        bench.stored(conn, text.as_bytes());
        let answer = count(&mut bench, conn, Opcode::INCREMENT, 1, 1, 0);
        assert_eq!((answer.status, answer.value.len()), (Status::DELTA_BADVAL, 0), "{text:?}");
        assert_eq!(bench.call(conn, get()).text(), text);
    }
}

#[test]
fn keeps_flags_and_expiry_of_an_existing_document() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.call(conn, Outgoing { extras: &[0, 0, 0, 9, 0, 0, 0, 100], ..set(b"1") });
    count(&mut bench, conn, Opcode::INCREMENT, 1, 0, 0);
    assert_eq!(bench.call(conn, get()).extras, [0, 0, 0, 9]);
    bench.pass(102);
    assert_eq!(bench.status(conn, get()), Status::KEY_ENOENT);
}

#[test]
fn a_cas_is_malformed() {
    let mut bench = Bench::new();
    let conn = bench.client();
    let answer = bench.call(conn, Outgoing { cas: 5, extras: &[0; 20], ..about(Opcode::INCREMENT) });
    assert_eq!(answer.status, Status::EINVAL);
    assert_eq!(answer.text(), r#"{"error":{"context":"Request CAS must not be set"}}"#);
}
