//! Random numbers and initial weights equal to PyTorch's, bit for bit, without libtorch.
//!
//! In: seeds and sizes. Out: plain vectors. Knows no tensors, files or tables.

pub mod generator;
pub mod init;

pub use generator::Generator;
