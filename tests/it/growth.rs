//! No call takes more of the database where there are more users and sessions. The calls and what
//! they consume are read as `cargo bench --bench growth` does, which goes on to a million users.

#![allow(dead_code, reason = "the benchmark also measures time")]

#[path = "../../benches/growth/calls.rs"]
mod calls;
mod codes;
mod factors;
#[path = "../../benches/growth/fill.rs"]
mod fill;
#[path = "../../benches/growth/measure.rs"]
mod measure;
#[path = "../../benches/growth/meter.rs"]
mod meter;
mod metered;
#[path = "../../benches/cold_start/outcome.rs"]
mod outcome;
mod passkeys;
mod second;
#[path = "../../benches/growth/service.rs"]
mod service;
mod users;

use self::fill::Filler;

const ROUNDS: usize = 3;

#[tokio::test]
async fn a_call_makes_the_same_requests_and_takes_the_same_units_among_more_users() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tables");
    let mut filler = Filler::create(&file).await.unwrap();

    filler.fill_to(10).unwrap();
    let few = measure::run(&file, 10, ROUNDS).await.unwrap();
    filler.fill_to(1000).unwrap();
    let many = measure::run(&file, 1000, ROUNDS).await.unwrap();

    for (few, many) in few.iter().zip(&many) {
        let what = (few.call, &few.consumed, &many.consumed);
        assert!(!few.differs && !many.differs, "{what:?}");
        assert!(many.consumed.is_like(&few.consumed), "{what:?}");
    }
}
