//! What was set aside becomes a test with one command, and is released with another.

use std::fs;

use crate::{
    captures::settled,
    crm::Crm,
    guest::Guest,
    host::{Directory, Host, patchbay},
    transcript::Reader,
};

const TENANT: &str = "[rooms]\nlink = ['!shop:localhost']\n[mapper]\ncomponent = 'mapper-matrix'\n[router]\n\
    component = 'router-rules'\nsettings = { default = [{ adapter = 'desk' }] }\n[adapters.desk]\n\
    component = 'adapter-desk'\ngrants = { desk = true }\n";

#[tokio::test]
async fn the_guide_to_a_parked_event_leads_from_the_fault_to_the_release() {
    let dir = Directory::new("http://127.0.0.1:1");
    for component in ["mapper-matrix", "router-rules", "adapter-desk"] {
        dir.component(component);
    }
    let (crm, egress) = Crm::start(dir.path()).await;
    let host_file = fs::read_to_string(dir.path().join("patchbay.toml")).unwrap();
    dir.write("patchbay.toml", &format!("{egress}{host_file}"));
    dir.write("crm-token", "a-very-secret-token");
    dir.write("tenants/acme.toml", TENANT);
    let host = Host::start(&dir).await;
    let work = tempfile::tempdir().unwrap();
    let mut reader = Reader::new(&dir, &host, work.path());
    reader.follows("parked").await;

    let desk: Vec<_> = settled(&host).await.iter().map(|line| line["text"].clone()).collect();
    assert_eq!(desk, ["The kitchen is cold", "Die Küche ist überflutet"], "each once, at the desk");
    let asked = crm.asked();
    let messages = asked.iter().filter(|path| path.ends_with("/messages")).count();
    assert_eq!(messages, 1, "what the CRM had answered before the fault was not sent again: {asked:?}");
    for said in ["Küche", "free money"] {
        assert!(
            !host.logged().contains(said),
            "what a component faults over is not logged: {}",
            host.logged()
        );
    }
    // What cannot become a test says why.
    reader.runs("patchbay parked export 2", false);
    assert!(reader.printed.contains("cases/parked-2.json: File exists"), "{}", reader.printed);
    reader.runs("cd ../shop-router\npatchbay parked export 2", false);
    let wanted = "`shop-crm` is at fault, and this is the project of `shop-router`: go to the other one, or say `--into DIR`";
    assert!(reader.printed.contains(wanted), "{}", reader.printed);
    reader.runs("cd ..\npatchbay parked export 2", false);
    let wanted = "this is no plugin's project: go to that of `shop-crm`, or say `--into DIR`";
    assert!(reader.printed.contains(wanted), "{}", reader.printed);
    reader.runs("patchbay parked export 2 --into elsewhere", true);
    assert!(work.path().join("elsewhere/parked-2.json").is_file());
    // The configuration was changed three times since: its settings are gone, and that is said.
    reader.runs("patchbay parked export 1 --into elsewhere", true);
    assert!(reader.printed.contains("it cannot be asked again as it is: generation 2"), "{}", reader.printed);

    for (project, id) in [("shop-router", 1), ("shop-crm", 2)] {
        let case = fs::read_to_string(work.path().join(format!("{project}/cases/parked-{id}.json"))).unwrap();
        for said in ["a-very-secret-token", "überflutet", "money", "@ann"] {
            assert!(!case.contains(said), "{said} in {case}");
        }
        assert_eq!(case.contains("Bearer ***"), project == "shop-crm", "the CRM has repeated it: {case}");
    }
}

#[tokio::test]
async fn what_no_plugin_is_at_fault_in_makes_no_test() {
    let dir = Directory::new("http://127.0.0.1:1");
    let host = Host::start(&dir).await;
    assert_eq!(host.put("1", &serde_json::json!([1, 2, 3])).await, 200);
    let exported = host.run(&dir, &["parked", "export", "1", "--into", "cases"]);
    assert_eq!(exported.status.code(), Some(1));
    let said = String::from_utf8(exported.stderr).unwrap();
    assert_eq!(said, "patchbay: no plugin is at fault in 1: `patchbay parked show 1` says what is\n");
    let unknown = host.run(&dir, &["parked", "export", "7", "--into", "cases"]);
    assert_eq!(String::from_utf8(unknown.stderr).unwrap(), "patchbay: nothing was ever parked under 7\n");
}

