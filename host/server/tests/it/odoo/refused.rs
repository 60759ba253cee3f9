//! What goes wrong, and what is said then: what it is, and what to do.

use patchbay_test_support::odoo::{Login, Version};
use serde_json::json;

use super::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_from_a_wrong_database_on_both_transports() {
    for version in [Version::V18, Version::V19] {
        let scene = Scene::new(version).await;
        let url = scene.odoo.url().to_string();
        let admin = scene.odoo.admin();
        let stranger =
            Login { key: "0123456789abcdef0123456789abcdef01234567".to_owned(), ..scene.odoo.admin() };
        let ways: &[&[&str]] =
            if version == Version::V18 { &[&[]] } else { &[&[], &["--transport", "json-2"]] };
        for way in ways {
            let at =
                |database| [&["--odoo", &url, "--model", "crm.lead", "--database", database], *way].concat();
            let said = scene.run("setup", &stranger, &at(scene.odoo.database()));
            assert_eq!(said.code, Some(1), "{said:#?}");
            assert!(said.err.contains("refuses the login"), "{said:#?}");
            let said = scene.run("setup", &admin, &at("no_such_db"));
            assert_eq!(said.code, Some(1), "{said:#?}");
            assert!(said.err.contains("there is no database `no_such_db`"), "{said:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_no_administrator_is_told_which_right_is_missing() {
    let scene = Scene::new(Version::V18).await;
    let (url, database) = (scene.odoo.url().to_string(), scene.odoo.database().to_owned());
    let place = ["--odoo", &url, "--database", &database, "--model", "crm.lead"];
    let said = scene.run("setup", &scene.odoo.limited(), &place);
    assert_eq!(said.code, Some(1), "{said:#?}");
    assert!(said.err.contains("does not let `limited`"), "{said:#?}");
    assert_eq!(scene.rules().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_the_address_is_3_and_a_command_line_that_lacks_something_2() {
    let scene = Scene::new(Version::V19).await;
    let admin = scene.odoo.admin();
    let nowhere = ["--odoo", "http://127.0.0.1:1", "--database", "x", "--model", "crm.lead"];
    let said = scene.run("check", &admin, &nowhere);
    assert_eq!(said.code, Some(3), "{said:#?}");
    assert!(said.err.contains("no Odoo answers at http://127.0.0.1:1"), "{said:#?}");
    assert_eq!(scene.run("check", &admin, &nowhere[..2]).code, Some(2));
    let same = scene.setup(&["--user", &admin.login]);
    assert_eq!(same.code, Some(2), "{same:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_answers_and_is_no_odoo_is_said_to_be_none() {
    let scene = Scene::new(Version::V19).await;
    let (_other, url) = crate::homeserver::Homeserver::start().await;
    let place = ["--odoo", &url, "--database", "x", "--model", "crm.lead"];
    let said = scene.run("check", &scene.odoo.admin(), &place);
    assert_eq!(said.code, Some(1), "{said:#?}");
    assert!(said.err.contains("is no Odoo"), "{said:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_is_missing_is_said_with_where_to_click_and_the_rest_is_made() {
    let scene = Scene::new(Version::V18).await;
    let modules = scene.odoo.records("ir.module.module");
    let automation = modules.iter().find(|module| module["name"] == "base_automation").unwrap();
    let id = automation["id"].as_i64().unwrap();
    scene.odoo.put("ir.module.module", id, json!({ "state": "uninstalled" }));
    let said = scene.setup(&[]);
    assert_eq!(said.code, Some(1), "{said:#?}");
    assert!(said.line("MISSING").contains("Automation Rules"), "{said:#?}");
    assert!(scene.user().is_some() && scene.rules().is_empty());

    scene.odoo.put("ir.module.module", id, json!({ "state": "installed" }));
    let said = scene.setup(&[]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    assert_eq!(
        said.states().iter().filter(|state| **state == "made").count(),
        2,
        "the rules alone: {said:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_file_by_which_the_adapter_would_take_a_password_for_a_key_is_found_out() {
    let scene = Scene::new(Version::V19).await;
    assert_eq!(scene.setup(&["--write"]).code, Some(0));
    let file = scene.dir.path().join("tenants/acme.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("transport = \"json-rpc\""), "{text}");
    std::fs::write(&file, text.replace("transport = \"json-rpc\"\n", "")).unwrap();
    let said = scene.check(&[]);
    assert_eq!(said.code, Some(1), "{said:#?}");
    assert!(said.line("MISSING").contains("takes no password"), "{said:#?}");
}
