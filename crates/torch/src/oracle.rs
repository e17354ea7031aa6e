//! libtorch is the oracle of the native trainer: the two see the same, but for rounding.

use hspipe::nn::{
    Architecture, BatchSize, Course, Device, Job, LatentLayer, Request, Schedule, Trainer, TrainerId,
    WantedDevice, WantedTrainer, argmax, provide, resolve,
};

use super::{Torch, fixture};

/// libtorch is the oracle: the two differ by rounding alone.
#[test]
fn it_sees_what_libtorch_sees() {
    let native = TrainerId::NATIVE.trainer().unwrap();
    let all = Schedule::Epochs { epochs: 60, radii_from: Some(21) };
    let search = Schedule::Inversion { max_epochs: 2000, check_interval: 5, first_epoch: 20 };
    let first: Vec<u32> = (0..45).collect();
    let others: Vec<u32> = (0..45).map(|i| (i * 7 + 3) % 60).collect();
    for (schedule, train, latent) in
        [(all, &first, 1), (all, &others, 2), (search, &first, 1), (search, &others, 1)]
    {
        let latent_layer = LatentLayer::try_from(latent).unwrap();
        let course = Course { latent_layer, ..Course::of(schedule) };
        let (ours, ..) = fixture::train(native, train, course, 0.5);
        let (theirs, ..) = fixture::train(&Torch, train, course, 0.5);
        assert_eq!(ours.epochs, theirs.epochs);
        let close = |a: f64, b: f64| (a - b).abs() < 1e-4;
        assert!(ours.losses.iter().zip(&theirs.losses).all(|(a, b)| close(*a, *b)));
        assert!(close(ours.final_loss, theirs.final_loss));
        let (a, b) = (ours.dynamics.unwrap(), theirs.dynamics.unwrap());
        assert!(a.margin_sum.iter().zip(&b.margin_sum).all(|(a, b)| (a - b).abs() < 0.05));
        for (a, b) in
            [(&a.probability_sum, &b.probability_sum), (&a.probability_squares, &b.probability_squares)]
        {
            assert!(a.len() == 45 && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.01));
        }
        assert_eq!((a.correct, a.forgotten, a.learned), (b.correct, b.forgotten, b.learned));
        assert_eq!(ours.radii.len(), theirs.radii.len());
        for ((epoch, a), (their_epoch, b)) in ours.radii.iter().zip(&theirs.radii) {
            assert!(epoch == their_epoch && a.iter().zip(b).all(|(a, b)| close(*a, *b)));
        }
        let predictions = |logits: &[f32]| logits.chunks(3).map(argmax).collect::<Vec<_>>();
        assert_eq!(ours.logits.len(), 60 * 3);
        assert_eq!(predictions(&ours.logits), predictions(&theirs.logits));
        assert_eq!(ours.inversion.is_some(), theirs.inversion.is_some());
        if let (Some(ours), Some(theirs)) = (&ours.inversion, &theirs.inversion) {
            assert_eq!(ours.epochs, theirs.epochs);
            let pairs = ours.logits.iter().zip(&theirs.logits);
            assert!(pairs.clone().all(|(a, b)| (a - b).abs() < 1e-3) && pairs.len() == 45 * 3);
        }
    }
}

/// The two differ by rounding alone with momentum too, and where networks leave samples out.
#[test]
fn it_moves_as_libtorch_moves_and_leaves_out_what_that_leaves_out() {
    let native = TrainerId::NATIVE.trainer().unwrap();
    let (samples, labels) = fixture::samples();
    let train: Vec<u32> = (0..60).map(|i| (i * 7 + 3) % 60).collect();
    let bags: Vec<Vec<bool>> = [3, 4].map(|left_out| (0..60).map(|i| i % left_out > 0).collect()).to_vec();
    let request = Request { learning_rate: 0.05, momentum: 0.9, ..fixture::simple() };
    let schedule = Schedule::Epochs { epochs: 60, radii_from: None };
    for bags in [&[][..], &bags] {
        let job = fixture::job(&request, &samples, &labels, &train);
        let job = Job { course: Course { schedule, ..job.course }, seeds: &[11, 12], bags, ..job };
        for (ours, theirs) in native.train(&job).into_iter().zip(Torch.train(&job)) {
            let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
            let losses = ours.losses.iter().zip(&theirs.losses);
            assert!(losses.clone().all(|(a, b)| (a - b).abs() < 1e-4) && losses.len() == 60);
            assert!(ours.logits.iter().zip(&theirs.logits).all(|(a, b)| (a - b).abs() < 1e-2));
            let (a, b) = (ours.dynamics.unwrap(), theirs.dynamics.unwrap());
            assert!(a.probability_sum.len() == 60 && a.correct == b.correct);
            assert!(a.probability_sum.iter().zip(&b.probability_sum).all(|(a, b)| (a - b).abs() < 0.02));
        }
    }
}

/// Where pixels far from 0 cancel, a trainer in f32 may go astray. libtorch, which sees normalised pixels, does not.
#[test]
fn it_sees_the_same_on_other_paper() {
    let native = TrainerId::NATIVE.trainer().unwrap();
    let labels = fixture::samples().1;
    let all: Vec<u32> = (0..60).collect();
    for (paper, samples) in fixture::on_other_paper() {
        let request = Request { learning_rate: 0.1, ..fixture::simple() };
        let course = Course::of(Schedule::Epochs { epochs: 60, radii_from: None });
        let job = Job { course, ..fixture::job(&request, &samples, &labels, &all) };
        let [ours, theirs] = [native, &Torch].map(|trainer| trainer.train(&job).remove(0).unwrap());
        for (epoch, (a, b)) in ours.losses.iter().zip(&theirs.losses).enumerate() {
            assert!((a - b).abs() < 1e-4, "{paper}, epoch {epoch}: {a}, and by libtorch {b}");
        }
        let logits = ours.logits.iter().zip(&theirs.logits);
        let furthest = logits.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(ours.logits.len() == 180 && furthest < 1e-3, "{paper}: a logit is {furthest} off");
    }
}

#[test]
fn libtorch_is_taken_for_what_the_native_trainer_cannot_do() {
    provide(&Torch);
    let simple = Architecture::SimpleNN { hidden: vec![3] };
    for (architecture, batch_size) in [(&Architecture::ResNet, None), (&simple, Some(BatchSize::Of(9)))] {
        let resolved = |trainer: &WantedTrainer, device: &WantedDevice| {
            resolve(architecture, batch_size, trainer, device)
        };
        let cpu = WantedDevice::This(Device::Cpu);
        let (trainer, device) = resolved(&WantedTrainer::Auto, &cpu).unwrap();
        let text = trainer.to_string();
        let words = text.split(' ').collect::<Vec<_>>();
        assert!(words[0] == "tch" && words[2] == "build" && words[3].len() == 12, "{words:?}");
        assert!(words.len() > 5, "the processor is named: {words:?}");
        let (_, why) = resolved(&"tch 2.13.0 avx2".parse().unwrap(), &cpu).unwrap_err();
        assert!(why.contains("cannot be had"), "{why}");
        let again = resolved(&text.parse().unwrap(), &device.to_string().parse().unwrap());
        assert_eq!(again.unwrap(), (trainer.clone(), device));
        assert!(trainer.trainer().is_some());
    }
}
