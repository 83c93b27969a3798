//! Which blocks went beside the chain, as branches with a lane each, and the heights worth a column.

use std::collections::{BTreeSet, HashMap};

use crate::record::{BlockRecord, RunRecord};

/// Forks that are laid out, the deepest first.
const FORKS_MAX: usize = 60;

/// Branches beside each other at most; one that finds no lane is left out.
const LANES_MAX: usize = 8;

/// Blocks without a fork between them take no column beyond so many at either end of a branch.
const SURROUNDINGS: u32 = 2;

/// A chain of blocks in one lane. Lane 0 is the best chain, from genesis on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Branch {
    pub(super) lane: usize,
    /// The lane of the block that the first one builds on.
    pub(super) parent_lane: usize,
    pub(super) first: u32,
    pub(super) last: u32,
}

/// All that a drawing of the forks shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Forks {
    /// The best chain, then the branches by the height of their first block.
    pub(super) branches: Vec<Branch>,
    /// Heights that get a column, ascending.
    pub(super) heights: Vec<u32>,
    /// Points of the best chain, or of a branch off it, from which another branch leaves.
    pub(super) found: usize,
    /// Branches that are not drawn.
    pub(super) left_out: usize,
}

/// Lays out the forks of a run.
pub(super) fn forks(record: &RunRecord) -> Forks {
    let paths = stale_paths(&record.blocks);
    let found = paths.len();
    let best_last = record.blocks.iter().filter(|block| block.on_best_chain).map(|block| block.height).max();
    let mut chosen = paths;
    chosen.sort_by_key(|path| (std::cmp::Reverse(path.length()), path.first));
    chosen.truncate(FORKS_MAX);
    chosen.sort_by_key(|path| (path.first, path.tip));
    let main = Branch { lane: 0, parent_lane: 0, first: 0, last: best_last.unwrap_or(0) };
    let branches = give_lanes(&record.blocks, &chosen, main);
    let left_out = found + 1 - branches.len();
    let heights = columns(&branches);
    Forks { branches, heights, found, left_out }
}

/// Stale blocks from one that builds on another path, or on the best chain, to one that nothing builds on.
struct Path {
    blocks: Vec<usize>,
    first: u32,
    last: u32,
    tip: usize,
}

impl Path {
    fn length(&self) -> u32 {
        self.last - self.first
    }
}

/// Walks from each stale tip down until a block that a path has already; the longest path goes first.
fn stale_paths(blocks: &[BlockRecord]) -> Vec<Path> {
    let by_hash: HashMap<&str, usize> =
        blocks.iter().enumerate().map(|(index, block)| (block.hash.as_str(), index)).collect();
    let stale = |index: &usize| !blocks[*index].on_best_chain;
    let parent = |index: usize| by_hash.get(blocks[index].parent.as_str()).copied().filter(stale);
    let mut is_parent = vec![false; blocks.len()];
    for index in (0..blocks.len()).filter(stale) {
        if let Some(parent) = parent(index) {
            is_parent[parent] = true;
        }
    }
    let mut tips: Vec<usize> = (0..blocks.len()).filter(stale).filter(|&index| !is_parent[index]).collect();
    tips.sort_by_key(|&tip| (std::cmp::Reverse(blocks[tip].height), tip));
    let mut taken = vec![false; blocks.len()];
    let mut paths = Vec::new();
    for tip in tips {
        let down = std::iter::successors(Some(tip), |&index| parent(index));
        let mut path: Vec<usize> = down.take_while(|&index| !taken[index]).collect();
        path.reverse();
        for &index in &path {
            taken[index] = true;
        }
        paths.push(Path { first: blocks[path[0]].height, last: blocks[tip].height, blocks: path, tip });
    }
    paths
}

