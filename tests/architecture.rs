//! Holds the shape of the house: which layer may import which, which crates stay in one place, how long a file is.

use std::fs;
use std::path::{Path, PathBuf};

/// Lines of a file at most: beyond that it has more than one subject.
const FILE_LINES_MAX: usize = 400;

/// What each layer may import of ours, by path below `crate::`. A longer path permits only that part of a layer.
///
/// Order: primitives → consensus → storage → node → runtime → network, rpc → wallet, mining, explorer → cli.
const LAYERS: &[(&str, &[&str])] = &[
    ("primitives", &[]),
    ("consensus", &["primitives"]),
    ("storage", &["primitives", "consensus"]),
    ("node", &["primitives", "consensus", "storage"]),
    ("runtime", &["primitives", "consensus", "storage", "node"]),
    ("network", &["primitives", "consensus", "storage", "node", "runtime"]),
    ("rpc", &["primitives", "consensus", "storage", "node", "runtime"]),
    ("wallet", &["primitives", "consensus", "rpc", "runtime::clock"]),
    (
        "mining",
        &[
            "primitives",
            "consensus",
            "rpc",
            "runtime",
            "node::template",
            "node::Template",
            "node::query",
            "node::event",
            "node::input::Purpose",
        ],
    ),
    ("explorer", &["primitives", "consensus", "rpc"]),
    (
        "cli",
        &[
            "primitives",
            "consensus",
            "storage",
            "node",
            "runtime",
            "network",
            "rpc",
            "wallet",
            "mining",
            "explorer",
        ],
    ),
];

/// Words that stay in one place, where that is (a path below `src/`, or a folder ending in `/`), and why.
const CONFINED: &[(&str, &[&str], &str)] = &[
    ("sled::", &["storage/sled_store/database/table.rs"], "one file knows what keeps the chain"),
    ("libp2p", &["network/"], "the network layer alone speaks libp2p"),
    ("bincode", &["primitives/codec.rs"], "one file knows the encoding"),
    ("SystemTime", &["runtime/clock.rs"], "time is an argument; one file reads the clock"),
    ("Instant::now", &["runtime/clock.rs"], "time is an argument; one file reads the clock"),
    ("getrandom", &["runtime/clock.rs"], "chance is an argument; one file draws randomness"),
    ("rand::rng", &["runtime/clock.rs"], "chance is an argument; one file draws randomness"),
    ("println!", &["cli/", "main.rs"], "a library returns or logs; only the command line prints"),
];

/// Words that the layers of the core never hold: they run on one thread that never waits.
const CORE_LAYERS: &[&str] = &["primitives/", "consensus/", "node/"];
const ABSENT_FROM_CORE: &[&str] =
    &["tokio", "async fn", ".await", "std::thread", "std::fs", "std::net", "Mutex"];

/// Words that promise work which nobody has scheduled. Split, so that this file does not break its own rule.
const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];

#[test]
fn imports_point_down_only() {
    let mut broken = Vec::new();
    for file in sources("src") {
        let Some(layer) = file.layer() else { continue };
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
            broken.push(format!(
                "{}: `{layer}` is no layer named in this test; give it a place in LAYERS",
                file.path
            ));
            continue;
        };
        for (line, import) in file.imports() {
            if !may_import(layer, allowed, &import) {
                broken.push(format!("{}:{line}: `{layer}` may not import `crate::{import}`", file.path));
            }
        }
    }
    assert_none(&broken, "imports point down only (see LAYERS in tests/architecture.rs)");
}

#[test]
fn confined_words_stay_in_their_place() {
    let mut broken = Vec::new();
    for file in sources("src") {
        for (word, places, reason) in CONFINED {
            if !places.iter().any(|place| file.is_in(place)) {
                broken.extend(file.lines_with(word).map(|line| {
                    format!(
                        "{}:{line}: `{word}` belongs in {} alone: {reason}",
                        file.path,
                        places.join(" and ")
                    )
                }));
            }
        }
    }
    assert_none(&broken, "some crates and calls have one home");
}

#[test]
fn the_core_never_waits() {
    let mut broken = Vec::new();
    for file in sources("src").iter().filter(|file| CORE_LAYERS.iter().any(|layer| file.is_in(layer))) {
        for word in ABSENT_FROM_CORE {
            broken.extend(file.lines_with(word).map(|line| format!("{}:{line}: `{word}`", file.path)));
        }
    }
    assert_none(&broken, "primitives, consensus and node hold no async, threads, locks, files or sockets");
}

