//! Reports the measurements as tables and as JSON.

use serde_json::{Value, json};

use super::measure::Measured;

#[derive(Default)]
pub struct Report {
    pub sizes: Vec<Size>,
}

pub struct Size {
    pub users: usize,
    pub calls: Vec<Measured>,
}

impl Report {
    pub fn print(&self) {
        let [first, ..] = &self.sizes[..] else { return };
        println!(
            "Requests to DynamoDB, and units, of a call at every size; requests in parallel are one step\n"
        );
        println!(
            "{:24} {:>5} {:>6} {:>6} {:>6}  requests",
            "", "reads", "writes", "index", "steps"
        );
        for (at, call) in first.calls.iter().enumerate() {
            let consumed = &call.consumed;
            println!(
                "{:24} {:5} {:6} {:6} {:6}  {}",
                call.call,
                consumed.read_units,
                consumed.write_units,
                consumed.index_write_units,
                self.steps(at),
                consumed.requests.join(", ")
            );
        }
        println!(
            "\nMedian times in ms with so many users, and as many sessions, and the time of all as a \
             ratio to the first.\nOf each, \"emulator\" is the time in the emulated database and \
             \"rest\" all else; hashes are the weakest there are.\n"
        );
        print!("{:24}", "");
        for size in &self.sizes {
            print!(
                " | {:>9} {:>8} {:>6} {:>5}",
                size.users, "emulator", "rest", "ratio"
            );
        }
        println!();
        for (at, call) in first.calls.iter().enumerate() {
            print!("{:24}", call.call);
            for size in &self.sizes {
                let one = &size.calls[at];
                let [total, database] =
                    [one.total(), one.database()].map(|time| time.as_secs_f64() * 1e3);
                let ratio = one.total().div_duration_f64(call.total());
                let rest = (total - database).max(0.0);
                print!(" | {total:9.2} {database:8.2} {rest:6.2} {ratio:5.2}");
            }
            println!();
        }
    }

    /// The fewest steps that a call took at any size.
    fn steps(&self, call: usize) -> u32 {
        let steps = self
            .sizes
            .iter()
            .map(|size| size.calls[call].consumed.steps);
        steps.min().unwrap_or_default()
    }

    /// Calls that consumed something else at another size, or another time. Times are no fault:
    /// they are the emulator's and the machine's.
    pub fn faults(&self) -> Vec<String> {
        let [first, ..] = &self.sizes[..] else {
            return Vec::new();
        };
        let mut faults = Vec::new();
        for size in &self.sizes {
            for (one, call) in size.calls.iter().zip(&first.calls) {
                if one.differs || !one.consumed.is_like(&call.consumed) {
                    faults.push(format!(
                        "{} with {} users consumed {:?}, and not always or everywhere {:?}",
                        one.call, size.users, one.consumed, call.consumed
                    ));
                }
            }
        }
        faults
    }

    pub fn to_json(&self) -> Value {
        let Some(first) = self.sizes.first() else {
            return json!({});
        };
        let round = |number: f64| (number * 1000.0).round() / 1000.0;
        let calls = first.calls.iter().enumerate().map(|(at, call)| {
            let consumed = &call.consumed;
            let times = self.sizes.iter().map(|size| {
                let [total, database] = [size.calls[at].total(), size.calls[at].database()]
                    .map(|time| round(time.as_secs_f64() * 1e3));
                json!({ "users": size.users, "total_ms": total, "emulator_ms": database })
            });
            let values = json!({
                "requests": consumed.requests,
                "steps": self.steps(at),
                "read_units": consumed.read_units,
                "write_units": consumed.write_units,
                "index_write_units": consumed.index_write_units,
                "times": times.collect::<Vec<_>>(),
            });
            (call.call.to_owned(), values)
        });
        json!({ "calls": calls.collect::<serde_json::Map<_, _>>() })
    }
}
