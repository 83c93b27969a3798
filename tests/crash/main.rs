//! Every point at which a node can be stopped: a recorder writes down all that it does to its files, a disk in memory
//! does it again up to any point, and what a crash leaves there is opened and compared with what was told.
//!
//! | file | what |
//! | --- | --- |
//! | `recorder.c`, `recorder`, `log` | writes down what a process does, runs one, reads that back |
//! | `story`, `life` | what the recorded node lives through |
//! | `disk`, `image` | does it again, up to any point, and what is left there |
//! | `node`, `check` | opens that, and looks at all of it |
//! | `campaign`, `damaged_journal`, `tally` | for many points, and for recoveries too, also from damage |
//! | `compaction` | compacts a folder, on a disk that is full as well |
//! | `damage` | opens folders with a flipped bit, or without a file |
#![cfg(all(feature = "runtime", feature = "sled", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "what fails in a test shall stop it there")]

mod campaign;
mod chance;
mod check;
mod compaction;
mod damage;
mod damaged_journal;
mod disk;
mod image;
mod life;
mod log;
mod node;
#[path = "../support/preload.rs"]
mod preload;
mod recorder;
mod story;
mod tally;

use cairn::storage::sled_store::database::guarded;

use campaign::Plan;
use recorder::Recorder;
use story::Story;

/// Chooses what outlives a loss of power, unless `CAIRN_CRASH_SEED` says otherwise.
const SEED: u64 = 4;

/// Every kill point, and many losses of power: some minutes.
const ALL: Plan = Plan {
    kill_every: 1,
    power_losses: 700,
    growth_losses: 200,
    recoveries: 16,
    power_losses_each: 20,
    damaged: 12,
};

/// The same, thinned out: a minute.
const SOME: Plan = Plan {
    kill_every: 9,
    power_losses: 80,
    growth_losses: 20,
    recoveries: 3,
    power_losses_each: 5,
    damaged: 6,
};

#[test]
#[ignore = "takes minutes and a C compiler: `just crash-test`"]
fn every_crash_leaves_a_folder_that_gives_back_what_was_told() {
    let Some(recorder) = Recorder::build(env!("CARGO_TARGET_TMPDIR").as_ref()) else { return };
    // What is caught on damaged contents is no news.
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !guarded::is_panic_caught() {
            tell(panic);
        }
    }));
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect("it is a number"));
    let plan = if std::env::var_os("CAIRN_CRASH_SOME").is_some() { SOME } else { ALL };
    let tally = campaign::run(&Story::new(), &recorder, plan, number("CAIRN_CRASH_SEED").unwrap_or(SEED));
    println!("{}", tally.table());
    assert!(tally.failures.is_empty(), "{} images are not whole", tally.failures.len());
}
