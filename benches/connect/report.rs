//! Medians and spreads.

/// Results of the same measurement.
#[derive(Debug, Default)]
pub(crate) struct Series(Vec<f64>);

impl Series {
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
        self.0.sort_by(f64::total_cmp);
    }

    pub(crate) fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }

    pub(crate) fn print(&self, name: &str, decimals: usize) {
        let (lowest, highest) = (self.0[0], self.0[self.0.len() - 1]);
        println!("{name:<38} {:>10.decimals$}{lowest:>10.decimals$}{highest:>10.decimals$}", self.median());
    }
}
