//! Where everything of a line chart goes. A chart comes in; its shapes and texts
//! go out to a page. It must not know the formats of files.

use super::axis::Range;
use super::canvas::{Frame, Page};
use super::chart::{Line, LineChart};
use super::grid::{Borders, Grid};
use super::legend::{Legend, Swatch};
use super::look::Placed;
use super::style::{self, Size};
use super::text::{self, Anchor, Turn};
use super::ticks::{MOST_STEPS, Ticks, ticks};
use super::{FigureError, spot};

const TICK: f64 = style::TICK_SIZE;
const LABEL: f64 = style::LABEL_SIZE;
/// Height of a label of an axis, with its distance from the tick labels.
const LABEL_ROOM: f64 = LABEL * (style::CAP_HEIGHT + style::DESCENT) + style::LABEL_GAP;
/// Least distance between two tick labels of the x axis.
const TICK_SPACE: f64 = 5.0;
/// From one tick label of the y axis to the next, at least.
const TICK_ROW: f64 = TICK * 1.9;
/// Steps that even the smallest axis may have.
const LEAST_STEPS: usize = 2;
/// Least distance between two panels.
const GAP: f64 = 8.0;
/// Room at both ends of an x axis with marks, as a part of what is shown.
const MARK_PAD: f64 = 0.03;
/// How much longer the y axis is made, step by step, until the legend has a place.
/// Panels become higher with it, so that the data keep their size.
const STRETCHES: [f64; 9] = [0.0, 0.08, 0.16, 0.25, 0.35, 0.5, 0.7, 1.0, 1.5];

/// Everything's place on the page.
pub struct Layout {
    grid: Grid,
    x: Side,
    y: Side,
    legend: Option<PlacedLegend>,
}

/// A legend in so many columns, with its upper left corner.
struct PlacedLegend {
    legend: Legend,
    columns: usize,
    left: f64,
    top: f64,
}

/// An axis: what it shows, and its ticks and label.
struct Side {
    range: Range,
    ticks: Ticks,
    /// Of every tick label, in points.
    widths: Vec<f64>,
    label: String,
}

impl Side {
    fn new(range: Range, ticks: Ticks, label: &str) -> Result<Self, FigureError> {
        let widths = ticks.labels.iter().map(|label| text::width(label, TICK)).collect::<Result<_, _>>()?;
        let label = match &ticks.factor {
            Some(factor) => format!("{label} ({factor})"),
            None => label.into(),
        };
        Ok(Self { range, ticks, widths, label })
    }

    /// Where the ticks are, as parts of the axis.
    fn shares(&self) -> impl Iterator<Item = f64> {
        self.ticks.values.iter().map(|&tick| self.range.share(tick))
    }

    /// How far level labels reach beyond both ends of an axis of this length.
    fn overhang(&self, length: f64) -> (f64, f64) {
        let reach = self.shares().zip(&self.widths).map(|(share, width)| (share * length, width / 2.0));
        reach.fold((0.0, 0.0), |(before, after), (at, half)| {
            (f64::max(before, half - at), f64::max(after, at + half - length))
        })
    }

    /// Whether level labels stand apart on an axis of this length.
    fn is_spaced(&self, length: f64) -> bool {
        let at: Vec<f64> = self.shares().map(|share| share * length).collect();
        at.windows(2)
            .zip(self.widths.windows(2))
            .all(|(at, width)| at[1] - at[0] >= (width[0] + width[1]) / 2.0 + TICK_SPACE)
    }
}

impl Layout {
    /// The layout for a chart whose points take `ends` of the two axes.
    pub fn of(chart: &LineChart, ends: [Range; 2]) -> Result<Self, FigureError> {
        for share in STRETCHES {
            for range in chart.y.stretched(ends[1], share) {
                let mut layout = Self::with(chart, ends, range, share)?;
                layout.legend = layout.place_legend(chart)?;
                if layout.legend.is_some() || chart.keys.is_empty() {
                    return Ok(layout);
                }
            }
        }
        // Nowhere is free: better on the data than none.
        let mut layout = Self::with(chart, ends, chart.y.range(ends[1], style::HEADROOM), 0.0)?;
        if let Some(&frame) = layout.grid.frames.first() {
            let legend = legend(chart, frame)?;
            layout.legend = Some(PlacedLegend { legend, columns: 1, left: frame.left, top: frame.top });
        }
        Ok(layout)
    }

