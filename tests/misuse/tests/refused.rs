//! Compiles the programs of `refused/`, which must all fail: each with the error code that its first lines give as
//! `code:`, and with every sentence that they give as `says:`.
//!
//! The compiler's whole text is not compared: it changes with the compiler, ours does not.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

struct Program {
    name: String,
    path: PathBuf,
    code: String,
    says: Vec<String>,
}

impl Program {
    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).expect("it can be read");
        let lines = |what| text.lines().filter_map(move |line| line.strip_prefix(what)).map(String::from);
        let code = lines("//! code: ").next().unwrap_or_else(|| panic!("{}: no code", path.display()));
        let says: Vec<String> = lines("//! says: ").collect();
        assert!(!says.is_empty(), "{}: nothing that it says", path.display());
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        Self { name, path, code, says }
    }
}

/// A package with one binary for each program, outside of the workspace, with the workspace's versions.
fn write_package(folder: &Path, programs: &[Program]) {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace is there");
    let mut manifest = format!(
        "[package]\nname = \"refused\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         couchbase-tokio = {{ path = {:?}, features = [\"views\"] }}\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\n\
         tokio = {{ version = \"1\", features = [\"rt\"] }}\n",
        root.join("couchbase-tokio")
    );
    for program in programs {
        manifest += &format!("\n[[bin]]\nname = {:?}\npath = {:?}\n", program.name, program.path);
    }
    fs::create_dir_all(folder).expect("a folder to work in");
    fs::write(folder.join("Cargo.toml"), manifest).expect("a manifest");
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("the workspace's versions");
}

/// What the compiler says of each program: error codes, and the text.
fn check(folder: &Path) -> BTreeMap<String, (Vec<String>, String)> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["check", "--offline", "--keep-going", "--bins", "--message-format=json"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo runs");
    let mut said: BTreeMap<String, (Vec<String>, String)> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        if message["reason"] == "compiler-message" && message["message"]["level"] == "error" {
            let (codes, text) =
                said.entry(message["target"]["name"].as_str().unwrap_or("").into()).or_default();
            codes.extend(message["message"]["code"]["code"].as_str().map(String::from));
            *text += message["message"]["rendered"].as_str().unwrap_or("");
        }
    }
    assert!(!said.is_empty(), "nothing was compiled: {}", String::from_utf8_lossy(&output.stderr));
    said
}

#[test]
fn every_program_is_refused_for_its_reason() {
    let sources = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("refused")).expect("programs");
    let mut programs: Vec<Program> =
        sources.map(|entry| Program::read(entry.expect("it can be read").path())).collect();
    programs.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(programs.len() >= 16);

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("refused");
    write_package(&folder, &programs);
    let said = check(&folder);
    let mut faults = Vec::new();
    for program in &programs {
        let Some((codes, text)) = said.get(&program.name) else {
            faults.push(format!("{} was not refused", program.name));
            continue;
        };
        if !codes.contains(&program.code) {
            faults.push(format!(
                "{} was refused with {codes:?} and not {}:\n{text}",
                program.name, program.code
            ));
        }
        for words in program.says.iter().filter(|words| !text.contains(&words[..])) {
            faults.push(format!("{}: the compiler does not say {words:?}:\n{text}", program.name));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
