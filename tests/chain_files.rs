//! A chain leaves one folder in a file and comes into another, with and without a running node; nothing bad comes with it.
#![cfg(feature = "cli")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use cairn::consensus::params::Params;
use cairn::consensus::testing::{TestChain, dev_key, mine_block, payment};
use cairn::primitives::{Address, Amount, Block, StateRoot};
use cairn::storage::{ChainFileReader, ChainFileWriter};
use serde_json::{Value, json};
use support::Sandbox;

/// More than a state root's interval, so that an imported chain is checked against roots of its own.
const BLOCKS: u32 = 70;

const MINER: Address = Address([7; 32]);

/// A chain with a payment in every fifth block.
fn chain(params: &Params, blocks: u32, miner: Address) -> TestChain {
    let mut chain = TestChain::new(params.clone());
    for height in 1..=blocks {
        let nonce = u64::from(height / 5);
        let payment =
            payment(&dev_key(0), params, nonce.saturating_sub(1), Address([2; 32]), Amount(nonce + 1));
        chain.grow(miner, if height % 5 == 0 { vec![payment] } else { Vec::new() }).unwrap();
    }
    chain
}

fn blocks_of(chain: &TestChain) -> Vec<Block> {
    chain.blocks.iter().map(|(block, _)| Block::clone(block.block())).collect()
}

