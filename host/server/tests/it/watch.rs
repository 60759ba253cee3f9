//! `patchbay plugin test --watch`: again at every change, and past what does not compile.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read},
    path::Path,
    process::{Child, Stdio},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

use crate::host::{PATIENCE, patchbay};

/// Ends with the test.
struct Watch(Child);

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends each line on.
fn tell(from: impl Read + Send + 'static, to: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                break;
            }
        }
    });
}

/// Waits for a line; answers all that came before it too.
fn until(lines: &Receiver<String>, wanted: &str) -> String {
    let mut said = String::new();
    loop {
        let line = lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("never said: {wanted}\n{said}"));
        said.push_str(&line);
        said.push('\n');
        if line.contains(wanted) {
            return said;
        }
    }
}

#[test]
fn a_watch_tests_again_at_each_change_and_outlives_what_does_not_compile() {
    let dir = tempfile::tempdir().unwrap();
    let project = dir.path().canonicalize().unwrap().join("watched-router");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let made = patchbay()
        .args(["plugin", "new", "router", "watched-router", "--path"])
        .arg(&project)
        .env("PATCHBAY_SDK", root.join("sdk"))
        .status()
        .unwrap();
    assert!(made.success());
    fs::copy(root.join("Cargo.lock"), project.join("Cargo.lock")).unwrap();
    let mut watch = Watch(
        patchbay()
            .args(["plugin", "test", "--watch"])
            .current_dir(&project)
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let (to, lines) = channel();
    tell(watch.0.stdout.take().unwrap(), to.clone());
    tell(watch.0.stderr.take().unwrap(), to);
    until(&lines, "1 case: as expected");

    let code = project.join("src/lib.rs");
    let good = fs::read_to_string(&code).unwrap();
    fs::write(&code, good.replace("makes it urgent", "is urgent")).unwrap();
    let said = until(&lines, "1 case: 0 as expected, 1 not");
    assert!(said.contains("/answer/ok/reason"), "{said}");

    fs::write(&code, good.replace("message.plain()?", "message.spoken()?")).unwrap();
    let said = until(&lines, "does not compile; the compiler says above why");
    assert!(said.contains("error[E0599]"), "{said}");
    assert!(watch.0.try_wait().unwrap().is_none(), "it goes on");

    let manifest = fs::read_to_string(project.join("plugin.toml")).unwrap();
    fs::write(project.join("plugin.toml"), "name").unwrap();
    until(&lines, "plugin.toml: line 1, column ");

    fs::write(&code, &good).unwrap();
    fs::write(project.join("plugin.toml"), manifest).unwrap();
    until(&lines, "1 case: as expected");

    let case = project.join("cases/hello.json");
    let text = fs::read_to_string(&case).unwrap();
    fs::write(&case, text.replace("There is a fire", "There is none")).unwrap();
    until(&lines, "1 case: 0 as expected, 1 not");
}
