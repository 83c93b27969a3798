//! Medians and spreads.

/// What one round of a line measured.
#[derive(Debug)]
pub(crate) struct Round {
    /// Names and absolute figures; the first two are the sides of the ratio.
    pub(crate) figures: Vec<(&'static str, f64)>,
    /// What the target is about.
    pub(crate) result: f64,
}

/// What a line should reach.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// A ratio of at least this.
    AtLeast(f64),
    /// Microseconds of at most this.
    MicrosecondsAtMost(f64),
    /// Whatever the line measures, at most this.
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "only processes are measured so"))]
    AtMost(f64),
}

/// All rounds of one line.
#[derive(Debug, Default)]
pub(crate) struct Report {
    figures: Vec<(&'static str, Series)>,
    result: Series,
}

/// Results of the same measurement, ascending.
#[derive(Debug, Default)]
struct Series(Vec<f64>);

impl Round {
    /// A round whose result is the ratio of its two rates, with further rates that only inform.
    pub(crate) fn ratio(
        measured: (&'static str, f64),
        beside: (&'static str, f64),
        others: &[(&'static str, f64)],
    ) -> Self {
        Self { figures: [&[measured, beside], others].concat(), result: measured.1 / beside.1 }
    }
}

impl Report {
    pub(crate) fn add(&mut self, round: Round) {
        self.figures.resize_with(round.figures.len(), Default::default);
        for (series, (name, value)) in self.figures.iter_mut().zip(round.figures) {
            series.0 = name;
            series.1.push(value);
        }
        self.result.push(round.result);
    }

    pub(crate) fn print(&self, target: Target) {
        println!("  {:<46} {:>12} {:>12} {:>12}", "", "median", "lowest", "highest");
        for (name, series) in &self.figures {
            series.print(name, 0);
        }
        let (name, is_met, wanted) = match target {
            Target::AtLeast(least) => ("ratio", self.result.median() >= least, format!("at least {least}")),
            Target::MicrosecondsAtMost(most) => {
                ("microseconds each", self.result.median() <= most, format!("at most {most}"))
            }
            Target::AtMost(most) => ("result", self.result.median() <= most, format!("at most {most}")),
        };
        self.result.print(name, 2);
        println!("  target {wanted}: {}\n", if is_met { "met" } else { "missed" });
    }
}

impl Series {
    fn push(&mut self, value: f64) {
        self.0.push(value);
        self.0.sort_by(f64::total_cmp);
    }

    fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }

    fn print(&self, name: &str, decimals: usize) {
        let (lowest, highest) = (self.0[0], self.0[self.0.len() - 1]);
        println!(
            "  {name:<46} {:>12.decimals$} {lowest:>12.decimals$} {highest:>12.decimals$}",
            self.median()
        );
    }
}