fn write(path: &Path, params: &Params, blocks: &[Block]) {
    let mut writer = ChainFileWriter::new(fs::File::create(path).unwrap(), params).unwrap();
    for block in blocks {
        writer.write(block).unwrap();
    }
    writer.finish().unwrap();
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

/// A network with a file of its chain.
struct Told {
    sandbox: Sandbox,
    chain: TestChain,
    file: PathBuf,
}

fn told(network: &str) -> Told {
    let sandbox = Sandbox::new(network);
    let chain = chain(&Params::named(network).unwrap(), BLOCKS, MINER);
    let file = sandbox.path("chain");
    write(&file, &chain.params, &blocks_of(&chain));
    Told { sandbox, chain, file }
}

impl Told {
    fn import(&self, file: &Path, folder: &Path) -> Value {
        self.sandbox.json(&["chain", "import", text(file), "--data-dir", text(folder)])
    }

    fn refusal(&self, file: &Path, folder: &Path) -> String {
        let (code, said) = self.sandbox.fail(&["chain", "import", text(file), "--data-dir", text(folder)]);
        assert_eq!(code, 1, "{said}");
        said
    }

    fn tip(&self) -> Value {
        json!(self.chain.tip().hash)
    }
}

#[test]
fn an_exported_chain_makes_the_same_tip_and_state_elsewhere_with_and_without_nodes() {
    let told = told("dev-exported");
    let (sandbox, one, two) = (&told.sandbox, told.sandbox.path("one"), told.sandbox.path("two"));
    let imported = told.import(&told.file, &one);
    assert_eq!(imported["added"], BLOCKS, "{imported}");
    assert_eq!((&imported["tip"], &imported["height"]), (&told.tip(), &json!(BLOCKS)));
    assert_eq!(imported["genesis"], json!(told.chain.params.genesis_hash()));

    let again = sandbox.path("again");
    let export = ["chain", "export", text(&again), "--data-dir", text(&one)];
    let exported = sandbox.json(&export);
    assert_eq!((&exported["blocks"], &exported["tip"]), (&json!(BLOCKS), &told.tip()));
    assert_eq!(exported["bytes"], fs::metadata(&again).unwrap().len());
    assert!(fs::read(&again).unwrap() == fs::read(&told.file).unwrap(), "one chain makes one file");
    let (code, said) = sandbox.fail(&export);
    assert!(code == 2 && said.contains("--force"), "{said}");
    sandbox.json(&[&export[..], &["--force"]].concat());

    let node = sandbox.node("one", &["--dev-blocks", "manual"]);
    let served = sandbox.path("served");
    sandbox.json(&["chain", "export", text(&served), "--data-dir", node.folder()]);
    assert!(fs::read(&served).unwrap() == fs::read(&told.file).unwrap(), "and a node makes the same");
    let known = told.import(&again, &one);
    assert_eq!((&known["added"], &known["known"]), (&json!(0), &json!(BLOCKS)), "{known}");
    let empty = sandbox.node("two", &["--dev-blocks", "manual", "--connect", "/ip4/127.0.0.1/tcp/1"]);
    let through = told.import(&served, &two);
    assert_eq!(through["tip"], told.tip(), "{through}");
    assert_eq!(empty.tip(), node.tip());
    let miner = MINER.to_text(cairn::primitives::AddressKind::Development);
    for node in [&node, &empty] {
        let held = node.call("getbalance", json!([miner]))["confirmed"].clone();
        assert_eq!(held, told.chain.state.account(&MINER).balance.0);
    }
    node.stop();
    empty.stop();
    let verified = sandbox.json(&["chain", "verify", "--from-genesis", "--data-dir", text(&two)]);
    assert_eq!(verified["ok"], true, "{verified}");
}

#[test]
fn a_chain_goes_through_pipes_and_its_specification_goes_with_it() {
    let spec = "interval_seconds = 7\nfirst_bits = 0x207fffff\nlimit_bits = 0x207fffff\nmaturity = 3\n";
    let sandbox = Sandbox::with_spec("valley", spec);
    let overrides = toml::from_str(spec).unwrap();
    let params = Params::with_overrides("valley", &overrides).unwrap();
    let mut chain = TestChain::new(params.clone());
    for _ in 0..5 {
        chain.grow(MINER, Vec::new()).unwrap();
    }
    let file = sandbox.path("chain");
    write(&file, &params, &blocks_of(&chain));
    let one = sandbox.path("one");

    let mut import = sandbox.command(&["chain", "import", "-", "--data-dir", text(&one)]);
    let mut import = import.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    import.stdin.take().unwrap().write_all(&fs::read(&file).unwrap()).unwrap();
    let imported = import.wait_with_output().unwrap();
    let imported: Value = serde_json::from_slice(&imported.stdout).unwrap();
    assert_eq!(imported["tip"], json!(chain.tip().hash), "{imported}");

    let exported = sandbox.run(&["chain", "export", "-", "--json", "--data-dir", text(&one)]);
    assert!(exported.stdout == fs::read(&file).unwrap(), "only the chain is on the standard output");
    let summary: Value = serde_json::from_slice(&exported.stderr).unwrap();
    assert_eq!(summary["blocks"], 5, "{summary}");
    let read = ChainFileReader::open(exported.stdout.as_slice()).unwrap();
    assert_eq!(read.params().interval_seconds, 7);

    let without = Sandbox::new("valley");
    let folder = without.path("one");
    let (_, said) = without.fail(&["chain", "import", text(&file), "--data-dir", text(&folder)]);
    let plain = Params::named("valley").unwrap();
    for expected in [&params.genesis_hash().to_string(), &plain.genesis_hash().to_string(), "--chain-spec"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert!(!folder.exists(), "nothing is made for a file of another network");
}

#[test]
fn a_fork_in_the_file_is_kept_and_the_branch_with_most_work_wins() {
    let told = told("dev-forked");
    let mut longer = told.chain.clone();
    for _ in 0..3 {
        longer.shrink();
    }
    let shared = longer.blocks.len();
    for _ in 0..5 {
        longer.grow(Address([9; 32]), Vec::new()).unwrap();
    }
    let mut blocks = blocks_of(&told.chain);
    blocks.extend(blocks_of(&longer).drain(shared..));
    let file = told.sandbox.path("forked");
    write(&file, &told.chain.params, &blocks);
    let imported = told.import(&file, &told.sandbox.path("one"));
    assert_eq!(imported["added"], BLOCKS + 5, "{imported}");
    assert_eq!((&imported["tip"], &imported["height"]), (&json!(longer.tip().hash), &json!(BLOCKS + 2)));
}

#[test]
fn the_first_bad_block_is_named_and_what_came_before_it_stays() {
    let told = told("dev-altered");
    let good = blocks_of(&told.chain);
    let folder = |name: &str| told.sandbox.path(name);
    let bad_at = 30;

    // The header is mined anew, so that nothing but the root is wrong.
    let mut blocks = good.clone();
    let Block { header, coinbase, .. } = good[bad_at].clone();
    let (height, bits) = (coinbase.height, header.bits);
    let bad = mine_block(header.previous, header.time, bits, StateRoot([1; 32]), height, MINER, Vec::new());
    blocks[bad_at] = bad.clone();
    let file = told.sandbox.path("bad-root");
    write(&file, &told.chain.params, &blocks);
    let offset =
        ChainFileReader::open(fs::File::open(&file).unwrap()).unwrap().nth(bad_at).unwrap().unwrap().offset;
    let said = told.refusal(&file, &folder("one"));
    let place = format!("block #{height} {} (record {}, offset {offset})", bad.hash(), bad_at + 1);
    let kept = format!("#{bad_at} {}", good[bad_at - 1].hash());
    for expected in [place.as_str(), "wrong-state-root", &kept] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let rest = told.import(&told.file, &folder("one"));
    assert_eq!((&rest["known"], &rest["tip"]), (&json!(bad_at), &told.tip()), "{rest}");

    // Through a node the same.
    let node = told.sandbox.node("two", &["--dev-blocks", "manual"]);
    let said = told.refusal(&file, &folder("two"));
    assert!(said.contains(&place) && said.contains("wrong-state-root") && said.contains(&kept), "{said}");
    assert_eq!(node.height(), bad_at as u64);
    node.stop();
}

#[test]
fn a_branch_that_turns_invalid_in_its_middle_names_the_block_at_fault() {
    let told = told("dev-middle");
    let mut side = told.chain.clone();
    for _ in 0..2 {
        side.shrink();
    }
    let shared = side.blocks.len();
    // It spends what its sender does not have, which shows only when it is executed.
    let poor = cairn::consensus::testing::test_key(1);
    let theft = payment(&poor, &side.params, 0, MINER, Amount(5));
    let culprit = Block::clone(&side.mine(MINER, vec![theft]));
    let mut blocks = blocks_of(&told.chain);
    assert_eq!(blocks.len(), shared + 2);
    blocks.push(culprit.clone());
    let mut parent = culprit.clone();
    for _ in 0..2 {
        let Block { header, coinbase, .. } = parent;
        let (time, height) = (header.time.plus(10), coinbase.height.next());
        parent = mine_block(header.hash(), time, header.bits, coinbase.state_root, height, MINER, Vec::new());
        blocks.push(parent.clone());
    }
    let file = told.sandbox.path("middle");
    write(&file, &told.chain.params, &blocks);
    let said = told.refusal(&file, &told.sandbox.path("one"));
    assert!(said.contains(&culprit.hash().to_string()) && said.contains("insufficient-balance"), "{said}");
    assert!(said.contains(&told.chain.tip().hash.to_string()), "the good branch stays: {said}");
}

#[test]
fn cut_and_foreign_files_are_refused_with_their_place() {
    let told = told("dev-cut");
    let whole = fs::read(&told.file).unwrap();
    let cut = told.sandbox.path("cut");
    fs::write(&cut, &whole[..whole.len() - 100]).unwrap();
    let one = told.sandbox.path("one");
    let said = told.refusal(&cut, &one);
    assert!(
        said.contains(&format!("record {BLOCKS}, offset ")) && said.contains("ends in a block"),
        "{said}"
    );
    assert!(said.contains(&format!("the tip is #{}", BLOCKS - 1)), "what was whole is kept: {said}");

    fs::write(&cut, [&whole[..], b"x"].concat()).unwrap();
    let said = told.refusal(&cut, &one);
    assert!(said.contains(&format!("offset {}: bytes follow the end", whole.len())), "{said}");

    fs::write(&cut, b"cairn chain v2\r\n").unwrap();
    assert!(told.refusal(&cut, &one).contains("no exported chain"));
    let other = Sandbox::new("dev-other");
    let (_, said) = other.fail(&["chain", "import", text(&told.file), "--json"]);
    let error: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(error["error"]["reason"], "other-network", "{error}");
    for name in ["dev-cut", "dev-other"] {
        assert!(said.contains(&Params::named(name).unwrap().genesis_hash().to_string()), "{said}");
    }
    let (_, said) = other.fail(&["chain", "export", text(&other.path("none"))]);
    assert!(said.contains("holds no chain"), "{said}");
    assert!(!other.path("none").exists());
}
