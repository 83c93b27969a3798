//! A thread a core for heavy checks. Signatures are cut so that all cores work on them, in batches as large as pay.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use super::completion::Completion;
use super::handle::Shared;
use super::threads;
use crate::consensus::params::Params;
use crate::node::input::Ticket;
use crate::node::verify::{bad_signatures, conclude, signature_count};
use crate::node::{Input, VerifyJob};
use crate::primitives::keys::BATCH_SIGNATURES_MAX;

/// Checks under way or waiting at most; the core keeps the rest and takes no new inputs meanwhile.
pub(super) const JOBS_MAX: usize = 64;
/// Signatures a core's share of a job has at least: smaller batches cost more than a second core gains.
const SHARE_SIGNATURES_MIN: usize = 512;

/// Where the core leaves checks.
pub(super) struct VerifyPool {
    places: SyncSender<Arc<Shareable>>,
    jobs: Arc<AtomicUsize>,
    threads: usize,
}

/// A check that several threads can work on at once.
struct Shareable {
    ticket: Ticket,
    job: VerifyJob,
    signatures: usize,
    /// Signatures taken at a time.
    batch: usize,
    /// The first signature that nobody has taken.
    next: AtomicUsize,
    found: Mutex<Found>,
}

/// What the threads found so far.
#[derive(Default)]
struct Found {
    bad: Vec<usize>,
    checked: usize,
}

/// What each thread of the pool holds.
#[derive(Clone)]
struct Worker {
    work: Arc<Mutex<Receiver<Arc<Shareable>>>>,
    jobs: Arc<AtomicUsize>,
    params: Arc<Params>,
    completions: mpsc::Sender<Completion>,
}

impl VerifyPool {
    /// Starts the threads. They end when the pool is dropped.
    pub(super) fn start(
        shared: &Arc<Shared>,
        completions: &mpsc::Sender<Completion>,
    ) -> io::Result<(Self, Vec<JoinHandle<()>>)> {
        let threads = threads::cores();
        let (places, receiver) = sync_channel(JOBS_MAX * threads);
        let jobs = Arc::new(AtomicUsize::new(0));
        let worker = Worker {
            work: Arc::new(Mutex::new(receiver)),
            jobs: Arc::clone(&jobs),
            params: Arc::clone(&shared.params),
            completions: completions.clone(),
        };
        let start = |_| {
            let worker = worker.clone();
            threads::spawn("verify", shared, move || worker.run())
        };
        let handles = (0..threads).map(start).collect::<io::Result<_>>()?;
        Ok((Self { places, jobs, threads }, handles))
    }

    /// Takes a check, or gives it back when there are too many.
    pub(super) fn submit(&self, ticket: Ticket, job: VerifyJob) -> Result<(), (Ticket, VerifyJob)> {
        let jobs_before = self.jobs.load(Ordering::Relaxed);
        if jobs_before >= JOBS_MAX {
            return Err((ticket, job));
        }
        self.jobs.fetch_add(1, Ordering::Relaxed);
        let signatures = signature_count(&job);
        // With other checks waiting every core is busy anyway, and the largest batches are the cheapest.
        let share = if jobs_before < self.threads { signatures.div_ceil(self.threads) } else { signatures };
        let batch = share.clamp(SHARE_SIGNATURES_MIN, BATCH_SIGNATURES_MAX);
        let shares = signatures.div_ceil(batch).clamp(1, self.threads);
        let job = Arc::new(Shareable {
            ticket,
            job,
            signatures,
            batch,
            next: AtomicUsize::new(0),
            found: Mutex::default(),
        });
        for _ in 0..shares {
            // Each job takes at most as many places as there are threads, so there is room; and the threads are
            // gone only when the node is stopping.
            let _ = self.places.try_send(Arc::clone(&job));
        }
        Ok(())
    }
}

impl Worker {
    fn run(&self) {
        loop {
            let received = self.work.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(job) = received else { return };
            self.work_on(&job);
        }
    }

    /// Takes batches until none is left; whoever ends the last one answers.
    fn work_on(&self, job: &Shareable) {
        if job.signatures == 0 {
            return self.answer(job, &[]);
        }
        loop {
            let start = job.next.fetch_add(job.batch, Ordering::Relaxed);
            if start >= job.signatures {
                return;
            }
            let end = job.signatures.min(start + job.batch);
            let bad = bad_signatures(&job.job, start..end, &self.params);
            let mut found = job.found.lock().unwrap_or_else(PoisonError::into_inner);
            found.bad.extend(bad);
            found.checked += end - start;
            if found.checked == job.signatures {
                return self.answer(job, &found.bad);
            }
        }
    }

    fn answer(&self, job: &Shareable, bad: &[usize]) {
        let result = conclude(&job.job, bad, &self.params);
        self.jobs.fetch_sub(1, Ordering::Relaxed);
        // The core is gone when the node stops: nobody wants the answer then.
        let _ =
            self.completions.blocking_send(Completion::Input(Input::Verified { ticket: job.ticket, result }));
    }
}
