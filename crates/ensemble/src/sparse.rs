//! The kernel of the first layer: rows of entries times a dense matrix.
//!
//! In: [`Rows`] and an operand of up to ten vectors per row. Out: sums, added to what is there. The way
//! forward gives it samples and weights, the gradient gives it pixels and deltas: most of all time is spent
//! here. Knows nothing of either.

use crate::lanes::{Kernel, Lanes, Vector};
use crate::lists::Rows;

/// For each row and each of its entries: `sums[row] += value * operand[offset]`, entry after entry.
pub struct AddRows<'a> {
    /// Vectors per row of both matrices, at most [`GROUP`](crate::parameters::GROUP).
    pub width: usize,
    pub rows: Rows<'a>,
    pub operand: &'a [Vector],
    pub sums: &'a mut [Vector],
}

impl Kernel for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let AddRows { width, rows, operand, sums } = self;
        match width {
            1 => add::<L, 1>(rows, operand, sums),
            2 => add::<L, 2>(rows, operand, sums),
            3 => add::<L, 3>(rows, operand, sums),
            4 => add::<L, 4>(rows, operand, sums),
            5 => add::<L, 5>(rows, operand, sums),
            6 => add::<L, 6>(rows, operand, sums),
            7 => add::<L, 7>(rows, operand, sums),
            8 => add::<L, 8>(rows, operand, sums),
            9 => add::<L, 9>(rows, operand, sums),
            10 => add::<L, 10>(rows, operand, sums),
            _ => unreachable!("column groups are 1 to 10 vectors wide"),
        }
    }
}

#[inline(always)]
fn add<L: Lanes, const WIDTH: usize>(rows: Rows, operand: &[Vector], sums: &mut [Vector]) {
    let operand = operand.as_chunks::<WIDTH>().0;
    let (mut offsets, mut values) = (rows.offsets, rows.values);
    for (sums, length) in sums.as_chunks_mut::<WIDTH>().0.iter_mut().zip(rows.lengths) {
        let (row_offsets, rest) = offsets.split_at(usize::from(*length));
        offsets = rest;
        let (row_values, rest) = values.split_at(usize::from(*length));
        values = rest;
        let mut registers: [L; WIDTH] = std::array::from_fn(|i| L::load(&sums[i]));
        for (offsets, values) in row_offsets.iter().zip(row_values) {
            for entry in 0..2 {
                let value = L::splat(values[entry]);
                let operand = &operand[usize::from(offsets[entry])];
                for (register, operand) in registers.iter_mut().zip(operand) {
                    *register = value.times_plus(L::load(operand), *register);
                }
            }
        }
        for (register, sum) in registers.into_iter().zip(sums) {
            register.store(sum);
        }
    }
}
