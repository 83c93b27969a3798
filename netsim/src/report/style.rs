//! The look of the page. Each colour is drawn as by day; the style sheet puts its night value over it.

use std::fmt::Write;

use plotters::style::RGBColor;

/// A colour by day and by night, and its name in the style sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ink {
    name: &'static str,
    day: u32,
    night: u32,
}

/// Words, and what matters most.
pub(super) const TEXT: Ink = Ink { name: "text", day: 0x1f_242b, night: 0xe8_e6e1 };
/// Captions, ticks, labels.
pub(super) const MUTED: Ink = Ink { name: "muted", day: 0x6b_7280, night: 0x9a_9ea6 };
/// Lines of the grid.
pub(super) const GRID: Ink = Ink { name: "grid", day: 0xe4_e2dc, night: 0x33_363c };
/// What was measured.
pub(super) const BLUE: Ink = Ink { name: "blue", day: 0x2b_6cb0, night: 0x78_b0ea };
/// What stands beside it: theory, the other line.
pub(super) const GOLD: Ink = Ink { name: "gold", day: 0xb9_770e, night: 0xe3_b04b };
/// What went beside the chain, and what failed.
pub(super) const RED: Ink = Ink { name: "red", day: 0xc2_453c, night: 0xf0_8a80 };
/// What passed.
pub(super) const GREEN: Ink = Ink { name: "green", day: 0x2f_855a, night: 0x74_c79a };
/// The page behind everything.
pub(super) const PAGE: Ink = Ink { name: "page", day: 0xfa_f9f6, night: 0x16_181c };
/// The cards on it.
const CARD: Ink = Ink { name: "card", day: 0xff_fffe, night: 0x1d_2025 };

const INKS: [Ink; 9] = [TEXT, MUTED, GRID, BLUE, GOLD, RED, GREEN, PAGE, CARD];

impl Ink {
    pub(super) fn rgb(self) -> RGBColor {
        let [_, red, green, blue] = self.day.to_be_bytes();
        RGBColor(red, green, blue)
    }

    /// What the style sheet calls it, such as `blue`.
    pub(super) fn name(self) -> &'static str {
        self.name
    }
}

/// The whole style sheet.
pub(super) fn sheet() -> String {
    let values = |value: fn(&Ink) -> u32| {
        INKS.iter().fold(String::new(), |mut rules, ink| {
            let _ = write!(rules, "--{}:#{:06x};", ink.name, value(ink));
            rules
        })
    };
    let mut sheet = format!(
        ":root{{color-scheme:light dark;{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n",
        values(|ink| ink.day),
        values(|ink| ink.night)
    );
    for ink in INKS {
        let _ = writeln!(
            sheet,
            "svg [fill=\"#{0:06X}\"]{{fill:var(--{1})}}svg [stroke=\"#{0:06X}\"]{{stroke:var(--{1})}}.ink-{1}{{color:var(--{1})}}",
            ink.day, ink.name
        );
    }
    sheet + LAYOUT
}

const LAYOUT: &str = r#"
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);
 font:16px/1.55 Inter,"Segoe UI",system-ui,-apple-system,Roboto,"Helvetica Neue",Arial,sans-serif;
 font-variant-numeric:tabular-nums;-webkit-font-smoothing:antialiased}
main{max-width:1060px;margin:0 auto;padding:56px 28px 72px}
header{margin-bottom:36px}
.over{font-size:13px;letter-spacing:.09em;text-transform:uppercase;color:var(--muted);margin:0 0 6px}
h1{font-size:38px;line-height:1.15;font-weight:650;letter-spacing:-.022em;margin:0 0 10px}
h2{font-size:19px;font-weight:620;letter-spacing:-.008em;margin:0 0 4px}
p{margin:0}
.facts{color:var(--muted);max-width:46em;text-wrap:pretty}
.badge{display:inline-block;margin-top:18px;padding:5px 14px;border-radius:99px;font-size:14px;font-weight:600;
 border:1px solid currentColor}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1px;background:var(--grid);
 border:1px solid var(--grid);border-radius:14px;overflow:hidden;margin-bottom:28px}
.tile{background:var(--card);padding:18px 20px 16px}
.tile b{display:block;font-size:27px;line-height:1.2;font-weight:620;letter-spacing:-.02em;white-space:nowrap}
.tile span{font-size:13.5px;color:var(--muted)}
.card{background:var(--card);border:1px solid var(--grid);border-radius:14px;padding:24px 26px 20px;margin:0 0 24px;
 min-width:0}
.pair{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:24px}
.pair{margin-bottom:24px}.pair .card{margin-bottom:0;display:flex;flex-direction:column}.pair .drawing{margin-top:auto}
.pair .card:last-child:nth-child(odd){grid-column:1/-1}.pair .card:last-child:nth-child(odd) svg{max-width:438px}
.note{font-size:14.5px;color:var(--muted);max-width:62em;margin-bottom:14px}
.keys{font-size:13.5px;color:var(--muted);display:flex;flex-wrap:wrap;gap:4px 20px;margin:0 0 8px}
.key::before{content:"";display:inline-block;width:18px;height:3px;border-radius:2px;margin-right:8px;
 vertical-align:.27em;background:var(--ink)}
.key.band::before{height:12px;vertical-align:-.08em;opacity:.22}
.key.dot::before{width:10px;height:10px;border-radius:50%;vertical-align:-.04em}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font-family:inherit}
table{width:100%;border-collapse:collapse;font-size:15px}
th{font-weight:500;font-size:13px;color:var(--muted);text-align:left;padding:0 16px 6px 0;
 border-bottom:1px solid var(--grid)}
td{padding:9px 16px 9px 0;border-bottom:1px solid var(--grid);vertical-align:top}
tr:last-child td{border-bottom:0}
td:first-child{width:9.5em;white-space:nowrap;font-weight:600}
.quiet{margin:6px 0 0;padding-left:1.2em;font-size:15px}
.scroll{overflow-x:auto}
dl{display:grid;grid-template-columns:max-content 1fr;gap:6px 24px;margin:0 0 18px;font-size:15px}
dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere}
ol.incidents{font-size:13.5px;color:var(--muted);columns:2;column-gap:32px;margin:12px 0 0;padding-left:1.7em}
pre{margin:0;padding:14px 16px;background:var(--page);border:1px solid var(--grid);border-radius:10px;overflow-x:auto}
code,pre{font:13.5px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media (max-width:760px){main{padding:32px 16px}.pair{grid-template-columns:1fr}h1{font-size:30px}
 .card{padding:18px 16px 14px}main>.card .drawing{overflow-x:auto}main>.card .drawing svg{min-width:680px}
 ol.incidents{columns:1}}
@media print{body{background:none}.card,.tiles{break-inside:avoid}main{padding:0}}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_colour_is_drawn_once_and_named_once() {
        for (index, ink) in INKS.iter().enumerate() {
            assert!(INKS[..index].iter().all(|other| other.day != ink.day && other.name != ink.name));
        }
    }

    #[test]
    fn every_colour_has_a_value_by_night() {
        let sheet = sheet();
        for ink in INKS {
            assert_eq!(sheet.matches(&format!("--{}:#", ink.name)).count(), 2, "{}", ink.name);
        }
    }
}
