//! Channels that are constant or nearly so, and dark ink on white: as exact as any other, against plain f64 loops.

mod common;

use std::io::Read as _;

use common::{Reference, Synthetic};
use hspipe_ensemble::{Generator, Job, Schedule, TrainingSet, train};

/// Some samples of two classes, of `channels` channels of 45 pixels.
fn samples(channels: usize, mut byte: impl FnMut(&mut Generator, usize, i32) -> u8) -> Synthetic {
    let mut generator = Generator::new(4);
    let labels: Vec<i32> = (0..203).map(|_| generator.below(2) as i32).collect();
    let mut bytes = Vec::new();
    for label in &labels {
        bytes.extend((0..45 * channels).map(|pixel| byte(&mut generator, pixel, *label)));
    }
    Synthetic::of(bytes, labels, 45, channels)
}

/// Whether a pixel is inked, which tells the label.
fn inked(generator: &mut Generator, pixel: usize, label: i32, percent: u32) -> bool {
    let more = u32::from(pixel % 2 == label as usize);
    generator.below(100) < percent * (1 + more)
}

/// Trains as long as differences need to grow, and compares.
fn is_exact(name: &str, data: &Synthetic) {
    let set = TrainingSet::build(&data.pixels(), None).unwrap();
    let network = data.network(&[6, 4]);
    let schedule = Schedule::Epochs { epochs: 60, radii_from: Some(59) };
    let job = Job { schedule, evaluate: Some(set.samples()), ..data.job(&set, &network, &[3]) };
    let trained = train(&job).unwrap().remove(0).unwrap();
    let mut reference = Reference::new(data, &network, 3);
    for (epoch, loss) in trained.losses.iter().enumerate() {
        let expected = reference.step(0.1);
        assert!((loss - expected).abs() < 3e-6 * expected, "{name}, epoch {epoch}: {loss}, not {expected}");
    }
    let logits = trained.logits.iter().zip(reference.logits());
    let furthest = logits.map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
    assert!(furthest < 5e-5, "{name}: a logit is {furthest} off");
    for (radius, expected) in trained.radii[0].1.iter().zip(reference.radii(0)) {
        assert!((radius - expected).abs() < 3e-6, "{name}: radius {radius}, not {expected}");
    }
}

#[test]
fn a_constant_channel_changes_nothing() {
    for constant in [0, 1, 100, 255] {
        let data = samples(3, |generator, pixel, label| match pixel < 45 {
            true => constant,
            false if inked(generator, pixel, label, 20) => generator.below(200) as u8,
            false => 255,
        });
        is_exact(&format!("constant {constant}"), &data);
    }
}

#[test]
fn nearly_constant_channels_are_exact() {
    let mut is_first = true;
    let dark = samples(2, |generator, pixel, label| match pixel < 45 {
        true if std::mem::take(&mut is_first) => 0,
        false if inked(generator, pixel, label, 20) => generator.below(200) as u8,
        _ => 255,
    });
    is_exact("one dark pixel in white", &dark);
    let levels = samples(1, |generator, pixel, label| 230 + u8::from(inked(generator, pixel, label, 4)));
    is_exact("two neighbouring levels, mean/std of 900", &levels);
    let rare = samples(
        1,
        |generator, pixel, label| {
            if generator.below(1000) < 2 && pixel % 2 == label as usize { 250 } else { 255 }
        },
    );
    is_exact("few pixels a little darker, mean/std of 1600", &rare);
    let far = samples(1, |generator, pixel, label| match inked(generator, pixel, label, 30) {
        true => 0,
        false => 255 - generator.below(50) as u8,
    });
    is_exact("many levels far from the commonest byte", &far);
}

#[test]
fn dark_digits_on_white_are_exact() {
    let read = |name: &str, header: usize| {
        let path = format!("{}/../../tests/data/tiny/{name}-ubyte.gz", env!("CARGO_MANIFEST_DIR"));
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
        bytes.split_off(header)
    };
    let ink = read("train-images-idx3", 16);
    let labels: Vec<i32> = read("train-labels-idx1", 8).into_iter().map(i32::from).collect();
    let white: Vec<u8> = ink.iter().map(|byte| 255 - byte).collect();
    is_exact("black on white", &Synthetic::of(white.clone(), labels.clone(), 784, 1));
    let red = white.chunks(784).flat_map(|plane| [&[255; 784][..], plane, plane].concat()).collect();
    is_exact("red on white", &Synthetic::of(red, labels, 784, 3));
}
