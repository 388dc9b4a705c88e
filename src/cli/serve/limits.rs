use std::time::Duration;

use clap::value_parser;

use crate::transport::http::Limits;

/// The options that limit what clients may use of the server.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitOptions {
    /// Connections at once, 1 to 65536; for one more, another without a call is closed
    #[arg(long, env, value_name = "N", default_value_t = Limits::DEFAULT.connections)]
    #[arg(value_parser = value_parser!(u32).range(1..=65536))]
    max_connections: u32,
    /// Bytes of a request's headers, 8192 to 1048576; there may be 100 of them
    #[arg(long, env, value_name = "N", default_value_t = Limits::DEFAULT.header_bytes)]
    #[arg(value_parser = value_parser!(u32).range(8192..=1_048_576))]
    max_header_bytes: u32,
    /// The time for a request's body; 0.1 to 3600, as all times
    #[arg(long, env, value_name = "SECONDS", default_value_t = Limits::DEFAULT.body.as_secs_f64())]
    #[arg(value_parser = parse_seconds)]
    body_seconds: f64,
    /// The time after which a connection without a call is closed
    #[arg(long, env, value_name = "SECONDS", default_value_t = Limits::DEFAULT.idle.as_secs_f64())]
    #[arg(value_parser = parse_seconds)]
    idle_seconds: f64,
    /// The time from the end of a request to its answer
    #[arg(long, env, value_name = "SECONDS", default_value_t = Limits::DEFAULT.response.as_secs_f64())]
    #[arg(value_parser = parse_seconds)]
    answer_seconds: f64,
    /// Calls at once on all connections together, 1 to 100000; more are refused with 429
    #[arg(long, env, value_name = "N", default_value_t = Limits::DEFAULT.calls)]
    #[arg(value_parser = value_parser!(u32).range(1..=100_000))]
    max_calls: u32,
    /// Bytes of requests at once, 1048576 to 4294967295; a connection has a sixteenth, or one
    /// request
    #[arg(long, env, value_name = "N", default_value_t = Limits::DEFAULT.body_bytes)]
    #[arg(value_parser = value_parser!(u32).range(1_048_576..))]
    max_bodies_bytes: u32,
    /// Bytes of answers that clients have not read, 1048576 to 4294967295; a connection has a
    /// sixteenth, or one answer
    #[arg(long, env, value_name = "N", default_value_t = Limits::DEFAULT.response_bytes)]
    #[arg(value_parser = value_parser!(u32).range(1_048_576..))]
    max_unread_bytes: u32,
}

impl From<LimitOptions> for Limits {
    fn from(options: LimitOptions) -> Self {
        Self {
            connections: options.max_connections,
            header_bytes: options.max_header_bytes,
            body: duration(options.body_seconds),
            idle: duration(options.idle_seconds),
            response: duration(options.answer_seconds),
            calls: options.max_calls,
            body_bytes: options.max_bodies_bytes,
            response_bytes: options.max_unread_bytes,
            ..Self::DEFAULT
        }
    }
}

fn parse_seconds(text: &str) -> Result<f64, &'static str> {
    let seconds = text.parse().ok();
    let seconds = seconds.filter(|seconds| (0.1..=3600.0).contains(seconds));
    seconds.ok_or("must be 0.1 to 3600 seconds")
}

/// A time to the millisecond.
fn duration(seconds: f64) -> Duration {
    Duration::from_secs_f64((seconds * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        limits: LimitOptions,
    }

    fn parse(arguments: &[&str]) -> Result<Limits, String> {
        let arguments = [&["command"], arguments].concat();
        let parsed = Command::try_parse_from(arguments);
        parsed
            .map(|command| command.limits.into())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn each_limit_is_its_own_option() {
        assert_eq!(parse(&[]), Ok(Limits::DEFAULT));

        let all = [
            ["--max-connections", "65536"],
            ["--max-header-bytes", "1048576"],
            ["--body-seconds", "3600"],
            ["--idle-seconds", "1.2345"],
            ["--answer-seconds", "0.25"],
            ["--max-calls", "100000"],
            ["--max-bodies-bytes", "1048576"],
            ["--max-unread-bytes", "4294967295"],
        ];
        let want = Limits {
            connections: 65536,
            header_bytes: 1_048_576,
            body: Duration::from_hours(1),
            idle: Duration::from_millis(1235),
            response: Duration::from_millis(250),
            calls: 100_000,
            body_bytes: 1 << 20,
            response_bytes: u32::MAX,
            ..Limits::DEFAULT
        };
        assert_eq!(parse(all.as_flattened()), Ok(want));
    }

    /// Without this, an option that is missing in the tables here would have no test.
    #[test]
    fn each_option_is_tested() {
        use clap::CommandFactory as _;

        let tested = include_str!("limits.rs").split_once("mod tests").unwrap().1;
        for argument in Command::command().get_arguments() {
            let option = format!("\"--{}\"", argument.get_long().unwrap());
            assert_eq!(tested.matches(&option).count(), 2, "{option}");
        }
    }

    #[test]
    fn each_limit_has_its_range() {
        const SECONDS: &str = "must be 0.1 to 3600 seconds";
        const BYTES: &str = "not in 1048576..=4294967295";
        for (option, values, want) in [
            ("--max-connections", ["0", "65537"], "not in 1..=65536"),
            (
                "--max-header-bytes",
                ["8191", "1048577"],
                "not in 8192..=1048576",
            ),
            ("--body-seconds", ["0", "1h"], SECONDS),
            ("--idle-seconds", ["NaN", "inf"], SECONDS),
            ("--answer-seconds", ["", "1,5"], SECONDS),
            ("--max-calls", ["0", "100001"], "not in 1..=100000"),
            ("--max-bodies-bytes", ["1048575", "4294967296"], BYTES),
            ("--max-unread-bytes", ["1048575", "4294967296"], BYTES),
        ] {
            for value in values {
                let error = parse(&[&format!("{option}={value}")]).unwrap_err();
                assert!(error.contains(want), "{option} {value}: {error}");
                assert!(error.contains(option), "{option} {value}: {error}");
            }
        }
    }
}
