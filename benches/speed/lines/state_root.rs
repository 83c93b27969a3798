//! Bringing the state tree up to date after 64 blocks, without anything around it.

use cairn::consensus::{Account, AccountTable, Accounts, STATE_ROOT_INTERVAL, StateTree, state_root};
use cairn::primitives::{Address, Amount};

use crate::chain::{TRANSFERS, address};
use crate::report::Round;
use crate::{Scale, cpu};

const ACCOUNTS: usize = 1_000_000;
const ACCOUNTS_TRIAL: usize = 1_000;
/// Receivers are this many accounts further: a prime, so that they spread.
const RECEIVER_STEP: usize = 7_919;

pub(crate) fn prepare(scale: Scale) -> Box<dyn FnMut() -> Round> {
    let count = if scale == Scale::Full { ACCOUNTS } else { ACCOUNTS_TRIAL };
    let addresses: Vec<Address> = (0..count).map(address).collect();
    let full = |address: &Address| (*address, Account { balance: Amount(1_000_000), nonce: 0 });
    let mut accounts: AccountTable = addresses.iter().map(full).collect();
    let mut tree = StateTree::build(accounts.sorted());
    let transfers = STATE_ROOT_INTERVAL as usize * TRANSFERS;
    let mut first = 0;
    Box::new(move || {
        let mut touched = Vec::with_capacity(2 * transfers);
        for index in first..first + transfers {
            let (sender, receiver) = (addresses[index % count], addresses[index * RECEIVER_STEP % count]);
            for (address, sent) in [(sender, 1), (receiver, 0)] {
                let before = accounts.get(&address);
                let balance = Amount(before.balance.0 + 1 - 2 * sent);
                accounts.set(address, Account { balance, nonce: before.nonce + sent });
                touched.push(address);
            }
        }
        first += transfers;
        let seconds = cpu::seconds_of(|| {
            tree.update(&touched, &accounts);
            state_root(tree.root(), []);
        });
        let figures = vec![("transfers", transfers as f64), ("microseconds of CPU", seconds * 1e6)];
        Round { figures, result: seconds * 1e6 / transfers as f64 }
    })
}
