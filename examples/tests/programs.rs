//! Runs every program of this folder to its end, each in a process of its own against an embedded cluster.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// How long one program may take, on a machine that does much else besides, before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(120);

/// The compiled examples lie beside the folder that this test was compiled into.
fn compiled(name: &str) -> PathBuf {
    let this = env::current_exe().expect("a test knows where it lies");
    let folder = this.parent().and_then(Path::parent).expect("target/PROFILE/deps").join("examples");
    folder.join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

fn run(name: &str) -> Result<String, String> {
    let path = compiled(name);
    let mut command = Command::new(&path);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().map_err(|e| {
        format!("{}: {e}; `cargo test -p examples` without a choice of targets builds it", path.display())
    })?;
    let began = Instant::now();
    while running.try_wait().map_err(|e| e.to_string())?.is_none() {
        if began.elapsed() > PATIENCE {
            running.kill().map_err(|e| e.to_string())?;
            return Err(format!("hangs: not done after {PATIENCE:?}"));
        }
        thread::sleep(Duration::from_millis(5));
    }
    let output = running.wait_with_output().map_err(|e| e.to_string())?;
    let (told, complaints) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    match output.status.success() {
        true => Ok(told.into_owned()),
        false => Err(format!("{}\n{told}{complaints}", output.status)),
    }
}

#[test]
fn every_program_runs_to_a_good_end() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs");
    let sources = fs::read_dir(folder).expect("the programs are there");
    let mut names: Vec<String> = sources
        .map(|entry| {
            entry.expect("it can be read").path().file_stem().expect("a name").to_string_lossy().into()
        })
        .filter(|name| name != "cluster" && name != "beers")
        .collect();
    names.sort();
    assert!(names.len() >= 17, "{names:?}");

    let failures: Vec<String> =
        names.iter().filter_map(|name| run(name).err().map(|why| format!("{name}: {why}"))).collect();
    assert!(failures.is_empty(), "{} of {} failed:\n{}", failures.len(), names.len(), failures.join("\n"));
}

#[test]
fn programs_say_what_they_read() {
    for (name, words) in [
        ("hello_tokio", "User { name: \"Ada\", visits: 1 }"),
        ("hello_smol", "bar"),
        ("callbacks", "stored with CAS"),
        ("single_thread", "1"),
        ("combinators", "stored"),
    ] {
        let told = run(name).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert!(told.contains(words), "{name} said {told:?}, without {words:?}");
    }
}
