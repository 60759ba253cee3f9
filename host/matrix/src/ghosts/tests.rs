use patchbay_types::config::{HostConfig, RegistrationConfig};
use proptest::prelude::*;

use super::*;

fn registration(prefix: &str, bot: &str, server: &str) -> RegistrationConfig {
    let text = format!(
        "[[registrations]]\nid = 'crm'\nhomeserver = 'http://localhost:8008'\nserver-name = '{server}'\n\
         url = 'http://localhost:9108'\nas-token = 'a'\nhs-token = 'h'\nprefix = '{prefix}'\n\
         sender-localpart = '{bot}'\n"
    );
    HostConfig::parse(&text).unwrap().registrations.remove(0)
}

fn ghosts() -> Ghosts {
    Ghosts::new(&registration("_crm_", "_crm_bot", "example.org:8448")).unwrap()
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

#[test]
fn a_ghost_is_named_after_its_tenant_and_person() {
    let ghosts = ghosts();
    let name = |person: &str| ghosts.ghost(&tenant("acme"), person).to_string();
    assert_eq!(name("odoo:42"), "@_crm_acme_odoo=3a42:example.org:8448");
    assert_eq!(name("@Alice:localhost"), "@_crm_acme_=40_alice=3alocalhost:example.org:8448");
    assert_eq!(ghosts.alias(&tenant("acme"), "sales"), "#_crm_acme_sales:example.org:8448");
}

#[test]
fn tenants_that_share_letters_share_no_name() {
    let ghosts = ghosts();
    assert_ne!(ghosts.ghost(&tenant("a"), "b_c"), ghosts.ghost(&tenant("a_b"), "c"));
    let read = ghosts.ghost_of(&ghosts.ghost(&tenant("a_b"), "c")).unwrap();
    assert_eq!((read.tenant.as_str(), read.person.as_deref()), ("a_b", Some("c")));
    assert_eq!(ghosts.tenant_of_alias("#_crm_a_b:example.org:8448"), Some(tenant("a")));
}

#[test]
fn a_person_too_long_for_a_name_has_a_digest_and_the_tenant_is_still_known() {
    let ghosts = ghosts();
    let (one, two) = ("x".repeat(300), format!("{}y", "x".repeat(299)));
    let ghost = ghosts.ghost(&tenant("acme"), &one);
    assert!(ghost.as_str().len() <= 255, "{ghost}");
    assert_ne!(ghost, ghosts.ghost(&tenant("acme"), &two));
    assert_eq!(ghosts.ghost_of(&ghost), Some(Ghost { tenant: tenant("acme"), person: None }));
    assert!(ghosts.ghost_of(&ghosts.ghost(&tenant("acme"), "")).is_some());
}

#[test]
fn ours_are_the_bot_and_the_namespace_on_our_own_server() {
    let ghosts = ghosts();
    let ours = |user: &str| ghosts.is_ours(&UserId::from(user));
    assert!(ours("@_crm_bot:example.org:8448") && ours("@_crm_anything:example.org:8448"));
    for other in ["@_crm_bot:evil.org", "@_crm_a_b:example.org", "@alice:example.org:8448", "_crm_bot", ""] {
        assert!(!ours(other), "{other}");
    }
    assert_eq!(ghosts.ghost_of(&UserId::from("@_crm_bot:example.org:8448")), None);
}

#[test]
fn a_second_spelling_of_a_ghost_is_nobody() {
    let ghosts = ghosts();
    for odd in ["acme_=41", "acme_=5f", "acme_A", "acme_=4", "acme_ü", "=41_x", "acme", "ac=6de_x", "acme_="]
    {
        let user = UserId::from(format!("@_crm_{odd}:example.org:8448"));
        let read = ghosts.ghost_of(&user);
        assert_eq!(read, None, "{odd}");
    }
}

#[test]
fn a_scheme_that_cannot_work_is_refused_with_its_field() {
    let field = |prefix: &str, bot: &str, server: &str| {
        Ghosts::new(&registration(prefix, bot, server)).unwrap_err().field.unwrap()
    };
    assert_eq!(field("CRM", "bot", "localhost"), "registrations.prefix");
    assert_eq!(field("_crm_", "the bot", "localhost"), "registrations.sender-localpart");
    assert_eq!(field("_crm_", "_crm_acme_alice", "localhost"), "registrations.sender-localpart");
    assert_eq!(field("_crm_", "bot", "a b"), "registrations.server-name");
    assert_eq!(field("_crm_", "bot", &"a".repeat(150)), "registrations.prefix");
}

proptest! {
    #[test]
    fn every_person_can_be_read_back_or_is_a_digest(
        name in "[a-z0-9][a-z0-9_-]{0,39}", person in ".{0,80}|[a-zA-Z_=]{0,20}"
    ) {
        let ghosts = ghosts();
        let ghost = ghosts.ghost(&tenant(&name), &person);
        prop_assert!(ghost.as_str().len() <= 255);
        prop_assert!(ghost.localpart().unwrap().bytes().all(in_localpart));
        let read = ghosts.ghost_of(&ghost).unwrap();
        prop_assert_eq!(read.tenant, tenant(&name));
        prop_assert!(read.person.is_none_or(|read| read == person));
    }

    #[test]
    fn two_persons_never_share_a_ghost(
        a in "[a-z][a-z_]{0,3}", b in "[a-z][a-z_]{0,3}", one in "[aA_=:]{0,4}", two in "[aA_=:]{0,4}"
    ) {
        let ghosts = ghosts();
        let same = (&a, &one) == (&b, &two);
        prop_assert_eq!(ghosts.ghost(&tenant(&a), &one) == ghosts.ghost(&tenant(&b), &two), same);
    }
}