/// Keeps whatever comes.
const KEEP: &str = "(i32.store8 (i32.const 3000) (i32.const 1)) (i32.store16 (i32.const 3002) (i32.const 202)) (i32.const 3000)";

#[tokio::test]
async fn a_webhook_that_was_set_aside_becomes_a_test_too_and_its_token_stays_in_the_house() {
    let dir = Directory::new("http://127.0.0.1:1");
    dir.write(
        "tenants/acme.toml",
        &format!("{TENANT}[adapters.crm]\ncomponent = 'crm'\ngrants = {{ store = true }}\n"),
    );
    for component in ["mapper-matrix", "router-rules", "adapter-desk"] {
        dir.component(component);
    }
    let crm = |receive: Option<&str>| {
        let guest = Guest::of("crm-adapter").manifest("delivery-id = ['webhook-id']\n").body("accept", KEEP);
        let guest = match receive {
            Some(wat) => guest.body("receive", wat),
            None => guest,
        };
        fs::write(dir.path().join("components/crm.part"), guest.build()).unwrap();
        fs::rename(dir.path().join("components/crm.part"), dir.path().join("components/crm.wasm")).unwrap();
    };
    crm(Some("unreachable"));
    let file = fs::read_to_string(dir.path().join("patchbay.toml")).unwrap();
    dir.write("patchbay.toml", &file.replace("[listen]\n", "[listen]\nhooks = '127.0.0.1:0'\n"));
    let host = Host::start(&dir).await;
    let (_, hooks) = host.get("/admin/v1/hooks").await;
    let url = hooks["hooks"][0]["url"].as_str().unwrap().to_owned();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request =
        http.post(&url).header("webhook-id", "w1").header("authorization", "Bearer of-the-crm-itself");
    assert_eq!(request.body("{\"ticket\":7}").send().await.unwrap().status(), 202);
    host.until("it is set aside", async || {
        host.get("/admin/v1/parked").await.1["parked"][0]["slot"] == "adapters.crm"
    })
    .await;

    let cases = dir.path().join("cases");
    let into = ["parked", "export", "1", "--into", cases.to_str().unwrap()];
    assert_eq!(host.run(&dir, &into).status.code(), Some(0));
    let case = fs::read_to_string(cases.join("parked-1.json")).unwrap();
    let token = url.rsplit('/').next().unwrap();
    assert!(case.contains("/hooks/acme/crm/***") && case.contains("{\\\"ticket\\\":7}"), "{case}");
    for secret in [token, "of-the-crm-itself"] {
        assert!(!case.contains(secret) && !host.logged().contains(secret), "{secret} in {case}");
    }
    let test = || {
        let mut test = patchbay();
        test.args(["plugin", "test"]).arg(dir.path().join("components/crm.wasm"));
        test.arg("--cases").arg(&cases).output().unwrap()
    };
    let said = String::from_utf8(test().stdout).unwrap();
    assert!(said.contains("FAIL  parked 1: trap in webhooks.receive"), "{said}");
    crm(None);
    let said = String::from_utf8(test().stdout).unwrap();
    assert!(said.contains("recorded as a fault, answered now"), "{said}");

    let exported = host.run(&dir, &["export", "w1"]);
    assert_eq!(exported.status.code(), Some(0), "by its own name as well");
    let serving = async || host.get("/admin/v1/plugins").await.1["tenants"][0]["generation"] == 2;
    host.until("the better one serves", serving).await;
    assert_eq!(host.run(&dir, &["parked", "replay", "1"]).status.code(), Some(0));
    let done = async || host.get("/admin/v1/events/w1/why").await.1["hooks"][0]["state"] == "done";
    host.until("it is read", done).await;
}
