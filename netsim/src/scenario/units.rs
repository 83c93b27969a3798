//! Quantities as people write them in a scenario: `250ms`, `2h`, `1.5MB/s`, `10%`.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// Units of time in microseconds, longest name first where one ends in another.
const TIME_UNITS: [(&str, f64); 6] =
    [("us", 1.0), ("ms", 1e3), ("s", 1e6), ("m", 60e6), ("h", 3_600e6), ("d", 86_400e6)];
/// Units of rate in bytes a second.
const RATE_UNITS: [(&str, f64); 4] = [("B/s", 1.0), ("kB/s", 1e3), ("MB/s", 1e6), ("GB/s", 1e9)];

/// A length of time in microseconds: `50ms`, `90s`, `12h`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub u64);

/// A length of time that may be negative, in microseconds: `-180s`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Step(pub i64);

/// Bytes a second: `200kB/s`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rate(pub u64);

/// Which nodes: `"all"`, `"miners"`, `"stopped"`, `"10%"` at random, or their numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum Who {
    /// Every node.
    All,
    /// Those that hash.
    Miners,
    /// Those that do not run.
    Stopped,
    /// So large a part of those that run, drawn at random, one at least.
    Share(f64),
    /// These.
    These(Vec<usize>),
}

impl Span {
    /// In seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// From text such as `90s`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let microseconds = quantity(text, &TIME_UNITS)?;
        if microseconds < 0.0 {
            return Err(format!("`{text}` is less than nothing"));
        }
        Ok(Self(whole(microseconds)))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact =
            TIME_UNITS.iter().rev().find(|(_, unit)| self.0 > 0 && (self.0 as f64 / unit).fract() == 0.0);
        match exact {
            Some((name, unit)) => write!(f, "{}{name}", self.0 as f64 / unit),
            None => write!(f, "{}us", self.0),
        }
    }
}

impl Who {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            "miners" => Ok(Self::Miners),
            "stopped" => Ok(Self::Stopped),
            _ => {
                let share = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
                let within = share.filter(|share| (0.0..=100.0).contains(share));
                within.map(|share| Self::Share(share / 100.0)).ok_or_else(|| {
                    format!("`{text}` names no nodes: \"all\", \"miners\", \"stopped\", \"10%\" or [0, 1, 2]")
                })
            }
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text("a time such as \"90s\"", Self::parse))
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parse = |text: &str| {
            let (sign, size) = text.strip_prefix('-').map_or((1, text), |size| (-1, size));
            let Span(size) = Span::parse(size)?;
            Ok(Self(sign * i64::try_from(size).map_err(|_| format!("`{text}` is too long"))?))
        };
        deserializer.deserialize_str(Text("a time such as \"-90s\"", parse))
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parse = |text: &str| quantity(text, &RATE_UNITS).map(|bytes| Self(whole(bytes)));
        deserializer.deserialize_str(Text("a rate such as \"200kB/s\"", parse))
    }
}

impl<'de> Deserialize<'de> for Who {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Nodes;
        impl<'de> Visitor<'de> for Nodes {
            type Value = Who;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"all\", \"miners\", \"stopped\", \"10%\" or a list of node numbers")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Who, E> {
                Who::parse(text).map_err(E::custom)
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Who, A::Error> {
                let mut nodes = Vec::new();
                while let Some(node) = list.next_element()? {
                    nodes.push(node);
                }
                Ok(Who::These(nodes))
            }
        }
        deserializer.deserialize_any(Nodes)
    }
}

/// Reads text by a function.
struct Text<T>(&'static str, fn(&str) -> Result<T, String>);

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.1)(text).map_err(E::custom)
    }
}

/// A number and a unit.
fn quantity(text: &str, units: &[(&str, f64)]) -> Result<f64, String> {
    let split = text.find(|letter: char| letter.is_alphabetic()).unwrap_or(text.len());
    let (number, unit) = (text[..split].trim(), text[split..].trim());
    let names = || units.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let factor = units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| factor);
    let number = number.parse::<f64>().ok().filter(|number| number.is_finite());
    match (number, factor) {
        (Some(number), Some(factor)) => Ok(number * factor),
        _ => Err(format!("`{text}` is not a number with a unit of {}", names())),
    }
}

/// A whole number not below 0 and within an exact float.
#[expect(clippy::cast_sign_loss, reason = "clamped to what is not negative")]
fn whole(number: f64) -> u64 {
    number.round().clamp(0.0, 9e15) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_numbers_with_units() {
        for (text, microseconds) in
            [("50ms", 50_000), ("90s", 90_000_000), ("1.5h", 5_400_000_000), ("2 m", 120_000_000), ("7us", 7)]
        {
            assert_eq!(Span::parse(text), Ok(Span(microseconds)), "{text}");
        }
        for text in ["5", "s", "5 weeks", "-3s", "", "1e400s"] {
            assert!(Span::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_shows_as_it_is_written() {
        for text in ["50ms", "90s", "12h", "1d", "7us"] {
            assert_eq!(Span::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn nodes_are_named_by_kind_by_share_or_one_by_one() {
        assert_eq!(Who::parse("all"), Ok(Who::All));
        assert_eq!(Who::parse("25%"), Ok(Who::Share(0.25)));
        assert!(Who::parse("most").is_err() && Who::parse("101%").is_err());
    }
}
