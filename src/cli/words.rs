//! Numbers in the words people use.

use crate::primitives::Timestamp;

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

/// Whether a multiaddress leads here from other machines too.
pub(super) fn is_for_others(address: &str) -> bool {
    !address.contains("/127.0.0.1/") && !address.contains("/::1/")
}

/// The addresses to be given to others: loopback only if there is nothing else.
pub(super) fn addresses_for_others(all: &[String]) -> Vec<String> {
    let for_others: Vec<String> = all.iter().filter(|address| is_for_others(address)).cloned().collect();
    if for_others.is_empty() { all.to_vec() } else { for_others }
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

/// A moment as `2026-01-01 00:00:00 UTC`, by the civil calendar (Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", `civil_from_days`): eras of 400 years that begin in March.
pub(super) fn moment(time: Timestamp) -> String {
    let (days, second) = (u64::from(time.0) / 86_400 + 719_468, time.0 % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{:02} UTC", second % 60)
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
    fn moments_are_those_of_the_civil_calendar() {
        assert_eq!(moment(Timestamp(0)), "1970-01-01 00:00:00 UTC");
        assert_eq!(moment(Timestamp(951_827_696)), "2000-02-29 12:34:56 UTC");
        assert_eq!(moment(Timestamp(1_767_225_600)), "2026-01-01 00:00:00 UTC");
        assert_eq!(moment(Timestamp(u32::MAX)), "2106-02-07 06:28:15 UTC");
    }

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
