//! The program: arguments, and the service behind them.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Context as _;
use clap::Parser as _;
use receiver::{Behaviour, Books, Hook, Key, Receiver};

/// A small CRM for Patchbay's generic adapter
///
/// It takes the adapter's signed envelopes at `POST /`, keeps tickets and messages, and sends what an agent says back as
/// a signed webhook.
#[derive(clap::Parser)]
#[command(
    version,
    after_long_help = "\
Try it:

  The tenant's file names the adapter and grants it this address:

    [adapters.crm]
    component = 'adapter-webhook'
    settings = { url = 'http://127.0.0.1:9200/' }
    grants = { http = [{ url = 'http://127.0.0.1:9200/', addresses = ['127.0.0.1'] }], secrets = ['webhook'] }

    [secrets.webhook]
    from = { env = 'WEBHOOK_SECRET' }
    sign = true

  Start it with the same secret, and with the adapter's address as `patchbay hooks` shows it:

    WEBHOOK_SECRET=whsec_c2VjcmV0 receiver --log effects.jsonl --hook-url http://127.0.0.1:9110/hooks/acme/crm/...

  What has come so far:              curl localhost:9200/tickets
  An agent answers ticket T2:        curl localhost:9200/tickets/T2/reply --json '{\"agent\":\"eve\",\"text\":\"Hello\"}'
  An agent closes it:                curl localhost:9200/tickets/T2/status --json '{\"agent\":\"eve\",\"status\":\"closed\"}'
  Three envelopes are refused:       curl -X PUT localhost:9200/behaviour --json '{\"fail\":{\"status\":503,\"times\":3}}'
  One is done and its answer lost:   curl -X PUT localhost:9200/behaviour --json '{\"fail\":{\"status\":0,\"done\":true}}'
  All is well again:                 curl -X PUT localhost:9200/behaviour --json '{}'"
)]
struct Args {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:9200")]
    listen: SocketAddr,
    /// What envelopes are signed with: `whsec_…` or any text
    #[arg(long, env = "WEBHOOK_SECRET", hide_env_values = true)]
    secret: String,
    /// Where an agent's doings are sent
    #[arg(long, env = "WEBHOOK_HOOK_URL", hide_env_values = true)]
    hook_url: Option<String>,
    /// What they are signed with; without it, the same as envelopes
    #[arg(long, env = "WEBHOOK_HOOK_SECRET", hide_env_values = true)]
    hook_secret: Option<String>,
    /// A file to which every effect is appended, and from which a restarted service knows them again
    #[arg(long)]
    log: Option<PathBuf>,
    /// Do again what comes again under the same `Idempotency-Key`, as services without one do
    #[arg(long)]
    ignore_keys: bool,
    /// Answer each envelope that many milliseconds later
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "whoever starts it waits for this line")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let books = match &args.log {
        Some(path) => Books::open(path).with_context(|| path.display().to_string())?,
        None => Books::default(),
    };
    let key = Key::new(&args.secret);
    let hook_key = args.hook_secret.as_deref().map_or_else(|| key.clone(), Key::new);
    let hook = args.hook_url.map(|url| Hook::new(url, hook_key)).transpose()?;
    let behaviour =
        Behaviour { delay_ms: args.delay_ms, honour_keys: !args.ignore_keys, ..Behaviour::default() };
    let listener =
        tokio::net::TcpListener::bind(args.listen).await.with_context(|| args.listen.to_string())?;
    println!("listening on {}", listener.local_addr()?);
    let router = Receiver::new(key, hook, books, behaviour).router();
    axum::serve(listener, router).await.context("serve")
}
