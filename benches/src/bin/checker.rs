//! `patchbay-checker`: reads the sender's and the target's logs, and says whether anything was lost, doubled, reordered
//! or invented. It asks nobody else. Exit code 0: clean; 1: not; 2: the logs cannot be read.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use patchbay_benches::{
    journal,
    judge::{self, Verdict},
};

/// Compares what was sent with what arrived.
///
/// Events: --sent and --lines. Replies: --replies and --sends. Either pair, or both.
#[derive(Parser)]
#[command(name = "patchbay-checker", version)]
struct Args {
    /// What the homeserver sent, as `patchbay-load --log` writes it.
    #[arg(long, requires = "lines")]
    sent: Option<PathBuf>,
    /// The desk's lines in commit order, as `GET /admin/v1/desk/lines` answers them.
    #[arg(long, requires = "sent")]
    lines: Option<PathBuf>,
    /// What agents replied.
    #[arg(long, requires = "sends")]
    replies: Option<PathBuf>,
    /// What the homeserver was asked to send.
    #[arg(long, requires = "replies")]
    sends: Option<PathBuf>,
    /// Prints the whole verdict as JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match verdicts(&args) {
        Ok(verdicts) if verdicts.is_empty() => {
            eprintln!("nothing to compare: give --sent and --lines, or --replies and --sends");
            ExitCode::from(2)
        }
        Ok(verdicts) => {
            for (name, verdict) in &verdicts {
                if args.json {
                    println!(
                        "{}",
                        serde_json::json!({ "of": name, "clean": verdict.is_clean(), "verdict": verdict })
                    );
                } else {
                    println!("{name}: {verdict}");
                }
            }
            ExitCode::from(u8::from(!verdicts.iter().all(|(_, verdict)| verdict.is_clean())))
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

fn verdicts(args: &Args) -> anyhow::Result<Vec<(&'static str, Verdict)>> {
    let mut verdicts = Vec::new();
    if let (Some(sent), Some(lines)) = (&args.sent, &args.lines) {
        verdicts.push(("events", judge::events(&journal::read(sent)?, &journal::read(lines)?)));
    }
    if let (Some(replies), Some(sends)) = (&args.replies, &args.sends) {
        let ours = |text: &str| text.starts_with(journal::REPLY_MARK);
        verdicts.push(("replies", judge::replies(&journal::read(replies)?, &journal::read(sends)?, ours)));
    }
    Ok(verdicts)
}
