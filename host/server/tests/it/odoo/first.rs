//! An Odoo that nobody has prepared.

use std::fs;

use patchbay_test_support::odoo::Version;

use super::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn what_the_adapter_needs_is_made_once_and_a_second_run_changes_nothing() {
    for (version, transports) in [(Version::V18, &["json-rpc"][..]), (Version::V19, &["json-2", "json-rpc"])]
    {
        for transport in transports {
            let scene = Scene::new(version).await;
            let first = scene.setup(&["--transport", transport]);
            assert_eq!(first.code, Some(0), "{transport}: {first:#?}");
            assert_eq!(first.states().iter().filter(|state| **state == "made").count(), 6, "{first:#?}");
            let user = scene.user().unwrap();
            assert_eq!(user["active"], true);
            assert_eq!(scene.rules().len(), 2);
            let (key, rules) = (scene.key(), scene.rules());

            let second = scene.setup(&["--transport", transport]);
            assert_eq!(second.code, Some(0), "{second:#?}");
            assert!(second.states().iter().all(|state| ["as it was", "note"].contains(state)), "{second:#?}");
            assert!(second.out.contains("everything is as it has to be"), "{second:#?}");
            assert_eq!((scene.key(), scene.rules()), (key, rules));
            assert_eq!(scene.check(&[]).code, Some(0));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_tell_of_what_concerns_a_customer_alone_and_hide_their_url_from_the_screen() {
    let scene = Scene::new(Version::V19).await;
    let said = scene.setup(&[]);
    let uid = scene.user().unwrap()["id"].as_i64().unwrap();
    let rules = scene.rules();
    let domain = rules[0]["filter_domain"].as_str().unwrap();
    for part in [
        "(\"model\", \"=\", \"crm.lead\")".to_owned(),
        "(\"subtype_id.internal\", \"=\", False)".to_owned(),
        format!("(\"create_uid\", \"!=\", {uid})"),
    ] {
        assert!(domain.contains(&part), "{part} in {domain}");
    }
    assert_eq!(
        (&rules[0]["trigger"], &rules[1]["trigger"]),
        (&"on_create".into(), &"on_create_or_write".into())
    );
    let actions = scene.odoo.records("ir.actions.server");
    let urls: Vec<_> = actions.iter().filter_map(|action| action["webhook_url"].as_str()).collect();
    assert_eq!(urls.len(), 2);
    assert!(urls.iter().all(|url| url.starts_with("https://hooks.example.org/hooks/acme/odoo/")), "{urls:?}");
    assert!(
        !said.out.contains(urls[0]) && !said.err.contains(urls[0]),
        "whoever has the URL may send webhooks"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_and_a_check_change_nothing_and_say_what_is_lacking() {
    let scene = Scene::new(Version::V18).await;
    let dry = scene.setup(&["--dry-run"]);
    assert_eq!(dry.code, Some(0), "{dry:#?}");
    assert_eq!(dry.states().iter().filter(|state| **state == "to be made").count(), 6, "{dry:#?}");
    assert_eq!(scene.check(&[]).code, Some(1));
    assert_eq!((scene.user(), scene.rules().len(), scene.key().as_str()), (None, 0, ""));
    assert!(scene.odoo.records("ir.model.fields").iter().all(|field| field["name"] != "x_patchbay_person"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_file_is_written_where_there_is_none_and_is_asked_from_then_on() {
    let scene = Scene::new(Version::V18).await;
    let written = scene.setup(&["--write"]);
    assert_eq!(written.code, Some(0), "{written:#?}");
    let file = scene.dir.path().join("tenants/acme.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(&format!("database = \"{}\"", scene.odoo.database())), "{text}");
    // Nothing is said about where and what: the file says it.
    let again = scene.run("setup", &scene.odoo.admin(), &["--write"]);
    assert_eq!(again.code, Some(0), "{again:#?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text, "what is there is somebody's");
    assert!(!again.out.contains("[adapters"), "{again:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_get_the_same_as_json() {
    let scene = Scene::new(Version::V19).await;
    let said = scene.setup(&["--json"]);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&report["version"], &report["transport"]), (&19.into(), &"json-2".into()));
    let made = report["steps"].as_array().unwrap().iter().filter(|step| step["state"] == "made");
    assert_eq!(made.count(), 6);
    assert!(report["tables"].as_str().unwrap().contains("[adapters.odoo.settings]"));
}
