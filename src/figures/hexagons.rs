//! Points of a page counted in hexagonal cells. Points come in, cells with their counts and outlines go out. It must not
//! know what is counted.

use std::collections::BTreeMap;

/// Hexagons of equal size, with corners above and below; every second row is shifted by half a cell.
#[derive(Clone, Copy, Debug)]
pub struct Hexagons {
    /// From one side to the opposite one.
    pub width: f64,
}

/// Row and column of a cell. It may be negative.
pub type Cell = (i64, i64);

/// What lies in a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Count {
    pub all: u64,
    pub marked: u64,
}

/// Half of the root of 3.
const HEIGHT: f64 = 0.866_025_403_784_438_6;

/// Corners of a hexagon that is one wide, from the upper one on.
const CORNERS: [(f64, f64); 6] = [
    (0.0, -0.577_350_269_189_625_7),
    (0.5, -0.288_675_134_594_812_9),
    (0.5, 0.288_675_134_594_812_9),
    (0.0, 0.577_350_269_189_625_7),
    (-0.5, 0.288_675_134_594_812_9),
    (-0.5, -0.288_675_134_594_812_9),
];

impl Hexagons {
    /// The cell that a point lies in, the one with the nearest middle.
    pub fn cell(&self, (x, y): (f64, f64)) -> Cell {
        let above = (y / (self.width * HEIGHT)).floor() as i64;
        let nearest = |row: i64| (row, (x / self.width - shift(row)).round() as i64);
        let distance = |cell: Cell| {
            let (middle_x, middle_y) = self.middle(cell);
            (x - middle_x) * (x - middle_x) + (y - middle_y) * (y - middle_y)
        };
        let (upper, lower) = (nearest(above), nearest(above + 1));
        if distance(lower) < distance(upper) { lower } else { upper }
    }

    pub fn middle(&self, (row, column): Cell) -> (f64, f64) {
        ((column as f64 + shift(row)) * self.width, row as f64 * self.width * HEIGHT)
    }

    pub fn outline(&self, cell: Cell) -> [(f64, f64); 6] {
        let (x, y) = self.middle(cell);
        CORNERS.map(|(right, down)| (x + right * self.width, y + down * self.width))
    }

    /// How many points lie in each cell that has any, and how many of them are marked. Cells come row by row.
    pub fn counted(&self, points: impl Iterator<Item = ((f64, f64), bool)>) -> BTreeMap<Cell, Count> {
        let mut counts: BTreeMap<Cell, Count> = BTreeMap::new();
        for (point, is_marked) in points {
            let count = counts.entry(self.cell(point)).or_default();
            count.all += 1;
            count.marked += u64::from(is_marked);
        }
        counts
    }
}

/// How far a row is shifted, in cells.
fn shift(row: i64) -> f64 {
    if row % 2 == 0 { 0.0 } else { 0.5 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELLS: Hexagons = Hexagons { width: 2.0 };

    /// By hand: rows are 2 * 0.866 = 1.732 apart, and odd ones begin at 1.
    #[test]
    fn a_point_lies_in_the_cell_with_the_nearest_middle() {
        let middles = [(0, 0), (1, 0), (-1, -1)].map(|cell| CELLS.middle(cell));
        assert_eq!(middles.map(|(x, _)| x), [0.0, 1.0, -1.0]);
        assert!((middles[1].1 - 1.732_050_8).abs() < 1e-6);
        // Below the corner of the first cell, at 1.155, the row below begins.
        let cells = [(0.1, 0.9), (1.1, 0.2), (0.1, 1.2), (-0.1, 1.2), (0.0, -1.2)];
        assert_eq!(cells.map(|point| CELLS.cell(point)), [(0, 0), (0, 1), (1, 0), (1, -1), (-1, -1)]);
        for row in -2..3 {
            for column in -2..3 {
                assert_eq!(CELLS.cell(CELLS.middle((row, column))), (row, column));
            }
        }
    }

    #[test]
    fn cells_touch_and_count_what_lies_in_them() {
        let (left, right) = (CELLS.outline((0, 0)), CELLS.outline((0, 1)));
        assert_eq!((left[1], left[2]), (right[5], right[4]));
        let points = [((0.0, 0.0), true), ((0.2, 0.1), false), ((2.0, 0.0), false)];
        let counts: Vec<_> = CELLS.counted(points.into_iter()).into_iter().collect();
        assert_eq!(counts, [((0, 0), Count { all: 2, marked: 1 }), ((0, 1), Count { all: 1, marked: 0 })]);
    }
}
