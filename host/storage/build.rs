//! A new migration is embedded without anyone touching the sources.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations/sqlite");
}
