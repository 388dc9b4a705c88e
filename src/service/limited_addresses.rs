use std::collections::VecDeque;
use std::sync::Mutex;

use crate::domain::{AddressGroup, FailureWindow, Timestamp};
use crate::lock::lock;

/// The addresses that this process knows to have reached the limit of failed logins, and no others.
#[derive(Debug, Default)]
pub(super) struct LimitedAddresses(Mutex<VecDeque<(AddressGroup, FailureWindow)>>);

/// How many addresses are kept. Beyond, the one that was learnt first goes: it may then fail once
/// more for each process.
const MAX: usize = 4096;

impl LimitedAddresses {
    /// When the window ends in which an address has reached the limit.
    pub fn limited_until(&self, address: AddressGroup, now: Timestamp) -> Option<Timestamp> {
        let window = FailureWindow::at(now);
        let known = lock(&self.0);
        known.contains(&(address, window)).then(|| window.end())
    }

    /// Learns that an address has reached the limit in a window.
    pub fn learn(&self, address: AddressGroup, window: FailureWindow) {
        let mut known = lock(&self.0);
        // A late answer may be of the window before, and others of the one that has begun.
        known.retain(|(other, of)| {
            let is_new = *other != address || *of != window;
            of.end().plus(FailureWindow::LENGTH) > window.end() && is_new
        });
        if known.len() >= MAX {
            known.pop_front();
        }
        known.push_back((address, window));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u32) -> AddressGroup {
        AddressGroup::of(std::net::IpAddr::from(n.to_be_bytes()))
    }

    #[test]
    fn an_address_is_limited_until_its_window_ends() {
        let limited = LimitedAddresses::default();
        let now = Timestamp::from_millis(1_800_000_000_123);
        let window = FailureWindow::at(now);

        assert_eq!(limited.limited_until(address(1), now), None);
        limited.learn(address(1), window);

        assert_eq!(limited.limited_until(address(1), now), Some(window.end()));
        assert_eq!(limited.limited_until(address(2), now), None);
        assert_eq!(limited.limited_until(address(1), window.end()), None);
    }

    #[test]
    fn the_address_that_was_learnt_first_goes() {
        let limited = LimitedAddresses::default();
        let now = Timestamp::from_millis(0);
        let count = u32::try_from(MAX).unwrap();
        for n in 0..=count {
            limited.learn(address(n), FailureWindow::at(now));
        }

        assert_eq!(limited.0.lock().unwrap().len(), MAX);
        assert_eq!(limited.limited_until(address(0), now), None);
        assert!(limited.limited_until(address(1), now).is_some());
        assert!(limited.limited_until(address(count), now).is_some());
    }

    #[test]
    fn addresses_of_a_window_that_has_ended_are_forgotten() {
        let limited = LimitedAddresses::default();
        let first = FailureWindow::at(Timestamp::from_millis(0));
        let second = FailureWindow::at(first.end());
        limited.learn(address(1), first);
        limited.learn(address(2), second);
        limited.learn(address(2), second);

        assert_eq!(limited.0.lock().unwrap().len(), 1);
    }
}
