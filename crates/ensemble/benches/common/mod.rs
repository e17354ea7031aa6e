//! Samples for the benches: MNIST and FashionMNIST from $HSPIPE_DATA/NAME/raw or the project's data folder, where
//! `hspipe data fetch` puts them; without them, random pixels that are as sparse.

use std::path::PathBuf;
use std::sync::Arc;

use hspipe_ensemble::{Features, Generator, Network, Pixels, background};

pub const AREA: usize = 784;

pub struct Dataset {
    pub name: String,
    bytes: Vec<u8>,
    labels: Vec<i32>,
    background: Vec<u8>,
}

impl Dataset {
    /// `inked`: the share of pixels that are not background, in percent, where the files are not here.
    pub fn read(name: &str, inked: u32) -> Self {
        let folder = folder().join(name).join("raw");
        let content = |kind: &str, header: usize| -> Option<Vec<u8>> {
            let mut all = Vec::new();
            for part in ["train", "t10k"] {
                let file = folder.join(format!("{part}-{kind}-ubyte"));
                all.extend_from_slice(&std::fs::read(file).ok()?[header..]);
            }
            Some(all)
        };
        match (content("images-idx3", 16), content("labels-idx1", 8)) {
            (Some(bytes), Some(labels)) => {
                let labels = labels.into_iter().map(i32::from).collect();
                Self::of(name, bytes, labels)
            }
            _ => Self::random(&format!("as sparse as {name}"), 70_000, inked),
        }
    }

    pub fn random(name: &str, n: usize, inked: u32) -> Self {
        let mut generator = Generator::new(1);
        let mut pixel = || if generator.below(100) < inked { 1 + generator.below(255) as u8 } else { 0 };
        let bytes = (0..n * AREA).map(|_| pixel()).collect();
        Self::of(name, bytes, (0..n).map(|i| (i % 10) as i32).collect())
    }

    fn of(name: &str, bytes: Vec<u8>, labels: Vec<i32>) -> Self {
        let background = background(&bytes, AREA, 1);
        Dataset { name: name.to_string(), bytes, labels, background }
    }

    /// Dark on white.
    #[allow(dead_code)]
    pub fn inverted(&self) -> Self {
        let bytes = self.bytes.iter().map(|byte| 255 - byte).collect();
        Self::of(&format!("{} inverted", self.name), bytes, self.labels.clone())
    }

    /// The first `n` samples.
    pub fn pixels(&self, n: usize) -> Pixels<'_> {
        let (bytes, background) = (&self.bytes[..n * AREA], &self.background);
        Pixels { bytes, n, area: AREA, mean: &[0.1307], variance: &[0.0949], background }
    }

    pub fn labels(&self, n: usize) -> &[i32] {
        &self.labels[..n]
    }
}

/// Features of ten classes, uniform with mean 0 and variance 1.
pub struct Numbers {
    values: Arc<Vec<f32>>,
    pub labels: Vec<i32>,
    width: usize,
}

impl Numbers {
    pub fn random(n: usize, width: usize) -> Self {
        let mut generator = Generator::new(1);
        let end = 3.0f32.sqrt();
        let values = (0..n * width).map(|_| generator.uniform(-end, end)).collect();
        Numbers { values: Arc::new(values), labels: (0..n).map(|i| (i % 10) as i32).collect(), width }
    }

    pub fn features(&self) -> Features<'_> {
        Features { values: &self.values, n: self.labels.len(), width: self.width }
    }
}

#[allow(dead_code)]
pub fn simple_nn() -> Network {
    Network { hidden: vec![20, 20], classes: 10 }
}

fn folder() -> PathBuf {
    let project = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");
    std::env::var_os("HSPIPE_DATA").map_or_else(|| project.into(), PathBuf::from)
}
