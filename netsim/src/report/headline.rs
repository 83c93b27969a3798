//! What a reader wants to know first: the run in a sentence, its verdict and six figures.

use super::agreement::disagreements;
use super::propagation::median_delay_us;
use super::text::{brief_duration, count, duration, escape, percent};
use crate::record::RunRecord;

/// The head of the page.
pub(super) fn header(record: &RunRecord) -> String {
    format!(
        "<header><p class=\"over\">netsim report</p><h1>{}</h1><p class=\"facts\">{}</p>{}</header>",
        escape(&record.scenario),
        escape(&sentence(record)),
        badge(record)
    )
}

/// The six figures.
pub(super) fn tiles(record: &RunRecord) -> String {
    let some = |us: Option<u64>| us.map_or_else(|| "–".to_owned(), brief_duration);
    let deepest = record.deepest_reorganisation() as u64;
    let disagreement = disagreements(record).longest_us();
    let tiles = [
        (count(record.blocks.len() as u64), "blocks found"),
        (
            percent(record.stale_rate()),
            if record.misbehaving.is_empty() { "of them stale" } else { "of the honest ones stale" },
        ),
        (some(median_delay_us(record, 50)), "until half of the nodes have a block"),
        (some(median_delay_us(record, 90)), "until nine in ten have it"),
        (
            count(deepest),
            if deepest == 1 { "block left a chain at most" } else { "blocks left a chain at most" },
        ),
        (disagreement.map_or_else(|| "0 s".to_owned(), brief_duration), "the longest disagreement"),
    ];
    let tile = |(figure, words): &(String, &str)| {
        format!("<div class=\"tile\"><b>{figure}</b><span>{words}</span></div>")
    };
    format!("<div class=\"tiles\">{}</div>", tiles.iter().map(tile).collect::<String>())
}

fn sentence(record: &RunRecord) -> String {
    let network = &record.network;
    format!(
        "{} nodes, {} of them mining; {}, latency {}; {} of virtual time from seed {}.",
        count(record.nodes as u64),
        if network.miners == record.nodes { "all".to_owned() } else { count(network.miners as u64) },
        if network.topology.is_empty() { "no links" } else { &network.topology },
        if network.latency.is_empty() { "none" } else { &network.latency },
        duration(record.duration_us),
        record.seed
    )
}

fn badge(record: &RunRecord) -> String {
    let counted: Vec<_> = record.verdicts.iter().filter(|verdict| !verdict.reported_only).collect();
    let failed = counted.iter().filter(|verdict| !verdict.passed).count();
    let (ink, words) = match (counted.len(), failed) {
        (0, _) => ("muted", "Nothing was expected of this run".to_owned()),
        (1, 0) => ("green", "The one expectation holds".to_owned()),
        (all, 0) => ("green", format!("All {all} expectations hold")),
        (all, _) => ("red", format!("{failed} of {all} expectations failed")),
    };
    format!("<span class=\"badge ink-{ink}\">{words}</span>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::record;

    #[test]
    fn a_failure_is_in_the_badge() {
        let mut failed = record();
        assert!(badge(&failed).contains("green"));
        failed.verdicts[0].passed = false;
        assert!(badge(&failed).contains("red"));
        failed.verdicts[0].reported_only = true;
        assert!(badge(&failed).contains("green"));
        assert!(badge(&RunRecord::default()).contains("muted"));
    }

    #[test]
    fn the_sentence_names_nodes_time_and_seed() {
        let said = sentence(&record());
        assert!(said.contains("nodes") && said.contains("from seed 7"), "{said}");
    }
}
