//! Second factors in sessions.

mod at_once;
mod checks;
mod faults;
mod guessing;
mod review;
mod uses;
