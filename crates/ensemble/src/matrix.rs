//! The kernels of the first layer where samples are rows of numbers: rows times weights, and the same rows transposed times
//! deltas.
//!
//! In: samples, and an operand of up to ten vectors per row. Out: sums, added to what is there, each in the order in which
//! lists would give it. Knows no networks.

use std::ops::Range;

use crate::features::Chosen;
use crate::lanes::{Kernel, LANES, Lanes, Vector};
use crate::panel::Panel;
use crate::partition::BLOCK;

/// The most columns of a tile. Tiles have as many accumulators as registers can hold beside the operands.
const TILE: usize = 5;

/// `sums[sample] += value * operand[value]`, value after value.
pub struct AddRows<'a> {
    pub samples: &'a Chosen,
    /// Which of them.
    pub rows: Range<usize>,
    /// Which of their values; `operand` has a row for each.
    pub slice: Range<usize>,
    pub operand: &'a [Vector],
    /// Vectors per row of `operand` and `sums`, at most [`GROUP`](crate::parameters::GROUP).
    pub width: usize,
    /// A row per sample.
    pub sums: &'a mut [Vector],
}

/// `sums[value] += value * operand[sample]`, sample after sample.
pub struct AddTransposed<'a> {
    pub panel: Panel<'a>,
    /// A row per sample.
    pub operand: &'a [Vector],
    /// Vectors per row of `operand` and `sums`, at most [`GROUP`](crate::parameters::GROUP).
    pub width: usize,
    /// A row per value of the panel.
    pub sums: &'a mut [Vector],
}

/// Calls a method for the width at hand.
macro_rules! by_width {
    ($self:ident, $method:ident) => {
        match $self.width {
            1 => $self.$method::<L, 1>(),
            2 => $self.$method::<L, 2>(),
            3 => $self.$method::<L, 3>(),
            4 => $self.$method::<L, 4>(),
            5 => $self.$method::<L, 5>(),
            6 => $self.$method::<L, 6>(),
            7 => $self.$method::<L, 7>(),
            8 => $self.$method::<L, 8>(),
            9 => $self.$method::<L, 9>(),
            10 => $self.$method::<L, 10>(),
            _ => unreachable!("column groups are 1 to 10 vectors wide"),
        }
    };
}

/// Calls a method for tiles of columns that together are WIDTH: each with as many rows as fill the registers.
macro_rules! by_tile {
    ($width:ident, |$start:ident| $self:ident.$method:ident::<$($known:ident),*>($($given:expr),*)) => {
        for $start in (0..$width).step_by(TILE) {
            match $width - $start {
                1 => $self.$method::<$($known),*, 8, 1>($($given),*),
                2 => $self.$method::<$($known),*, 4, 2>($($given),*),
                3 => $self.$method::<$($known),*, 4, 3>($($given),*),
                4 => $self.$method::<$($known),*, 2, 4>($($given),*),
                _ => $self.$method::<$($known),*, 2, TILE>($($given),*),
            }
        }
    };
}

impl Kernel for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self) {
        by_width!(self, add)
    }
}

impl AddRows<'_> {
    #[inline(always)]
    fn add<L: Lanes, const WIDTH: usize>(&mut self) {
        by_tile!(WIDTH, |start| self.columns::<L, WIDTH>(start));
    }

    #[inline(always)]
    fn columns<L: Lanes, const WIDTH: usize, const ROWS: usize, const COLUMNS: usize>(
        &mut self,
        start: usize,
    ) {
        let operand = self.operand.as_chunks::<WIDTH>().0;
        let (tiles, rest) = self.sums.as_chunks_mut::<WIDTH>().0.as_chunks_mut::<ROWS>();
        let mut sample = self.rows.start;
        for sums in tiles {
            let mut rows: [&[f32]; ROWS] = [&[]; ROWS];
            for row in &mut rows {
                *row = &self.samples.row(sample)[self.slice.clone()];
                sample += 1;
            }
            add_tile::<L, WIDTH, ROWS, COLUMNS>(rows, operand, start, sums);
        }
        for sums in rest {
            let row = &self.samples.row(sample)[self.slice.clone()];
            add_tile::<L, WIDTH, 1, COLUMNS>([row], operand, start, std::array::from_mut(sums));
            sample += 1;
        }
    }
}

