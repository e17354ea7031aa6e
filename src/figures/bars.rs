//! Bar charts with error bars, such as hard samples per class. Means and
//! standard deviations come in; a finished figure goes out. It must not know
//! where the numbers come from.

use super::canvas::{self, Frame, Page, Plot};
use super::categories::CategoryLabels;
use super::legend::{Legend, Place, Swatch};
use super::render::{self, Rendered};
use super::style::{self, Size};
use super::text::{self, Anchor, Line, Turn};
use super::ticks::{MOST_STEPS, Ticks, ticks};
use super::{FigureError, MOST_COLOURS};

/// One bar in every category: a mean, and a standard deviation as error bar.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its name in the legend, which a chart of one series does not have.
    pub label: String,
    pub mean: Vec<f64>,
    pub std: Vec<f64>,
}

/// A bar chart; several series stand side by side. Empty labels take no room.
#[derive(Clone, Debug)]
pub struct BarChart {
    pub title: String,
    pub x_label: String,
    pub y_label: String,
    pub categories: Vec<String>,
    pub series: Vec<Series>,
}

/// Draws the chart, one column of a paper wide.
///
/// The y axis starts at zero; an error bar that would go below it ends there
/// without a cap.
pub fn bar_chart(chart: &BarChart) -> Result<Rendered, FigureError> {
    check(chart)?;
    let tops = highest(chart);
    let layout = Layout::of(chart, &tops)?;
    let svg = canvas::draw(style::COLUMN, |page| layout.draw(page, chart))?;
    render::render(&svg)
}

fn check(chart: &BarChart) -> Result<(), FigureError> {
    let expected = chart.categories.len();
    if expected == 0 {
        return Err(FigureError::NoCategories);
    }
    if chart.series.is_empty() {
        return Err(FigureError::NoSeries);
    }
    let (found, most) = (chart.series.len(), MOST_COLOURS);
    if found > most {
        return Err(FigureError::TooManySeries { found, most });
    }
    for series in &chart.series {
        let name = || series.label.clone();
        for (what, values) in [("mean", &series.mean), ("std", &series.std)] {
            if values.len() != expected {
                return Err(FigureError::Length { series: name(), what, found: values.len(), expected });
            }
            for (value, category) in values.iter().zip(&chart.categories) {
                // Above this bound the ends of axes could overflow.
                if !value.is_finite() || *value > f64::MAX / 100.0 {
                    return Err(FigureError::NotFinite { series: name(), what, category: category.clone() });
                }
                if *value < 0.0 {
                    return Err(FigureError::Negative { series: name(), what, category: category.clone() });
                }
            }
        }
    }
    Ok(())
}

/// The top of the highest error bar in every category.
fn highest(chart: &BarChart) -> Vec<f64> {
    let top =
        |at: usize| chart.series.iter().map(|series| series.mean[at] + series.std[at]).fold(0.0, f64::max);
    (0..chart.categories.len()).map(top).collect()
}

/// Everything's place on the page.
struct Layout {
    title: String,
    x_label: String,
    y_label: String,
    categories: CategoryLabels,
    legend: Option<(Legend, Place)>,
    ticks: Ticks,
    y_end: f64,
    frame: Frame,
}

impl Layout {
    fn of(chart: &BarChart, tops: &[f64]) -> Result<Self, FigureError> {
        let page = style::COLUMN;
        let across = page.width - 2.0 * style::MARGIN;
        let title = text::shorten(&chart.title, style::TITLE_SIZE, across)?;
        let x_label = text::shorten(&chart.x_label, style::LABEL_SIZE, across)?;

        let top = tops.iter().copied().fold(0.0, f64::max);
        // Nothing but zeros, or next to it, still needs an axis.
        let least = if top < f64::MIN_POSITIVE * 1e9 { 1.0 } else { top * (1.0 + style::HEADROOM) };
        let mut y_end = least;
        let mut legend = None;
        // The width of the tick labels depends on the end of the y axis, which
        // depends on the legend, whose place depends on the width of the
        // frame. The second round settles it but for fractions of a point.
        for _ in 0..2 {
            let (frame, _, _) = Self::frame(chart, &title, &x_label, y_end)?;
            if chart.series.len() > 1 {
                let labels = chart.series.iter().map(|series| series.label.as_str());
                let entries = labels.enumerate().map(|(at, label)| (label, Swatch::Area(at)));
                let found = Legend::new(entries, frame.width())?;
                let place = found.place(frame.width(), frame.height(), tops, least);
                y_end = place.y_end;
                legend = Some((found, place));
            }
        }
        let (frame, categories, ticks) = Self::frame(chart, &title, &x_label, y_end)?;
        let y_label = match &ticks.factor {
            Some(factor) => format!("{} ({factor})", chart.y_label),
            None => chart.y_label.clone(),
        };
        let y_label = text::shorten(&y_label, style::LABEL_SIZE, page.height - 2.0 * style::MARGIN)?;
        Ok(Self { title, x_label, y_label, categories, legend, ticks, y_end, frame })
    }