#[test]
fn files_are_short_and_finished() {
    let mut broken = Vec::new();
    for file in ["src", "tests", "benches", "netsim/src"].into_iter().flat_map(sources) {
        let lines = file.text.lines().count();
        if lines > FILE_LINES_MAX {
            broken
                .push(format!("{}: {lines} lines, at most {FILE_LINES_MAX}: split it by subject", file.path));
        }
        for word in UNFINISHED.iter().filter(|word| file.text.contains(**word)) {
            broken.push(format!("{}: `{word}`: do it, or leave it out", file.path));
        }
    }
    assert_none(&broken, "files are short and hold nothing for later");
}

/// One source file. Paths are relative to the package, with forward slashes.
struct Source {
    path: String,
    text: String,
    /// Without comments and without the test module at the end: what the rules are about.
    code: String,
}

impl Source {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a source file is readable UTF-8");
        let path = path.strip_prefix(package()).expect("sources lie below the package");
        let code = code_of(&text);
        Self { path: path.to_string_lossy().replace('\\', "/"), text, code }
    }

    /// The folder below `src/`; none for `lib.rs` and `main.rs`, which name the layers.
    fn layer(&self) -> Option<&str> {
        self.path.strip_prefix("src/")?.split_once('/').map(|(layer, _)| layer)
    }

    fn is_in(&self, place: &str) -> bool {
        let below = self.path.strip_prefix("src/").unwrap_or(&self.path);
        if place.ends_with('/') { below.starts_with(place) } else { below == place }
    }

    fn lines_with(&self, word: &str) -> impl Iterator<Item = usize> {
        let numbered = self.code.lines().enumerate();
        numbered.filter(move |(_, line)| line.contains(word)).map(|(index, _)| index + 1)
    }

    /// Each `crate::a::b…` with the number of its line; `use crate::{a, b::c}` counts as one import each.
    fn imports(&self) -> Vec<(usize, String)> {
        let mut imports = Vec::new();
        for (start, _) in self.code.match_indices("crate::") {
            let line = self.code[..start].lines().count().max(1);
            let rest = &self.code[start + "crate::".len()..];
            let group = rest.strip_prefix('{').and_then(group_members);
            let paths = group.unwrap_or_else(|| vec![leading_path(rest)]);
            imports.extend(paths.into_iter().map(|path| (line, path)));
        }
        imports
    }
}

fn may_import(layer: &str, allowed: &[&str], import: &str) -> bool {
    let reaches = |place: &str| {
        import.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    // Only names of layers are judged: `crate::Error` or a macro at the root belongs to nobody.
    let names_a_layer = LAYERS.iter().any(|(name, _)| reaches(name));
    !names_a_layer || reaches(layer) || allowed.iter().any(|place| reaches(place))
}

/// The members of `{a, b::{c, d}}` whose opening brace is already gone, each up to its first nested brace.
fn group_members(rest: &str) -> Option<Vec<String>> {
    let mut members = vec![String::new()];
    let mut depth = 0_usize;
    for letter in rest.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                return Some(
                    members
                        .iter()
                        .map(|member| leading_path(member))
                        .filter(|path| !path.is_empty())
                        .collect(),
                );
            }
            '}' => depth -= 1,
            ',' if depth == 0 => members.push(String::new()),
            other if depth == 0 => members.last_mut().expect("there is always one").push(other),
            _ => {}
        }
    }
    None
}

fn leading_path(text: &str) -> String {
    let path: String =
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':')).collect();
    path.trim_end_matches(':').to_owned()
}

/// The code with its line numbers kept: comment lines are blanked, and the test module at the end is cut.
fn code_of(text: &str) -> String {
    let shipped = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    let blank =
        |line: &'_ str| if line.trim_start().starts_with("//") { String::new() } else { line.to_owned() };
    shipped.lines().map(blank).collect::<Vec<_>>().join("\n")
}

fn sources(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&package().join(folder), &mut found);
    found.sort();
    found.iter().map(|path| Source::read(path)).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.expect("the folder is readable").path()) {
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn assert_none(broken: &[String], rule: &str) {
    assert!(broken.is_empty(), "\n{rule}:\n  {}\n", broken.join("\n  "));
}

#[test]
fn an_upward_import_is_seen_in_every_spelling() {
    let source = |code: &str| Source { path: "src/node/x.rs".into(), text: String::new(), code: code.into() };
    let paths = |code: &str| source(code).imports().into_iter().map(|(_, path)| path).collect::<Vec<_>>();
    assert_eq!(paths("use crate::rpc::api::Thing;"), ["rpc::api::Thing"]);
    assert_eq!(paths("let x = crate::network::dial();"), ["network::dial"]);
    assert_eq!(
        paths("use crate::{cli::{a, b}, wallet};"),
        ["cli::", "wallet"].map(|p| p.trim_end_matches(':'))
    );
    assert!(!may_import("node", &["primitives"], "rpc::api"));
    assert!(may_import("node", &["primitives"], "node::chain"));
    assert!(!may_import("wallet", &["runtime::clock"], "runtime::handle"));
}
