//! Numbers and words as a reader likes them.

/// Text that HTML shows as it is, in an element or in an attribute.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A whole number with its thousands apart.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A share in percent, with as many digits as say something.
pub(super) fn percent(share: f64) -> String {
    let hundredths = share * 100.0;
    match hundredths {
        0.0 => "0 %".to_owned(),
        small if small < 1.0 => format!("{small:.2} %"),
        some if some < 10.0 => format!("{some:.1} %"),
        many => format!("{many:.0} %"),
    }
}

/// A share in percent as a tick of an axis, without digits that say nothing.
pub(super) fn percent_tick(share: f64) -> String {
    format!("{} %", (share * 100_000.0).round() / 1_000.0)
}

/// A number as a tick of an axis: without what rounding leaves behind.
pub(super) fn plain(number: f64) -> String {
    format!("{}", (number * 1e6).round() / 1e6)
}

/// A duration in the units in which it is said.
pub fn duration(microseconds: u64) -> String {
    let seconds = microseconds as f64 / 1e6;
    match seconds {
        0.0 => "0 s".to_owned(),
        tiny if tiny < 0.001 => format!("{microseconds} µs"),
        short if short < 0.01 => format!("{} ms", tenths(short * 1e3)),
        short if short < 1.0 => format!("{:.0} ms", short * 1e3),
        some if some < 10.0 => format!("{} s", tenths(some)),
        some if some < 120.0 => format!("{some:.0} s"),
        _ => long_duration(microseconds / 1_000_000),
    }
}

/// A duration with one unit, where room is scarce.
pub(super) fn brief_duration(microseconds: u64) -> String {
    let seconds = microseconds as f64 / 1e6;
    match seconds {
        few if few < 120.0 => duration(microseconds),
        some if some < 7_200.0 => format!("{} min", tenths(some / 60.0)),
        many if many < 172_800.0 => format!("{} h", tenths(many / 3_600.0)),
        most => format!("{} days", tenths(most / 86_400.0)),
    }
}

/// One digit behind the point, and none where it is 0.
fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

fn long_duration(seconds: u64) -> String {
    let two = |large: u64, unit: &str, small: u64, part: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {part}"),
    };
    match seconds {
        0..3_600 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600..172_800 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => two(seconds / 86_400, "days", seconds % 86_400 / 3_600, "h"),
    }
}

/// How often something was.
pub fn times(number: u64) -> String {
    match number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        many => format!("{} times", count(many)),
    }
}

/// A number of bytes.
pub(super) fn bytes(number: u64) -> String {
    let scaled = number as f64;
    match scaled {
        few if few < 1e3 => format!("{few:.0} B"),
        some if some < 1e6 => format!("{:.1} kB", some / 1e3),
        many if many < 1e9 => format!("{:.1} MB", many / 1e6),
        most => format!("{:.2} GB", most / 1e9),
    }
}

/// A number large or small in four characters or so: `950`, `1.2 k`, `3.4 M`.
pub(super) fn short(number: f64) -> String {
    let (scaled, unit) = match number.abs() {
        few if few < 1e3 => (number, ""),
        some if some < 1e6 => (number / 1e3, " k"),
        many if many < 1e9 => (number / 1e6, " M"),
        most if most < 1e12 => (number / 1e9, " G"),
        _ => (number / 1e12, " T"),
    };
    let digits = usize::from(scaled.abs() < 10.0 && (scaled - scaled.round()).abs() > 0.05);
    format!("{scaled:.digits$}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_escapes_from_its_element() {
        assert_eq!(escape("<a href='x'>&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;&lt;/a&gt;");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn durations_have_the_unit_that_fits() {
        let said = [
            0,
            90,
            4_200,
            87_000,
            1_240_000,
            2_000_000,
            61_000_000,
            200_000_000,
            7_200_000_000,
            180_000_000_000,
        ];
        let words =
            ["0 s", "90 µs", "4.2 ms", "87 ms", "1.2 s", "2 s", "61 s", "3 min 20 s", "2 h", "2 days 2 h"];
        assert_eq!(said.map(duration), words);
    }

    #[test]
    fn brief_durations_have_one_unit() {
        let said = [87_000, 61_000_000, 296_000_000, 1_800_000_000, 9_000_000_000, 180_000_000_000];
        assert_eq!(said.map(brief_duration), ["87 ms", "61 s", "4.9 min", "30 min", "2.5 h", "2.1 days"]);
    }

    #[test]
    fn shares_and_sizes_keep_two_digits_or_so() {
        assert_eq!([0.0, 0.004_2, 0.042, 0.42].map(percent), ["0 %", "0.42 %", "4.2 %", "42 %"]);
        assert_eq!([0.05, 0.1, 0.002_5].map(percent_tick), ["5 %", "10 %", "0.25 %"]);
        assert_eq!([0.1 + 0.2, 5.0].map(plain), ["0.3", "5"]);
        assert_eq!([999, 1_500, 2_500_000].map(bytes), ["999 B", "1.5 kB", "2.5 MB"]);
        assert_eq!([7.0, 1_200.0, 34_000.0, 5e6].map(short), ["7", "1.2 k", "34 k", "5 M"]);
    }
}