    /// The plot's frame, and what stands to its left and below it.
    fn frame(
        chart: &BarChart,
        title: &str,
        x_label: &str,
        y_end: f64,
    ) -> Result<(Frame, CategoryLabels, Ticks), FigureError> {
        let page = style::COLUMN;
        let ticks = ticks(0.0, y_end, MOST_STEPS);
        let mut widest = 0.0_f64;
        for label in &ticks.labels {
            widest = widest.max(text::width(label, style::TICK_SIZE)?);
        }
        let mut left = style::MARGIN + widest + style::TICK_GAP;
        if !chart.y_label.is_empty() || ticks.factor.is_some() {
            left += style::LABEL_SIZE * (style::CAP_HEIGHT + style::DESCENT) + style::LABEL_GAP;
        }
        let mut right = page.width - style::MARGIN;
        let count = chart.categories.len() as f64;
        let categories = CategoryLabels::fit(&chart.categories, (right - left) / count)?;
        left = left.max(style::MARGIN + categories.overhang - (right - left) / count / 2.0);
        right -= categories.beyond;

        let mut top = style::MARGIN + style::TICK_SIZE / 2.0;
        if !title.is_empty() {
            top = style::MARGIN + style::TITLE_SIZE + style::LABEL_GAP;
        }
        let mut bottom = page.height - style::MARGIN - categories.height;
        if !x_label.is_empty() {
            bottom -= style::LABEL_SIZE * (style::CAP_HEIGHT + style::DESCENT) + style::LABEL_GAP;
        }
        let frame = Frame { left, top, right, bottom };
        Ok((frame, categories, ticks))
    }

    fn draw(&self, page: &mut Page<'_>, chart: &BarChart) -> Result<(), FigureError> {
        let count = chart.categories.len() as f64;
        let plot = page.plot(self.frame, count, self.y_end);
        for &tick in &self.ticks.values {
            plot.line(&[(0.0, tick), (count, tick)], style::GRID, style::GRID_WIDTH)?;
        }
        // Before the bars, so that its white ground hides only the grid.
        if let Some((legend, place)) = &self.legend {
            legend.draw(page, place.columns, self.frame.left + place.left, self.frame.top)?;
        }
        let point = count / self.frame.width();
        for (at, series) in chart.series.iter().enumerate() {
            bars(&plot, at, chart.series.len(), series, point)?;
        }
        let corner = [(0.0, self.y_end), (0.0, 0.0), (count, 0.0)];
        plot.line(&corner, style::INK, style::AXIS_WIDTH)?;
        self.write(page)
    }

    fn write(&self, page: &mut Page<'_>) -> Result<(), FigureError> {
        let frame = self.frame;
        for (value, label) in self.ticks.values.iter().zip(&self.ticks.labels) {
            let y = frame.bottom - value / self.y_end * frame.height();
            page.text(Line {
                text: label,
                size: style::TICK_SIZE,
                x: frame.left - style::TICK_GAP,
                y: y + style::CAP_HEIGHT * style::TICK_SIZE / 2.0,
                anchor: Anchor::End,
                turn: Turn::Level,
            });
        }
        self.categories.draw(page, frame);

        let Size { width, height } = style::COLUMN;
        let level = |text, size, y| -> Result<_, FigureError> {
            let x = text::centred(text, size, (frame.left + frame.right) / 2.0, width)?;
            let (anchor, turn) = (Anchor::Middle, Turn::Level);
            Ok(Line { text, size, x, y, anchor, turn })
        };
        let above = style::MARGIN + style::CAP_HEIGHT * style::TITLE_SIZE;
        page.text(level(&self.title, style::TITLE_SIZE, above)?);
        let below = height - style::MARGIN - style::DESCENT * style::LABEL_SIZE;
        page.text(level(&self.x_label, style::LABEL_SIZE, below)?);
        let (text, size) = (&self.y_label, style::LABEL_SIZE);
        page.text(Line {
            text,
            size,
            x: style::MARGIN + style::CAP_HEIGHT * size,
            y: text::centred(text, size, (frame.top + frame.bottom) / 2.0, height)?,
            anchor: Anchor::Middle,
            turn: Turn::Upright,
        });
        Ok(())
    }
}

