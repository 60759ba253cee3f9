//! Answers that never came, and effects that are there nevertheless.

use std::time::Duration;

use patchbay_test_support::odoo::Fault;

use super::{ALL, Scene, TICKET};

const MINUTE: u64 = 60_000;
const MOMENT: Duration = Duration::from_millis(250);

impl Scene {
    /// Lets pauses pass until nothing is left to be done. Whoever is held looks at the clock when they are woken, of which
    /// nobody hears: so they get a moment for it, and the clock stands still while anybody is at work.
    pub(super) async fn drained(&self) {
        for _ in 0..60 {
            let done = async || {
                let counts = self.house.store.counts().await.unwrap();
                counts.events.count == 0 && counts.deliveries.is_empty()
            };
            let waits = async {
                while !done().await {
                    tokio::task::yield_now().await;
                }
            };
            if tokio::time::timeout(MOMENT, waits).await.is_ok() {
                return;
            }
            let rests = async || self.house.pipeline.load().deliveries_running == 0;
            self.house.until("nobody is at work", rests).await;
            self.house.clock.advance(16 * MINUTE);
        }
        self.house.settled().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn whatever_is_done_and_not_answered_is_there_once() {
    for on in ALL {
        for fault in
            [Fault::CommitThenDrop, Fault::CommitThenStatus(502), Fault::ResetAfterBytes(20), Fault::Drop]
        {
            let mut scene = Scene::new(on, TICKET).await;
            for method in ["load", "load", "message_post"] {
                scene.odoo.faults().next_of(method, fault.clone());
            }
            scene.say("a", &["one", "two"]).await;
            scene.drained().await;
            assert!(scene.odoo.faults().spent(), "{on:?} {fault:?}");
            assert_eq!(scene.words(), ["one", "two"], "{on:?} {fault:?}");
            assert_eq!(scene.tickets().len(), 1, "{on:?} {fault:?}");
            scene.end().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn who_loses_a_race_in_the_database_tries_again_and_doubles_nothing() {
    for on in ALL {
        let mut scene = Scene::new(on, TICKET).await;
        for method in ["load", "load", "load", "message_post"] {
            scene.odoo.faults().next_of(method, Fault::Conflict);
        }
        scene.say("a", &["one", "two"]).await;
        scene.drained().await;
        assert_eq!(scene.words(), ["one", "two"], "{on:?}");
        assert_eq!(scene.tickets().len(), 1, "{on:?}");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_odoo_that_is_down_keeps_each_conversation_waiting_in_its_order() {
    for on in ALL {
        let mut scene = Scene::new(on, TICKET).await;
        scene.odoo.faults().each(Fault::Status(503));
        for room in ["a", "b", "c"] {
            scene.say(room, &["one", "two", "three"]).await;
        }
        scene.house.until("it was tried", async || !scene.odoo.calls().is_empty()).await;
        scene.odoo.faults().clear();
        scene.drained().await;
        assert_eq!(scene.words(), ["one", "two", "three"].repeat(3), "{on:?}");
        scene.end().await;
    }
}
