//! Events that can't be read.

/// The faults that keep an event from being read, each in the string behind `marker` or at the
/// event's end.
pub fn broken(event: &str, marker: &str) -> Vec<(&'static str, Vec<u8>)> {
    let (before, behind) = event.split_at(event.find(marker).unwrap() + marker.len());
    let with = |fault: &[u8]| [before.as_bytes(), fault, behind.as_bytes()].concat();
    vec![
        ("a byte that is no UTF-8", with(b"\xee")),
        ("an escape that JSON doesn't have", with(b"\\xEE")),
        ("half of an escape", with(b"\\u00x")),
        ("a control character", with(b"\0")),
        (
            "cut off",
            event.trim_end()[..event.trim_end().len() - 1].into(),
        ),
        ("followed by another", [event, event].concat().into_bytes()),
    ]
}
