//! The best chain of a running node, which may switch branches while it is read.

use std::collections::VecDeque;

use futures::future::try_join_all;
use serde_json::{Value, json};

use super::Blocks;
use crate::cli::failure::{Failure, Outcome};
use crate::primitives::block::HEADER_BYTES;
use crate::primitives::{BlockHash, BlockId, Header, codec};

/// Blocks asked for at once: enough to keep the node busy, 64 MiB at most.
const ASKED_AT_ONCE: usize = 16;

/// Blocks above genesis, lowest first, each the child of the one before.
///
/// They are asked for by height. Should the node leave its branch between two answers, what is left of the branch that was
/// best at the start is asked for by hash: a node keeps what it leaves.
pub(super) struct ServedBlocks<F> {
    fetch: F,
    /// What `getblock` is asked for next: heights, or hashes.
    names: Box<dyn Iterator<Item = Value>>,
    /// Asked for and not handed out yet.
    here: VecDeque<Vec<u8>>,
    last: BlockHash,
    /// The best block when this began.
    aim: BlockId,
    /// The highest block handed out so far.
    handed_out: u32,
}

impl<F: AsyncFn(Value) -> Outcome<Vec<u8>>> ServedBlocks<F> {
    /// The chain up to `tip`. `fetch` answers a block of the best chain by height, and any by hash.
    pub(super) fn new(genesis: BlockHash, tip: BlockId, fetch: F) -> Self {
        let names = Box::new((1..=tip.height.0).map(|height| json!(height)));
        Self { fetch, names, here: VecDeque::new(), last: genesis, aim: tip, handed_out: 0 }
    }

    async fn ask_for_more(&mut self) -> Outcome {
        let names: Vec<_> = self.names.by_ref().take(ASKED_AT_ONCE).collect();
        let fetch = &self.fetch;
        self.here = try_join_all(names.into_iter().map(|name| fetch(name))).await?.into();
        Ok(())
    }

    /// Names the blocks between the last one handed out and the tip of the start, by walking down from there.
    async fn return_to_the_branch(&mut self) -> Outcome {
        let mut hashes = VecDeque::new();
        let mut hash = self.aim.hash;
        while hash != self.last {
            if hashes.len() as u32 + self.handed_out >= self.aim.height.0 {
                return Err(lost());
            }
            hashes.push_front(json!(hash));
            hash = header_of(&(self.fetch)(json!(hash)).await?)?.previous;
        }
        self.names = Box::new(hashes.into_iter());
        Ok(())
    }
}

impl<F: AsyncFn(Value) -> Outcome<Vec<u8>>> Blocks for ServedBlocks<F> {
    fn tip(&self) -> BlockId {
        if self.handed_out == self.aim.height.0 { BlockId { hash: self.last, ..self.aim } } else { self.aim }
    }

    async fn next(&mut self) -> Outcome<Option<Vec<u8>>> {
        if self.here.is_empty() {
            self.ask_for_more().await?;
        }
        let Some(mut block) = self.here.pop_front() else { return Ok(None) };
        let mut header = header_of(&block)?;
        if header.previous != self.last {
            self.return_to_the_branch().await?;
            self.ask_for_more().await?;
            block = self.here.pop_front().ok_or_else(lost)?;
            header = header_of(&block)?;
        }
        if header.previous != self.last {
            return Err(lost());
        }
        self.last = header.hash();
        self.handed_out += 1;
        Ok(Some(block))
    }
}

fn header_of(block: &[u8]) -> Outcome<Header> {
    let header = block.get(..HEADER_BYTES).and_then(|bytes| codec::decode(bytes, HEADER_BYTES).ok());
    header.ok_or_else(|| Failure::new("the node's answer is no block", "is this a Cairn node?"))
}

fn lost() -> Failure {
    Failure::new("the node switched branches more than once meanwhile", "export again")
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::consensus::params::Params;
    use crate::consensus::testing::TestChain;
    use crate::primitives::{Address, Block, Height};

    /// Blocks that two branches share, and that each has besides.
    const SHARED: u32 = 20;
    const OWN: u32 = 20;

    fn branch(miner: u8) -> TestChain {
        let mut chain = TestChain::new(Params::named("dev").unwrap());
        for height in 1..=SHARED + OWN {
            let miner = if height > SHARED { miner } else { 0 };
            chain.grow(Address([miner; 32]), Vec::new()).unwrap();
        }
        chain
    }

    fn blocks(chain: &TestChain) -> Vec<Block> {
        chain.blocks.iter().map(|(block, _)| Block::clone(block.block())).collect()
    }

    /// Reads everything from a node that goes over to another branch before it answers so many questions.
    async fn read(old: &TestChain, new: &TestChain, answers_before: u32) -> Vec<Vec<u8>> {
        let answers = Cell::new(0);
        let fetch = async |which: Value| {
            let best = if answers.get() < answers_before { old } else { new };
            answers.set(answers.get() + 1);
            let found = match which.as_u64() {
                Some(height) => blocks(best)[height as usize - 1].clone(),
                None => [old, new]
                    .into_iter()
                    .flat_map(blocks)
                    .find(|block| json!(block.hash()) == which)
                    .expect("nothing unknown is asked for"),
            };
            Ok(codec::encode(&found))
        };
        let tip = old.tip().id();
        let mut served = ServedBlocks::new(old.params.genesis_hash(), tip, fetch);
        let mut read = Vec::new();
        while let Some(block) = served.next().await.unwrap() {
            read.push(block);
        }
        assert_eq!(served.tip().height, Height(SHARED + OWN));
        read
    }

    #[tokio::test]
    async fn a_node_that_switches_branches_meanwhile_is_read_to_the_end_of_one_of_them() {
        let (old, new) = (branch(1), branch(2));
        let encoded = |chain: &TestChain| blocks(chain).iter().map(codec::encode).collect::<Vec<_>>();
        for answers_before in 0..=SHARED + OWN {
            // Only above the last shared block the branches can be told apart.
            let expected = if answers_before <= SHARED { &new } else { &old };
            assert!(read(&old, &new, answers_before).await == encoded(expected), "{answers_before}");
        }
    }
}
