//! A runtime for benches, and what its guests are called with.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use patchbay_plugin::{
    Caller, Plugin, Runtime, RuntimeConfig, Wanted, World, mapping, routing,
    types::{self, Audience, Party},
};
use patchbay_types::{
    Digest, TenantId,
    config::PluginsConfig,
    tenant::{Grants, InstancePolicy, Limits},
    units::Span,
};

/// As a bridge sends it.
const CONTENT: &str = r#"{"msgtype":"m.text","body":"Good morning, my invoice of last week is wrong, can you look?",
    "format":"org.matrix.custom.html","formatted_body":"Good morning, my <b>invoice</b> of last week is wrong, can you look?",
    "m.mentions":{},"com.beeper.linkpreviews":[]}"#;

/// A runtime with a cache of its own.
pub(crate) struct Host {
    pub(crate) runtime: Arc<Runtime>,
    /// It goes when the host goes.
    _cache: tempfile::TempDir,
}

// === impl Host ===

impl Host {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let cache = tempfile::tempdir()?;
        let config = RuntimeConfig {
            cache: cache.path().join("artefacts"),
            cache_key: [7; 32],
            plugins: PluginsConfig::default(),
        };
        Ok(Self { runtime: Runtime::new(config)?, _cache: cache })
    }

    pub(crate) fn load(
        &self,
        name: &str,
        world: World,
        settings: &str,
        instance: InstancePolicy,
    ) -> anyhow::Result<Plugin> {
        let limits = Limits { time: Some(Span(Duration::from_secs(10))), ..Limits::default() };
        self.load_within(name, world, settings, instance, limits)
    }

    /// The same, within these limits.
    pub(crate) fn load_within(
        &self,
        name: &str,
        world: World,
        settings: &str,
        instance: InstancePolicy,
        limits: Limits,
    ) -> anyhow::Result<Plugin> {
        let guests = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/guests"));
        let bytes = std::fs::read(guests.join(name).with_extension("wasm"));
        let bytes: Arc<[u8]> =
            bytes.with_context(|| format!("`{name}` is missing: run `cargo xtask guests`"))?.into();
        let wanted = Wanted {
            digest: Digest::of(&bytes),
            bytes,
            world,
            settings: settings.into(),
            grants: Grants::default(),
            limits,
            instance,
        };
        self.runtime.load(&wanted).with_context(|| name.to_owned())
    }
}

pub(crate) fn caller() -> Caller {
    Caller { tenant: TenantId::new("acme"), slot: Arc::from("mapper"), about: Some(Arc::from("$event")) }
}

pub(crate) fn event_of_host() -> mapping::Event {
    mapping::Event {
        event_id: "$143273582443PhrSn:example.org".to_owned(),
        sender: person(),
        event_type: "m.room.message".to_owned(),
        state_key: None,
        origin_server_ts: 1_767_225_600_000,
        content: CONTENT.to_owned(),
        encryption: mapping::Encryption::Clear,
        related: None,
    }
}

pub(crate) fn message() -> types::Message {
    let text = types::Text { plain: "Good morning, my invoice is wrong".to_owned(), html: None };
    types::Message {
        id: "$143273582443PhrSn:example.org".to_owned(),
        origin: None,
        author: person(),
        sent_at: 1_767_225_600_000,
        content: types::Content::Post(types::Post { text: Some(text), files: Vec::new() }),
        reply_to: Vec::new(),
        thread: Vec::new(),
        attributes: Vec::new(),
    }
}

pub(crate) fn conversation() -> routing::Conversation {
    routing::Conversation {
        id: "conversation".to_owned(),
        room: room_of_host(),
        customer: Some(person()),
        open_tickets: Vec::new(),
        message_count: 3,
        labels: vec!["vip".to_owned()],
    }
}

pub(crate) fn person() -> types::Person {
    types::Person {
        id: "@_whatsapp_380441234567:example.org".to_owned(),
        remote: None,
        party: Party::Customer,
        display_name: Some("Anna".to_owned()),
        phone: Some("+380441234567".to_owned()),
        email: None,
        locale: None,
        identifiers: vec!["tel:+380441234567".to_owned()],
        network: Some("whatsapp".to_owned()),
        attributes: Vec::new(),
    }
}

pub(crate) fn room_of_host() -> types::Room {
    types::Room {
        room_id: "!room:example.org".to_owned(),
        conversation: None,
        name: Some("Anna (WhatsApp)".to_owned()),
        encrypted: false,
        network: Some("whatsapp".to_owned()),
        channel: None,
        features: vec!["edit".to_owned(), "reaction".to_owned()],
        audience: Audience::Customer,
        people: vec![person()],
        member_count: 3,
        entity: None,
    }
}
