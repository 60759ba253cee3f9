//! The first-party components, where `cargo xtask guests` has built them.

use std::{fs, path::Path, time::Duration};

use patchbay_plugin::{Ports, World, mapping::Mapped, types::Header, webhooks::Webhook};

use crate::{
    host::{Host, caller, wanted},
    values,
};

fn built(name: &str) -> Option<Vec<u8>> {
    let guests = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/guests"));
    let bytes = fs::read(guests.join(name).with_extension("wasm")).ok();
    if bytes.is_none() {
        eprintln!("SKIPPED: `{name}` is not built; run `cargo xtask guests`");
    }
    bytes
}

#[test]
fn the_mapper_maps_a_text_message() {
    let Some(bytes) = built("mapper-matrix") else { return };
    let host = Host::new();
    let mapper = host.load(bytes, World::Mapper).unwrap();
    let mut event = values::event();
    event.content = r#"{"msgtype":"m.text","body":"hello"}"#.to_owned();
    let answer = mapper.from_matrix(&caller(), &event, &values::room()).unwrap();
    assert!(matches!(answer.value, Mapped::Message(_)), "{answer:?}");
}

#[test]
fn the_desk_is_prepared_and_passes_the_golden_call() {
    let Some(bytes) = built("adapter-desk") else { return };
    Host::new().load(bytes, World::Adapter).unwrap();
}

#[test]
fn the_router_is_prepared_with_its_settings() {
    let Some(bytes) = built("router-rules") else { return };
    let host = Host::new();
    let mut wanted = wanted(bytes, World::Router);
    wanted.settings = r#"{"default":[{"adapter":"desk"}]}"#.into();
    let router = host.runtime.load(&wanted).unwrap();
    let answer = router.decide(&caller(), &values::message(), &values::conversation(), 1).unwrap();
    assert_eq!(answer.value.routes.len(), 1, "{answer:?}");
}

#[tokio::test]
async fn the_generic_adapter_takes_webhooks_by_their_name_and_believes_none_without_its_secret() {
    let Some(bytes) = built("adapter-webhook") else { return };
    let host = Host::new();
    let mut wanted = wanted(bytes, World::Adapter);
    wanted.settings = r#"{"url":"https://crm.example.org/"}"#.into();
    let adapter = host.runtime.load(&wanted).unwrap();
    assert!(adapter.takes_webhooks());
    assert_eq!(adapter.delivery_id()[..], ["webhook-id"]);
    let header = |(name, value): (&str, &str)| Header { name: name.to_owned(), value: value.to_owned() };
    let signed = [("webhook-id", "w1"), ("webhook-timestamp", "1"), ("webhook-signature", "v1,AAAA")];
    let webhook = Webhook {
        method: "POST".to_owned(),
        url: "https://hooks.example.org/hooks/acme/crm/token".to_owned(),
        headers: signed.map(header).into(),
        body: b"{}".to_vec(),
    };
    // At the second at which it was signed, and with no secret behind the adapter.
    let answer =
        adapter.accept(&caller(), Ports::none(1000), &webhook, Duration::from_secs(10)).await.unwrap();
    let answer = answer.value.unwrap();
    assert_eq!((answer.keep, answer.status), (false, 401));
}
