//! Named values in order, with parts inside: one description for programs and for people.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::cli::output::{Output, Paint};

/// What a value holds, in the order in which it is shown.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(&'static str, Shown)>);

/// What stands beside a name.
#[derive(Debug)]
enum Shown {
    Value(Value),
    Part(Fields),
    Parts(Vec<Fields>),
}

impl Fields {
    /// With one more value.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.push((name, Shown::Value(value.into())));
        self
    }

    /// With one more value that is shown as its text.
    pub(super) fn with_text(self, name: &'static str, value: &impl ToString) -> Self {
        self.with(name, value.to_string())
    }

    /// With a part that has fields of its own.
    pub(super) fn with_part(mut self, name: &'static str, part: Self) -> Self {
        self.0.push((name, Shown::Part(part)));
        self
    }

    /// With several such parts.
    pub(super) fn with_parts(mut self, name: &'static str, parts: impl IntoIterator<Item = Self>) -> Self {
        self.0.push((name, Shown::Parts(parts.into_iter().collect())));
        self
    }

    /// A line for each value, parts further to the right.
    pub(super) fn for_people(&self, output: Output) -> String {
        let mut lines = Vec::new();
        self.collect_lines(0, output, &mut lines);
        lines.join("\n")
    }

    fn collect_lines(&self, depth: usize, output: Output, lines: &mut Vec<String>) {
        let indent = "  ".repeat(depth);
        let width = self.0.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, shown) in &self.0 {
            match shown {
                Shown::Value(value) => {
                    let name = output.paint(&format!("{name:<width$}"), Paint::Dim);
                    lines.push(format!("{indent}{name}  {}", plain(value)));
                }
                Shown::Part(part) => {
                    lines.push(format!("{indent}{}", output.paint(name, Paint::Bold)));
                    part.collect_lines(depth + 1, output, lines);
                }
                Shown::Parts(parts) => {
                    for (index, part) in parts.iter().enumerate() {
                        lines.push(format!(
                            "{indent}{}",
                            output.paint(&format!("{name}[{index}]"), Paint::Bold)
                        ));
                        part.collect_lines(depth + 1, output, lines);
                    }
                }
            }
        }
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, shown) in &self.0 {
            match shown {
                Shown::Value(value) => map.serialize_entry(name, value)?,
                Shown::Part(part) => map.serialize_entry(name, part)?,
                Shown::Parts(parts) => map.serialize_entry(name, parts)?,
            }
        }
        map.end()
    }
}

/// Without characters that a terminal would obey: what stands in a transaction, anybody wrote.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.replace(char::is_control, "\u{fffd}"),
        Value::Null => "-".to_owned(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(" "),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}
