//! Whose room is it. An explicit link wins; else what only the room's inviter or our own exclusive namespaces can
//! say. What a room says of itself decides nothing, and what two tenants could claim is nobody's.

use std::collections::{BTreeSet, HashSet};

use patchbay_types::{
    RegistrationId, TenantConfig, TenantId, UserId, config::RegistrationConfig, tenant::whole,
};
use regex::Regex;

/// What one event tells of a room's owner.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Evidence<'a> {
    /// Who invited our bot or one of our ghosts.
    pub inviter: Option<&'a UserId>,
    /// The tenant whose ghost was invited: ghosts' names are ours to give.
    pub ghost_of: Option<&'a TenantId>,
    /// The room's canonical alias.
    pub alias: Option<&'a str>,
}

/// Whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// This tenant's, and why: `link`, `ghost`, `alias`, `user`, `server`.
    Tenant(TenantId, &'static str),
    /// Several could claim it: nobody's, until an operator links it.
    Ambiguous(BTreeSet<TenantId>),
    /// Nobody claims it.
    Nobody,
}

/// The claims of all tenants, as their files say them.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    tenants: Vec<Claim>,
    namespaces: Vec<Namespace>,
}

#[derive(Debug)]
struct Claim {
    tenant: TenantId,
    /// Empty: rooms of every registration.
    registrations: HashSet<RegistrationId>,
    links: HashSet<String>,
    aliases: Vec<Regex>,
    users: Vec<Regex>,
    servers: HashSet<String>,
}

#[derive(Debug)]
struct Namespace {
    start: String,
    end: String,
}

// === impl Claims ===

impl Claims {
    /// Reads the claims out of the tenants' files; the registrations say which aliases are ours alone to make.
    pub(crate) fn new<'a>(
        tenants: impl IntoIterator<Item = (&'a TenantId, &'a TenantConfig)>,
        registrations: &[RegistrationConfig],
    ) -> Self {
        // The patterns were checked when the file was read.
        let compile = |patterns: &[String]| patterns.iter().filter_map(|p| whole(p).ok()).collect();
        let claim = |(tenant, config): (&TenantId, &TenantConfig)| Claim {
            tenant: tenant.clone(),
            registrations: config.rooms.registrations.iter().cloned().collect(),
            links: config.rooms.link.iter().chain(&config.rooms.staff).cloned().collect(),
            aliases: compile(&config.rooms.aliases),
            users: compile(&config.rooms.users),
            servers: config.rooms.servers.iter().cloned().collect(),
        };
        let namespace = |registration: &RegistrationConfig| Namespace {
            start: format!("#{}", registration.prefix),
            end: format!(":{}", registration.server_name),
        };
        Self {
            tenants: tenants.into_iter().map(claim).collect(),
            namespaces: registrations.iter().map(namespace).collect(),
        }
    }

    /// Whose room this is by its explicit links alone.
    #[must_use]
    pub(crate) fn linked(&self, registration: &RegistrationId, room: &str) -> Verdict {
        judge(self.of(registration).filter(|claim| claim.links.contains(room)), "link")
    }

    fn of<'a>(&'a self, registration: &'a RegistrationId) -> impl Iterator<Item = &'a Claim> {
        let all = |claim: &&Claim| claim.registrations.is_empty();
        self.tenants.iter().filter(move |claim| all(claim) || claim.registrations.contains(registration))
    }

    /// Whether a room of this registration may be this tenant's.
    #[must_use]
    pub(crate) fn may_have(&self, tenant: &TenantId, registration: &RegistrationId) -> bool {
        let claim = self.tenants.iter().find(|claim| claim.tenant == *tenant);
        claim.is_none_or(|claim| claim.registrations.is_empty() || claim.registrations.contains(registration))
    }

    /// Whose room this is by a link, else by the evidence. Each kind of evidence counts the same: two tenants with a
    /// claim of any kind make the room nobody's.
    #[must_use]
    pub(crate) fn decide(
        &self,
        registration: &RegistrationId,
        room: &str,
        evidence: Evidence<'_>,
    ) -> Verdict {
        let linked = self.linked(registration, room);
        if linked != Verdict::Nobody {
            return linked;
        }
        let alias = evidence.alias.filter(|alias| self.is_ours(alias));
        let mut why = "";
        let claims: Vec<&Claim> = self
            .of(registration)
            .filter(|claim| match claim.reason(evidence, alias) {
                Some(reason) => {
                    why = reason;
                    true
                }
                None => false,
            })
            .collect();
        judge(claims.into_iter(), why)
    }

    fn is_ours(&self, alias: &str) -> bool {
        self.namespaces.iter().any(|n| alias.starts_with(&n.start) && alias.ends_with(&n.end))
    }
}

