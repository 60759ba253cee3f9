//! `patchbay-load`: plays the homeserver against a running host and tells how fast it was and what it cost.
#![expect(clippy::print_stdout, reason = "a command-line program")]

mod args;
mod run;

use clap::Parser;
use patchbay_benches::{
    setup::{BOT, ChainSetup, PREFIX, Setup},
    stand_in::StandIn,
};
use patchbay_types::config::Synchronous;

use crate::args::{Cli, Command, ConfigArgs};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Config(args) => config(&args),
        Command::Run(args) => run::run(*args).await,
        Command::StandIn { listen, flaw } => {
            let target = StandIn::start(listen, flaw).await?;
            println!("listening at {}", target.address);
            Ok(tokio::signal::ctrl_c().await?)
        }
    }
}

fn config(args: &ConfigArgs) -> anyhow::Result<()> {
    let setup = Setup {
        dir: args.dir.clone(),
        components: args.components.clone(),
        appservice: args.appservice,
        admin: args.admin,
        hooks: None,
        homeserver: args.homeserver,
        synchronous: if args.normal { Synchronous::Normal } else { Synchronous::Full },
        bot: BOT.to_owned(),
        prefix: PREFIX.to_owned(),
        more: String::new(),
        chains: (0..args.cast.tenants).map(|n| (format!("t{n}"), ChainSetup::first_party())).collect(),
    };
    setup.write(&args.cast.cast())?;
    println!("patchbay serve --config {}", args.dir.display());
    Ok(())
}
