//! The quickstart as its user runs it: what it says last, and what it exits with.

use couchbase_core::wire::{Opcode, Status};
use couchbase_testkit::Cluster;
use couchbase_tokio::views::{DesignDocument, ViewExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use std::{env, str, thread};

/// The compiled examples lie beside the folder that this test was compiled into.
fn quickstart(arguments: &[&str]) -> Output {
    begin(arguments).wait_with_output().expect("it ends")
}

fn begin(arguments: &[&str]) -> Child {
    let this = env::current_exe().expect("a test knows where it lies");
    let profile = this.parent().and_then(Path::parent).expect("target/PROFILE/deps");
    let program: PathBuf = profile.join("examples").join(format!("quickstart{}", env::consts::EXE_SUFFIX));
    let mut command = Command::new(&program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap_or_else(|error| {
        panic!(
            "{}: {error}; `cargo test -p examples` without a choice of targets builds it",
            program.display()
        )
    })
}

fn told(output: &Output) -> &str {
    str::from_utf8(&output.stdout).expect("text")
}

fn complaints(output: &Output) -> &str {
    str::from_utf8(&output.stderr).expect("text")
}

fn runs_to_a_good_end(runtime: &str) {
    let output = quickstart(&["--runtime", runtime, "--documents", "300"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", told(&output), complaints(&output));
    let last = told(&output).lines().last();
    assert_eq!(last, Some("All answers agree with the file: 300 documents, read in 4 ways, and 2 views."));
    assert_eq!(complaints(&output), "", "no progress bar where there is no terminal");
}

#[test]
fn runs_on_tokio() {
    runs_to_a_good_end("tokio");
}

#[test]
fn runs_on_async_std() {
    runs_to_a_good_end("async-std");
}

#[test]
fn runs_with_a_single_document() {
    let output = quickstart(&["--documents", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", told(&output), complaints(&output));
}

#[test]
fn leaves_a_foreign_cluster_as_it_was() {
    let cluster = Cluster::builder().nodes(2).user("ada", "hunter2", &[]).start();
    cluster.set_document("default", "theirs", br#"{"country":"DE","name":"none of ours"}"#);
    // Left behind by a run that was broken off.
    cluster.set_document("default", "quickstart::4999", br#"{"country":"DE","name":"stale"}"#);
    let before = cluster.document("default", "theirs");

    let with_login = cluster.connection_string();
    let address = with_login.replacen("ada:hunter2@", "", 1);
    assert_ne!(address, with_login);
    let arguments = ["--connect", &address, "--user", "ada", "--password", "hunter2", "--documents", "50"];
    let output = quickstart(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}{}", told(&output), complaints(&output));
    assert!(!told(&output).contains("hunter2"));

    assert_eq!(cluster.document("default", "theirs"), before);
    for line in ["quickstart::0000", "quickstart::4999"] {
        assert_eq!(cluster.document("default", line), None, "{line}");
    }
}

#[test]
fn a_disagreement_is_told_and_gives_1() {
    let cluster = Cluster::builder().start();
    // Views see it, and the file does not have it.
    cluster.set_document("default", "quickstart::atlantis", br#"{"country":"ZZ","name":"Atlantis"}"#);
    let output = quickstart(&["--connect", &cluster.connection_string(), "--documents", "50"]);
    let complaints = complaints(&output);
    assert_eq!(output.status.code(), Some(1), "{complaints}");
    assert!(complaints.contains("disagree") && complaints.contains("ZZ"), "{complaints}");
    assert!(!told(&output).contains("agree"), "{}", told(&output));
    leaves_nothing_behind(&cluster);
    assert!(cluster.document("default", "quickstart::atlantis").is_some(), "none of ours");
}

/// No document of a run with 50, and no design document.
fn leaves_nothing_behind(cluster: &Cluster) {
    for line in (0..5000).step_by(100) {
        let key = format!("quickstart::{line:04}");
        assert_eq!(cluster.document("default", &key), None, "{key}");
    }
    assert_eq!(design(cluster, None), None);
}

/// The design document of the quickstart's name, if there is one, after storing this.
fn design(cluster: &Cluster, stored: Option<&DesignDocument>) -> Option<DesignDocument> {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
        let cb = couchbase_tokio::connect(cluster.connection_string()).await.expect("it listens");
        if let Some(stored) = stored {
            cb.design_create("quickstart_cities", stored).production().await.expect("a good document");
        }
        match cb.design_get("quickstart_cities").production().await {
            Ok(found) => Some(found),
            Err(error) => {
                assert!(error.server_words().is_some_and(|words| words.contains("not_found")), "{error}");
                None
            }
        }
    })
}

/// A server may take what the client sends for a mistake: that is none on the command line.
#[test]
fn an_error_leaves_nothing_behind_and_gives_1() {
    for (opcode, status) in [(Opcode::SET, Status::EINVAL), (Opcode::GET, Status::EINVAL)] {
        let cluster = Cluster::builder().start();
        cluster.answer_next(1, opcode, status);
        let output = quickstart(&["--connect", &cluster.connection_string(), "--documents", "50"]);
        let complaints = complaints(&output);
        assert_eq!(output.status.code(), Some(1), "{complaints}");
        assert!(complaints.contains("EINVAL") && complaints.lines().count() == 1, "{complaints}");
        leaves_nothing_behind(&cluster);
    }
}

#[test]
fn a_failed_deletion_is_told_and_keeps_nothing_else_from_being_deleted() {
    let cluster = Cluster::builder().start();
    // The first 5,000 deletions are of what an earlier run may have left.
    let sweep = 5_000;
    cluster.answer_next(sweep, Opcode::DELETE, Status::KEY_ENOENT);
    cluster.answer_next(1, Opcode::DELETE, Status::EINVAL);
    let output = quickstart(&["--connect", &cluster.connection_string(), "--documents", "50"]);
    assert_eq!(output.status.code(), Some(1), "{}", complaints(&output));
    let left =
        (0..5000).filter(|line| cluster.document("default", &format!("quickstart::{line:04}")).is_some());
    assert_eq!(left.count(), 1, "the one that could not be deleted");
}

#[test]
fn a_foreign_design_document_is_refused_and_left_alone() {
    let cluster = Cluster::builder().start();
    cluster.set_document("default", "quickstart::4999", br#"{"country":"DE","name":"stale"}"#);
    let theirs = DesignDocument::new().view("by_country", "function (doc, meta) { emit(doc.name, null); }");
    assert_eq!(design(&cluster, Some(&theirs)).as_ref(), Some(&theirs));

    let output = quickstart(&["--connect", &cluster.connection_string(), "--documents", "50"]);
    let complaints = complaints(&output);
    assert_eq!(output.status.code(), Some(1), "{complaints}");
    assert!(complaints.contains("`quickstart_cities` that is not this program's"), "{complaints}");
    assert_eq!(design(&cluster, None), Some(theirs));
    assert!(cluster.document("default", "quickstart::4999").is_some(), "nothing was changed");
    assert_eq!(cluster.requests(Opcode::SET), 0);
}

#[test]
fn what_a_run_left_that_was_broken_off_is_removed_by_the_next() {
    let cluster = Cluster::builder().start();
    let address = cluster.connection_string();
    let mut first = begin(&["--connect", &address]);
    // Looked, created, asked: a view of 5,000 documents takes a while.
    while cluster.view_requests() < 3 && first.try_wait().expect("a child").is_none() {
        thread::sleep(Duration::from_millis(1));
    }
    first.kill().expect("it runs");
    first.wait().expect("it ends");
    assert!(design(&cluster, None).is_some() && cluster.document("default", "quickstart::0001").is_some());

    let output = quickstart(&["--connect", &address, "--documents", "50"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", told(&output), complaints(&output));
    assert_eq!(cluster.document("default", "quickstart::0001"), None);
    leaves_nothing_behind(&cluster);
}

#[test]
fn help_tells_the_options() {
    let output = quickstart(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    for option in ["--runtime", "--documents", "--connect", "--user", "--password"] {
        assert!(told(&output).contains(option), "{option}");
    }
}

#[test]
fn wrong_arguments_are_told_and_give_2() {
    for (arguments, words) in [
        (&["--runtime", "smalltalk"][..], "`tokio` and `async-std`"),
        (&["--documents", "0"], "1 to 5000"),
        (&["--documents", "5001"], "1 to 5000"),
        (&["--documents", "many"], "many"),
        (&["--documents"], "--documents"),
        (&["--nodes", "4"], "--nodes"),
        (&["everything"], "everything"),
        (&["--user", "ada", "--password", "hunter2"], "--connect"),
        (&["--connect", "couchbase://localhost/default", "--user", "ada"], "--password"),
        (&["--connect", "couchbase://localhost/default?tiemout=1s"], "timeout"),
        (&["--connect", "http://localhost/default"], "it must be couchbase"),
    ] {
        let output = quickstart(arguments);
        let complaints = complaints(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {complaints}");
        assert!(complaints.contains(words), "{arguments:?}: {complaints}");
        assert!(!complaints.contains("hunter2"), "{arguments:?}: {complaints}");
        assert_eq!(told(&output), "", "{arguments:?}");
    }
}

#[test]
fn a_failure_at_run_time_is_one_line_and_gives_1() {
    let cluster = Cluster::builder().user("ada", "hunter2", &[]).start();
    let address = cluster.connection_string().replacen("hunter2", "hunter3", 1);
    let output = quickstart(&["--connect", &address]);
    let complaints = complaints(&output);
    assert_eq!(output.status.code(), Some(1), "{complaints}");
    assert_eq!(complaints.lines().count(), 1, "{complaints}");
    assert!(complaints.contains("authentication") && !complaints.contains("hunter3"), "{complaints}");
}
