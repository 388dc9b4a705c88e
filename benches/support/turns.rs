//! Subjects that are timed in turns, so that other work of the machine affects them alike.

use std::time::{Duration, Instant};

/// A function that is measured.
pub struct Subject<'a> {
    pub name: &'static str,
    run: Box<dyn FnMut() + 'a>,
    took: Vec<Duration>,
}

impl<'a> Subject<'a> {
    pub fn new(name: &'static str, run: impl FnMut() + 'a) -> Self {
        Self {
            name,
            run: Box::new(run),
            took: Vec::new(),
        }
    }
}

/// Runs each subject `rounds` times, and returns the medians in milliseconds. Every other round
/// goes backwards, so that no subject always follows the same one.
pub fn medians<const N: usize>(mut subjects: [Subject<'_>; N], rounds: usize) -> [f64; N] {
    for round in 0..rounds {
        for turn in 0..N {
            let at = if round % 2 == 0 { turn } else { N - 1 - turn };
            let subject = &mut subjects[at];
            let started = Instant::now();
            (subject.run)();
            subject.took.push(started.elapsed());
        }
    }
    subjects.map(|mut subject| {
        subject.took.sort_unstable();
        let median = subject.took[rounds / 2].as_secs_f64() * 1e3;
        println!("{:44} {median:8.3} ms", subject.name);
        median
    })
}
