/// Runs a function when it is dropped.
pub struct Guard(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Guard {
    pub fn new(run: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(run)))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(run) = self.0.take() {
            run();
        }
    }
}
