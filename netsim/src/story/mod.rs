//! What happened in a run, line by line, and the story of one block or transaction told from it.

mod explain;
mod line;
mod writer;

pub use explain::{ExplainError, explain};
pub use line::{Line, What};
pub(crate) use writer::StoryWriter;
