//! The page from top to bottom.

use std::mem;

use super::canvas::{HALF, WIDE};
use super::style::{self, BLUE, GOLD, Ink, RED};
use super::tables::card;
use super::text::{count, duration, escape, times};
use super::timeline::NUMBERED_INCIDENTS_MAX;
use super::{agreement, fork_tree, forks, headline, histogram, propagation, stale, tables, timeline};
use crate::record::RunRecord;

/// The whole document.
pub(super) fn write(record: &RunRecord, command: &str) -> String {
    let mut body =
        Body { html: [headline::header(record), headline::tiles(record)].concat(), quiet: Vec::new() };
    body.html += &tables::verdicts(record);
    body.wide(spreading(record));
    let mut halves = vec![stale_blocks(record), reorganisations(record)];
    // What would stand alone goes below, so that no row is half empty.
    let below = if halves.iter().all(Result::is_ok) { Vec::new() } else { mem::take(&mut halves) };
    body.beside(halves);
    body.wide(fork_card(record));
    body.wide(agreement_card(record));
    let mut halves = below;
    halves.extend([converging(record), hops(record), mempool(record)]);
    if halves.iter().filter(|figure| figure.is_ok()).count().is_multiple_of(2) {
        body.beside(halves);
        body.wide(difficulty(record, WIDE));
    } else {
        halves.push(difficulty(record, HALF));
        body.beside(halves);
    }
    let body = body.finish() + &tables::particulars(record, command);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <title>{} · netsim</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n{}\n</main>\n</body>\n</html>\n",
        escape(&record.scenario),
        style::sheet(),
        body
    )
}

/// A card with a drawing, or a sentence where there is nothing to draw.
type Figure = Result<String, &'static str>;

/// The cards so far, and what there was nothing to draw of.
struct Body {
    html: String,
    quiet: Vec<&'static str>,
}

impl Body {
    /// Adds a card as wide as the page.
    fn wide(&mut self, figure: Figure) {
        match figure {
            Ok(card) => self.html += &card,
            Err(sentence) => self.quiet.push(sentence),
        }
    }

    /// Adds cards two by two.
    fn beside(&mut self, figures: Vec<Figure>) {
        let is_empty = figures.iter().all(Result::is_err);
        self.html += if is_empty { "" } else { "<div class=\"pair\">" };
        for figure in figures {
            self.wide(figure);
        }
        self.html += if is_empty { "" } else { "</div>" };
    }

    /// Adds what did not happen, and hands everything over.
    fn finish(mut self) -> String {
        self.quiet.dedup();
        let sentences: Vec<String> =
            self.quiet.iter().map(|sentence| format!("<li>{sentence}</li>")).collect();
        if !sentences.is_empty() {
            let list = format!("<ul class=\"quiet\">{}</ul>", sentences.concat());
            self.html += &card("What did not happen", "", &list);
        }
        self.html
    }
}

/// A card for a drawing, with a sentence that says how to read it.
fn figure(title: &str, note: &str, keys: &str, drawing: Option<String>, otherwise: &'static str) -> Figure {
    let content = |svg| format!("{keys}<div class=\"drawing\">{svg}</div>");
    drawing.map(|svg| card(title, note, &content(svg))).ok_or(otherwise)
}

/// What the colours of a drawing stand for: the kind of mark, its ink and its words.
fn keys(entries: &[(&str, Ink, &str)]) -> String {
    let key = |(kind, ink, words): &(&str, Ink, &str)| {
        format!("<span class=\"key {kind}\" style=\"--ink:var(--{})\">{words}</span>", ink.name())
    };
    format!("<div class=\"keys\">{}</div>", entries.iter().map(key).collect::<String>())
}

fn spreading(record: &RunRecord) -> Figure {
    figure(
        "How blocks spread",
        "The share of the other honest, running nodes that have a block, by the time since it was found.",
        &keys(&[("", BLUE, "the middle block"), ("band", BLUE, "eight blocks in ten")]),
        propagation::drawing(record),
        "No block reached another node.",
    )
}

fn stale_blocks(record: &RunRecord) -> Figure {
    let exposure = stale::rate_times_mean_delay(record).unwrap_or(0.0);
    let note = format!(
        "Blocks that are not on the chain at the end, beside what theory says of {exposure:.3} blocks in the mean \
         delay until a node has one. The line about the measured value holds the true one with 95 % confidence. Theory knows of delays only, not \
         of cuts."
    );
    figure(
        "Stale blocks",
        &note,
        &keys(&[("dot", BLUE, "measured"), ("dot", GOLD, "theory")]),
        stale::drawing(record),
        "No block was found.",
    )
}

fn reorganisations(record: &RunRecord) -> Figure {
    figure(
        "Reorganisations",
        "How often a node left its branch for a heavier one, by the number of blocks that it left.",
        "",
        histogram::reorganisations(record),
        "No node ever left its branch.",
    )
}

fn fork_card(record: &RunRecord) -> Figure {
    let forks = forks::forks(record);
    let drawn = fork_tree::drawing(&forks);
    let mut note =
        "Only the heights about a fork are drawn; dashes stand for the blocks between. Numbers are heights. "
            .to_owned();
    let all_rows = drawn.as_ref().is_none_or(|(_, complete)| *complete);
    if !all_rows || forks.left_out > 0 {
        note += "These are the deepest and the first of all branches, which are ";
        note += &count(forks.found as u64);
        note += ".";
    }
    figure(
        "Fork tree",
        &note,
        &keys(&[("dot", BLUE, "the chain"), ("dot", RED, "blocks beside it")]),
        drawn.map(|(svg, _)| svg),
        "Every block that was found is on the chain.",
    )
}

