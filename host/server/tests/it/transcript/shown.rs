//! What a guide shows, held against what was printed.

/// Whether what was printed holds each line that the guide shows, in its order.
pub(super) fn prints(printed: &str, shown: &str) {
    let mut lines = printed.lines().map(alike);
    for line in shown.lines().filter(|line| !line.trim_start().starts_with('…')) {
        let found = lines.any(|printed| printed == alike(line));
        assert!(found, "the guide shows\n  {line}\nand this was printed:\n{printed}");
    }
}

/// The line without what is another one each time: times, digests, durations, sizes, and the width of columns.
fn alike(line: &str) -> String {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    for n in 0..words.len() {
        let word = words[n].trim_matches(|c: char| !c.is_alphanumeric());
        let is_time = word.len() == 24 && word.ends_with('Z') && word.contains("T");
        let value = word.rsplit('=').next().unwrap_or_default();
        let is_digest = value.len() >= 12 && value.chars().all(|c| c.is_ascii_hexdigit());
        let is_measure =
            words.get(n + 1).is_some_and(|unit| unit.starts_with("µs") || unit.starts_with("KiB"));
        if is_time || is_digest || is_measure {
            words[n] = "…";
        }
    }
    words.join(" ")
}

#[test]
fn lines_are_alike_whatever_the_time_and_the_build() {
    let one = "1  2026-11-20T06:47:55.563Z  acme, 17 µs (0123456789ab) digest=0123456789ab";
    let other = "1 2027-01-02T03:04:05.678Z   acme, 4 µs (fedcba987654) digest=fedcba987654";
    assert_eq!(alike(one), alike(other));
    assert_ne!(alike(one), alike(&one.replace("acme", "other")));
}
