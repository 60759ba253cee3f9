//! What an operator sees of a request: enough to find it, nothing of what it says.

use std::{
    io,
    sync::{Arc, Mutex},
};

use metrics_exporter_prometheus::PrometheusBuilder;
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    house::{House, denied, get, post, secret, send, text, unknown, with_header},
    outside::{Server, ok},
};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_log_line_names_origin_and_status_and_no_line_at_any_level_holds_a_secret() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(lines.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = Server::answering(|_| ok("")).await;
    let house = House::to(&server).secret("key", "hush-hush-hush", &[&server.url("")]);
    let outlet = house.outlet();
    let mut request = with_header(
        post(&server.url("/private-path?key="), "private-body"),
        "authorization",
        vec![text("Bearer "), secret("key")],
    );
    request.url.push(secret("key"));
    send(&outlet, request).await.unwrap();
    denied(send(&outlet, get("http://evil.example/private-path")).await);
    let said = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    for wanted in [
        r#"tenant="acme""#,
        r#"adapter="crm""#,
        r#"method="post""#,
        "status=200",
        &server.url(""),
        "evil.example",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    for private in ["hush", "private-body", "private-path", "Bearer"] {
        assert!(!said.contains(private), "{private}: {said}");
    }
}

#[tokio::test]
async fn requests_are_counted_by_tenant_adapter_and_outcome() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = Server::playing(|mut peer| async move {
        if peer.request().await.unwrap().contains("/ok") {
            peer.say(ok("")).await;
        }
    })
    .await;
    let outlet = House::to(&server).outlet();
    send(&outlet, get(&server.url("/ok"))).await.unwrap();
    unknown(send(&outlet, get(&server.url("/hang-up"))).await);
    denied(send(&outlet, get("http://evil.example/")).await);
    let rendered = handle.render();
    for outcome in ["answered", "unknown-outcome", "denied"] {
        let line =
            format!(r#"patchbay_egress_requests_total{{tenant="acme",adapter="crm",outcome="{outcome}"}} 1"#);
        assert!(rendered.contains(&line), "{rendered}");
    }
    assert!(
        rendered.contains(r#"patchbay_egress_seconds_count{tenant="acme",adapter="crm"} 3"#),
        "{rendered}"
    );
}
