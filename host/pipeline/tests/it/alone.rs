//! A test in a process of its own, and where it may, with a network of its own: then every address there is leads to this
//! process, and whatever is sent to one can be counted.

use std::process::Command;

const INSIDE: &str = "PATCHBAY_TEST_ALONE";

/// What makes every address this machine's own.
const NETWORK: &str = "ip link set lo up && ip route add local 0.0.0.0/0 dev lo \
                       && ip -6 route add local ::/0 dev lo && exec \"$0\" \"$@\"";

/// Whether this is the process that the test is to run in. If not, it has run there, or was skipped with a word.
///
/// # Panics
/// When it failed there.
pub(crate) fn is_alone(test: &str) -> bool {
    std::env::var(INSIDE).is_ok_and(|inside| inside == test) || {
        run(&mut Command::new(std::env::current_exe().unwrap()), test);
        false
    }
}

/// The same, with a network of its own.
///
/// # Panics
/// When it failed there.
pub(crate) fn has_own_network(test: &str) -> bool {
    if std::env::var(INSIDE).is_ok_and(|inside| inside == test) {
        return true;
    }
    let unshared = || {
        let mut unshare = Command::new("unshare");
        unshare.args(["--map-root-user", "--net", "sh", "-c", NETWORK]);
        unshare
    };
    match unshared().arg("true").output() {
        Ok(tried) if tried.status.success() => {
            run(unshared().arg(std::env::current_exe().unwrap()), test);
        }
        Ok(tried) => skipped(test, &String::from_utf8_lossy(&tried.stderr)),
        Err(error) => skipped(test, &error.to_string()),
    }
    false
}

fn run(command: &mut Command, test: &str) {
    let ran = command.args([test, "--exact", "--nocapture"]).env(INSIDE, test).output().unwrap();
    let said = [ran.stdout, ran.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(ran.status.success() && said.contains("1 passed"), "{test}, alone: {said}");
}

fn skipped(test: &str, why: &str) {
    eprintln!("SKIPPED: {test} needs a network of its own (`unshare --map-root-user --net`, `ip`): {why}");
}