/// The bars of one series; `point` is a point on paper in units of x.
fn bars(plot: &Plot<'_>, at: usize, of: usize, series: &Series, point: f64) -> Result<(), FigureError> {
    let width = style::GROUP_FILL / of as f64;
    let reach = (style::CAP_REACH * point).min(width * 0.3);
    let stroke = style::ERROR_WIDTH.min(width / point * style::ERROR_SHARE);
    for (slot, (&mean, &std)) in series.mean.iter().zip(&series.std).enumerate() {
        let left = slot as f64 + (1.0 - style::GROUP_FILL) / 2.0 + at as f64 * width;
        plot.fill([(left, mean), (left + width, 0.0)], style::tint(style::PALETTE[at]))?;
        if std == 0.0 {
            continue;
        }
        let middle = left + width / 2.0;
        let (low, high) = ((mean - std).max(0.0), mean + std);
        let line = |from, to| plot.line(&[from, to], style::INK, stroke);
        line((middle, low), (middle, high))?;
        line((middle - reach, high), (middle + reach, high))?;
        if mean >= std {
            line((middle - reach, low), (middle + reach, low))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(means: &[f64], stds: &[f64]) -> BarChart {
        BarChart {
            title: String::new(),
            x_label: "Class".into(),
            y_label: "Hard samples".into(),
            categories: (0..3).map(|class| class.to_string()).collect(),
            series: vec![Series { label: "stragglers".into(), mean: means.into(), std: stds.into() }],
        }
    }

    #[test]
    fn same_chart_same_bytes_and_no_text_in_the_svg() {
        let mut chart = chart(&[56.4, 63.4, 192.9], &[12.4, 9.9, 33.4]);
        chart.series.push(Series { label: "a <b> & \"c\"".into(), ..chart.series[0].clone() });
        let first = bar_chart(&chart).unwrap();
        assert_eq!(first, bar_chart(&chart).unwrap());
        assert_eq!(super::super::digest(&first), "8c8a7354918450d5", "see figures::VERSION");
        assert!(!first.svg.contains("<text"));
        assert!(first.png.starts_with(b"\x89PNG") && first.pdf.starts_with(b"%PDF"));
        assert!(!first.pdf.windows(8).any(|part| part == b"Creation"));
    }

    #[test]
    fn wrong_input_is_a_typed_error() {
        let of = |means: &[f64], stds: &[f64]| bar_chart(&chart(means, stds)).unwrap_err();
        let three = [1.0; 3];
        assert!(matches!(
            of(&[1.0], &three),
            FigureError::Length { what: "mean", found: 1, expected: 3, .. }
        ));
        for bad in [f64::NAN, f64::INFINITY, f64::MAX] {
            assert!(matches!(
                of(&three, &[1.0, bad, 1.0]),
                FigureError::NotFinite { what: "std", category, .. } if category == "1"
            ));
        }
        assert!(matches!(of(&[1.0, 1.0, -1.0], &three), FigureError::Negative { .. }));
        let none = BarChart { series: vec![], ..chart(&three, &three) };
        assert!(matches!(bar_chart(&none), Err(FigureError::NoSeries)));
        let none = BarChart { categories: vec![], ..chart(&three, &three) };
        assert!(matches!(bar_chart(&none), Err(FigureError::NoCategories)));
    }

    #[test]
    fn extreme_values_are_drawn() {
        for scale in [0.0, f64::MIN_POSITIVE, 1e-12, 0.02, 5e3, 1e300] {
            bar_chart(&chart(&[scale; 3], &[scale / 2.0, 0.0, scale])).unwrap();
        }
    }
}
