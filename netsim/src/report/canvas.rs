//! Drawing into inline SVG by plotters, with a coordinate system of CSS pixels.

use plotters::coord::Shift;
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::{DrawingArea, IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontFamily, FontStyle, IntoFont, ShapeStyle, TextStyle};

use super::style::Ink;
use super::text::escape;

/// The backend draws at whole units: so many make a CSS pixel, for lines that do not wobble.
const UNITS_PER_PIXEL: f64 = 8.0;

/// The backend divides the size of text by this.
const TEXT_SIZE_DIVISOR: f64 = 1.24;

/// Size of labels in pixels.
pub(super) const LABEL_SIZE: f64 = 12.5;

/// Pixels of a drawing as wide as the page.
pub(super) const WIDE: f64 = 954.0;

/// Pixels of one of two drawings beside each other.
pub(super) const HALF: f64 = 438.0;

/// Where text sits about its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

/// A point in CSS pixels from the upper left corner.
pub(super) type Point = (f64, f64);

/// Something to draw on.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// A drawing as an `svg` element; `described` is read out to those who cannot see it.
pub(super) fn draw(width: f64, height: f64, described: &str, paint: impl FnOnce(&Canvas)) -> String {
    let mut svg = String::new();
    {
        let size = (units(width).unsigned_abs(), units(height).unsigned_abs());
        let canvas = Canvas { area: SVGBackend::with_string(&mut svg, size).into_drawing_area() };
        paint(&canvas);
        canvas.area.present().expect("text takes every drawing");
    }
    svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{}\" ", escape(described)), 1)
}

impl Canvas<'_> {
    /// A line through points.
    pub(super) fn line(&self, points: &[Point], ink: Ink, width: f64) {
        let path = points.iter().map(|&point| place(point)).collect::<Vec<_>>();
        self.put(&PathElement::new(path, stroke(ink, width)));
    }

    /// A straight line of dashes.
    pub(super) fn dashes(&self, from: Point, to: Point, ink: Ink, width: f64) {
        const DASH: f64 = 4.0;
        let length = (to.0 - from.0).hypot(to.1 - from.1).max(1e-9);
        let at = |along: f64| {
            let part = along.min(length) / length;
            (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part)
        };
        let mut along = 0.0;
        while along < length {
            self.line(&[at(along), at(along + DASH)], ink, width);
            along += 2.0 * DASH;
        }
    }

    /// A filled shape.
    pub(super) fn shape(&self, points: &[Point], ink: Ink, opacity: f64) {
        let path = points.iter().map(|&point| place(point)).collect::<Vec<_>>();
        self.put(&Polygon::new(path, ink.rgb().mix(opacity).filled()));
    }

    /// A filled rectangle.
    pub(super) fn bar(&self, corner: Point, opposite: Point, ink: Ink, opacity: f64) {
        let low = (corner.0.min(opposite.0), corner.1.min(opposite.1));
        let high = (corner.0.max(opposite.0), corner.1.max(opposite.1));
        self.put(&Rectangle::new([place(low), place(high)], ink.rgb().mix(opacity).filled()));
    }

    /// A filled disc.
    pub(super) fn dot(&self, centre: Point, radius: f64, ink: Ink) {
        self.put(&Circle::new(place(centre), units(radius), ink.rgb().filled()));
    }

    /// Words.
    pub(super) fn text(&self, at: Point, words: &str, ink: Ink, align: Align) {
        let horizontal = match align {
            Align::Left => HPos::Left,
            Align::Centre => HPos::Center,
            Align::Right => HPos::Right,
        };
        let size = LABEL_SIZE * UNITS_PER_PIXEL * TEXT_SIZE_DIVISOR;
        let font = (FontFamily::SansSerif, size, FontStyle::Normal).into_font();
        let colour = ink.rgb();
        let style = TextStyle::from(font).color(&colour).pos(Pos::new(horizontal, VPos::Center));
        self.put(&Text::new(words.to_owned(), place(at), style));
    }

    fn put<'e, E>(&self, element: &'e E)
    where
        &'e E: plotters::element::PointCollection<'e, (i32, i32)>,
        for<'b> E: plotters::element::Drawable<SVGBackend<'b>>,
    {
        self.area.draw(element).expect("text takes every drawing");
    }
}

fn stroke(ink: Ink, width: f64) -> ShapeStyle {
    ink.rgb().stroke_width(units(width).unsigned_abs())
}

fn place(point: Point) -> (i32, i32) {
    (units(point.0), units(point.1))
}

fn units(pixels: f64) -> i32 {
    (pixels * UNITS_PER_PIXEL).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::style::TEXT;

    #[test]
    fn a_drawing_is_one_element_that_says_what_it_shows() {
        let svg = draw(100.0, 50.0, "a <line>", |canvas| {
            canvas.line(&[(0.0, 0.0), (100.0, 50.0)], TEXT, 1.0);
            canvas.text((10.0, 10.0), "<b>&", TEXT, Align::Left);
        });
        assert!(svg.starts_with("<svg role=\"img\" aria-label=\"a &lt;line&gt;\" width=\"800\""));
        assert!(svg.trim_end().ends_with("</svg>"));
        assert!(svg.contains("&lt;b&gt;&amp;"));
        assert!(!svg.contains("<b>"));
    }
}
