//! The program: its line of JSON, its end, and what it says to wrong arguments.

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cluster"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn refused(args: &[&str]) -> Output {
    let output = command(args).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    assert!(output.stdout.is_empty(), "{args:?}");
    output
}

#[test]
fn tells_where_it_is_and_runs_until_its_input_ends() {
    let args = ["--nodes", "3", "--replicas", "1", "--bucket", "b1", "--bucket", "b2", "--user", "me"];
    let mut child =
        command(&[&args[..], &["--password", "a b", "--vbuckets", "16"]].concat()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let about: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&about["bucket"], &about["user"], &about["password"]),
        (&"b1".into(), &"me".into(), &"a b".into())
    );
    let nodes = about["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 3);
    let kv: Vec<&str> = nodes.iter().map(|node| node["kv"].as_str().unwrap()).collect();
    let string = about["connection_string"].as_str().unwrap();
    assert_eq!(string, format!("couchbase://me:a%20b@{}/b1", kv.join(",")));
    for node in nodes {
        for service in ["kv", "views", "mgmt"] {
            TcpStream::connect(node[service].as_str().unwrap()).unwrap();
        }
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert!(TcpStream::connect(kv[0]).is_err());
}

#[test]
fn without_arguments_there_is_one_node_with_the_usual_user() {
    let mut child = command(&[]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let about: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(about["nodes"].as_array().unwrap().len(), 1);
    assert_eq!((&about["user"], &about["password"]), (&"app".into(), &"secret".into()));
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn wrong_arguments_are_named() {
    for (args, words) in [
        (&["--wrong"][..], "--wrong"),
        (&["--nodes"], "--nodes"),
        (&["--nodes", "many"], "many"),
        (&["--nodes", "0"], "at least one node"),
        (&["--replicas", "4"], "at most 3 replicas"),
        (&["--bucket", "a/b"], "a/b"),
        (&["--bucket", "a", "--bucket", "a"], "two buckets"),
        (&["--user", "me"], "--password"),
        (&["--bind", "nowhere"], "nowhere"),
        (&["stray"], "stray"),
    ] {
        let output = refused(args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(words), "{args:?}: {said}");
    }
}

#[test]
fn help_goes_to_the_output() {
    let output = command(&["--help"]).output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("--replicas"));
}
