//! The kernel of all layers behind the first: products of small dense matrices of vectors.
//!
//! In: two matrices whose elements are vectors, one lane a network. Out: their product, added to what is
//! there, each lane for itself. Knows no networks.

use crate::lanes::{Lanes, Vector};

/// Rows of a tile; with [`TILE_COLUMNS`] as many accumulators as registers can hold beside the operands.
const TILE_ROWS: usize = 2;
const TILE_COLUMNS: usize = 5;

/// The left operand of a product.
#[derive(Clone, Copy)]
pub struct Left<'a, const TRANSPOSED: bool> {
    values: &'a [Vector],
    /// Of `values` as they stand in memory, before they are transposed.
    columns: usize,
    /// The first row to use, of the operand.
    row: usize,
}

/// `values`, which have `columns` elements per row.
pub fn matrix(values: &[Vector], columns: usize) -> Left<'_, false> {
    Left { values, columns, row: 0 }
}

/// The transpose of `values`, which have `columns` elements per row.
pub fn transpose(values: &[Vector], columns: usize) -> Left<'_, true> {
    Left { values, columns, row: 0 }
}

/// `sums[row][column] += left[row][i] * right[i][column]`, for each row i of `right` in order. `right` and `sums`
/// have `columns` elements per row.
#[inline(always)]
pub fn add_product<L: Lanes, const TRANSPOSED: bool>(
    left: Left<TRANSPOSED>,
    right: &[Vector],
    columns: usize,
    sums: &mut [Vector],
) {
    for (tile, sums) in sums.chunks_mut(TILE_ROWS * columns).enumerate() {
        let left = Left { row: tile * TILE_ROWS, ..left };
        if sums.len() == TILE_ROWS * columns {
            add_tiles::<L, TRANSPOSED, TILE_ROWS>(left, right, columns, sums);
        } else {
            add_tiles::<L, TRANSPOSED, 1>(left, right, columns, sums);
        }
    }
}

#[inline(always)]
fn add_tiles<L: Lanes, const TRANSPOSED: bool, const ROWS: usize>(
    left: Left<TRANSPOSED>,
    right: &[Vector],
    columns: usize,
    sums: &mut [Vector],
) {
    let mut column = 0;
    while column + TILE_COLUMNS <= columns {
        add_tile::<L, TRANSPOSED, ROWS, TILE_COLUMNS>(left, right, columns, column, sums);
        column += TILE_COLUMNS;
    }
    for column in column..columns {
        add_tile::<L, TRANSPOSED, ROWS, 1>(left, right, columns, column, sums);
    }
}

/// One tile of the sums stays in registers. Slices are cut so that no bound is checked in the loops.
#[inline(always)]
fn add_tile<L: Lanes, const TRANSPOSED: bool, const ROWS: usize, const COLUMNS: usize>(
    left: Left<TRANSPOSED>,
    right: &[Vector],
    columns: usize,
    column: usize,
    sums: &mut [Vector],
) {
    let mut registers = [[L::splat(0.0); COLUMNS]; ROWS];
    for (registers, sums) in registers.iter_mut().zip(sums.chunks_exact(columns)) {
        for (register, sum) in registers.iter_mut().zip(&sums[column..column + COLUMNS]) {
            *register = L::load(sum);
        }
    }
    let right = right.chunks_exact(columns);
    if TRANSPOSED {
        for (left_row, right) in left.values.chunks_exact(left.columns).zip(right) {
            let lefts = &left_row[left.row..left.row + ROWS];
            let rights: [L; COLUMNS] = load(&right[column..column + COLUMNS]);
            for (registers, left) in registers.iter_mut().zip(lefts) {
                times_plus(L::load(left), &rights, registers);
            }
        }
    } else {
        let depth = right.len();
        let lefts: [&[Vector]; ROWS] =
            std::array::from_fn(|row| &left.values[(left.row + row) * left.columns..][..depth]);
        for (i, right) in right.enumerate() {
            let rights: [L; COLUMNS] = load(&right[column..column + COLUMNS]);
            for (registers, left) in registers.iter_mut().zip(lefts) {
                times_plus(L::load(&left[i]), &rights, registers);
            }
        }
    }
    for (registers, sums) in registers.into_iter().zip(sums.chunks_exact_mut(columns)) {
        for (register, sum) in registers.into_iter().zip(&mut sums[column..column + COLUMNS]) {
            register.store(sum);
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
#[inline(always)]
pub fn add_columns<L: Lanes>(rows: &[Vector], sums: &mut [Vector]) {
    for row in rows.chunks_exact(sums.len()) {
        for (sum, value) in sums.iter_mut().zip(row) {
            L::load(sum).plus(L::load(value)).store(sum);
        }
    }
}

/// Copies `row` to each row of `to`.
pub fn fill_rows(row: &[Vector], to: &mut [Vector]) {
    to.chunks_exact_mut(row.len()).for_each(|to| to.copy_from_slice(row));
}
