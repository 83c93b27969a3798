//! A node whose disk is full, read-only or broken says so, stops, and goes on once that is mended.
#![cfg(all(feature = "cli", target_os = "linux"))]

#[path = "support/preload.rs"]
mod preload;
mod support;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use support::{Node, Sandbox, now_ms};

/// What the preloaded library makes fail, what the system says of it, and what a person should do.
const FAULTS: [(&str, &str, &str); 4] = [
    ("write 28", "No space left on device", "Free some space on this disk"),
    ("write 30", "Read-only file system", "Mount it for writing"),
    ("write 5", "Input/output error", "Check this disk"),
    ("sync 5", "Input/output error", "Check this disk"),
];

/// Bytes of the small disk: a little more than a node wants to have free.
const SMALL_DISK: &str = "560m";

#[test]
fn a_node_whose_writes_or_syncs_fail_stops_with_cause_and_next_step_and_starts_again() {
    let sandbox = Sandbox::new("dev-faults");
    let Some(library) = preload::build(&sandbox.path("")) else { return };
    let miner = sandbox.wallet("miner");
    let switch = sandbox.path("fail");
    let prepare = |command: &mut Command| {
        preload::load(&library, command);
        command.env("CAIRN_RECORD_ROOT", sandbox.path("node")).env("CAIRN_RECORD_FAIL", &switch);
    };
    let mut shown = 0;
    for (fault, cause, next_step) in FAULTS {
        fs::create_dir_all(sandbox.path("node")).expect("the folder is ours");
        let node = sandbox.prepared_node("node", &[], prepare);
        assert!(node.height() >= shown, "before `{fault}` it is back at {}", node.height());
        node.call("generatetoaddress", json!([3, miner]));
        shown = node.height();
        fs::write(&switch, fault).expect("the folder is ours");
        let started_ms = now_ms();
        // It fails, or the node ends before it answers.
        let _ = node.try_call("generatetoaddress", json!([1, miner]));
        assert_stopped(node, started_ms, &sandbox.path("node"), [fault, cause, next_step]);
        let mut again = start_in(&sandbox);
        prepare(&mut again);
        let said = again.output().expect("the program can be started").stderr;
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains(cause) && said.contains(next_step), "{fault}, at the start: {said}");
        assert!(!said.contains("panicked"), "{fault}, at the start: {said}");
        fs::remove_file(&switch).expect("it was made");
    }
    let node = sandbox.node("node", &[]);
    assert!(node.height() >= shown);
    node.call("generatetoaddress", json!([1, miner]));
    node.stop();
}

fn assert_stopped(node: Node, started_ms: u64, folder: &Path, [what, cause, next_step]: [&str; 3]) {
    let (code, log) = node.ended_badly();
    println!("{what}: stopped after {} ms", now_ms() - started_ms);
    let error = log.lines().rfind(|line| line.contains("error: ")).unwrap_or_default();
    assert_eq!(code, Some(1), "{what}: {log}");
    for part in [cause, next_step, &folder.display().to_string()] {
        assert!(error.contains(part), "{what}: {part:?} is not in {error:?}\n{log}");
    }
    assert!(!log.contains("panicked"), "{what}: {log}");
}

/// A file system in memory; gone when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: PathBuf, options: &str) -> Option<Self> {
        fs::create_dir_all(&at).expect("the folder is ours");
        let options = format!("size={SMALL_DISK},{options}");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&at).output();
        if mount.is_ok_and(|mount| mount.status.success()) {
            return Some(Self(at));
        }
        println!("SKIPPED: a small disk needs the right to mount one");
        None
    }

    /// Leaves no byte free.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("others");
        let mut others = File::create(&path).expect("there is room for a name");
        let mut bytes = vec![7; 1 << 20];
        while !bytes.is_empty() {
            // The last time with less and less.
            if others.write_all(&bytes).is_err() {
                bytes.truncate(bytes.len() / 2);
            }
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A test that fails leaves a node there until it is dropped too.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_node_on_a_disk_that_others_fill_stops_and_goes_on_when_there_is_room() {
    let sandbox = Sandbox::new("dev-full");
    let Some(disk) = SmallDisk::mount(sandbox.path("node"), "rw") else { return };
    let miner = sandbox.wallet("miner");
    let node = sandbox.node("node", &[]);
    node.call("generatetoaddress", json!([5, miner]));
    let shown = node.height();
    let started_ms = now_ms();
    let others = disk.fill();
    let _ = node.try_call("generatetoaddress", json!([1, miner]));
    let next_step = "ree some space";
    assert_stopped(node, started_ms, &disk.0, ["a full disk", "", next_step]);

    let ended = start_in(&sandbox).output().expect("the program can be started");
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains(next_step) && said.contains(&disk.0.display().to_string()), "{said}");
    fs::remove_file(others).expect("it was made");
    let node = sandbox.node("node", &[]);
    assert!(node.height() >= shown, "it is back at {}", node.height());
    node.stop();
}

#[test]
fn a_disk_with_less_room_than_a_node_needs_is_named_before_anything_is_written() {
    let sandbox = Sandbox::new("dev-little-room");
    let Some(disk) = SmallDisk::mount(sandbox.path("small"), "rw") else { return };
    let blocks = sandbox.path("blocks").display().to_string();
    let node = sandbox.node("node", &[]);
    node.call("generatetoaddress", json!([3, sandbox.wallet("miner")]));
    node.stop();
    sandbox.json(&["chain", "export", &blocks, "--data-dir", &sandbox.path("node").display().to_string()]);

    fs::write(disk.0.join("others"), vec![7; 100 << 20]).expect("there is room for it");
    let folder = disk.0.join("data").display().to_string();
    for arguments in [&["node"][..], &["chain", "import", &blocks]] {
        let (code, said) = sandbox.fail(&[arguments, &["--data-dir", &folder]].concat());
        assert_eq!(code, 1);
        assert!(
            said.contains("MiB left, and a node needs 500") && said.contains("free some space"),
            "{said}"
        );
        assert!(!Path::new(&folder).exists(), "{arguments:?} wrote to it");
    }
    let mut beside = sandbox.command(&["node", "--data-dir", "data"]);
    let said = beside.current_dir(&disk.0).output().expect("the program can be started").stderr;
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("a node needs 500"), "a folder named from where one stands: {said}");
    assert!(!Path::new(&folder).exists(), "it wrote to a folder named from where one stands");
}

#[test]
fn a_disk_that_is_read_only_is_named_at_the_start() {
    let sandbox = Sandbox::new("dev-read-only");
    let Some(disk) = SmallDisk::mount(sandbox.path("node"), "ro") else { return };
    let ended = start_in(&sandbox).output().expect("the program can be started");
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("Read-only file system") && said.contains("Mount it for writing"), "{said}");
    drop(disk);
}

/// A node in the same folder, to be watched from start to end.
fn start_in(sandbox: &Sandbox) -> Command {
    let folder = sandbox.path("node").display().to_string();
    let ports = ["--listen", "127.0.0.1:0", "--rpc-bind", "127.0.0.1:0"];
    sandbox.command(&[&["node", "--no-mdns", "--data-dir", &folder][..], &ports].concat())
}
