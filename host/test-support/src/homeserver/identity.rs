//! Who asks: a person with a token, or the application service as one of its users.

use std::collections::HashMap;

use axum::http::{HeaderMap, header::AUTHORIZATION};

use super::{
    Shared,
    world::{Refusal, World},
};

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    pub(crate) user: String,
    pub(crate) device: Option<String>,
    /// By the application service's token.
    pub(crate) ours: bool,
}

/// The token of a person.
pub(crate) fn token(user: &str) -> String {
    format!("syt_{}", super::world::localpart(user))
}

impl Asker {
    pub(crate) fn of(
        shared: &Shared,
        world: &World,
        headers: &HeaderMap,
        query: &HashMap<String, String>,
    ) -> Result<Self, Refusal> {
        let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(shown) = shown.and_then(|value| value.strip_prefix("Bearer ")) else {
            return Err(Refusal::new(401, "M_MISSING_TOKEN", "Missing access token"));
        };
        if shown != shared.options.as_token {
            let user = world.accounts.keys().find(|user| token(user) == shown);
            let Some(user) = user else {
                return Err(Refusal::new(401, "M_UNKNOWN_TOKEN", "Invalid access token passed."));
            };
            return Ok(Self { user: user.clone(), device: None, ours: false });
        }
        let user = query.get("user_id").unwrap_or(&world.bot).clone();
        if !world.is_ours(&user) {
            let sentence = format!("Application service cannot masquerade as this user ({user}).");
            return Err(Refusal::new(403, "M_FORBIDDEN", sentence));
        }
        if user != world.bot && !world.accounts.contains_key(&user) {
            let sentence = format!("Application service has not registered this user ({user})");
            return Err(Refusal::new(403, "M_FORBIDDEN", sentence));
        }
        let device = query.get("device_id").cloned();
        if let Some(device) = &device
            && !world.accounts.get(&user).is_some_and(|account| account.devices.contains(device))
        {
            let sentence = format!(
                "Application service trying to use a device that doesn't exist ('{device}' for {user})"
            );
            return Err(Refusal::new(400, "M_UNKNOWN_DEVICE", sentence));
        }
        Ok(Self { user, device, ours: true })
    }
}

impl World {
    /// What a transaction ID was answered before. Without a device the path alone counts, whoever asks.
    pub(crate) fn answered(&self, asker: &Asker, path: &str) -> Option<String> {
        match asker.memory(path) {
            Memory::Kept(key) => self.kept.get(&key).cloned(),
            Memory::Forgetful => self.forgetful.get(path).cloned(),
        }
    }

    pub(crate) fn remember(&mut self, asker: &Asker, path: &str, event: &str) {
        match asker.memory(path) {
            Memory::Kept(key) => self.kept.insert(key, event.to_owned()),
            Memory::Forgetful => self.forgetful.insert(path.to_owned(), event.to_owned()),
        };
    }
}

enum Memory {
    Kept((String, String, String)),
    Forgetful,
}

impl Asker {
    fn memory(&self, path: &str) -> Memory {
        match (&self.device, self.ours) {
            (None, true) => Memory::Forgetful,
            (device, _) => {
                let device = device.clone().unwrap_or_default();
                Memory::Kept((self.user.clone(), device, path.to_owned()))
            }
        }
    }
}
