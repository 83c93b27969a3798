//! Real processes of the program under test, in a folder of their own that is gone afterwards.
#![allow(dead_code, reason = "every test binary compiles this file and uses a part of it")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use cairn::rpc::{ClientError, RpcClient};
use cairn::runtime::clock;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Everything takes well under a second; a machine that runs other tests beside gets this long.
const PATIENCE_MS: u64 = 90_000;

/// Pause between two looks at something that will come to pass.
const POLL: Duration = Duration::from_millis(25);

/// The same while a node starts, which benchmarks measure.
const START_POLL: Duration = Duration::from_millis(3);

/// A place where nodes of one test meet nobody else's.
pub(crate) struct Sandbox {
    folder: TempDir,
    network: String,
    common: Vec<String>,
}

impl Sandbox {
    /// For nodes of a network, such as `dev-payments`.
    pub(crate) fn new(network: &str) -> Self {
        let folder = tempfile::tempdir().expect("the system has room for temporary files");
        fs::create_dir(folder.path().join("tmp")).expect("the folder is ours");
        Self { folder, network: network.to_owned(), common: Vec::new() }
    }

    /// The same, with a chain specification.
    pub(crate) fn with_spec(network: &str, spec: &str) -> Self {
        let mut sandbox = Self::new(network);
        let path = sandbox.write("spec.toml", spec);
        sandbox.common = vec!["--chain-spec".into(), path.display().to_string()];
        sandbox
    }

    /// A file or folder in here.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file in here.
    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("the folder is ours");
        path
    }

    /// The program, knowing nothing of the person who runs the tests.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
        command.env_clear().envs(std::env::vars().filter(|(name, _)| name == "PATH"));
        command.env("HOME", self.folder.path()).env("TMPDIR", self.path("tmp"));
        command.args(["--network", &self.network]).args(&self.common).args(arguments);
        command.stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program can be started")
    }

    /// Runs the program to its good end; answers its JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?} ended with {}: {stderr}", output.status);
        serde_json::from_str(&stdout)
            .unwrap_or_else(|error| panic!("{arguments:?} answered {stdout}: {error}"))
    }

    /// Runs the program to its bad end; answers its exit code and what it said.
    pub(crate) fn fail(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{arguments:?} should not have worked");
        assert!(!said.contains("panicked") && !said.contains("stack backtrace"), "{said}");
        (output.status.code().expect("no signal ended it"), said)
    }

    /// Starts a node that meets others of this machine through the rendezvous folder alone.
    pub(crate) fn node(&self, name: &str, flags: &[&str]) -> Node {
        self.prepared_node(name, flags, |_| {})
    }

    /// The same, with a word in how it is started.
    pub(crate) fn prepared_node(
        &self,
        name: &str,
        flags: &[&str],
        prepare: impl FnOnce(&mut Command),
    ) -> Node {
        let data_dir = self.path(name);
        // A node that was killed leaves its address behind.
        let _ = fs::remove_file(data_dir.join("rpc.url"));
        let log = self.path(&format!("{name}.log"));
        let mut command = self.command(&["node", "--no-mdns", "--data-dir"]);
        command.arg(&data_dir).args(["--listen", "127.0.0.1:0", "--rpc-bind", "127.0.0.1:0"]).args(flags);
        let open = || File::options().create(true).append(true).open(&log).expect("the folder is ours");
        prepare(&mut command);
        let process = command.stdout(open()).stderr(open()).spawn().expect("the program can be started");
        let mut node = Node { name: name.to_owned(), process, data_dir, log, client: None };
        node.find_client();
        node
    }

    /// A new wallet's address.
    pub(crate) fn wallet(&self, name: &str) -> String {
        let made = self.json(&["wallet", "new", name, "--json"]);
        made["address"].as_str().expect("the answer holds an address").to_owned()
    }
}

/// A running node. Killed when dropped.
pub(crate) struct Node {
    name: String,
    process: Child,
    pub(crate) data_dir: PathBuf,
    log: PathBuf,
    client: Option<RpcClient>,
}

impl Node {
    /// Asks it; the answer must be good.
    pub(crate) fn call(&self, method: &str, parameters: Value) -> Value {
        self.try_call(method, parameters)
            .unwrap_or_else(|error| panic!("{} does not answer {method}: {error}\n{}", self.name, self.log()))
    }

