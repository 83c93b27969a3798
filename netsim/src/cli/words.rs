//! Numbers and tables as people read them.

use std::fmt::Display;
use std::io::{self, Write};

/// Prints a line. Whoever reads may stop reading early: that is no failure.
pub(crate) fn say(line: impl Display) {
    let _unread = writeln!(io::stdout(), "{line}");
}

/// Virtual time: `1h 04m 30s`.
pub(crate) fn clock(microseconds: u64) -> String {
    let seconds = microseconds / 1_000_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}h {minutes:02}m {seconds:02}s")
    } else {
        format!("{minutes}m {seconds:02}s")
    }
}

/// Rows under their headings, each column as wide as its widest entry.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let entries = rows.iter().filter_map(|row| row.get(column)).map(|entry| entry.chars().count());
        entries.chain([headings[column].len()]).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..headings.len()).map(width).collect();
    let line = |entries: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<_> = entries.zip(&widths).map(|(entry, width)| format!("{entry:width$}")).collect();
        format!("  {}", padded.join("  ")).trim_end().to_owned()
    };
    let mut lines = vec![line(&mut headings.iter().copied())];
    lines.extend(rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_entry() {
        let rows = [vec!["long name".to_owned(), "1".to_owned()], vec!["x".to_owned(), "2".to_owned()]];
        assert_eq!(table(&["name", "n"], &rows), "  name       n\n  long name  1\n  x          2");
    }
}
