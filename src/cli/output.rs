//! What people see on a terminal, and the one JSON value that programs get instead.

use std::io::{self, IsTerminal, Write};

use comfy_table::{Cell, ContentArrangement, Table, presets};
use serde::Serialize;

use super::failure::Failure;

/// When to colour what is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How a command shows its result.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    /// Whether programs read this.
    pub(super) json: bool,
    color: bool,
}

impl Output {
    /// JSON when asked for or when nobody looks; colour as chosen.
    pub(super) fn new(json: bool, color: ColorChoice) -> Self {
        let terminal = io::stdout().is_terminal();
        let color = match color {
            ColorChoice::Auto => {
                terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
            ColorChoice::Always => true,
            ColorChoice::Never => false,
        };
        Self { json: json || !terminal, color }
    }

    /// Shows a result: the value itself to programs, `human` to people.
    pub(super) fn show(self, value: &impl Serialize, human: impl FnOnce(Self) -> String) {
        let text = if self.json {
            serde_json::to_string_pretty(value).expect("every result has text as keys")
        } else {
            human(self)
        };
        line(&text);
    }

    /// Shows a failure, on the stream of errors.
    pub(super) fn fail(self, failure: &Failure, asked_for_json: bool) {
        let text = if asked_for_json {
            serde_json::json!({ "error": failure }).to_string()
        } else {
            format!("{} {failure}", self.paint("error:", Paint::Red))
        };
        aside(&text);
    }

    /// `text` in a colour, if there are any.
    pub(super) fn paint(self, text: &str, paint: Paint) -> String {
        if self.color { format!("\x1b[{}m{text}\x1b[0m", paint.code()) } else { text.to_owned() }
    }
}

/// The few colours used.
#[derive(Debug, Clone, Copy)]
pub(super) enum Paint {
    Red,
    Green,
    Dim,
    Bold,
}

impl Paint {
    fn code(self) -> u8 {
        match self {
            Self::Bold => 1,
            Self::Dim => 2,
            Self::Red => 31,
            Self::Green => 32,
        }
    }
}

/// Prints a line of the result. A reader that went away, such as `head`, is no error of ours.
pub(super) fn line(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Says something to the person beside the result; programs do not get it on their stream.
pub(super) fn aside(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Rows under a heading, in columns as wide as they need to be.
pub(super) fn table(heading: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(heading.iter().map(Cell::new));
    table.add_rows(rows);
    table.to_string()
}

/// Names and values, one pair a line, the values below each other.
pub(super) fn pairs(output: Output, pairs: &[(&str, String)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let line = |(name, value): &(&str, String)| {
        format!("{}  {value}", output.paint(&format!("{name:>width$}"), Paint::Dim))
    };
    pairs.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_stand_below_each_other() {
        let plain = Output { json: false, color: false };
        let shown = pairs(plain, &[("tip", "7".to_owned()), ("network", "lan".to_owned())]);
        assert_eq!(shown, "    tip  7\nnetwork  lan");
    }
}
