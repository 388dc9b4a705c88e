//! Delete, and the other ends of a session.

mod ends;
