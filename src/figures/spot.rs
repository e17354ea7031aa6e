//! A place for a legend that covers no data. The size of a box, a frame and the
//! points drawn in it come in; a corner of the box goes out. It must not know
//! what is in the box.

use super::canvas::Frame;
use super::look::Placed;

/// Least distance of the box from the data.
const CLEAR: f64 = 3.0;
/// Least distance of the box from the edges of the frame.
const INSIDE: f64 = 1.5;
/// Places that are tried, along each side of the frame.
const STEPS: i32 = 16;

/// The left and upper end of a free place for a box of this width and height, if
/// there is one. The nearer to a corner the better. Each line comes with how far
/// it reaches beyond its points.
pub fn find((width, height): (f64, f64), frame: Frame, lines: &[(Vec<Placed>, f64)]) -> Option<(f64, f64)> {
    let (across, down) = (frame.width() - width - 2.0 * INSIDE, frame.height() - height - 2.0 * INSIDE);
    if across < 0.0 || down < 0.0 {
        return None;
    }
    // Of corners that are equally good, the upper and right ones come first.
    let mut places: Vec<(i32, i32)> =
        (0..=STEPS).flat_map(|row| (0..=STEPS).rev().map(move |column| (column, row))).collect();
    places.sort_by_key(|&(column, row)| column.min(STEPS - column) + row.min(STEPS - row));
    let at = |(column, row): (i32, i32)| {
        let share = |step: i32| f64::from(step) / f64::from(STEPS);
        (frame.left + INSIDE + across * share(column), frame.top + INSIDE + down * share(row))
    };
    places.into_iter().map(at).find(|&(left, top)| {
        let area = Frame { left, top, right: left + width, bottom: top + height };
        !lines.iter().any(|(points, reach)| touches(grown(area, CLEAR + reach), points))
    })
}

fn grown(area: Frame, by: f64) -> Frame {
    Frame { left: area.left - by, top: area.top - by, right: area.right + by, bottom: area.bottom + by }
}

/// Whether the line, with its spread, has a part in common with the area.
fn touches(area: Frame, points: &[Placed]) -> bool {
    let first = points.first().map(|&first| [first, first]);
    let pieces = points.windows(2).map(|ends| [ends[0], ends[1]]);
    first.into_iter().chain(pieces).any(|[from, to]| {
        if from.x > area.right || to.x < area.left {
            return false;
        }
        // Between the edges of the area, a line takes every value between its ends.
        let [a, b] = [area.left, area.right].map(|x| between(&from, &to, x.clamp(from.x, to.x)));
        a.0.min(b.0) < area.bottom && a.1.max(b.1) > area.top
    })
}

/// The upper and lower end of the spread at `x`.
fn between(from: &Placed, to: &Placed, x: f64) -> (f64, f64) {
    let share = if to.x > from.x { (x - from.x) / (to.x - from.x) } else { 0.0 };
    let mix = |a: f64, b: f64| a + (b - a) * share;
    (mix(from.high, to.high), mix(from.low, to.low))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame { left: 0.0, top: 0.0, right: 100.0, bottom: 100.0 };

    fn line(points: &[(f64, f64)], spread: f64) -> (Vec<Placed>, f64) {
        let place = |&(x, y): &(f64, f64)| Placed { x, y, low: y + spread, high: y - spread };
        (points.iter().map(place).collect(), 0.0)
    }

    #[test]
    fn corners_come_first_and_data_are_left_free() {
        let corner = |lines: &[_]| find((40.0, 20.0), FRAME, lines);
        assert_eq!(corner(&[]), Some((58.5, 1.5)));
        let falling = line(&[(0.0, 0.0), (100.0, 100.0)], 0.0);
        assert_eq!(corner(&[falling]), Some((58.5, 1.5)));
        let rising = line(&[(0.0, 100.0), (100.0, 0.0)], 10.0);
        assert_eq!(corner(&[rising]), Some((1.5, 1.5)));
    }

    #[test]
    fn a_line_that_fills_the_frame_leaves_no_place() {
        let wide = line(&[(0.0, 50.0), (100.0, 50.0)], 40.0);
        assert_eq!(find((40.0, 20.0), FRAME, &[wide]), None);
        assert_eq!(find((140.0, 20.0), FRAME, &[]), None);
    }
}
