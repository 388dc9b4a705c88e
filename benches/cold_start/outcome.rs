/// The result of a step of the bench.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