/// Some columns of the sums of ROWS samples.
#[inline(always)]
fn add_tile<L: Lanes, const WIDTH: usize, const ROWS: usize, const COLUMNS: usize>(
    rows: [&[f32]; ROWS],
    operand: &[[Vector; WIDTH]],
    start: usize,
    sums: &mut [[Vector; WIDTH]; ROWS],
) {
    // As long as the operand, so that no bound is checked in the loop.
    let mut rows = rows;
    for row in &mut rows {
        *row = &row[..operand.len()];
    }
    let mut registers: [[L; COLUMNS]; ROWS] = load(sums, start);
    for (at, operand) in operand.iter().enumerate() {
        let operand: [L; COLUMNS] = std::array::from_fn(|i| L::load(&operand[start + i]));
        for (row, sums) in rows.iter().zip(&mut registers) {
            add_times(L::splat(row[at]), &operand, sums);
        }
    }
    store(registers, sums, start);
}

impl Kernel for AddTransposed<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self) {
        by_width!(self, add)
    }
}

impl AddTransposed<'_> {
    #[inline(always)]
    fn add<L: Lanes, const WIDTH: usize>(&mut self) {
        // The operand of a block stays in the first-level cache.
        for first in (0..self.panel.samples).step_by(BLOCK) {
            let block = first..(first + BLOCK).min(self.panel.samples);
            by_tile!(WIDTH, |start| self.columns::<L, WIDTH>(&block, start));
        }
    }

    #[inline(always)]
    fn columns<L: Lanes, const WIDTH: usize, const ROWS: usize, const COLUMNS: usize>(
        &mut self,
        block: &Range<usize>,
        start: usize,
    ) {
        let operand = &self.operand.as_chunks::<WIDTH>().0[block.clone()];
        let sums = self.sums.as_chunks_mut::<WIDTH>().0;
        let panel = self.panel.values.chunks_exact(self.panel.samples);
        for (values, sums) in panel.zip(sums.chunks_mut(LANES)) {
            let values = &values[block.clone()];
            let (tiles, rest) = sums.as_chunks_mut::<ROWS>();
            let first_of_rest = tiles.len() * ROWS;
            for (tile, sums) in tiles.iter_mut().enumerate() {
                transposed_tile::<L, WIDTH, ROWS, COLUMNS>(values, tile * ROWS, operand, start, sums);
            }
            for (row, sums) in rest.iter_mut().enumerate() {
                let (lane, sums) = (first_of_rest + row, std::array::from_mut(sums));
                transposed_tile::<L, WIDTH, 1, COLUMNS>(values, lane, operand, start, sums);
            }
        }
    }
}

/// Some columns of the sums of ROWS values, those in the lanes from `lane` on.
#[inline(always)]
fn transposed_tile<L: Lanes, const WIDTH: usize, const ROWS: usize, const COLUMNS: usize>(
    values: &[Vector],
    lane: usize,
    operand: &[[Vector; WIDTH]],
    start: usize,
    sums: &mut [[Vector; WIDTH]; ROWS],
) {
    let mut registers: [[L; COLUMNS]; ROWS] = load(sums, start);
    for (values, operand) in values.iter().zip(operand) {
        let operand: [L; COLUMNS] = std::array::from_fn(|i| L::load(&operand[start + i]));
        for (value, sums) in values.0[lane..lane + ROWS].iter().zip(&mut registers) {
            add_times(L::splat(*value), &operand, sums);
        }
    }
    store(registers, sums, start);
}

/// `sums += factor * operand`.
#[inline(always)]
fn add_times<L: Lanes, const COLUMNS: usize>(factor: L, operand: &[L; COLUMNS], sums: &mut [L; COLUMNS]) {
    for (sum, operand) in sums.iter_mut().zip(operand) {
        *sum = factor.times_plus(*operand, *sum);
    }
}

#[inline(always)]
fn load<L: Lanes, const WIDTH: usize, const ROWS: usize, const COLUMNS: usize>(
    from: &[[Vector; WIDTH]; ROWS],
    start: usize,
) -> [[L; COLUMNS]; ROWS] {
    let mut registers = [[L::splat(0.0); COLUMNS]; ROWS];
    for (registers, from) in registers.iter_mut().zip(from) {
        for (register, from) in registers.iter_mut().zip(&from[start..]) {
            *register = L::load(from);
        }
    }
    registers
}

#[inline(always)]
fn store<L: Lanes, const WIDTH: usize, const ROWS: usize, const COLUMNS: usize>(
    registers: [[L; COLUMNS]; ROWS],
    to: &mut [[Vector; WIDTH]; ROWS],
    start: usize,
) {
    for (registers, to) in registers.into_iter().zip(to) {
        for (register, to) in registers.into_iter().zip(&mut to[start..]) {
            register.store(to);
        }
    }
}