    /// The layout without a legend, for this range of the y axis, of which `share`
    /// is for the legend.
    fn with(chart: &LineChart, ends: [Range; 2], range: Range, share: f64) -> Result<Self, FigureError> {
        let lines = chart.panels.iter().flat_map(|panel| &panel.lines);
        let pad = if lines.clone().any(|line| line.look.reach() > 0.0) { MARK_PAD } else { 0.0 };
        let x_range = chart.x.range(ends[0], pad);
        let ticked = [chart.x.within(ends[0], x_range), chart.y.within(ends[1], range)];

        let titled = chart.panels.iter().any(|panel| !panel.title.is_empty());
        let title = if titled { style::TITLE_SIZE + style::LABEL_GAP } else { TICK / 2.0 };
        let mut borders = Borders {
            right: style::MARGIN,
            top: style::MARGIN + title,
            bottom: style::MARGIN + style::TICK_GAP + TICK * style::CAP_HEIGHT,
            across: GAP,
            down: title + GAP,
            ..Borders::default()
        };
        if !chart.x.label.is_empty() {
            borders.bottom += LABEL_ROOM;
        }
        let fitted = |borders: Borders| -> Result<(Grid, Side, Side), FigureError> {
            let grid = Grid::new(chart.panels.len(), chart.columns, borders, 1.0 + share);
            let Some(frame) = grid.frames.first() else { return Err(FigureError::NoPoints) };
            let (width, height) = (frame.width(), frame.height());
            let x = x_side(&chart.x.label, x_range, ticked[0], width)?;
            let y = y_side(&chart.y.label, range, ticked[1], height)?;
            Ok((grid, x, y))
        };
        let (mut grid, mut x, mut y) = fitted(borders)?;
        // Tick labels depend on the size of the panels, which depends on the room
        // for tick labels. The second round settles it.
        for _ in 0..2 {
            let (before, after) = x.overhang(grid.frames.first().map_or(0.0, Frame::width));
            let widest = y.widths.iter().copied().fold(0.0, f64::max);
            let label = if y.label.is_empty() { 0.0 } else { LABEL_ROOM };
            borders.left = style::MARGIN + (label + widest + style::TICK_GAP).max(before);
            borders.right = style::MARGIN + after;
            borders.across = GAP.max(before + after + TICK_SPACE);
            (grid, x, y) = fitted(borders)?;
        }
        Ok(Self { grid, x, y, legend: None })
    }

    /// The legend, its columns and its place: where no panel is, or no data.
    fn place_legend(&self, chart: &LineChart) -> Result<Option<PlacedLegend>, FigureError> {
        if chart.keys.is_empty() {
            return Ok(None);
        }
        let empty = self.grid.free.map(|frame| (frame, Vec::new()));
        let panels = self.grid.frames.iter().zip(&chart.panels).map(|(&frame, panel)| {
            let placed = |line: &Line| (self.placed(frame, line), line.look.reach());
            (frame, panel.lines.iter().map(placed).collect())
        });
        for (frame, lines) in empty.into_iter().chain(panels) {
            let legend = legend(chart, frame)?;
            for (columns, size) in legend.shapes() {
                if let Some((left, top)) = spot::find(size, frame, &lines) {
                    return Ok(Some(PlacedLegend { legend, columns, left, top }));
                }
            }
        }
        Ok(None)
    }

    fn placed(&self, frame: Frame, line: &Line) -> Vec<Placed> {
        let up = |value: f64| frame.bottom - self.y.range.share(value) * frame.height();
        let place = |point: &super::Point| {
            let spread = point.spread(line.look);
            Placed {
                x: frame.left + self.x.range.share(point.x) * frame.width(),
                y: up(point.mean),
                low: up(spread.low),
                high: up(spread.high),
            }
        };
        line.points.iter().map(place).collect()
    }

    pub fn page(&self) -> Size {
        self.grid.page
    }

