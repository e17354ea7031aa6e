//! A network that leaves samples out is the one that never had them, whatever its neighbours leave out.

mod common;

use common::{Numbers, Synthetic, job};
use hspipe_ensemble::{Generator, Job, Network, Schedule, Trained, TrainingSet, train};

const SEEDS: [u32; 9] = [1, 2, 3, 4, 5, 6, 7, 8, 9];

fn trained(job: &Job) -> Vec<Trained> {
    train(job).unwrap().into_iter().map(Result::unwrap).collect()
}

/// A bag for each seed, of about two thirds of the samples.
fn bags(n: usize) -> Vec<Vec<bool>> {
    let mut generator = Generator::new(5);
    SEEDS.map(|_| (0..n).map(|_| generator.below(3) > 0).collect()).to_vec()
}

fn positions(bag: &[bool]) -> Vec<u32> {
    (0..bag.len() as u32).filter(|at| bag[*at as usize]).collect()
}

/// The samples are no more than one partition has, so the sums have the same order.
#[test]
fn it_is_the_network_of_its_bag_alone() {
    let data = Synthetic::new(211, 45, 2, 3);
    let network = data.network(&[5, 4]);
    let (set, bags) = (TrainingSet::build(&data.pixels(), None).unwrap(), bags(211));
    for momentum in [0.0, 0.9] {
        let job = Job { momentum, evaluate: Some(set.samples()), ..data.job(&set, &network, &SEEDS) };
        let with_bags = trained(&Job { bags: &bags, ..job });
        for (place, (bag, with_bag)) in bags.iter().zip(&with_bags).enumerate() {
            let positions = positions(bag);
            let alone = TrainingSet::build(&data.pixels(), Some(&positions)).unwrap();
            let labels: Vec<i32> = positions.iter().map(|at| data.labels[*at as usize]).collect();
            let seeds = &SEEDS[place..=place];
            let expected = trained(&Job { set: &alone, labels: &labels, seeds, ..job });
            assert_eq!(*with_bag, expected[0], "network {place}");
        }
    }
}

#[test]
fn neighbours_and_threads_do_not_matter() {
    let (pixels, features) = (Synthetic::new(5301, 15, 1, 3), Numbers::new(5301, 101, 3));
    let sets = [
        (TrainingSet::build(&pixels.pixels(), None).unwrap(), &pixels.labels),
        (TrainingSet::build(&features.features(), None).unwrap(), &features.labels),
    ];
    let network = Network { hidden: vec![5, 4], classes: 3 };
    let bags = bags(5301);
    for (set, labels) in &sets {
        let schedule = Schedule::Epochs { epochs: 4, radii_from: None };
        let job = Job {
            schedule,
            dynamics: true,
            evaluate: Some(set.samples()),
            ..job(set, labels, &network, &SEEDS)
        };
        let together = trained(&Job { bags: &bags, threads: 3, ..job });
        for count in [1, 2, 3, 5, 8] {
            let few = trained(&Job { seeds: &SEEDS[..count], bags: &bags[..count], ..job });
            assert_eq!(few, together[..count], "{count} networks");
        }
        assert_ne!(together, trained(&job), "they leave samples out");
        let whole = vec![vec![true; labels.len()]; SEEDS.len()];
        assert_eq!(trained(&Job { bags: &whole, ..job }), trained(&job), "a bag of all samples is none");
    }
}