/// Puts each path into the lowest lane that is free where it runs; a path whose parent is not drawn is left out.
fn give_lanes(blocks: &[BlockRecord], paths: &[Path], main: Branch) -> Vec<Branch> {
    let by_hash: HashMap<&str, usize> =
        blocks.iter().enumerate().map(|(index, block)| (block.hash.as_str(), index)).collect();
    let mut lane_of: HashMap<usize, usize> = HashMap::new();
    let mut free_from = [0; LANES_MAX];
    let mut branches = vec![main];
    for path in paths {
        let parent = by_hash.get(blocks[path.blocks[0]].parent.as_str()).copied();
        let on_best = parent.is_none_or(|parent| blocks[parent].on_best_chain);
        let parent_lane =
            if on_best { Some(0) } else { parent.and_then(|parent| lane_of.get(&parent).copied()) };
        let lane = free_from.iter().position(|&free| free <= path.first).map(|place| place + 1);
        if let (Some(parent_lane), Some(lane)) = (parent_lane, lane) {
            free_from[lane - 1] = path.last + 2;
            lane_of.extend(path.blocks.iter().map(|&index| (index, lane)));
            branches.push(Branch { lane, parent_lane, first: path.first, last: path.last });
        }
    }
    branches
}

/// The heights about the ends of each branch.
fn columns(branches: &[Branch]) -> Vec<u32> {
    let top = branches[0].last;
    let mut heights = BTreeSet::new();
    for branch in &branches[1..] {
        let start = branch.first.saturating_sub(SURROUNDINGS)..branch.first + SURROUNDINGS;
        let end = branch.last.saturating_sub(1)..=branch.last + SURROUNDINGS;
        let within = |height: &u32| *height <= top.max(branch.last);
        heights.extend(start.chain(end).filter(within));
    }
    // A gap of one height takes no less room than the height.
    let single: Vec<u32> =
        heights.iter().map(|height| height + 1).filter(|next| heights.contains(&(next + 1))).collect();
    heights.extend(single);
    heights.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks as `hash parent height`, the best chain in capitals.
    fn run(blocks: &[(&str, &str, u32)]) -> RunRecord {
        let block = |&(hash, parent, height): &(&str, &str, u32)| BlockRecord {
            hash: hash.to_owned(),
            parent: parent.to_owned(),
            height,
            on_best_chain: hash.chars().all(char::is_uppercase),
            ..BlockRecord::default()
        };
        RunRecord { blocks: blocks.iter().map(block).collect(), ..RunRecord::default() }
    }

    #[test]
    fn a_fork_gets_a_lane_of_its_own_and_the_heights_about_it() {
        let chain = ["A", "B", "C", "D", "E", "F", "G", "H", "I"];
        let mut blocks: Vec<_> = (1..10)
            .map(|height| {
                (chain[height - 1], if height > 1 { chain[height - 2] } else { "genesis" }, height as u32)
            })
            .collect();
        blocks.push(("x", "D", 5));
        let forks = forks(&run(&blocks));
        assert_eq!(forks.found, 1);
        assert_eq!(forks.branches[1], Branch { lane: 1, parent_lane: 0, first: 5, last: 5 });
        assert_eq!(forks.heights, [3, 4, 5, 6, 7]);
    }

    #[test]
    fn branches_at_once_have_different_lanes_and_later_ones_share() {
        let forks = forks(&run(&[
            ("A", "genesis", 1),
            ("x", "genesis", 1),
            ("y", "genesis", 1),
            ("B", "A", 2),
            ("C", "B", 3),
            ("D", "C", 4),
            ("z", "C", 4),
        ]));
        let lanes: Vec<_> = forks.branches.iter().map(|branch| branch.lane).collect();
        assert_eq!(lanes, [0, 1, 2, 1]);
    }

    #[test]
    fn a_branch_may_leave_a_branch() {
        let forks = forks(&run(&[
            ("A", "genesis", 1),
            ("x", "genesis", 1),
            ("y", "x", 2),
            ("z", "x", 2),
            ("w", "y", 3),
        ]));
        assert_eq!(forks.branches[1], Branch { lane: 1, parent_lane: 0, first: 1, last: 3 });
        assert_eq!(forks.branches[2], Branch { lane: 2, parent_lane: 1, first: 2, last: 2 });
    }

    #[test]
    fn more_forks_than_fit_are_counted() {
        let mut blocks = vec![("A", "genesis", 1)];
        let names: Vec<String> = (0..100).map(|number| format!("x{number}")).collect();
        blocks.extend(names.iter().map(|name| (name.as_str(), "genesis", 1)));
        let forks = forks(&run(&blocks));
        assert_eq!((forks.found, forks.branches.len() - 1), (100, LANES_MAX));
        assert_eq!(forks.left_out, 100 - LANES_MAX);
    }
}
