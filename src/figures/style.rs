//! The one style of all figures: sizes, lines, colours. It takes nothing in and
//! hands out constants; it must not know what any figure shows.
//!
//! Lengths are points (1/72 inch) on paper. Type is 7 points or more, because
//! a figure is printed at the size given here and must be readable there.

use plotters::style::RGBColor;

/// Width and height of a figure on paper, in points.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub width: f64,
    pub height: f64,
}

/// One column of a two-column paper: 3.5 by 2.67 inches, which is a whole number
/// of pixels both at 96 and at 300 to the inch.
pub const COLUMN: Size = Size { width: 252.0, height: 192.0 };

/// Width of figures that go over both columns, in points.
pub const BOTH_COLUMNS: f64 = 516.0;

/// Resolution of the PNG.
pub const PNG_DPI: f64 = 300.0;
/// Units per inch of an SVG without units of length.
pub const SVG_DPI: f32 = 96.0;

/// Family name of the bundled font.
pub const FONT_FAMILY: &str = "Inter";
/// Height of capitals and digits, as a part of the type size.
pub const CAP_HEIGHT: f64 = 0.7275;
/// How far letters such as 'p' go below the line, as a part of the type size.
pub const DESCENT: f64 = 0.21;
/// From one line to the next, as a part of the type size.
pub const LINE_HEIGHT: f64 = 1.2;

pub const TITLE_SIZE: f64 = 8.5;
pub const LABEL_SIZE: f64 = 8.0;
pub const TICK_SIZE: f64 = 7.0;
pub const LEGEND_SIZE: f64 = 7.0;

/// White rim of the page.
pub const MARGIN: f64 = 3.0;
/// Between an axis and its tick labels.
pub const TICK_GAP: f64 = 3.5;
/// Between tick labels and the label of their axis, or a title and its chart.
pub const LABEL_GAP: f64 = 5.0;

pub const AXIS_WIDTH: f64 = 0.6;
pub const GRID_WIDTH: f64 = 0.4;
/// Width of an error bar, at most and as a part of its bar's width.
pub const ERROR_WIDTH: f64 = 0.7;
pub const ERROR_SHARE: f64 = 0.3;
/// Half the width of an error bar's cap, at most.
pub const CAP_REACH: f64 = 2.0;
/// Width of lines that show data, and of thin ones among many.
pub const LINE_WIDTH: f64 = 1.1;
pub const FAINT_WIDTH: f64 = 0.35;
/// How much of a thin line, and of an area around a line, hides what is below.
pub const FAINT_OPACITY: f64 = 0.3;
pub const BAND_OPACITY: f64 = 0.22;
/// Length of a dash of a dotted line, and of the gap after it.
pub const DOT: f64 = 1.3;
pub const DOT_GAP: f64 = 1.3;
/// From the middle of a mark to its edge.
pub const MARK_REACH: f64 = 1.7;
/// Part of a category's place that its bars take.
pub const GROUP_FILL: f64 = 0.76;
/// Room above the highest error bar, as a part of its height, and around lines,
/// as a part of what they span.
pub const HEADROOM: f64 = 0.05;

/// Text, axes and error bars.
pub const INK: RGBColor = RGBColor(0x1A, 0x1A, 0x1A);
pub const GRID: RGBColor = RGBColor(0xE2, 0xE2, 0xE2);
pub const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);

/// The colours of Okabe and Ito, which readers with any common form of colour
/// blindness can tell apart. The darker ones come first, as they also do for
/// thin lines. Black is left out: error bars would not show on it.
pub const PALETTE: [RGBColor; 7] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0xF0, 0xE4, 0x42),
];

/// What is to be seen first among its like.
pub const MARK: RGBColor = PALETTE[4];

/// A colour for areas, a quarter lighter than that of lines and points, so that
/// error bars show on it.
pub fn tint(color: RGBColor) -> RGBColor {
    let lighter = |part: u8| part + (255 - part) / 4;
    RGBColor(lighter(color.0), lighter(color.1), lighter(color.2))
}
