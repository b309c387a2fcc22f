//! The script with the official Python client: where that is missing it says so, and fails where `CI` is set.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

/// Whether the script ended well, and what it said.
fn run(python: Option<&str>, ci: Option<&str>) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign/run.sh");
    let mut command = Command::new("bash");
    command.arg(script).args(python).env_remove("CI");
    if let Some(ci) = ci {
        command.env("CI", ci);
    }
    let output = command.output().expect("bash runs");
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn without_the_python_client_it_is_skipped_aloud() {
    for python in [None, Some(""), Some("/nonexistent/python"), Some("false")] {
        for ci in [None, Some("")] {
            let (is_good, said) = run(python, ci);
            assert!(is_good && said.starts_with("skipped: "), "{python:?} {ci:?}: {said}");
        }
    }
}

#[test]
fn where_ci_is_set_nothing_is_skipped() {
    for python in [None, Some(""), Some("/nonexistent/python"), Some("false")] {
        let (is_good, said) = run(python, Some("true"));
        assert!(!is_good && said.starts_with("skipped: "), "{python:?}: {said}");
    }
}
