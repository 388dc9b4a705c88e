use indicatif::{ProgressBar, ProgressStyle};

use super::counts::Counts;

/// A progress bar if stderr is a terminal; nothing otherwise.
pub struct Progress(ProgressBar);

impl Progress {
    pub fn new(bytes: Option<u64>) -> Self {
        let (bar, template) = match bytes {
            Some(bytes) => (
                ProgressBar::new(bytes),
                "{wide_bar} {percent}% {msg} [{elapsed} / {duration}]",
            ),
            None => (ProgressBar::new_spinner(), "{spinner} {msg} [{elapsed}]"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    pub fn update(&self, end: u64, counts: &Counts) {
        if self.0.is_hidden() {
            return;
        }
        self.0.set_message(counts.to_string());
        self.0.set_position(end);
    }

    /// Writes a line to stderr above the bar.
    pub fn report(&self, line: impl std::fmt::Display) {
        self.0.suspend(|| eprintln!("{line}"));
    }

    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}
