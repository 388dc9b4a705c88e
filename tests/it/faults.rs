//! A database that is slow, throttled, gone or written by many at once.

mod conflicts;
mod lost_answers;
