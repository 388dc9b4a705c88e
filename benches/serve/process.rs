//! A process, its memory and its processor time.

use std::ops::{Deref, DerefMut};
use std::process::Child;
use std::time::Duration;

use super::outcome::Outcome;

/// A process, which is killed on drop.
pub struct Process(pub Child);

/// The memory of a process in KiB.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    pub resident: u32,
    pub peak: u32,
}

impl Process {
    /// Reads `/proc/<id>/status`.
    /// <https://www.kernel.org/doc/html/latest/filesystems/proc.html>
    pub fn memory(&self) -> Outcome<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let field = |name: &str| -> Outcome<u32> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next());
            Ok(number.ok_or("no such field in status")?.parse()?)
        };
        Ok(Memory {
            resident: field("VmRSS:")?,
            peak: field("VmHWM:")?,
        })
    }

    pub fn processor_time(&self) -> Outcome<Duration> {
        processor_time(self.id())
    }
}

/// The length of a tick of `/proc/<id>/stat`: Linux shows every program 100 a second.
const TICK: Duration = Duration::from_millis(10);

/// Reads how long a process has used the processors, in user and in kernel mode, from
/// `/proc/<id>/stat`. <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
pub fn processor_time(id: u32) -> Outcome<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The second field is the program's name in parentheses, which may have spaces itself.
    let (_, fields) = stat.rsplit_once(')').ok_or("stat has no name")?;
    let mut ticks = 0;
    for field in fields.split_whitespace().skip(11).take(2) {
        ticks += field.parse::<u32>()?;
    }
    Ok(TICK * ticks)
}

impl Deref for Process {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Process {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // These fail if the process has ended, which is fine.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
