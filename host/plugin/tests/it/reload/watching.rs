//! The reloader's own thread, with the system's notifications and without them. Real time: each test waits for a change
//! of the chains, and fails when it does not come.

use std::{fs, os::unix::fs::symlink, sync::Arc, time::Duration};

use patchbay_types::units::Span;
use tokio_util::sync::CancellationToken;

use super::scene::{Scene, mapper, router, tenant};

async fn until(scene: &Scene, wanted: u64) {
    let mut changes = scene.chains.changes();
    let reached = changes.wait_for(|_| {
        // The clock stands still between looks unless somebody moves it.
        scene.generation("acme") == Some(wanted)
    });
    tokio::time::timeout(Duration::from_secs(60), reached).await.expect("no new generation").unwrap();
}

fn fill(scene: &Scene) {
    scene.write("components/m.wasm", mapper("m1"));
    scene.write("components/r.wasm", router("r1"));
    scene.write("tenants/acme.toml", tenant("m", "r"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_brings_a_look_long_before_the_regular_one() {
    let scene = Scene::with(|plugins| {
        plugins.settle = Span::millis(0);
        plugins.rescan = Span::days(1);
    });
    let stop = CancellationToken::new();
    let task = scene.reloader.spawn(stop.clone()).unwrap();
    fill(&scene);
    until(&scene, 1).await;
    scene.write("components/m.wasm", mapper("m2"));
    until(&scene, 2).await;
    stop.cancel();
    task.await.unwrap();
    assert_eq!(Arc::strong_count(&scene.reloader), 1, "the thread is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_nobody_is_notified_of_is_found_by_looking() {
    let scene = Scene::with(|plugins| {
        plugins.settle = Span::millis(0);
        plugins.rescan = Span::millis(50);
    });
    fill(&scene);
    // Behind a link to a file elsewhere, where nothing is watched.
    let elsewhere = scene.outside().join("m.wasm");
    fs::rename(scene.path("components/m.wasm"), &elsewhere).unwrap();
    symlink(&elsewhere, scene.path("components/m.wasm")).unwrap();
    let stop = CancellationToken::new();
    let task = scene.reloader.spawn(stop.clone()).unwrap();
    until(&scene, 1).await;
    fs::write(&elsewhere, mapper("m2")).unwrap();
    until(&scene, 2).await;
    stop.cancel();
    task.await.unwrap();
}
