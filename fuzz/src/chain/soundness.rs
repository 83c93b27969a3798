//! What must hold after each step, and at the end.

use std::collections::BTreeMap;

use cairn::consensus::Accounts as _;
use cairn::consensus::testing::TestChain;
use cairn::node::query::Supply;
use cairn::node::{Answer, Query};
use cairn::primitives::{Address, Height};

use super::super::forest::{MINERS, PAYEES};
use super::{HONEST, KEYS, LIARS, Life};

/// Questions that one peer owes answers to at most.
const REQUESTS_PER_PEER_MAX: usize = 40;

/// Milliseconds that an honest peer may need to bring the node to the best block.
const PATIENCE_MS: u64 = 240_000;

impl Life {
    pub(super) fn assert_sound(&mut self) {
        let view = self.lab.view();
        let honest = view.peers.iter().find(|peer| peer.peer == HONEST);
        assert!(
            honest.is_some_and(|peer| peer.score >= 0.0),
            "an honest peer has something against it: {honest:?}"
        );
        for peer in &view.peers {
            assert!(peer.requests_in_flight <= REQUESTS_PER_PEER_MAX, "{peer:?} is asked too much");
        }
        let shown =
            self.forest.find(&view.tip.id.hash).unwrap_or_else(|| panic!("{:?} is no block", view.tip));
        assert!(self.forest.tree(shown).chain.is_some(), "the tip is invalid: {:?}", view.tip);
        if self.lab.is_settled() {
            self.assert_best(shown);
            self.assert_replayed(shown);
        }
    }

    /// Of what the node said it has, nothing valid has more work than the tip.
    pub(super) fn assert_best(&self, tip: usize) {
        let best = self.forest.best_of(&self.forest.whole_branches(&self.kept));
        let (tip, best) = (&self.forest.tree(tip).facts, &self.forest.tree(best).facts);
        assert!(tip.work >= best.work, "the tip is {tip:?}, and there is {best:?}");
    }

    /// The state at the tip is that of a replay, and all money is accounted for.
    pub(super) fn assert_replayed(&mut self, tip: usize) {
        let chain = self.forest.tree(tip).chain.clone().expect("the tip is valid");
        let Answer::Supply(supply) = self.lab.ask(Query::Supply) else { panic!("a supply is asked for") };
        let Supply { circulating, maturing, prefund, issued, accounts } = supply;
        assert_eq!(circulating.0 + maturing.0, prefund.0 + issued.0);
        assert_eq!(u128::from(circulating.0), chain.state.accounts().total());
        assert_eq!(accounts, chain.state.accounts().len() as u64);
        let senders = (0..KEYS.len()).map(|number| Address::of(&KEYS[number].public_key()));
        for address in senders.chain(MINERS).chain(PAYEES).collect::<Vec<_>>() {
            let Answer::Account(shown) = self.lab.ask(Query::Account(address)) else {
                panic!("an account is asked for")
            };
            let replayed = chain.state.account(&address);
            assert_eq!((shown.confirmed, shown.nonce), (replayed.balance, replayed.nonce), "{address:?}");
        }
        let template = self.lab.template();
        assert_eq!(template.previous(), chain.tip().hash, "miners work on the tip");
        assert_eq!(template.state_root, chain.expected_state_root());
        self.assert_pool_fits(&chain);
    }

    /// Nothing waits in the pool that can never be on this chain or that its sender cannot pay.
    pub(super) fn assert_pool_fits(&mut self, chain: &TestChain) {
        let Answer::Mempool(entries) = self.lab.ask(Query::Mempool) else { panic!("the pool is asked for") };
        let mut spent: BTreeMap<Address, u64> = BTreeMap::new();
        for entry in &entries {
            let each = &entry.transaction;
            let (sender, cost) =
                (each.sender_address(), each.total_output().map_or(0, |total| total.0) + each.fee.0);
            assert!(each.nonce >= chain.state.account(&sender).nonce, "a used nonce waits");
            assert!(
                each.expires_at == Height(0) || each.expires_at > chain.tip().height,
                "an expired one waits"
            );
            *spent.entry(sender).or_default() += cost;
        }
        for (sender, cost) in spent {
            assert!(
                cost <= chain.state.account(&sender).balance.0,
                "what waits costs more than its sender has"
            );
        }
    }

    /// Whatever happened, an honest peer is enough.
    pub(super) fn end_well(mut self) {
        (self.lab.checks_are_stuck, self.lab.disk_is_stuck) = (false, false);
        self.lab.settle();
        self.take_answers();
        for liar in LIARS {
            self.leave(liar);
        }
        self.lab.closed.clear();
        let valid: Vec<_> =
            (0..self.forest.len()).filter(|at| self.forest.tree(*at).chain.is_some()).collect();
        let latest = valid.iter().map(|at| self.forest.tree(*at).facts.time.0).max().unwrap_or_default();
        self.lab.now.wall_ms = self.lab.now.wall_ms.max(u64::from(latest) * 1_000);
        self.told.extend(valid);
        self.claim_honestly();
        self.serve_honestly();
        let best = self.forest.tree(self.forest.best_of(&self.told)).facts;
        let end_ms = self.lab.now.monotonic_ms + PATIENCE_MS;
        while self.lab.view().tip.work < best.work && !self.lab.pass_until_woken(end_ms) {
            self.serve_honestly();
        }
        self.hang_up();
        self.assert_sound();
        assert_eq!(self.lab.view().tip.work, best.work, "an honest peer has {best:?}");
        assert!(self.lab.asked.iter().all(|(peer, _, _)| *peer == HONEST), "who is gone is asked nothing");
        self.submitted.clear();
        self.lab = self.lab.restarted();
        self.meet_honest();
        self.assert_sound();
        assert_eq!(self.lab.view().tip.work, best.work, "after a restart everything is still there");
    }
}
