//! Files that are made to hurt: too large, never closed, without end. Each is refused or read, in bounded work, never with a panic.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use signpost::load::Report;

use super::{APEX, check};

const HEAD: &str = "$TTL 3600\n@ IN SOA ns1 hostmaster 1 7200 3600 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\n";

#[test]
fn what_is_oversize_is_refused_with_few_words() {
    let word = "a".repeat(65_536);
    let fields = "a ".repeat(70_000);
    let table = [
        ("an owner", format!("{word} A 192.0.2.1\n")),
        ("an owner of escapes", format!("{} A 192.0.2.1\n", "\\097".repeat(65_536))),
        ("a type", format!("x {word} 192.0.2.1\n")),
        ("a TTL", format!("x {} A 192.0.2.1\n", "9".repeat(65_536))),
        ("a number", format!("x MX {} ns1\n", "9".repeat(65_536))),
        ("an address", format!("x A {word}\n")),
        ("an address of colons", format!("x AAAA {}\n", ":".repeat(65_536))),
        ("a name", format!("x CNAME {word}\n")),
        ("a name of dots", format!("x CNAME {}\n", ".".repeat(65_536))),
        ("a string", format!("x TXT \"{word}\"\n")),
        ("strings", format!("x TXT {fields}\n")),
        ("digits", format!("x TYPE65280 \\# 65535 {word}{word}\n")),
        ("base 64", format!("x DNSKEY 257 3 13 {word}{word}\n")),
        ("a parameter", format!("x HTTPS 1 . key65000={word}\n")),
        ("parameters", format!("x HTTPS 1 . {}\n", "a=b ".repeat(20_000))),
        ("protocols", format!("x HTTPS 1 . alpn={}\n", "h2,".repeat(30_000))),
        ("a directive", format!("${word}\n")),
        ("an origin", format!("$ORIGIN {word}\n")),
        ("a file's name", format!("$INCLUDE {word}\n")),
        ("an unclosed quote", format!("x TXT \"{word}")),
        ("an unclosed parenthesis", format!("x TXT (\n{}", " a\n".repeat(70_000))),
        ("parentheses", "(".repeat(65_536)),
        ("closing parentheses", ")".repeat(65_536)),
        ("quotes", "\"".repeat(65_537)),
        ("backslashes", "\\".repeat(65_537)),
        ("NUL octets", "\0".repeat(65_536)),
        ("a fault a line", "x A 192.0.2.256\n".repeat(100_000)),
        ("lines of one word", "x\n".repeat(100_000)),
    ];
    for (what, text) in table {
        let report = checked(|folder| fs::write(folder.join("zone"), format!("{HEAD}{text}")).unwrap());
        assert!(report.errors() > 0, "{what} of 64 KiB is accepted");
        assert!(report.text().len() < 40_000, "{what} of 64 KiB: {} octets of messages", report.text().len());
    }
}

#[test]
fn what_is_large_and_plain_is_read() {
    let addresses =
        |from: u8| (0..2_500).map(move |i| format!("x{from} A 10.{from}.{}.{}\n", i / 250, i % 250)).collect::<String>();
    let table = [
        ("blank lines", "\n".repeat(1_000_000), 3),
        ("comments", "; a\n".repeat(250_000), 3),
        ("a comment of a million octets", format!(";{}\n", "c".repeat(1_000_000)), 3),
        ("blanks", format!("x A{}192.0.2.1\n", " ".repeat(1_000_000)), 4),
        ("forty sets of 2,500 records", (0..40).map(addresses).collect(), 100_003),
    ];
    for (what, text, records) in table {
        let report = checked(|folder| fs::write(folder.join("zone"), format!("{HEAD}{text}")).unwrap());
        assert_eq!((report.errors(), report.records), (0, records), "{what}: {}", report.text());
    }
}

#[test]
fn a_set_of_a_hundred_thousand_records_does_not_fit_a_message() {
    let records: String = (0..100_000).map(|i| format!("x A 10.{}.{}.{}\n", i / 62_500, i / 250 % 250, i % 250)).collect();
    let report = checked(|folder| fs::write(folder.join("zone"), format!("{HEAD}{records}")).unwrap());
    assert!(report.errors() > 0, "no message holds this set");
}

#[test]
fn what_is_no_file_is_not_included() {
    for path in ["/dev/zero", "/dev/stdin", "/dev/full", "/proc/self/mem", "/etc/passwd", "fifo", "folder", "../outside", "link"]
    {
        let report = checked(|folder| {
            fs::write(folder.join("zone"), format!("{HEAD}$INCLUDE {path}\n")).unwrap();
            fs::create_dir(folder.join("folder")).unwrap();
            symlink("/dev/zero", folder.join("link")).unwrap();
            assert!(Command::new("mkfifo").arg(folder.join("fifo")).status().unwrap().success());
        });
        assert_eq!(report.errors(), 1, "{path}: {}", report.text());
    }
}

#[test]
fn includes_end() {
    let table: [(&str, Writes); 3] = [
        ("deep", |folder| {
            for depth in 0..1000 {
                fs::write(folder.join(format!("f{depth}")), format!("$INCLUDE f{}\n", depth + 1)).unwrap();
            }
        }),
        ("wide", |folder| {
            // Each file includes the next twice: without a limit, more files than there is time.
            for depth in 0..60 {
                fs::write(folder.join(format!("f{depth}")), format!("$INCLUDE f{0}\n$INCLUDE f{0}\n", depth + 1)).unwrap();
            }
            fs::write(folder.join("f60"), "x A 192.0.2.1\n").unwrap();
        }),
        ("round", |folder| {
            fs::write(folder.join("f0"), "$INCLUDE ./f1\n").unwrap();
            fs::write(folder.join("f1"), "$INCLUDE ././f0\n").unwrap();
        }),
    ];
    for (what, files) in table {
        let report = checked(|folder| {
            fs::write(folder.join("zone"), format!("{HEAD}$INCLUDE f0\n")).unwrap();
            files(folder);
        });
        assert!((1..100).contains(&report.errors()), "{what}: {} errors", report.errors());
    }
}

#[test]
fn the_command_takes_as_little_for_a_zone_without_end() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("zone"), format!("{HEAD}$INCLUDE /dev/zero\n$INCLUDE zone\nx TXT (\n")).unwrap();
    // A GiB of addresses is what the program reserves; whoever read /dev/zero would soon need more.
    let script = "ulimit -v 1048576; exec timeout 30 \"$0\" check --zone \"$1\" zone";
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_signpost"), APEX]).current_dir(folder.path());
    assert_eq!(command.output().unwrap().status.code(), Some(1));
}

/// Writes the files of a zone into a folder.
type Writes = fn(&Path);

/// What is found in a zone of these files.
fn checked(write: impl FnOnce(&Path)) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let zones = folder.path().join("zones");
    fs::create_dir(&zones).unwrap();
    fs::write(folder.path().join("outside"), "x A 192.0.2.1\n").unwrap();
    write(&zones);
    check(&zones)
}
