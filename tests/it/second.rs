//! Second factors in sessions.

mod at_once;
mod checks;
mod conditions;
mod faults;
mod guessing;
mod uses;
