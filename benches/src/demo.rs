//! Patchbay shown at work: a host on a fresh database, a played homeserver, what a real one once sent, components
//! swapped while people write, and an agent who answers. Each act prints what it does and what came of it.

mod acts;
mod captured;
mod stage;
mod tell;

use std::path::PathBuf;

use anyhow::bail;

use self::{stage::Stage, tell::heading};

/// Where things lie.
#[derive(Debug, Clone)]
pub struct Places {
    /// The program `patchbay`.
    pub host: PathBuf,
    /// Built components.
    pub components: PathBuf,
    /// The example from which the tenants are copied.
    pub example: PathBuf,
    /// The captured transactions.
    pub captures: PathBuf,
    /// Everything is made anew in here.
    pub work: PathBuf,
}

/// The whole show. With `once` it ends by itself; else it stays until Ctrl-C.
///
/// # Errors
/// When something cannot be started, does not come in time, or was lost, doubled or reordered.
pub async fn run(places: &Places, once: bool) -> anyhow::Result<()> {
    let stage = tokio::select! {
        played = play(places) => played?,
        // What was begun is dropped, and with it the host. It loses nothing by that.
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
    };
    if once {
        heading("Stopping the host");
        return stage.host.stop().await;
    }
    acts::stay(&stage).await?;
    heading("Stopping the host, which has heard the Ctrl-C as well");
    stage.host.ended().await
}

async fn play(places: &Places) -> anyhow::Result<Stage> {
    let mut stage = Stage::set(places).await?;
    acts::replay(&mut stage, &places.captures).await?;
    let event = acts::swap(&mut stage).await?;
    acts::answer(&mut stage).await?;
    acts::outside(&mut stage).await?;
    acts::explain(&stage, &event)?;
    acts::point_onward(&stage);
    Ok(stage)
}
