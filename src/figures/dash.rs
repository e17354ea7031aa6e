//! From a line to the dashes of a dotted line. Points come in, pieces of the line
//! go out. It must not know where on the page it is, nor its colour.
//!
//! Only square roots are taken, which every machine rounds alike.

type Point = (f64, f64);

/// The pieces of the line through `points` that are drawn, if `on` and `off` are
/// the lengths of a dash and of the gap after it. Dashes bend with the line.
pub fn dashes(points: &[Point], on: f64, off: f64) -> Vec<Vec<Point>> {
    let mut pieces: Vec<Vec<Point>> = points.first().map(|&first| vec![first]).into_iter().collect();
    let mut drawn = true;
    let mut left = on;
    for ends in points.windows(2) {
        let (mut from, to) = (ends[0], ends[1]);
        loop {
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let length = (dx * dx + dy * dy).sqrt();
            if length <= left {
                left -= length;
                if drawn {
                    pieces.last_mut().into_iter().for_each(|piece| piece.push(to));
                }
                break;
            }
            from = (from.0 + dx * (left / length), from.1 + dy * (left / length));
            if drawn {
                pieces.last_mut().into_iter().for_each(|piece| piece.push(from));
            } else {
                pieces.push(vec![from]);
            }
            drawn = !drawn;
            left = if drawn { on } else { off };
        }
    }
    pieces.retain(|piece| piece.len() > 1);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_bend_and_the_last_one_is_cut() {
        let pieces = dashes(&[(0.0, 0.0), (3.0, 0.0), (3.0, 4.0)], 2.0, 0.5);
        let expected = [
            vec![(0.0, 0.0), (2.0, 0.0)],
            vec![(2.5, 0.0), (3.0, 0.0), (3.0, 1.5)],
            vec![(3.0, 2.0), (3.0, 4.0)],
        ];
        assert_eq!(pieces, expected);
    }

    #[test]
    fn a_point_and_nothing_have_no_dashes() {
        assert!(dashes(&[(1.0, 1.0)], 2.0, 0.5).is_empty() && dashes(&[], 2.0, 0.5).is_empty());
        assert!(dashes(&[(1.0, 1.0); 3], 2.0, 0.5).iter().all(|piece| piece[0] == (1.0, 1.0)));
    }
}
