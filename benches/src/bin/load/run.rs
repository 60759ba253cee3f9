//! `patchbay-load run`: delivers events, waits for their lines, tells what it cost.

use patchbay_benches::{
    admin::Admin,
    desk::Desk,
    homeserver::{ClientApi, Target},
    journal,
    load::{self, Mishaps, Plan},
    measure::{Report, Usage, Watch},
    pace::Pace,
    setup::{AS_TOKEN, BOT, HS_TOKEN},
};
use tokio_util::sync::CancellationToken;

use crate::args::RunArgs;

/// Runs it.
///
/// # Errors
/// When the host cannot be watched or asked, or a log not be written.
pub(crate) async fn run(args: RunArgs) -> anyhow::Result<()> {
    let cast = args.cast.cast();
    let bot = format!("@{BOT}:{}", cast.server);
    let client_api = ClientApi::start(args.homeserver, &cast, AS_TOKEN, &bot).await?;
    let admin = match (args.admin, &args.data) {
        (Some(admin), Some(data)) => Some(Admin::new(admin, data)?),
        _ => None,
    };
    let plan = Plan {
        target: Target { address: args.target, token: HS_TOKEN.to_owned() },
        cast,
        // Behind the warm-up's.
        seed: args.cast.seed + 1,
        senders: args.in_flight,
        batch: usize::try_from(args.batch)?,
        pace: args.rate.map_or(Pace::Closed, Pace::Rate),
        events: Some(args.events),
        stop: CancellationToken::new(),
        mishaps: Mishaps {
            retry_scale: args.retry_scale,
            restart_every: args.restart_every,
            repeat_every: args.repeat_every,
            redact_waiting: args.retry_scale < 1.0,
        },
        client_api: Some(client_api.clone()),
    };
    if args.warm_up > 0 {
        let warm_up =
            Plan { events: Some(args.warm_up), pace: Pace::Closed, seed: args.cast.seed, ..plan.clone() };
        load::run(&warm_up).await?;
    }
    let mut desk = admin.map(|admin| Desk::new(admin, (0..args.cast.tenants).map(|n| format!("t{n}"))));
    if let Some(desk) = &mut desk {
        desk.read_until_quiet().await?;
    }
    let watch = args.pid.map(Watch::start).transpose()?;
    let begun = std::time::Instant::now();
    let load = load::run(&plan).await?;
    if let Some(desk) = &mut desk {
        desk.read_until_delivered(&load.sent).await?;
    }
    let lines = desk.as_ref().map(Desk::lines);
    let seconds = begun.elapsed().as_secs_f64();
    let usage = watch.map_or(Ok(Usage::default()), |watch| watch.usage())?;
    let report = Report::new("load", &load, usage, lines.map(|lines| (lines, seconds)));
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    if let Some(path) = &args.log {
        journal::write(path, &load.sent)?;
    }
    if let (Some(path), Some(lines)) = (&args.lines, lines) {
        journal::write(path, lines)?;
    }
    if let Some(path) = &args.sends {
        journal::write(path, &client_api.sends())?;
    }
    Ok(())
}
