//! The tables of the page, each on its card: what was expected, and what the run was.

use super::text::{bytes, count, duration, escape, percent};
use crate::record::{RunRecord, VerdictRecord};

/// A card with its title, a sentence that says how to read it, and what it shows.
pub(super) fn card(title: &str, note: &str, content: &str) -> String {
    format!("<section class=\"card\"><h2>{title}</h2><p class=\"note\">{note}</p>{content}</section>")
}

/// What the scenario expects, line by line; empty where it expects nothing.
pub(super) fn verdicts(record: &RunRecord) -> String {
    let row = |verdict: &VerdictRecord| {
        let (ink, word) = match (verdict.passed, verdict.reported_only) {
            (true, _) => ("green", "✓ holds"),
            (false, false) => ("red", "✗ failed"),
            (false, true) => ("gold", "– does not hold"),
        };
        let only =
            if verdict.reported_only { " <span class=\"ink-muted\">(only reported)</span>" } else { "" };
        format!(
            "<tr><td class=\"ink-{ink}\">{word}</td><td>{}{only}</td><td>{}</td><td>{}</td></tr>",
            escape(&verdict.name),
            escape(&verdict.measured),
            escape(&verdict.threshold)
        )
    };
    if record.verdicts.is_empty() {
        return String::new();
    }
    let rows: String = record.verdicts.iter().map(row).collect();
    let head = "<tr><th>Verdict</th><th>Expectation</th><th>Measured</th><th>Has to be</th></tr>";
    let table = format!("<div class=\"scroll\"><table>{head}{rows}</table></div>");
    card("Verdicts", "What the scenario expects, and what came of it.", &table)
}

/// Numbers of the network and of its traffic, and the command.
pub(super) fn particulars(record: &RunRecord, command: &str) -> String {
    let (network, traffic) = (&record.network, &record.traffic);
    let share = traffic.duplicates as f64 / traffic.gossip.max(1) as f64;
    let misbehaving = match record.misbehaving.len() {
        0 => "nobody".to_owned(),
        some => format!(
            "{} of {} nodes; {} of the blocks on the best chain are theirs",
            count(some as u64),
            count(record.nodes as u64),
            percent(record.attacker_share())
        ),
    };
    let entries = [
        ("Misbehaving", misbehaving),
        ("Topology", format!("{}, {} links", network.topology, count(network.links as u64))),
        ("Latency", format!("{}; {} on average", network.latency, duration(network.mean_latency_us))),
        (
            "Hash rate",
            format!(
                "{:.0} hashes a second, {} miners",
                network.hashes_per_second,
                count(network.miners as u64)
            ),
        ),
        ("Load", format!("{} transactions a second", network.transactions_per_second)),
        (
            "Messages",
            format!(
                "{} arrived, {} a block; {} were lost",
                count(traffic.messages),
                per_block(traffic.messages, record),
                count(traffic.lost)
            ),
        ),
        ("Gossip", format!("{} messages, {} of them known already", count(traffic.gossip), percent(share))),
        (
            "Bytes",
            format!(
                "{}, {} a block and node",
                bytes(traffic.bytes),
                bytes(traffic.bytes / (record.blocks.len().max(1) * record.nodes.max(1)) as u64)
            ),
        ),
        ("Trace", record.trace_hash.clone()),
    ];
    let entry = |(name, value): &(&str, String)| format!("<dt>{name}</dt><dd>{}</dd>", escape(value));
    let list = entries.each_ref().map(entry).concat();
    let content = format!("<dl>{list}</dl><pre>{}</pre>", escape(command));
    card("The run", "The command repeats it to the byte: the trace comes out the same.", &content)
}

/// A number of things for each block that was found.
pub(super) fn per_block(number: u64, record: &RunRecord) -> String {
    count(number / record.blocks.len().max(1) as u64)
}
