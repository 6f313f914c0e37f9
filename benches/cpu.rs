//! Processor time, where the system tells it.

use std::time::Duration;

/// Processor time (user and system, all threads) this process has used; `None` where the system does not tell.
///
/// Reads `/proc/self/stat`, whose clock tick is 10 ms on every Linux in use.
pub fn cpu_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}
