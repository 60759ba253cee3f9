//! Settings that are each fine and together are not: said at start-up and by `patchbay check`, never refused.

use patchbay_types::{
    RegistrationId, TenantConfig, TenantId,
    config::{HostConfig, Synchronous},
    units::Bytes,
};

/// A homeserver sends up to 100 events of 64 KiB in one transaction, and ephemeral data beside them.
const FULL_TRANSACTION: Bytes = Bytes::mib(8);

/// What `patchbay.toml` contradicts within itself.
pub(crate) fn of_host(host: &HostConfig) -> Vec<String> {
    let mut said = Vec::new();
    if host.listen.appservice == host.listen.admin && host.listen.admin.port() != 0 {
        said.push(
            "`listen.appservice` and `listen.admin` are the same address: one of them cannot start"
                .to_owned(),
        );
    }
    if let Some(hooks) = host.listen.hooks {
        for (name, other) in [("appservice", host.listen.appservice), ("admin", host.listen.admin)] {
            if hooks == other && hooks.port() != 0 {
                said.push(format!(
                    "`listen.hooks` and `listen.{name}` are the same address: one of them cannot start"
                ));
            }
        }
        if host.hooks.public_url.is_none() {
            said.push(format!(
                "`listen.hooks` = {hooks} without `hooks.public-url`: `patchbay hooks` shows URLs that no CRM may reach, \
                 and webhooks whose URL is signed are refused"
            ));
        }
    } else if host.hooks.public_url.is_some() {
        said.push("`hooks.public-url` without `listen.hooks`: nobody listens for webhooks".to_owned());
    }
    if host.hooks.rate == 0 {
        said.push(
            "`hooks.rate` = 0 is taken for 1: leave `listen.hooks` out where nobody may call".to_owned(),
        );
    }
    if !host.listen.admin.ip().is_loopback() {
        said.push(format!(
            "`listen.admin` = {} can be reached from other machines: health and metrics answer anybody there",
            host.listen.admin
        ));
    }
    if host.limits.body < FULL_TRANSACTION {
        said.push(format!(
            "`limits.body` = {} is less than a full transaction may need ({FULL_TRANSACTION}): the homeserver would \
             repeat a larger one for ever",
            host.limits.body
        ));
    }
    if host.limits.lane > host.limits.window {
        said.push(format!(
            "`limits.lane` = {} is more than `limits.window` = {}: one lane could fill all memory for events",
            host.limits.lane, host.limits.window
        ));
    }
    if host.plugins.settle >= host.plugins.rescan {
        said.push(format!(
            "`plugins.settle` = {} is not shorter than `plugins.rescan` = {}: a change is taken only at a later look",
            host.plugins.settle, host.plugins.rescan
        ));
    }
    if host.database.synchronous == Synchronous::Normal {
        said.push(
            "`database.synchronous` = \"normal\": what was accepted last is lost if the machine loses power"
                .to_owned(),
        );
    }
    for (n, one) in host.registrations.iter().enumerate() {
        for other in host.registrations.iter().skip(n + 1) {
            let overlap = one.prefix.starts_with(&other.prefix) || other.prefix.starts_with(&one.prefix);
            if one.server_name == other.server_name && overlap {
                said.push(format!(
                    "registrations `{}` and `{}` claim the same names on {}: both would answer for one ghost",
                    one.id, other.id, one.server_name
                ));
            }
        }
    }
    said
}