fn agreement_card(record: &RunRecord) -> Figure {
    let incident = |incident: &crate::record::Incident| {
        format!("<li>{} — {}</li>", duration(incident.at_us), escape(&incident.what))
    };
    let listed: String = record.incidents.iter().take(NUMBERED_INCIDENTS_MAX).map(incident).collect();
    let more = record.incidents.len().saturating_sub(NUMBERED_INCIDENTS_MAX);
    let list = match (record.incidents.len(), more) {
        (0, _) => String::new(),
        (_, 0) => format!("<ol class=\"incidents\">{listed}</ol>"),
        (_, more) => format!(
            "<ol class=\"incidents\">{listed}</ol><p class=\"note\">… and {} more.</p>",
            count(more as u64)
        ),
    };
    figure(
        "Agreement over time",
        "The share of the running nodes that follow the most common tip. Dashes mark what the scenario did.",
        "",
        timeline::agreement(record).map(|svg| svg + &list),
        "The tips of the nodes were not sampled.",
    )
}

fn converging(record: &RunRecord) -> Figure {
    let found = agreement::disagreements(record);
    let mut note = format!(
        "The nodes came to have different tips {}. The line says what share of these times was over after so long.",
        times(found.lengths_us.len() as u64)
    );
    if let Some(unfinished) = found.unfinished_us {
        note += " One that began ";
        note += &duration(unfinished);
        note += " before the end was not over.";
    }
    figure(
        "Time to converge",
        &note,
        "",
        agreement::drawing(record),
        "All nodes had the same tip all the time.",
    )
}

fn hops(record: &RunRecord) -> Figure {
    let messages: u64 = record.blocks.iter().map(|block| block.propagation.messages).sum();
    let note = format!(
        "Over how many links the first copy of a block came. In all, {} copies of a block arrived at nodes.",
        tables::per_block(messages, record)
    );
    figure("Links from the miner", &note, "", histogram::hops(record), "No copy of a block arrived.")
}

fn mempool(record: &RunRecord) -> Figure {
    figure(
        "Waiting transactions",
        "How many transactions were in the pools of the nodes.",
        &keys(&[("", GOLD, "the fullest"), ("", BLUE, "the median node")]),
        timeline::mempool(record),
        "No transaction waited at any time.",
    )
}

fn difficulty(record: &RunRecord, width: f64) -> Figure {
    let note = format!(
        "What a block on the chain takes on average. The rules aim at one block every {} s.",
        record.network.interval_seconds
    );
    figure("Difficulty", &note, "", timeline::difficulty(record, width), "No block is on the chain.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::record;

    #[test]
    fn a_page_loads_nothing_from_elsewhere() {
        let page = write(&record(), "netsim run sample --seed 7");
        for word in ["src=", "href=", "url(", "@import", "<script", "<link"] {
            assert!(!page.contains(word), "{word}");
        }
        let addresses = page.matches("http").count();
        assert_eq!(addresses, page.matches("http://www.w3.org/2000/svg").count());
    }

    #[test]
    fn words_of_a_scenario_do_not_become_markup() {
        let mut hostile = record();
        let words = "<script>alert('x')</script>\"&";
        hostile.scenario = words.to_owned();
        hostile.trace_hash = words.to_owned();
        hostile.network.topology = words.to_owned();
        hostile.network.latency = words.to_owned();
        hostile.incidents[0].what = words.to_owned();
        hostile.verdicts[0].name = words.to_owned();
        hostile.verdicts[0].measured = words.to_owned();
        hostile.verdicts[0].threshold = words.to_owned();
        hostile.blocks[0].hash = words.to_owned();
        let page = write(&hostile, words);
        assert!(!page.contains("<script"));
        assert!(page.matches("&lt;script&gt;").count() >= 8);
    }

    #[test]
    fn every_element_that_opens_closes() {
        let page = write(&record(), "command");
        for element in [
            "section", "div", "svg", "text", "table", "tr", "td", "p", "dl", "ol", "li", "span", "main",
            "header",
        ] {
            let opened =
                page.matches(&format!("<{element}>")).count() + page.matches(&format!("<{element} ")).count();
            assert_eq!(opened, page.matches(&format!("</{element}>")).count(), "{element}");
        }
    }

    #[test]
    fn no_row_is_half_empty() {
        let mut quiet = record();
        for change in 0..3 {
            let page = write(&quiet, "x");
            let pairs = page.split("<div class=\"pair\">").skip(1);
            let rows = pairs.map(|rest| rest.split("</section></div>").next().unwrap_or_default());
            let cards: Vec<_> = rows.map(|row| row.matches("<section").count()).collect();
            assert!(cards.iter().all(|count| count.is_multiple_of(2)), "{change}: {cards:?}");
            match change {
                0 => quiet.reorganisations.clear(),
                _ => quiet.mempool.clear(),
            }
        }
    }

    #[test]
    fn a_run_in_which_nothing_happened_has_a_page_too() {
        let page = write(&RunRecord::default(), "");
        assert!(page.contains("No block was found."));
        assert!(!page.contains("NaN") && !page.contains("inf"));
    }

    #[test]
    fn the_same_record_gives_the_same_bytes() {
        assert_eq!(write(&record(), "x"), write(&record(), "x"));
    }
}
