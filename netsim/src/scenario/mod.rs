//! Scenarios: what a run is to be, in TOML. `docs/simulation.md` says how to write one.

mod file;
mod units;

use std::path::Path;

pub use file::{
    ClockPlan, EventPlan, Expectations, HashRatePlan, LatencyPlan, LinkPlan, LoadPlan, MiningPlan,
    NetworkPlan, RoleKind, RolePlan, Scenario, SlowPlan, SplitPlan, TopologyKind, TopologyPlan,
};
pub use units::{Rate, Span, Step, Who};

/// The scenarios that are part of the program: name and text.
pub const BUILT_IN: [(&str, &str); 16] = [
    ("baseline", include_str!("../../scenarios/baseline.toml")),
    ("partition-heals", include_str!("../../scenarios/partition-heals.toml")),
    ("late-joiner", include_str!("../../scenarios/late-joiner.toml")),
    ("churn", include_str!("../../scenarios/churn.toml")),
    ("deep-reorg", include_str!("../../scenarios/deep-reorg.toml")),
    ("hashrate-jump", include_str!("../../scenarios/hashrate-jump.toml")),
    ("night-off", include_str!("../../scenarios/night-off.toml")),
    ("slow-links", include_str!("../../scenarios/slow-links.toml")),
    ("clock-skew", include_str!("../../scenarios/clock-skew.toml")),
    ("selfish-miner", include_str!("../../scenarios/selfish-miner.toml")),
    ("fifty-one", include_str!("../../scenarios/fifty-one.toml")),
    ("eclipse", include_str!("../../scenarios/eclipse.toml")),
    ("tx-flood", include_str!("../../scenarios/tx-flood.toml")),
    ("liars", include_str!("../../scenarios/liars.toml")),
    ("internet-600", include_str!("../../scenarios/internet-600.toml")),
    ("internet-6000", include_str!("../../scenarios/internet-6000.toml")),
];

/// Names of all expectations, as a scenario's file has them.
pub const EXPECTATIONS: [&str; 15] = [
    "converged",
    "converge_within",
    "stale_rate_max",
    "stale_rate_min",
    "reorganisation_depth_max",
    "reorganisation_depth_min",
    "supply_holds",
    "none_banned",
    "height_min",
    "block_interval",
    "last_block_interval",
    "confirmed_share_min",
    "propagation_90_max",
    "attacker_share_max",
    "attacker_gain_max",
];

/// Why there is no such scenario.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// Neither built in nor a file.
    #[error(
        "there is no scenario `{0}`: `netsim list` shows those built in; a path leads to one of your own"
    )]
    Unknown(String),
    /// A file cannot be read or written.
    #[error("{path}: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The text is no scenario. Names the line.
    #[error("{path}: {cause}")]
    Malformed {
        /// The file, or the name of one built in.
        path: String,
        /// What is wrong, and where.
        cause: toml::de::Error,
    },
    /// It says things that do not go together.
    #[error("{name}: {why}")]
    Impossible {
        /// The scenario's name.
        name: String,
        /// What does not.
        why: String,
    },
}

impl Scenario {
    /// The scenario of this name, or in the file at this path.
    pub fn load(name_or_path: &str) -> Result<Self, ScenarioError> {
        if let Some((name, text)) = BUILT_IN.iter().find(|(name, _)| *name == name_or_path) {
            return Self::parse(name, text);
        }
        let path = Path::new(name_or_path);
        if path.extension().is_none() && !path.exists() {
            return Err(ScenarioError::Unknown(name_or_path.to_owned()));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|cause| ScenarioError::Unreadable { path: name_or_path.to_owned(), cause })?;
        Self::parse(name_or_path, &text)
    }

    /// A scenario from its text. `path` is what errors call it.
    pub fn parse(path: &str, text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self = toml::from_str(text)
            .map_err(|cause| ScenarioError::Malformed { path: path.to_owned(), cause })?;
        scenario.check()?;
        Ok(scenario)
    }

    /// What the file's form alone does not refuse.
    fn check(&self) -> Result<(), ScenarioError> {
        let refuse = |why: String| Err(ScenarioError::Impossible { name: self.name.clone(), why });
        if self.duration.is_none() && self.blocks.is_none() {
            return refuse("it never ends: say `for` or `blocks`".into());
        }
        if self.network.hashes_per_block_min > self.network.hashes_per_block {
            return refuse("`hashes_per_block_min` is above `hashes_per_block`".into());
        }
        for event in &self.events {
            if event.actions() != 1 {
                return refuse(format!("the event at {} has {} actions, not one", event.at, event.actions()));
            }
        }
        match self.expect.report_only.iter().find(|name| !EXPECTATIONS.contains(&name.as_str())) {
            Some(name) => {
                refuse(format!("`report_only` names `{name}`, which is none of {}", EXPECTATIONS.join(", ")))
            }
            None => Ok(()),
        }
    }
}

impl EventPlan {
    fn actions(&self) -> usize {
        [
            self.partition.is_some(),
            self.cut_off.is_some(),
            self.deafen.is_some(),
            self.heal.is_some(),
            self.kill.is_some(),
            self.restart.is_some(),
            self.join.is_some(),
            self.leave.is_some(),
            self.slow.is_some(),
            self.clock.is_some(),
            self.hash_rate.is_some(),
            self.burst.is_some(),
        ]
        .into_iter()
        .filter(|given| *given)
        .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str =
        "name = \"x\"\nabout = \"y\"\nnodes = 3\nfor = \"1m\"\ntopology = { kind = \"line\" }\n";

    fn refusal(text: &str) -> String {
        Scenario::parse("x.toml", text).expect_err("it should be refused").to_string()
    }

    #[test]
    fn every_scenario_that_is_built_in_reads_and_has_its_name() {
        for (name, _) in BUILT_IN {
            assert_eq!(Scenario::load(name).unwrap_or_else(|why| panic!("{why}")).name, name);
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let why = refusal(&format!("{LEAST}[mining]\nminer = 3\n"));
        assert!(why.contains("line 7") && why.contains("miner"), "{why}");
        let why = refusal(&format!("{LEAST}[[event]]\nat = \"1s\"\nheel = true\n"));
        assert!(why.contains("line 8") && why.contains("heel"), "{why}");
    }

    #[test]
    fn a_quantity_without_its_unit_is_refused_with_its_line() {
        let why = refusal(&LEAST.replace("\"1m\"", "\"60\""));
        assert!(why.contains("line 4") && why.contains("unit"), "{why}");
    }

    #[test]
    fn an_event_does_one_thing() {
        let why = refusal(&format!("{LEAST}[[event]]\nat = \"1s\"\nheal = true\njoin = 2\n"));
        assert!(why.contains("2 actions"), "{why}");
    }

    #[test]
    fn a_name_that_is_nothing_says_where_to_look() {
        assert!(Scenario::load("base-line").expect_err("there is none").to_string().contains("netsim list"));
    }
}
