//! An Odoo in which something of ours is there already: half of it, or other than it has to be.

use patchbay_test_support::odoo::Version;
use serde_json::json;

use super::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn what_has_changed_since_is_put_right_and_the_rest_stays() {
    let scene = Scene::new(Version::V18).await;
    assert_eq!(scene.setup(&[]).code, Some(0));
    let rules = scene.rules();
    let (messages, changes) = (rules[0]["id"].as_i64().unwrap(), rules[1]["id"].as_i64().unwrap());
    scene.odoo.put("base.automation", messages, json!({ "active": false }));
    let action = scene.odoo.records("ir.actions.server");
    let action =
        action.iter().find(|action| action["base_automation_id"].to_string().contains(&changes.to_string()));
    let action = action.unwrap()["id"].as_i64().unwrap();
    scene.odoo.put("ir.actions.server", action, json!({ "webhook_url": "https://old.example.org/" }));
    let user = scene.user().unwrap()["id"].as_i64().unwrap();
    scene.odoo.put("res.users", user, json!({ "active": false }));

    let looked = scene.check(&[]);
    assert_eq!(looked.code, Some(1), "{looked:#?}");
    assert_eq!(looked.states().iter().filter(|state| **state == "to be updated").count(), 3, "{looked:#?}");
    let put_right = scene.setup(&[]);
    assert_eq!(put_right.code, Some(0), "{put_right:#?}");
    assert_eq!(put_right.states().iter().filter(|state| **state == "updated").count(), 3, "{put_right:#?}");
    assert!(put_right.line("messages of").contains("it was switched off"));
    assert!(put_right.line("changes of").contains("it called another URL"));
    assert!(put_right.line("user `patchbay`").contains("it was archived"));
    assert_eq!(scene.rules().len(), 2);
    assert!(scene.setup(&[]).out.contains("everything is as it has to be"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_cut_off_is_gone_on_with() {
    let scene = Scene::new(Version::V19).await;
    // The key was written, and Odoo never heard of it.
    scene.dir.write("acme.odoo-key", "5e55104e5e55104e5e55104e5e55104e\n");
    let said = scene.setup(&[]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    assert_eq!(scene.key(), "5e55104e5e55104e5e55104e5e55104e");
    assert!(said.line("gets in by the key").starts_with("as it was"), "{said:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_lost_is_not_replaced_until_that_is_asked_for() {
    let scene = Scene::new(Version::V18).await;
    assert_eq!(scene.setup(&[]).code, Some(0));
    let key = scene.key();
    std::fs::remove_file(scene.dir.path().join("acme.odoo-key")).unwrap();
    let said = scene.setup(&[]);
    assert_eq!(said.code, Some(1), "{said:#?}");
    assert!(said.line("MISSING").contains("--new-password"), "{said:#?}");
    scene.dir.write("acme.odoo-key", "not it");
    let said = scene.setup(&[]);
    assert!(said.line("gets in by the key").starts_with("MISSING"), "{said:#?}");
    let said = scene.setup(&["--new-password"]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    assert!(scene.key().len() == 48 && scene.key() != key);
    assert!(said.line("gets in by the key").starts_with("as it was"), "{said:#?}");
}
