//! One run as one page: text and drawings in a single file that loads nothing from elsewhere.
//!
//! ```text
//! page.rs     the page from top to bottom
//! style.rs    its typography, and each colour by day and by night
//! canvas.rs   lines, dots and words into inline SVG (plotters)
//! frame.rs    scales, ticks and grid of one drawing
//! …           one file for each drawing, which says what it shows
//! ```

mod agreement;
mod canvas;
mod fork_tree;
mod forks;
mod frame;
mod headline;
mod histogram;
mod page;
mod propagation;
#[cfg(test)]
mod sample;
mod stale;
mod style;
mod tables;
mod text;
mod timeline;

pub use text::{count, duration, times};

use crate::record::RunRecord;

/// The report of a run as an HTML document; `command` is what repeats the run.
pub fn html(record: &RunRecord, command: &str) -> String {
    page::write(record, command)
}
