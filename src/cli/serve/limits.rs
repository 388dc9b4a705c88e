use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use clap::value_parser;

use crate::transport::http::Limits;

/// The options that limit what clients may use of the server.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitOptions {
    /// Connections at once, 1 to 65536; more wait until one ends
    #[arg(long, env, value_name = "N", default_value_t = Limits::DEFAULT.connections)]
    #[arg(value_parser = value_parser!(u32).range(1..=65536))]
    max_connections: u32,
    /// Calls at once on an HTTP/2 connection, 1 to 10000; more are refused
    #[arg(long, env, value_name = "N", default_value_t = Limits::DEFAULT.streams)]
    #[arg(value_parser = value_parser!(u32).range(1..=10000))]
    max_streams: u32,
    /// Bytes of a request's headers, 8192 to 1048576
    #[arg(long, env, value_name = "N", default_value_t = Limits::DEFAULT.header_bytes)]
    #[arg(value_parser = value_parser!(u32).range(8192..=1_048_576))]
    max_header_bytes: u32,
    /// The time for a request's headers from their first byte, and for a TLS handshake; 0.1 to
    /// 3600, as all times
    #[arg(long, env, value_name = "SECONDS", default_value_t = Seconds(Limits::DEFAULT.headers))]
    header_seconds: Seconds,
    /// The time for a request's body
    #[arg(long, env, value_name = "SECONDS", default_value_t = Seconds(Limits::DEFAULT.body))]
    body_seconds: Seconds,
    /// The time after which a connection without a call is closed
    #[arg(long, env, value_name = "SECONDS", default_value_t = Seconds(Limits::DEFAULT.idle))]
    idle_seconds: Seconds,
    /// The time from the end of a request to its answer
    #[arg(long, env, value_name = "SECONDS", default_value_t = Seconds(Limits::DEFAULT.response))]
    answer_seconds: Seconds,
    /// Calls at once on all connections together, 1 to 100000; more are refused with 429
    #[arg(long, env, value_name = "N", default_value_t = Limits::DEFAULT.calls)]
    #[arg(value_parser = value_parser!(u32).range(1..=100_000))]
    max_calls: u32,
    /// The time for a client to read an answer
    #[arg(long, env, value_name = "SECONDS", default_value_t = Seconds(Limits::DEFAULT.write))]
    write_seconds: Seconds,
    /// The time after which a connection is closed once its calls have ended
    #[arg(long, env, value_name = "SECONDS", default_value_t = Seconds(Limits::DEFAULT.age))]
    connection_seconds: Seconds,
    /// Bytes of request bodies at once, 1048576 to 4294967295; a connection has a sixteenth, or
    /// one body
    #[arg(long, env, value_name = "N", default_value_t = Limits::DEFAULT.body_bytes)]
    #[arg(value_parser = value_parser!(u32).range(1_048_576..))]
    max_bodies_bytes: u32,
    /// Bytes of answers over 4 KiB that clients have not read, 1048576 to 4294967295; a connection
    /// has a sixteenth, or one answer
    #[arg(long, env, value_name = "N", default_value_t = Limits::DEFAULT.response_bytes)]
    #[arg(value_parser = value_parser!(u32).range(1_048_576..))]
    max_unread_bytes: u32,
    /// Streams of gRPC's health and reflection at once, 1 to 10000; more are refused
    #[arg(long, env, value_name = "N", default_value_t = Limits::DEFAULT.watches)]
    #[arg(value_parser = value_parser!(u32).range(1..=10000))]
    max_watches: u32,
    /// The time that such a stream may last
    #[arg(long, env, value_name = "SECONDS", default_value_t = Seconds(Limits::DEFAULT.watch))]
    watch_seconds: Seconds,
}

impl From<LimitOptions> for Limits {
    fn from(options: LimitOptions) -> Self {
        Self {
            connections: options.max_connections,
            streams: options.max_streams,
            header_bytes: options.max_header_bytes,
            headers: options.header_seconds.0,
            body: options.body_seconds.0,
            idle: options.idle_seconds.0,
            response: options.answer_seconds.0,
            calls: options.max_calls,
            write: options.write_seconds.0,
            age: options.connection_seconds.0,
            body_bytes: options.max_bodies_bytes,
            response_bytes: options.max_unread_bytes,
            watches: options.max_watches,
            watch: options.watch_seconds.0,
        }
    }
}