impl Claim {
    fn reason(&self, evidence: Evidence<'_>, alias: Option<&str>) -> Option<&'static str> {
        if evidence.ghost_of == Some(&self.tenant) {
            return Some("ghost");
        }
        if alias.is_some_and(|alias| self.aliases.iter().any(|pattern| pattern.is_match(alias))) {
            return Some("alias");
        }
        let inviter = evidence.inviter?;
        if self.users.iter().any(|pattern| pattern.is_match(inviter.as_str())) {
            return Some("user");
        }
        inviter.server().filter(|server| self.servers.contains(*server)).map(|_| "server")
    }
}

fn judge<'a>(claims: impl Iterator<Item = &'a Claim>, why: &'static str) -> Verdict {
    let mut tenants: BTreeSet<TenantId> = claims.map(|claim| claim.tenant.clone()).collect();
    match (tenants.pop_first(), tenants.is_empty()) {
        (None, _) => Verdict::Nobody,
        (Some(only), true) => Verdict::Tenant(only, why),
        (Some(first), false) => {
            tenants.insert(first);
            Verdict::Ambiguous(tenants)
        }
    }
}

#[cfg(test)]
mod tests {
    use patchbay_types::config::HostConfig;

    use super::*;

    fn claims(tenants: &[(&str, &str)]) -> Claims {
        let host = HostConfig::parse(
            "[[registrations]]\nid = 'p'\nhomeserver = 'http://h'\nserver-name = 'h.org'\nurl = 'http://p'\n\
             as-token = 'a'\nhs-token = 'h'\n",
        )
        .unwrap();
        let slots = "\n[mapper]\ncomponent = 'm'\n[router]\ncomponent = 'r'\n";
        let parsed: Vec<(TenantId, TenantConfig)> = tenants
            .iter()
            .map(|(name, rooms)| {
                (TenantId::from(*name), TenantConfig::parse(&format!("[rooms]\n{rooms}{slots}")).unwrap())
            })
            .collect();
        Claims::new(parsed.iter().map(|(id, config)| (id, config)), &host.registrations)
    }

    fn by_inviter<'a>(inviter: &'a UserId) -> Evidence<'a> {
        Evidence { inviter: Some(inviter), ..Evidence::default() }
    }

    #[test]
    fn an_explicit_link_wins_over_every_pattern() {
        let claims = claims(&[("a", "link = ['!r']"), ("b", "servers = ['b.org']")]);
        let bob = UserId::from("@bob:b.org");
        assert_eq!(claims.decide(&"p".into(), "!r", by_inviter(&bob)), Verdict::Tenant("a".into(), "link"));
        assert_eq!(
            claims.decide(&"p".into(), "!other", by_inviter(&bob)),
            Verdict::Tenant("b".into(), "server")
        );
    }

    #[test]
    fn a_registration_that_a_tenant_does_not_name_brings_it_no_room() {
        let claims = claims(&[("a", "registrations = ['p']\nlink = ['!r']\nservers = ['b.org']")]);
        let bob = UserId::from("@bob:b.org");
        assert_eq!(claims.linked(&"other".into(), "!r"), Verdict::Nobody);
        assert_eq!(claims.decide(&"other".into(), "!s", by_inviter(&bob)), Verdict::Nobody);
        assert_eq!(claims.linked(&"p".into(), "!r"), Verdict::Tenant("a".into(), "link"));
        assert!(claims.may_have(&"a".into(), &"p".into()) && !claims.may_have(&"a".into(), &"other".into()));
    }

    #[test]
    fn what_two_could_claim_is_nobodys() {
        let claims = claims(&[("a", "users = ['@bob:.*']"), ("b", "servers = ['b.org']")]);
        let bob = UserId::from("@bob:b.org");
        let Verdict::Ambiguous(both) = claims.decide(&"p".into(), "!r", by_inviter(&bob)) else { panic!() };
        assert_eq!(both.len(), 2);
    }

    #[test]
    fn an_alias_counts_only_in_our_own_namespace() {
        let claims = claims(&[("a", "aliases = ['#.*:h\\.org']")]);
        let by_alias =
            |alias| claims.decide(&"p".into(), "!r", Evidence { alias: Some(alias), ..Evidence::default() });
        assert_eq!(by_alias("#_patchbay_a_sales:h.org"), Verdict::Tenant("a".into(), "alias"));
        assert_eq!(by_alias("#sales:h.org"), Verdict::Nobody);
        assert_eq!(by_alias("#_patchbay_a_sales:evil.org"), Verdict::Nobody);
    }

    #[test]
    fn an_invited_ghost_names_its_tenant() {
        let claims = claims(&[("a", ""), ("b", "")]);
        let tenant = TenantId::from("b");
        let evidence = Evidence { ghost_of: Some(&tenant), ..Evidence::default() };
        assert_eq!(claims.decide(&"p".into(), "!r", evidence), Verdict::Tenant("b".into(), "ghost"));
    }
}
