use std::fmt;

/// A setting that is missing or invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub name: &'static str,
    pub reason: String,
}

/// The error of all settings that are missing or invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = |Fault { name, reason }: &Fault| format!("{name} {reason}");
        f.write_str(&self.0.iter().map(fault).collect::<Vec<_>>().join("; "))
    }
}

/// Returns both values, or the faults of both.
pub fn merge<A, B>(one: Result<A, Faults>, other: Result<B, Faults>) -> Result<(A, B), Faults> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (one, other) => {
            let faults = one.err().into_iter().chain(other.err());
            Err(Faults(faults.flat_map(|Faults(faults)| faults).collect()))
        }
    }
}
