//! Webhooks of CRMs. Each adapter that takes them has a door of its own, `/hooks/<tenant>/<adapter>/<token>`, for any
//! method. What comes in is bounded before any component sees it, shown to the adapter, and on disk before it is
//! answered. Whoever does not know a door's token learns nothing: not even whether there is such a tenant.

mod answer;
mod door;
mod ports;
mod receive;
mod token;
mod webhook;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, routing::any};
use patchbay_storage::Store;
use patchbay_types::{AdapterName, Clock, TenantId, config::HooksConfig};
use tokio::sync::Semaphore;

use self::door::{Place, Watched};
pub(crate) use self::receive::{later, nowhere};
pub use self::{
    door::Listed,
    ports::{Arrived, Asked, Door, Heard, Reception, Unheard},
    token::HookKey,
};

/// The route, which is all that is ever logged of a request's path.
const ROUTE: &str = "/hooks/{tenant}/{adapter}/{token}";
/// Requests under way at once, over all doors, and over all doors of one tenant.
const UNDER_WAY: usize = 256;
const OF_A_TENANT: usize = 64;

/// What the doors are built from.
pub struct HooksDeps {
    /// What tokens are made with.
    pub key: HookKey,
    /// The adapters behind the doors.
    pub reception: Arc<dyn Reception>,
    /// Where it is looked up whether a webhook came before.
    pub store: Store,
    /// When they arrive.
    pub clock: Arc<dyn Clock>,
    /// Bounds, and where the outside sees us.
    pub config: HooksConfig,
    /// Where the host listens for webhooks; none: nowhere.
    pub listens: Option<SocketAddr>,
}

/// All doors. Clones share them.
#[derive(Clone)]
pub struct Hooks(Arc<Inner>);

struct Inner {
    deps: HooksDeps,
    /// What stands before the path of every webhook's URL.
    base: String,
    under_way: Semaphore,
    watched: Mutex<Watch>,
}

/// What is watched at the doors.
#[derive(Default)]
struct Watch {
    doors: HashMap<Place, Arc<Watched>>,
    /// Places for the requests of each tenant's doors.
    tenants: HashMap<TenantId, Arc<Semaphore>>,
}

/// What each door's URL begins with: what CRMs know the host by, else where it listens; empty where it does not.
#[must_use]
pub fn base(config: &HooksConfig, listens: Option<SocketAddr>) -> String {
    match (&config.public_url, listens) {
        (Some(public), _) => public.url().as_str().trim_end_matches('/').to_owned(),
        (None, Some(at)) => format!("http://{at}"),
        (None, None) => String::new(),
    }
}

// === impl Hooks ===

impl Hooks {
    /// Puts the doors together; nothing listens yet.
    #[must_use]
    pub fn new(deps: HooksDeps) -> Self {
        let base = base(&deps.config, deps.listens);
        let under_way = Semaphore::new(UNDER_WAY);
        Self(Arc::new(Inner { deps, base, under_way, watched: Mutex::default() }))
    }

    /// What the listener for webhooks serves. Any path that is no door's is answered like a wrong token.
    pub fn router(&self) -> Router {
        Router::new()
            .route(ROUTE, any(receive::receive))
            .fallback(async || receive::nowhere())
            .with_state(self.clone())
    }

    /// Where the host listens for webhooks; none: nowhere.
    #[must_use]
    pub fn listens(&self) -> Option<SocketAddr> {
        self.0.deps.listens
    }

    /// Every door there is now, with its URL and what came through it since the start.
    #[must_use]
    pub fn list(&self) -> Vec<Listed> {
        let doors = self.0.deps.reception.doors();
        let listed = doors.into_iter().map(|(tenant, adapter, door)| {
            let token = self.0.deps.key.token(tenant.as_str(), adapter.as_str(), door.rotation);
            let url = format!("{}/hooks/{tenant}/{adapter}/{token}", self.0.base);
            let place = (tenant, adapter);
            self.watched(&place).listed(place, url)
        });
        listed.collect()
    }

    /// The door with this token. The token is computed and compared whether or not there is such a door.
    fn open(&self, tenant: &str, adapter: &str, token: &str) -> Option<(Place, Door)> {
        let place = (TenantId::from(tenant), AdapterName::from(adapter));
        let door = self.0.deps.reception.door(&place.0, &place.1);
        let rotation = door.as_ref().map_or(0, |door| door.rotation);
        let known = self.0.deps.key.is_token(token, tenant, adapter, rotation);
        door.filter(|_| known).map(|door| (place, door))
    }

    fn watched(&self, place: &Place) -> Arc<Watched> {
        let mut all = self.0.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watched) = all.doors.get(place) {
            return Arc::clone(watched);
        }
        let places =
            all.tenants.entry(place.0.clone()).or_insert_with(|| Arc::new(Semaphore::new(OF_A_TENANT)));
        let watched = Arc::new(Watched::new(place, &self.0.deps.config, Arc::clone(places)));
        all.doors.insert(place.clone(), Arc::clone(&watched));
        watched
    }
}
