/// Runs a function when it is dropped.
pub struct Guard(Box<dyn FnMut() + Send + Sync>);

impl Guard {
    pub fn new(run: impl FnMut() + Send + Sync + 'static) -> Self {
        Self(Box::new(run))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        (self.0)();
    }
}
