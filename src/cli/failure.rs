//! How a command fails: one line of cause, one line of what to do next, and an exit code that scripts can rely on.

use std::fmt;
use std::process::ExitCode;

use serde::Serialize;

/// What every fallible part of the command line answers.
pub(super) type Outcome<T = ()> = Result<T, Failure>;

/// Why a command did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Failure {
    #[serde(skip)]
    pub(super) exit: Exit,
    /// What went wrong, in a sentence.
    pub(super) cause: String,
    /// What to do about it, in a sentence.
    pub(super) next_step: String,
    /// The same in kebab case, when a node or a rule gave a name to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
}

/// Exit codes: part of the interface, like the flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// It was tried and did not work.
    Failed = 1,
    /// It was asked for in a way that makes no sense.
    Usage = 2,
    /// No node answered.
    Unreachable = 3,
    /// The person said no.
    Refused = 4,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Failure {
    /// Something did not work.
    pub(super) fn new(cause: impl fmt::Display, next_step: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, cause: cause.to_string(), next_step: next_step.into(), reason: None }
    }

    /// The command line or the configuration makes no sense.
    pub(super) fn usage(cause: impl fmt::Display, next_step: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::new(cause, next_step) }
    }

    /// No node answered.
    pub(super) fn unreachable(cause: impl fmt::Display, next_step: impl Into<String>) -> Self {
        Self { exit: Exit::Unreachable, ..Self::new(cause, next_step) }
    }

    /// The person said no.
    pub(super) fn refused() -> Self {
        Self { exit: Exit::Refused, ..Self::new("nothing was done, as you wished", "") }
    }

    /// Ctrl-C, before it was done.
    pub(super) fn interrupted() -> Self {
        Self { exit: Exit::Interrupted, ..Self::new("stopped by Ctrl-C", "") }
    }

    /// With the stable name of what is wrong.
    pub(super) fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)?;
        if self.next_step.is_empty() { Ok(()) } else { write!(f, "\n  → {}", self.next_step) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_its_cause_and_then_what_to_do() {
        let failure = Failure::unreachable("no node answers", "start one with `cairn up`");
        assert_eq!(failure.to_string(), "no node answers\n  → start one with `cairn up`");
        assert_eq!(failure.exit as u8, 3);
    }
}
