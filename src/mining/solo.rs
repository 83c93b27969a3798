//! The miner inside a node: a few threads of low priority that search for the next block.
//!
//! A foreman follows the node's template and the wishes of people. For each new template it sends out a fresh crew
//! of threads and calls the old one off; a crew costs less to replace than to redirect.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::attempt::Attempt;
use super::hash_rate::HashRate;
use crate::node::Template;
use crate::node::query::BlockOutcome;
use crate::primitives::{Address, Block};
use crate::runtime::{NodeHandle, Work, clock};

/// Nonces of one attempt: a second or two, so that the header's time is never far behind the clock.
const ATTEMPT_NONCES: u32 = 1 << 24;
/// Nonces between two additions to the count of hashes.
const COUNTED_NONCES: u32 = 1 << 16;
/// How often the hash rate is read, and a template that only earns more is taken up.
const TICK: Duration = Duration::from_secs(1);
/// Found blocks that wait to be submitted at most; a crew finds one.
const FOUND_WAITING_MAX: usize = 16;
/// Added to the niceness of mining threads, so that people notice nothing: the most a system gives.
#[cfg(unix)]
const NICENESS: i32 = 19;

/// Mines on threads of its own until dropped.
#[derive(Debug)]
pub struct Miner {
    wish: watch::Sender<Wish>,
    meter: Arc<Meter>,
}

/// What people want of the miner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// How many threads search; none to stop mining.
    pub threads: u16,
    /// Who earns the reward.
    pub address: Address,
}

#[derive(Debug, Default)]
struct Meter {
    hashes: AtomicU64,
    rate_bits: AtomicU64,
}

impl Miner {
    /// Starts to mine. Must be called from within tokio.
    pub fn start(handle: NodeHandle, threads: u16, address: Address) -> Self {
        let (wish, wishes) = watch::channel(Wish { threads, address });
        let meter = Arc::new(Meter::default());
        tokio::spawn(Foreman::new(handle, wishes, Arc::clone(&meter)).run());
        Self { wish, meter }
    }

    /// Changes how many threads mine, and for whom.
    pub fn set(&self, threads: u16, address: Address) {
        self.wish.send_replace(Wish { threads, address });
    }

    /// What was wished for last.
    pub fn wish(&self) -> Wish {
        *self.wish.borrow()
    }

    /// Hashes a second over the last ten seconds.
    pub fn hash_rate(&self) -> f64 {
        f64::from_bits(self.meter.rate_bits.load(Ordering::Relaxed))
    }

    /// Hashes since the start.
    pub fn hashes(&self) -> u64 {
        self.meter.hashes.load(Ordering::Relaxed)
    }
}

struct Foreman {
    handle: NodeHandle,
    wishes: watch::Receiver<Wish>,
    meter: Arc<Meter>,
    /// While there are threads to work.
    work: Option<Work>,
    crew: Option<Crew>,
    /// The template that a crew has solved, until something else is to be done.
    solved: Option<Arc<Template>>,
    found_sender: mpsc::Sender<Block>,
    found: mpsc::Receiver<Block>,
}

impl Foreman {
    fn new(handle: NodeHandle, wishes: watch::Receiver<Wish>, meter: Arc<Meter>) -> Self {
        let (found_sender, found) = mpsc::channel(FOUND_WAITING_MAX);
        Self { handle, wishes, meter, work: None, crew: None, solved: None, found_sender, found }
    }

    async fn run(mut self) {
        let mut templates = self.handle.templates();
        self.take_up_wish();
        let mut ticks = tokio::time::interval(TICK);
        let mut rate = HashRate::default();
        let stopping = self.handle.clone();
        let mut stopped = std::pin::pin!(stopping.stopped());
        loop {
            let newest = templates.borrow_and_update().clone();
            self.assign(newest);
            tokio::select! {
                _ = &mut stopped => return,
                changed = templates.changed() => if changed.is_err() { return },
                changed = self.wishes.changed() => {
                    if changed.is_err() { return }
                    self.crew = None;
                    self.take_up_wish();
                }
                Some(block) = self.found.recv() => {
                    self.go_home_after(&block);
                    self.submit(block);
                }
                _ = ticks.tick() => {
                    // A block that was not taken, or a template that earns more, is worth another search.
                    self.solved = None;
                    self.call_off_the_outdated(templates.borrow().as_ref());
                    let hashes = self.meter.hashes.load(Ordering::Relaxed);
                    let rate = rate.read(clock::now().monotonic_ms, hashes);
                    self.meter.rate_bits.store(rate.to_bits(), Ordering::Relaxed);
                }
            }
        }
    }

    /// The node makes templates while there are threads to work on them.
    fn take_up_wish(&mut self) {
        self.work = (self.wishes.borrow().threads > 0).then(|| self.handle.work());
    }

