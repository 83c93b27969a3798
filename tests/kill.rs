//! A mining node is killed again and again, and never loses what it has shown.
#![cfg(feature = "cli")]

mod support;

use support::Sandbox;

/// How often, unless `CAIRN_KILLS` says otherwise.
const KILLS: u32 = 3;

/// Blocks between two kills.
const BLOCKS: u64 = 4;

/// Every 65,536th hash meets this target: many blocks a second, and enough time between them to be killed in.
const EASY: &str = "retarget = false\nfirst_bits = 0x1f00ffff\nlimit_bits = 0x1f00ffff\n";

#[test]
fn a_killed_node_is_back_at_or_above_the_last_height_it_showed() {
    let kills =
        std::env::var("CAIRN_KILLS").map_or(KILLS, |text| text.parse().expect("CAIRN_KILLS is a number"));
    let sandbox = Sandbox::with_spec("kill", EASY);
    let miner = sandbox.wallet("miner");
    let flags = ["--mine", "1", "--miner-address", &miner];
    let mut shown = 0;
    for kill in 1..=kills {
        let node = sandbox.node("miner", &flags);
        let back = node.height();
        assert!(back >= shown, "after kill {kill} it is back at {back}, and had shown {shown}");
        node.wait("some more blocks", |node| node.height() >= back + BLOCKS);
        shown = node.height();
        node.kill();
        println!("kill {kill}: back at {back}, then shown up to {shown}");
    }
    let folder = sandbox.path("miner").display().to_string();
    std::fs::remove_file(sandbox.path("miner").join("rpc.url"))
        .expect("a killed node leaves its address behind");
    for depth in [&[][..], &["--from-genesis"][..]] {
        let verified = sandbox.json(&[&["chain", "verify", "--data-dir", &folder], depth].concat());
        assert_eq!(verified["ok"], true);
        assert!(verified["blocks"].as_u64() >= Some(shown), "{verified}, and {shown} was shown");
    }
}
