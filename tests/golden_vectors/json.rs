//! JSON with its keys in the order in which they are written, one short record to a line: made to be read and diffed.

use std::fmt::{self, Write};

/// Columns up to which a list or an object stays on one line.
const COLUMNS: usize = 120;

/// A value of a file of vectors.
#[derive(Debug, Clone)]
pub(crate) enum Json {
    Text(String),
    Number(u64),
    Truth(bool),
    List(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

/// An object: `object! { "name": value, … }`.
macro_rules! object {
    ($($name:literal: $value:expr),* $(,)?) => {
        $crate::json::Json::Object(vec![$(($name, $crate::json::Json::from($value))),*])
    };
}
pub(crate) use object;

impl Json {
    /// A list of what each item becomes.
    pub(crate) fn list<T>(items: impl IntoIterator<Item = T>, record: impl FnMut(T) -> Json) -> Self {
        Self::List(items.into_iter().map(record).collect())
    }

    /// The text of a whole file.
    pub(crate) fn file(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, 0).expect("writing to a string never fails");
        text + "\n"
    }

    fn write(&self, text: &mut String, indent: usize) -> fmt::Result {
        let column = text.len() - text.rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.on_one_line();
        match self {
            Self::List(items) if column + line.len() > COLUMNS => {
                write_members(text, indent, ['[', ']'], items, |text, item| item.write(text, indent + 2))
            }
            Self::Object(fields) if column + line.len() > COLUMNS => {
                write_members(text, indent, ['{', '}'], fields, |text, (name, value)| {
                    write!(text, "\"{name}\": ")?;
                    value.write(text, indent + 2)
                })
            }
            Self::Text(_) | Self::Number(_) | Self::Truth(_) | Self::List(_) | Self::Object(_) => {
                text.write_str(&line)
            }
        }
    }

    fn on_one_line(&self) -> String {
        match self {
            Self::Text(text) => serde_json::to_string(text).expect("any text is a JSON string"),
            Self::Number(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
            Self::List(items) => {
                format!("[{}]", items.iter().map(Self::on_one_line).collect::<Vec<_>>().join(", "))
            }
            Self::Object(fields) => {
                let field = |(name, value): &(&str, Self)| format!("\"{name}\": {}", value.on_one_line());
                format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

fn write_members<T>(
    text: &mut String,
    indent: usize,
    [open, close]: [char; 2],
    members: &[T],
    mut write_one: impl FnMut(&mut String, &T) -> fmt::Result,
) -> fmt::Result {
    text.write_char(open)?;
    for (index, member) in members.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(text, "{comma}\n{:1$}", "", indent + 2)?;
        write_one(text, member)?;
    }
    write!(text, "\n{:indent$}{close}", "")
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Json {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(items: Vec<T>) -> Self {
        Self::list(items, Into::into)
    }
}

macro_rules! numbers {
    ($($type:ty)*) => {$(
        impl From<$type> for Json {
            fn from(number: $type) -> Self {
                let number = u64::try_from(number).expect("no number in the files exceeds 64 bits");
                // Beyond 2^53 - 1 some readers of JSON would round it.
                assert!(number < 1 << 53, "{number} must be written as text");
                Self::Number(number)
            }
        }
    )*};
}
numbers! { u8 u16 u32 u64 usize }
