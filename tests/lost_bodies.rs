//! A body that is damaged where the journal no longer reaches: what is said of it, and how the chain becomes whole again
//! without any peer.
#![cfg(feature = "cli")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use cairn::consensus::params::Params;
use cairn::consensus::testing::TestChain;
use cairn::primitives::{Address, Block, BlockId};
use cairn::storage::ChainFileWriter;
use serde_json::json;
use support::Sandbox;

const BLOCKS: usize = 40;
const MINER: Address = Address([7; 32]);
/// Bytes of a record before the block's height and hash: its kind.
const ID_AT: usize = 1;

/// A folder with a chain and a branch of one block that lost, and without what its journal held.
struct Kept {
    sandbox: Sandbox,
    chain: TestChain,
    beside: BlockId,
    /// An export of another node.
    export: PathBuf,
}

fn kept(network: &str) -> Kept {
    let sandbox = Sandbox::new(network);
    let mut chain = TestChain::new(Params::named(network).unwrap());
    (0..BLOCKS - 1).for_each(|_| drop(chain.grow(MINER, Vec::new()).unwrap()));
    let mut branch = chain.clone();
    let beside = branch.grow(Address([9; 32]), Vec::new()).unwrap();
    chain.grow(MINER, Vec::new()).unwrap();
    let blocks = chain.blocks.iter().map(|(block, _)| Block::clone(block.block()));
    let (export, both) = (sandbox.path("export"), sandbox.path("both"));
    let blocks: Vec<Block> = blocks.collect();
    write(&export, &chain.params, blocks.iter());
    write(&both, &chain.params, blocks.iter().chain([&**beside.block()]));
    let kept = Kept { sandbox, beside: beside.id(), chain, export };
    // One after the other: of two blocks of equal work the one that is checked first is followed.
    for file in [&kept.export, &both] {
        kept.run(&["import", file.to_str().unwrap()]);
    }
    fs::remove_dir_all(kept.sandbox.path("node/journal")).unwrap();
    kept
}

fn write<'a>(path: &Path, params: &Params, blocks: impl Iterator<Item = &'a Block>) {
    let mut writer = ChainFileWriter::new(fs::File::create(path).unwrap(), params).unwrap();
    blocks.for_each(|block| writer.write(block).unwrap());
    writer.finish().unwrap();
}

impl Kept {
    /// Runs `cairn chain` on the folder; gives whether it ended well, and what it said to people.
    fn run(&self, command: &[&str]) -> (bool, String) {
        let folder = self.sandbox.path("node").display().to_string();
        let ended = self.sandbox.run(&[&["chain"], command, &["--data-dir", &folder]].concat());
        (ended.status.success(), String::from_utf8_lossy(&ended.stderr).into_owned())
    }

    /// Flips a bit in the body of a block; gives the file and the byte where its record begins, as they are told. Where a
    /// hash stands without its height, another block names it as its parent: bodies lie in no certain order.
    fn damage(&self, block: BlockId) -> [String; 2] {
        let file = self.sandbox.path("node/bodies/0000000001.log");
        let mut bytes = fs::read(&file).unwrap();
        let id = [&block.height.0.to_be_bytes()[..], &block.hash.0].concat();
        let named = bytes.windows(id.len()).position(|bytes| bytes == id).unwrap();
        bytes[named + 100] ^= 0x10;
        fs::write(&file, bytes).unwrap();
        [file.display().to_string(), format!("at byte {}", named - ID_AT)]
    }
}

fn assert_says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}

#[test]
fn a_body_damaged_beyond_the_journal_is_named_with_its_place_and_comes_back_from_an_export() {
    let kept = kept("dev-lost-body");
    let lost = kept.chain.facts[30].id();
    let [file, byte] = kept.damage(lost);
    let block = format!("block #30 {}", lost.hash);
    let (is_well, said) = kept.run(&["verify"]);
    assert!(!is_well, "{said}");
    assert_says(&said, &[&file, &byte, &block, "Start the node again", "`cairn chain import`"]);

    for start in 1..=2 {
        let node = kept.sandbox.node("node", &[]);
        assert_eq!(node.height(), 29, "it has no peers to send the body again");
        let log = node.log();
        assert_says(&log, &[&file, &byte, "until peers have sent them again", "`cairn chain import`"]);
        assert_eq!(log.matches(&format!("ends before {block}")).count(), start, "at each start: {log}");
        node.stop();
    }
    let (is_well, said) = kept.run(&["import", kept.export.to_str().unwrap()]);
    assert!(is_well, "{said}");
    let folder = kept.sandbox.path("node").display().to_string();
    let verified = kept.sandbox.json(&["chain", "verify", "--from-genesis", "--data-dir", &folder]);
    assert_eq!((&verified["ok"], &verified["blocks"]), (&json!(true), &json!(BLOCKS)));
}

#[test]
fn a_damaged_body_beside_the_best_chain_is_named_with_its_place_and_does_no_harm() {
    let kept = kept("dev-lost-branch");
    let (is_well, said) = kept.run(&["verify"]);
    assert!(is_well, "{said}");
    assert_says(&said, &["1 block beside the best chain read as well: 0 damaged"]);
    let [file, byte] = kept.damage(kept.beside);
    let (is_well, said) = kept.run(&["verify"]);
    assert!(is_well, "{said}");
    let block = format!("block #{BLOCKS} {}", kept.beside.hash);
    assert_says(&said, &[&file, &byte, &block, "is not on the best chain", "forgotten until peers"]);

    let (is_well, said) = kept.run(&["verify"]);
    assert!(is_well, "{said}");
    assert_says(&said, &["the bodies of 1 blocks beside the best chain were damaged or gone"]);
    let (is_well, said) = kept.run(&["verify"]);
    assert!(is_well && !said.contains("beside"), "it is told once: {said}");
}
