//! Why nobody is there: one plain line when no peer was found for a while.

/// Silence that is explained, in milliseconds.
const SILENCE_MS: u64 = 10_000;

/// What was tried so far.
#[derive(Debug)]
pub(super) struct Silence {
    since_ms: u64,
    explained: bool,
    looking: Vec<&'static str>,
    last_failure: Option<String>,
}

impl Silence {
    /// Nothing yet.
    pub(super) fn since(now_ms: u64) -> Self {
        Self { since_ms: now_ms, explained: false, looking: Vec::new(), last_failure: None }
    }

    /// A way of finding others is in use; `result` says what came of it as long as there is silence.
    pub(super) fn looking(&mut self, result: &'static str) {
        self.looking.push(result);
    }

    /// A given address did not answer.
    pub(super) fn failed(&mut self, place: &str, cause: &str) {
        self.last_failure = Some(format!("{place}: {cause}"));
    }

    /// A peer was met: nothing to explain any more.
    pub(super) fn broken(&mut self) {
        self.explained = true;
    }

    /// The line, once, when it is time. `given` addresses are being tried.
    pub(super) fn explain(&mut self, now_ms: u64, given: usize) -> Option<String> {
        if self.explained || now_ms.saturating_sub(self.since_ms) < SILENCE_MS {
            return None;
        }
        self.explained = true;
        let mut tried: Vec<String> = self.looking.iter().map(|&result| result.to_owned()).collect();
        tried.push(match (given, &self.last_failure) {
            (0, _) => "no address was given (--connect host:port)".to_owned(),
            (_, None) => "no given address has answered".to_owned(),
            (_, Some(failure)) => format!("no given address has answered (last {failure})"),
        });
        Some(format!("no other node found in {} s: {}", SILENCE_MS / 1_000, tried.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_explained_once_with_all_that_was_tried() {
        let mut silence = Silence::since(5);
        silence.looking("nobody answered on the LAN (mDNS)");
        silence.failed("192.0.2.7:7331", "connection refused");
        assert_eq!(silence.explain(SILENCE_MS, 1), None);
        let line = silence.explain(SILENCE_MS + 5, 1).unwrap();
        assert_eq!(
            line,
            "no other node found in 10 s: nobody answered on the LAN (mDNS); \
             no given address has answered (last 192.0.2.7:7331: connection refused)"
        );
        assert_eq!(silence.explain(u64::MAX, 1), None);
    }

    #[test]
    fn a_node_that_met_someone_says_nothing() {
        let mut silence = Silence::since(0);
        silence.broken();
        assert_eq!(silence.explain(u64::MAX, 0), None);
    }
}
