//! What the service must keep at every rate. Nothing here depends on how fast the machine is.

use super::phase::{End, Phase};
use super::report::{RECOVERY_SECONDS, Report, mib};
use super::schedule::Kind;

/// How much the resident memory may grow from the end of the first rate to the end of the last:
/// room for the calls and connections in progress, and for what the allocator keeps of them.
const GROWTH_MIB: f64 = 16.0;

/// The service's faults, in words.
pub fn faults(report: &Report) -> Vec<String> {
    let mut faults = Vec::new();
    for rate in &report.rates {
        faults.extend(
            faults_of_calls(&rate.phase).map(|fault| format!("at {}x: {fault}", rate.multiple)),
        );
    }
    if let (Some(first), Some(last)) = (report.rates.first(), report.rates.last()) {
        let [before, after] = [first, last].map(|rate| mib(rate.phase.memory[1].resident));
        if after - before > GROWTH_MIB {
            faults.push(format!(
                "memory grew from {before:.1} to {after:.1} MiB, by more than {GROWTH_MIB}"
            ));
        }
        if last.phase.refused(Kind::Login).count() == 0 {
            faults.push("no login was refused at the highest rate".to_owned());
        }
    }
    if !report.has_recovered {
        faults.push(format!(
            "logins waited as under load for {RECOVERY_SECONDS} s after it"
        ));
    }
    faults
}

fn faults_of_calls(phase: &Phase) -> impl Iterator<Item = String> {
    let unexpected = phase.samples.iter().filter_map(|sample| match &sample.end {
        End::Unexpected(what) => Some(format!("{:?}: {what}", sample.kind)),
        _ => None,
    });
    let bare = End::Refused {
        has_retry_after: false,
    };
    let bare = phase.samples.iter().filter(|sample| sample.end == bare);
    let bare = Some(bare.count()).filter(|&count| count > 0);
    let bare = bare.map(|count| format!("{count} refusals without Retry-After"));
    let refused = phase.refused(Kind::Get).chain(phase.refused(Kind::Create));
    let refused = Some(refused.count()).filter(|&count| count > 0);
    let refused = refused.map(|count| format!("{count} calls without a password were refused"));
    let none = phase.succeeded(Kind::Login).next().is_none();
    let none = none.then(|| "no login succeeded".to_owned());
    // A fault that all calls have is shown only some times.
    unexpected.take(5).chain(bare).chain(refused).chain(none)
}