    /// Asks it for what it may not be able to do any more.
    pub(crate) fn try_call(&self, method: &str, parameters: Value) -> Result<Value, ClientError> {
        block_on(self.client().call(method, parameters))
    }

    /// The height of its tip.
    pub(crate) fn height(&self) -> u64 {
        self.call("getblockcount", json!([])).as_u64().expect("a height is a number")
    }

    /// The hash of its tip.
    pub(crate) fn tip(&self) -> Value {
        self.call("getbestblockhash", json!([]))
    }

    /// How many peers it has.
    pub(crate) fn peers(&self) -> usize {
        self.call("getpeerinfo", json!([])).as_array().expect("peers come as a list").len()
    }

    /// Waits until something is true of it.
    pub(crate) fn wait(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        wait_until(&format!("{}: {what}", self.name), || is_so(self), || self.log());
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }

    /// Where its data is, for the command line.
    pub(crate) fn folder(&self) -> &str {
        self.data_dir.to_str().expect("temporary folders have plain names")
    }

    /// Ends it as a failing machine would, and waits until it is gone.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("it still runs");
        self.process.wait().expect("it can be waited for");
    }

    /// Asks it to stop, and waits for its good end.
    pub(crate) fn stop(mut self) {
        self.call("stop", json!([]));
        self.ended_well();
    }

    /// Sends it a signal that asks it to stop, and waits for its good end.
    pub(crate) fn signal(mut self, signal: &str) {
        let process = self.process.id().to_string();
        let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {process}")]).status();
        assert!(sent.expect("there is a shell").success(), "the signal was not sent");
        self.ended_well();
        assert!(!self.data_dir.join("rpc.url").exists(), "a stopped node has no address");
    }

    /// Waits for its bad end; answers its exit code and its log.
    pub(crate) fn ended_badly(mut self) -> (Option<i32>, String) {
        let status = self.ended();
        assert!(!status.success(), "{} should not have ended well\n{}", self.name, self.log());
        (status.code(), self.log())
    }

    fn ended_well(&mut self) {
        let status = self.ended();
        assert!(status.success(), "{} ended with {status}\n{}", self.name, self.log());
    }

    fn ended(&mut self) -> ExitStatus {
        let deadline = now_ms() + PATIENCE_MS;
        loop {
            if let Some(status) = self.process.try_wait().expect("it can be looked at") {
                return status;
            }
            assert!(now_ms() < deadline, "{} did not end\n{}", self.name, self.log());
            std::thread::sleep(POLL);
        }
    }

    fn client(&self) -> &RpcClient {
        self.client.as_ref().expect("a node that started answers")
    }

    fn find_client(&mut self) {
        let deadline = now_ms() + PATIENCE_MS;
        while self.client.is_none() {
            let ended = self.process.try_wait().expect("it can be looked at");
            assert!(ended.is_none() && now_ms() < deadline, "{} did not start\n{}", self.name, self.log());
            let client = RpcClient::for_data_dir(&self.data_dir).ok();
            self.client = client.filter(|client| block_on(client.node_info()).is_ok());
            std::thread::sleep(START_POLL);
        }
    }

    pub(crate) fn log(&self) -> String {
        format!("its log:\n{}", fs::read_to_string(&self.log).unwrap_or_default())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // One that has ended already needs no killing.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address of an account that every development network starts with.
pub(crate) fn dev_address() -> String {
    cairn::consensus::dev_accounts::DEV_ADDRESSES[1].to_text(cairn::primitives::AddressKind::Development)
}

/// Looks until it is so; when it does not come to pass, says what was awaited and what `explain` knows.
pub(crate) fn wait_until(what: &str, is_so: impl Fn() -> bool, explain: impl Fn() -> String) {
    let deadline = now_ms() + PATIENCE_MS;
    while !is_so() {
        assert!(
            now_ms() < deadline,
            "in {} s it did not come to pass: {what}\n{}",
            PATIENCE_MS / 1_000,
            explain()
        );
        std::thread::sleep(POLL);
    }
}

/// Milliseconds that never go back.
pub(crate) fn now_ms() -> u64 {
    clock::now().monotonic_ms
}

/// Memory of a process that is in RAM, in KiB, where the system tells (Linux).
pub(crate) fn resident_kib(process: u32) -> Option<u64> {
    let status = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok())
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("the system has room for a runtime").block_on(future)
}