/// What a tenant's file contradicts in `patchbay.toml`.
pub(crate) fn of_tenant(host: &HostConfig, tenant: &TenantId, config: &TenantConfig) -> Vec<String> {
    let known = |id: &&RegistrationId| host.registrations.iter().any(|registration| registration.id == **id);
    let unknown = config.rooms.registrations.iter().filter(|id| !known(id)).map(|id| {
        format!("tenant `{tenant}`: `rooms.registrations` names `{id}`, which `patchbay.toml` does not have")
    });
    let drain = host.plugins.drain;
    let slow = config
        .slots()
        .filter_map(|(slot, config)| config.limits.time.map(|time| (slot, time)))
        .filter(|(_, time)| *time > drain)
        .map(|(slot, time)| {
            format!(
                "tenant `{tenant}`: `{slot}.limits.time` = {time} is longer than `plugins.drain` = {drain}: a call \
                 under way may be cut off when the host stops"
            )
        });
    let unlinked = (config.media.links && (host.hooks.public_url.is_none() || host.listen.hooks.is_none()))
        .then(|| {
            format!(
                "tenant `{tenant}`: `media.links` without `listen.hooks` and `hooks.public-url`: there is no place that a \
                 link could lead to, so there are none"
            )
        });
    unknown.chain(slow).chain(unlinked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "[[registrations]]\nid = 'a'\nhomeserver = 'http://h'\nserver-name = 'h'\nurl = 'http://p'\n\
        as-token = 'a'\nhs-token = 'b'\n";
    const TENANT: &str = "[mapper]\ncomponent = 'm'\n[router]\ncomponent = 'r'\n";

    #[test]
    fn the_defaults_contradict_nothing() {
        let host = HostConfig::parse(HOST).unwrap();
        assert_eq!(of_host(&host), Vec::<String>::new());
        let tenant = TenantConfig::parse(TENANT).unwrap();
        assert_eq!(of_tenant(&host, &TenantId::from("t"), &tenant), Vec::<String>::new());
    }

    #[test]
    fn an_adapter_that_may_take_longer_than_the_drain_is_told_of() {
        let host = HostConfig::parse(HOST).unwrap();
        let text = format!("{TENANT}[adapters.crm]\ncomponent = 'c'\n[adapters.crm.limits]\ntime = '2m'\n");
        let said = of_tenant(&host, &TenantId::from("t"), &TenantConfig::parse(&text).unwrap());
        assert!(said[0].contains("`adapters.crm.limits.time` = 2m"), "{said:?}");
    }

    #[test]
    fn webhooks_whose_urls_nobody_can_know_are_told_of() {
        let said = |listen: &str, hooks: &str| {
            let text = format!("[listen]\n{listen}\n[hooks]\n{hooks}\n{HOST}");
            of_host(&HostConfig::parse(&text).unwrap())
        };
        let both = said("hooks = '127.0.0.1:9110'", "public-url = 'https://hooks.example.org'");
        assert_eq!(both, Vec::<String>::new());
        let lonely = said("hooks = '127.0.0.1:9110'", "");
        assert!(lonely.len() == 1 && lonely[0].contains("without `hooks.public-url`"), "{lonely:?}");
        let deaf = said("", "public-url = 'https://hooks.example.org'");
        assert!(deaf.len() == 1 && deaf[0].contains("nobody listens"), "{deaf:?}");
        let twice = said("hooks = '127.0.0.1:9109'", "public-url = 'https://hooks.example.org'\nrate = 0");
        assert!(
            twice[0].contains("`listen.admin` are the same") && twice[1].contains("`hooks.rate`"),
            "{twice:?}"
        );
    }

    #[test]
    fn a_registration_that_does_not_exist_is_told_of() {
        let host = HostConfig::parse(HOST).unwrap();
        let text = format!("{TENANT}[rooms]\nregistrations = ['a', 'b']\n");
        let said = of_tenant(&host, &TenantId::from("t"), &TenantConfig::parse(&text).unwrap());
        assert!(said.len() == 1 && said[0].contains("names `b`"), "{said:?}");
    }

    #[test]
    fn two_registrations_that_claim_the_same_names_are_told_of() {
        let second = HOST.replace("id = 'a'", "id = 'b'\nprefix = '_patchbay_b_'");
        let said = of_host(&HostConfig::parse(&format!("{HOST}{second}")).unwrap());
        assert!(said[0].contains("`a` and `b` claim the same names on h"), "{said:?}");
    }
}
