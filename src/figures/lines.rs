//! Lines over numbers, such as accuracies or radii, in panels that share their
//! axes. Points with standard deviations come in; a finished figure goes out. It
//! must not know where the numbers come from.

use super::FigureError;
use super::canvas;
use super::chart::{LineChart, Point};
use super::panels::Layout;
use super::render::{self, Rendered};
use super::style;

/// Draws the chart: one panel a column of a paper wide, several over both.
pub fn line_chart(chart: &LineChart) -> Result<Rendered, FigureError> {
    check(chart)?;
    let ends = chart.ends().ok_or(FigureError::NoPoints)?;
    let layout = Layout::of(chart, ends)?;
    let svg = canvas::draw(layout.page(), |page| layout.draw(page, chart))?;
    render::render(&svg)
}

fn check(chart: &LineChart) -> Result<(), FigureError> {
    let lines = chart.panels.iter().flat_map(|panel| &panel.lines);
    let found = lines.filter_map(|line| line.look.color).max().map_or(0, |last| last + 1);
    let most = style::PALETTE.len();
    if found > most {
        return Err(FigureError::TooManySeries { found, most });
    }
    for panel in &chart.panels {
        for line in &panel.lines {
            // Above this bound the ends of axes could overflow.
            let sound = |value: f64| value.abs() <= f64::MAX / 100.0;
            for &Point { x, mean, std } in &line.points {
                if !sound(x) || !sound(mean) || !sound(std) || std < 0.0 {
                    return Err(FigureError::Point { panel: panel.title.clone(), x, mean, std });
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::axis::Axis;
    use super::super::chart::{Key, Line, Panel};
    use super::super::{Look, Spread, Stroke, columns, digest};
    use super::*;

    const LOOK: Look = Look { color: Some(0), stroke: Stroke::Solid, spread: Spread::Band, marks: false };

    fn chart(panels: usize, points: &[(f64, f64, f64)]) -> LineChart {
        let points: Vec<Point> = points.iter().map(|&(x, mean, std)| Point { x, mean, std }).collect();
        let strokes = [(Stroke::Dotted, Spread::Bars, true), (Stroke::Faint, Spread::None, false)];
        let mut looks = vec![LOOK];
        looks.extend(strokes.map(|(stroke, spread, marks)| Look { color: Some(1), stroke, spread, marks }));
        let lines = looks.iter().map(|&look| Line { look, points: points.clone() }).collect();
        LineChart {
            panels: vec![Panel { title: "Class <0>".into(), lines }; panels],
            columns: columns(panels, 5),
            x: Axis { label: "Epoch".into(), ..Axis::default() },
            y: Axis { label: "Radius".into(), ..Axis::default() },
            keys: looks.into_iter().map(|look| Key { label: "mean".into(), look }).collect(),
        }
    }

    #[test]
    fn same_chart_same_bytes_and_no_layers() {
        let chart = chart(7, &[(20.0, 0.5, 0.1), (30.0, 0.3, 0.0), (500.0, 0.6, 0.2)]);
        let first = line_chart(&chart).unwrap();
        // Not assert_eq, which would print the pictures.
        assert!(first == line_chart(&chart).unwrap());
        assert_eq!(digest(&first), "cdf7c999a82f27cb", "see figures::VERSION");
        assert!(
            first.svg.contains(" stroke-opacity=\"0.3\"") && first.svg.contains(" fill-opacity=\"0.22\"")
        );
        assert!(!first.svg.contains(" opacity="), "a translucent shape is a layer");
    }

    #[test]
    fn odd_numbers_of_points_and_panels_are_drawn() {
        for panels in [1, 2, 3, 26] {
            line_chart(&chart(panels, &[(21.0, 0.5, 0.1)])).unwrap();
            line_chart(&chart(panels, &[(0.0, 0.0, 0.0), (1.0, 0.0, 0.0)])).unwrap();
        }
        for scale in [f64::MIN_POSITIVE, 1e-12, 1e300] {
            line_chart(&chart(1, &[(-scale, scale, scale), (scale, -scale, 0.0)])).unwrap();
        }
    }

    #[test]
    fn wrong_input_is_a_typed_error() {
        assert!(matches!(line_chart(&chart(2, &[])), Err(FigureError::NoPoints)));
        assert!(matches!(
            line_chart(&LineChart { panels: vec![], ..chart(1, &[]) }),
            Err(FigureError::NoPoints)
        ));
        for bad in [(f64::NAN, 0.0, 0.0), (0.0, f64::INFINITY, 0.0), (0.0, 0.0, -1.0), (0.0, f64::MAX, 0.0)] {
            assert!(matches!(line_chart(&chart(1, &[bad])), Err(FigureError::Point { .. })));
        }
        let mut chart = chart(1, &[(0.0, 0.0, 0.0)]);
        chart.panels[0].lines[0].look.color = Some(7);
        assert!(matches!(line_chart(&chart), Err(FigureError::TooManySeries { found: 8, most: 7 })));
    }
}
