//! The kernel of all layers behind the first: products of small dense matrices whose columns are networks' units.
//!
//! In: a matrix of values of each network and a matrix in columns, both with the same stride. Out: their product,
//! added to what is there, each network for itself. Knows no networks but by the stride.

use crate::lanes::{Kernel, LANES, Lanes, Vector};

/// The left operand of a product. Its elements are `stride` values, one per network, side by side.
#[derive(Clone, Copy)]
pub struct Left<'a> {
    pub values: &'a [Vector],
    /// Vectors per row of `values` as they stand in memory, before they are transposed.
    pub width: usize,
}

/// The most columns of a tile. Tiles have as many accumulators as registers can hold beside the operands.
const TILE: usize = 5;

/// `sums[row][column] += left[row][i] * right[i][column]`, for each row i of `right` in order; `left` is taken as it
/// stands or transposed.
pub struct AddProduct<'a, const STRIDE: usize, const TRANSPOSED: bool> {
    pub left: Left<'a>,
    pub right: &'a [Vector],
    /// Vectors per row of `right` and `sums`.
    pub width: usize,
    pub sums: &'a mut [Vector],
}

impl<const STRIDE: usize, const TRANSPOSED: bool> Kernel for AddProduct<'_, STRIDE, TRANSPOSED> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let AddProduct { left, right, width, sums } = self;
        for start in (0..width).step_by(TILE) {
            let product = Product::<TRANSPOSED> { left, right, width, start };
            match width - start {
                1 => product.add::<L, STRIDE, 8, 1>(sums),
                2 => product.add::<L, STRIDE, 4, 2>(sums),
                3 => product.add::<L, STRIDE, 4, 3>(sums),
                4 => product.add::<L, STRIDE, 2, 4>(sums),
                _ => product.add::<L, STRIDE, 2, TILE>(sums),
            }
        }
    }
}

/// A product, of which some columns are wanted.
struct Product<'a, const TRANSPOSED: bool> {
    left: Left<'a>,
    right: &'a [Vector],
    width: usize,
    /// The first column.
    start: usize,
}

impl<const TRANSPOSED: bool> Product<'_, TRANSPOSED> {
    #[inline(always)]
    fn add<L: Lanes, const STRIDE: usize, const ROWS: usize, const COLUMNS: usize>(
        &self,
        sums: &mut [Vector],
    ) {
        for (tile, sums) in sums.chunks_mut(ROWS * self.width).enumerate() {
            let row = tile * ROWS;
            if sums.len() == ROWS * self.width {
                self.add_tile::<L, STRIDE, ROWS, COLUMNS>(row, sums);
            } else {
                for (i, sums) in sums.chunks_exact_mut(self.width).enumerate() {
                    self.add_tile::<L, STRIDE, 1, COLUMNS>(row + i, sums);
                }
            }
        }
    }

    /// One tile of the sums stays in registers. Slices are cut so that no bound is checked in the loops.
    #[inline(always)]
    fn add_tile<L: Lanes, const STRIDE: usize, const ROWS: usize, const COLUMNS: usize>(
        &self,
        row: usize,
        sums: &mut [Vector],
    ) {
        // Elements of the left operand per vector.
        let per_vector = LANES / STRIDE;
        let columns = self.start..self.start + COLUMNS;
        let mut registers = [[L::splat(0.0); COLUMNS]; ROWS];
        for (registers, sums) in registers.iter_mut().zip(sums.chunks_exact(self.width)) {
            for (register, sum) in registers.iter_mut().zip(&sums[columns.clone()]) {
                *register = L::load(sum);
            }
        }
        let right = self.right.chunks_exact(self.width);
        let Left { values, width } = self.left;
        if TRANSPOSED {
            for (left, right) in values.chunks_exact(width).zip(right) {
                let rights: [L; COLUMNS] = load(&right[columns.clone()]);
                for (i, registers) in registers.iter_mut().enumerate() {
                    let at = row + i;
                    let left = L::spread::<STRIDE>(&left[at / per_vector], at % per_vector);
                    times_plus(left, &rights, registers);
                }
            }
        } else {
            let depth = right.len().div_ceil(per_vector);
            let lefts: [&[Vector]; ROWS] = std::array::from_fn(|i| &values[(row + i) * width..][..depth]);
            for (at, right) in right.enumerate() {
                let rights: [L; COLUMNS] = load(&right[columns.clone()]);
                for (registers, left) in registers.iter_mut().zip(lefts) {
                    let left = L::spread::<STRIDE>(&left[at / per_vector], at % per_vector);
                    times_plus(left, &rights, registers);
                }
            }
        }
        for (registers, sums) in registers.into_iter().zip(sums.chunks_exact_mut(self.width)) {
            for (register, sum) in registers.into_iter().zip(&mut sums[columns.clone()]) {
                register.store(sum);
            }
        }
    }
}

#[inline(always)]
fn load<L: Lanes, const COUNT: usize>(from: &[Vector]) -> [L; COUNT] {
    std::array::from_fn(|i| L::load(&from[i]))
}

/// `sums += left * rights`.
#[inline(always)]
fn times_plus<L: Lanes, const COUNT: usize>(left: L, rights: &[L; COUNT], sums: &mut [L; COUNT]) {
    for (sum, right) in sums.iter_mut().zip(rights) {
        *sum = left.times_plus(*right, *sum);
    }
}

/// `sums[column] += rows[row][column]`, row after row.
pub struct AddColumns<'a> {
    pub rows: &'a [Vector],
    pub sums: &'a mut [Vector],
}

impl Kernel for AddColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        for row in self.rows.chunks_exact(self.sums.len()) {
            for (sum, value) in self.sums.iter_mut().zip(row) {
                L::load(sum).plus(L::load(value)).store(sum);
            }
        }
    }
}

/// Copies `row` to each row of `to`.
pub fn fill_rows(row: &[Vector], to: &mut [Vector]) {
    to.chunks_exact_mut(row.len()).for_each(|to| to.copy_from_slice(row));
}