    pub fn draw(&self, page: &mut Page<'_>, chart: &LineChart) -> Result<(), FigureError> {
        for &frame in &self.grid.frames {
            self.draw_frame(page, frame)?;
        }
        // Before the data, so that its white ground hides only the grid.
        if let Some(PlacedLegend { legend, columns, left, top }) = &self.legend {
            legend.draw(page, *columns, *left, *top)?;
        }
        for (&frame, panel) in self.grid.frames.iter().zip(&chart.panels) {
            let lines: Vec<_> =
                panel.lines.iter().map(|line| (line.look, self.placed(frame, line))).collect();
            lines.iter().try_for_each(|(look, points)| look.draw_spread(page, points))?;
            lines.iter().try_for_each(|(look, points)| look.draw_line(page, points))?;
        }
        self.write(page, chart)
    }

    fn draw_frame(&self, page: &Page<'_>, frame: Frame) -> Result<(), FigureError> {
        let Frame { left, top, right, bottom } = frame;
        for y in self.y.shares().map(|share| bottom - share * frame.height()) {
            page.line(&[(left, y), (right, y)], style::GRID, style::GRID_WIDTH)?;
        }
        for x in self.x.shares().map(|share| left + share * frame.width()) {
            page.line(&[(x, top), (x, bottom)], style::GRID, style::GRID_WIDTH)?;
        }
        page.line(&[(left, top), (left, bottom), (right, bottom)], style::INK, style::AXIS_WIDTH)
    }

    fn write(&self, page: &mut Page<'_>, chart: &LineChart) -> Result<(), FigureError> {
        for (at, (frame, panel)) in self.grid.frames.iter().zip(&chart.panels).enumerate() {
            let size = style::TITLE_SIZE;
            let title = text::shorten(&panel.title, size, frame.width())?;
            page.text(level(&title, size, (frame.left + frame.right) / 2.0, frame.top - style::LABEL_GAP));
            if self.grid.is_left(at) {
                for (share, label) in self.y.shares().zip(&self.y.ticks.labels) {
                    let y = frame.bottom - share * frame.height() + style::CAP_HEIGHT * TICK / 2.0;
                    let x = frame.left - style::TICK_GAP;
                    page.text(text::Line { anchor: Anchor::End, ..level(label, TICK, x, y) });
                }
            }
            if self.grid.is_lowest(at) {
                for (share, label) in self.x.shares().zip(&self.x.ticks.labels) {
                    let y = frame.bottom + style::TICK_GAP + style::CAP_HEIGHT * TICK;
                    page.text(level(label, TICK, frame.left + share * frame.width(), y));
                }
            }
        }
        let Some(all) = self.grid.all() else { return Ok(()) };
        let Size { width, height } = self.grid.page;
        let label = text::shorten(&self.x.label, LABEL, width - 2.0 * style::MARGIN)?;
        let x = text::centred(&label, LABEL, (all.left + all.right) / 2.0, width)?;
        page.text(level(&label, LABEL, x, height - style::MARGIN - style::DESCENT * LABEL));
        let label = text::shorten(&self.y.label, LABEL, height - 2.0 * style::MARGIN)?;
        let y = text::centred(&label, LABEL, (all.top + all.bottom) / 2.0, height)?;
        let x = style::MARGIN + style::CAP_HEIGHT * LABEL;
        page.text(text::Line { turn: Turn::Upright, ..level(&label, LABEL, x, y) });
        Ok(())
    }
}

fn legend(chart: &LineChart, frame: Frame) -> Result<Legend, FigureError> {
    let entries = chart.keys.iter().map(|key| (key.label.as_str(), Swatch::Line(key.look)));
    Legend::new(entries, frame.width() - 2.0 * style::MARGIN)
}

/// An x axis of this length, with as many ticks as have room side by side.
fn x_side(label: &str, range: Range, ticked: Range, length: f64) -> Result<Side, FigureError> {
    let mut most = MOST_STEPS;
    loop {
        let side = Side::new(range, ticks(ticked.low, ticked.high, most), label)?;
        if most == LEAST_STEPS || side.is_spaced(length) {
            return Ok(side);
        }
        most -= 1;
    }
}

/// A y axis of this length, with as many ticks as have room one above the other.
fn y_side(label: &str, range: Range, ticked: Range, length: f64) -> Result<Side, FigureError> {
    let most = ((length / TICK_ROW) as usize).clamp(LEAST_STEPS, MOST_STEPS);
    Side::new(range, ticks(ticked.low, ticked.high, most), label)
}

fn level(text: &str, size: f64, x: f64, y: f64) -> text::Line<'_> {
    text::Line { text, size, x, y, anchor: Anchor::Middle, turn: Turn::Level }
}
