//! A new migration is embedded without anyone touching the sources.

#[expect(clippy::print_stdout, reason = "this is how a build script talks to cargo")]
fn main() {
    println!("cargo:rerun-if-changed=../../migrations/sqlite");
}
