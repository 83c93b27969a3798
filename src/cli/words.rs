//! Numbers in the words people use.

/// The first digits of a hash or an id, enough to recognise it.
const SHORT_DIGITS: usize = 12;

/// The first digits of a hash or an id.
pub(super) fn short(hash: &impl ToString) -> String {
    let text = hash.to_string();
    match text.char_indices().nth(SHORT_DIGITS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// `1 block`, `2 blocks`.
pub(super) fn count(number: impl TryInto<u64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(number))
}

/// Digits in groups of three: `12,345`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A span of time in its largest unit or two: `3 min 20 s`.
pub(super) fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// A number with the prefix that keeps it short: `1.25 M`.
pub(super) fn scaled(number: f64) -> String {
    const PREFIXES: [(f64, &str); 4] = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")];
    match PREFIXES.iter().find(|(size, _)| number >= *size) {
        Some((size, prefix)) => format!("{:.2}{prefix}", number / size),
        None => format!("{number:.0} "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_say_them() {
        assert_eq!(count(1_u32, "block"), "1 block");
        assert_eq!(count(12_345_u64, "block"), "12,345 blocks");
        assert_eq!(grouped(999), "999");
        assert_eq!(duration(59), "59 s");
        assert_eq!(duration(3_725), "1 h 2 min");
        assert_eq!(scaled(1_250_000.0), "1.25 M");
        assert_eq!(short(&"0123456789abcdef"), "0123456789ab…");
        assert_eq!(short(&"otter"), "otter");
    }
}
