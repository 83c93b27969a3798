//! Bars for what takes long: nothing where nobody looks.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How often a bar moves while nothing is counted.
const TICK: Duration = Duration::from_millis(150);

/// A bar over things that are counted, with their number still unknown.
pub(super) fn counting(what: &str) -> ProgressBar {
    styled("{spinner} {msg} {wide_bar} {pos}/{len} ({eta})", what)
}

/// A bar over the bytes of a file; without its length, a sign of life.
pub(super) fn bytes(what: &str, length: Option<u64>) -> ProgressBar {
    match length {
        Some(length) => {
            let bar = styled("{spinner} {msg} {wide_bar} {bytes}/{total_bytes} ({eta})", what);
            bar.set_length(length);
            bar
        }
        None => styled("{spinner} {msg} {bytes} ({elapsed})", what),
    }
}

fn styled(template: &str, what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("the template is right");
    let bar = ProgressBar::new(0).with_style(style).with_message(what.to_owned());
    bar.enable_steady_tick(TICK);
    bar
}