/// A time in seconds, read to the millisecond, such as `10` or `0.2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seconds(Duration);

impl Seconds {
    const RANGE: RangeInclusive<f64> = 0.1..=3600.0;
}

impl FromStr for Seconds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds: Option<f64> = text.parse().ok();
        let seconds = seconds
            .filter(|seconds| Self::RANGE.contains(seconds))
            .ok_or("must be 0.1 to 3600 seconds")?;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range is far within that of u64"
        )]
        let millis = (seconds * 1000.0).round() as u64;
        Ok(Self(Duration::from_millis(millis)))
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_secs_f64())
    }
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

        let default = Limits::DEFAULT;
        let millis = Duration::from_millis;
        for (option, value, want) in [
            (
                "--max-connections",
                "65536",
                Limits {
                    connections: 65536,
                    ..default
                },
            ),
            (
                "--max-streams",
                "10000",
                Limits {
                    streams: 10000,
                    ..default
                },
            ),
            (
                "--max-header-bytes",
                "1048576",
                Limits {
                    header_bytes: 1_048_576,
                    ..default
                },
            ),
            (
                "--header-seconds",
                "0.1",
                Limits {
                    headers: millis(100),
                    ..default
                },
            ),
            (
                "--body-seconds",
                "3600",
                Limits {
                    body: millis(3_600_000),
                    ..default
                },
            ),
            (
                "--idle-seconds",
                "1.2345",
                Limits {
                    idle: millis(1235),
                    ..default
                },
            ),
            (
                "--answer-seconds",
                "0.25",
                Limits {
                    response: millis(250),
                    ..default
                },
            ),
        ] {
            assert_eq!(parse(&[option, value]), Ok(want), "{option}");
        }
    }

    #[test]
    fn each_limit_on_calls_and_connections_is_its_own_option() {
        const TENTH: Duration = Duration::from_millis(100);
        const DEFAULT: Limits = Limits::DEFAULT;

        #[rustfmt::skip]
        let rows = [
            ("--max-calls", "100000", Limits { calls: 100_000, ..DEFAULT }),
            ("--write-seconds", "0.1", Limits { write: TENTH, ..DEFAULT }),
            ("--connection-seconds", "0.1", Limits { age: TENTH, ..DEFAULT }),
            ("--max-bodies-bytes", "1048576", Limits { body_bytes: 1 << 20, ..DEFAULT }),
            ("--max-unread-bytes", "4294967295", Limits { response_bytes: u32::MAX, ..DEFAULT }),
            ("--max-watches", "10000", Limits { watches: 10_000, ..DEFAULT }),
            ("--watch-seconds", "0.1", Limits { watch: TENTH, ..DEFAULT }),
        ];
        for (option, value, want) in rows {
            assert_eq!(parse(&[option, value]), Ok(want), "{option}");
        }
    }

    /// Without this, an option that is missing in the tables above would have no test.
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
            ("--max-streams", ["0", "10001"], "not in 1..=10000"),
            (
                "--max-header-bytes",
                ["8191", "1048577"],
                "not in 8192..=1048576",
            ),
            ("--header-seconds", ["0.09", "3600.1"], SECONDS),
            ("--body-seconds", ["0", "1h"], SECONDS),
            ("--idle-seconds", ["NaN", "inf"], SECONDS),
            ("--answer-seconds", ["", "1,5"], SECONDS),
            ("--max-calls", ["0", "100001"], "not in 1..=100000"),
            ("--write-seconds", ["0.09", "3600.1"], SECONDS),
            ("--connection-seconds", ["0", "-1"], SECONDS),
            ("--max-bodies-bytes", ["1048575", "4294967296"], BYTES),
            ("--max-unread-bytes", ["1048575", "4294967296"], BYTES),
            ("--max-watches", ["0", "10001"], "not in 1..=10000"),
            ("--watch-seconds", ["0.0999", "1e9"], SECONDS),
        ] {
            for value in values {
                let error = parse(&[&format!("{option}={value}")]).unwrap_err();
                assert!(error.contains(want), "{option} {value}: {error}");
                assert!(error.contains(option), "{option} {value}: {error}");
            }
        }
    }
}
