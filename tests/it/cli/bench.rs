use crate::support::cli::process::{run, sesame};

#[test]
fn hashes_are_measured_with_the_code_and_the_costs_of_the_settings() {
    let fastest = if cfg!(target_arch = "x86_64") && has_avx2() {
        "AVX2"
    } else {
        "portable"
    };

    for (setting, code) in [("0", fastest), ("1", "portable")] {
        let mut bench = sesame(&["bench", "--hashes", "3", "--json"]);
        bench.env("SESAME_PORTABLE_HASH", setting);
        let report = run(&mut bench, "").expect(0).json().remove(0);

        assert_eq!(report["code"], code);
        assert_eq!(report["memory_kib"], 7168);
        assert_eq!(report["passes"], 5);
        assert_eq!(report["hashes"], 3);
        let time = |name: &str| report[name].as_f64().unwrap();
        assert!(time("fastest_ms") > 0.0);
        assert!(time("fastest_ms") <= time("median_ms"));
        assert!(time("median_ms") <= time("slowest_ms"));
        let login = &report["login"];
        assert_eq!(
            (&login["memory_mb"], &login["wait_ms"]),
            (&1769.into(), &15.into())
        );
        let billed = login["billed_ms"].as_f64().unwrap();
        assert!(
            (billed - (time("median_ms") + 15.0).ceil()).abs() < 1e-6,
            "{report}"
        );
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx2() -> bool {
    false
}

#[test]
fn a_report_is_printed_in_words() {
    let arguments = [
        "bench",
        "--hashes",
        "1",
        "--memory-size",
        "512",
        "--wait",
        "7",
    ];
    let report = run(&mut sesame(&arguments), "").expect(0).stdout;

    for part in [
        "argon2id, m=7168 KiB, t=5, p=1; ",
        "first touch of the memory: ",
        "\n1 hashes: median ",
        ", 512 MB, 7 ms of waiting), if its processor is as fast as this one:",
        "  DynamoDB          $2.50\n",
        "it costs less if a hash takes less than ",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
}

#[test]
fn wrong_arguments_and_settings_are_refused() {
    for arguments in [
        ["bench", "--hashes", "0"],
        ["bench", "--hashes", "10001"],
        ["bench", "--memory-size", "127"],
        ["bench", "--memory-size", "10241"],
        ["bench", "--wait", "-1"],
        ["bench", "--wait", "25001"],
    ] {
        run(&mut sesame(&arguments), "").expect(2);
    }
    let mut bench = sesame(&["bench"]);
    bench
        .env("SESAME_PORTABLE_HASH", "yes")
        .env("ARGON2_PASSES", "0");
    let refused = run(&mut bench, "").expect(1).stderr;
    assert!(
        refused.contains("SESAME_PORTABLE_HASH must be 0 or 1"),
        "{refused}"
    );
    assert!(
        refused.contains("ARGON2_PASSES must be a number from 1 to 16"),
        "{refused}"
    );
}
