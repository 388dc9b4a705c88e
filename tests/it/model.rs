//! Random calls and administrators' changes over a database that fails. Each call answers and
//! stores what a model of a few maps says.

mod reference;
mod run;
mod steps;
mod stored;
mod users;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use self::run::Run;
use self::steps::{any_new_password, any_opening, any_step};
use crate::linearizability::runs;

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: u32::try_from(runs(20)).unwrap(),
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    /// The steps are drawn without regard to their outcome, and name what they act on by its index.
    /// So any of them can be left out when proptest shrinks a failure.
    #[test]
    fn each_call_answers_and_leaves_what_the_model_says(
        is_public in prop::bool::weighted(0.7),
        opening in prop::collection::vec(any_opening(), 1..4),
        new_password in any_new_password(),
        steps in prop::collection::vec(any_step(), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut run = Run::start(is_public).await;
            for step in opening.iter().chain(&new_password).chain(&steps) {
                run.take(step).await;
            }
        });
    }
}
