//! Second factors in sessions.

mod checks;