    /// Sends out a crew when there is something to do that none does.
    fn assign(&mut self, newest: Option<Arc<Template>>) {
        let Some(template) = newest else { return };
        let same_parent = |other: &Arc<Template>| other.parent == template.parent;
        if self.solved.as_ref().is_some_and(same_parent) {
            return;
        }
        if self.crew.as_ref().is_some_and(|crew| same_parent(&crew.template)) {
            return;
        }
        let wish = *self.wishes.borrow_and_update();
        let is_behind = self.handle.view().initial_block_download;
        self.crew = (wish.threads > 0 && !is_behind).then(|| self.send_out(template, wish));
    }

    /// On the same parent a search goes on for a while with the transactions it began with.
    fn call_off_the_outdated(&mut self, newest: Option<&Arc<Template>>) {
        let is_outdated = |crew: &Crew| newest.is_none_or(|newest| !Arc::ptr_eq(newest, &crew.template));
        if self.crew.as_ref().is_some_and(is_outdated) {
            self.crew = None;
        }
    }

    /// Ends the search that this block ends, if its crew is still out.
    fn go_home_after(&mut self, block: &Block) {
        let is_solved = |crew: &mut Crew| crew.template.previous() == block.header.previous;
        if let Some(crew) = self.crew.take_if(is_solved) {
            self.solved = Some(Arc::clone(&crew.template));
        }
    }

    fn send_out(&self, template: Arc<Template>, wish: Wish) -> Crew {
        let crew = Crew { template, stop: Arc::default() };
        for thread in 0..wish.threads {
            let digger = Digger {
                template: Arc::clone(&crew.template),
                address: wish.address,
                salt: clock::random_bytes(),
                stop: Arc::clone(&crew.stop),
                meter: Arc::clone(&self.meter),
                found: self.found_sender.clone(),
            };
            let name = format!("cairn-mine-{thread}");
            if let Err(error) = std::thread::Builder::new().name(name).spawn(move || digger.dig()) {
                tracing::warn!("the system refused a mining thread: {error}");
            }
        }
        crew
    }

    /// Beside the search, since the outcome waits for the disk, and the next template does not.
    fn submit(&self, block: Block) {
        let handle = self.handle.clone();
        tokio::spawn(async move {
            match handle.submit_block(Arc::new(block)).await {
                Ok(BlockOutcome::Connected) | Err(_) => {}
                Ok(BlockOutcome::SideBranch | BlockOutcome::Duplicate) => {
                    tracing::info!("mined a block a moment too late: another one took its place");
                }
                Ok(BlockOutcome::Invalid(violation)) => {
                    tracing::warn!("a mined block was refused: {violation}");
                }
            }
        });
    }
}

/// The threads that search over one template. They end soon after this is dropped.
struct Crew {
    template: Arc<Template>,
    stop: Arc<AtomicBool>,
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// One thread of a crew.
struct Digger {
    template: Arc<Template>,
    address: Address,
    salt: [u8; 8],
    stop: Arc<AtomicBool>,
    meter: Arc<Meter>,
    found: mpsc::Sender<Block>,
}

impl Digger {
    /// Tries one extra nonce after another, each with the time of its moment.
    fn dig(&self) {
        yield_to_everyone();
        for counter in 0_u64.. {
            let mut extra_nonce = [0; 16];
            extra_nonce[..8].copy_from_slice(&self.salt);
            extra_nonce[8..].copy_from_slice(&counter.to_be_bytes());
            let now = clock::now().timestamp();
            let attempt = Attempt::new(&self.template, self.address, extra_nonce, now);
            if self.exhaust(&attempt) {
                return;
            }
        }
    }

    /// Searches a whole attempt; true when it is time to go home.
    fn exhaust(&self, attempt: &Attempt) -> bool {
        for start in (0..ATTEMPT_NONCES).step_by(COUNTED_NONCES as usize) {
            let solved = attempt.solve(start..=start + (COUNTED_NONCES - 1), &self.stop);
            let tried = solved.as_ref().map_or(COUNTED_NONCES, |block| block.header.nonce - start + 1);
            self.meter.hashes.fetch_add(u64::from(tried), Ordering::Relaxed);
            if let Some(block) = solved {
                // The foreman is gone when the node stops.
                let _ = self.found.blocking_send(block);
                return true;
            }
            if self.stop.load(Ordering::Relaxed) {
                return true;
            }
        }
        false
    }
}

#[cfg(unix)]
fn yield_to_everyone() {
    // A system that refuses leaves the thread as it is: mining still works.
    let _ = rustix::process::nice(NICENESS);
}

#[cfg(not(unix))]
fn yield_to_everyone() {}
