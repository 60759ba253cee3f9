//! Who a person is in Odoo: one partner, found by our own mark, by phone or by e-mail, or made. Two people are never taken
//! for one: where several partners fit, a new one is made, and whoever works in Odoo is nobody's match.

use patchbay_sdk::{prelude::*, store};
use serde_json::{Value, json};

use crate::{
    fault::Fault,
    known::{Known, digest},
    load::Row,
    session::{Session, id, rows, text},
    transport::Ask,
};

/// The partner.
pub(crate) const PARTNER: &str = "res.partner";

/// Our mark on a partner, where the administrator has made the field.
pub(crate) const MARK: &str = "x_patchbay_person";

/// More candidates than this, and it is nobody's.
const CANDIDATES: u32 = 20;

/// Finds or makes the person.
///
/// # Errors
/// See [`Failure`].
pub(crate) fn contact(session: &Session<'_>, person: &Person) -> Result<String, Failure> {
    let known = session.known();
    if person.party == Party::System {
        return ourselves(session);
    }
    if let Some(remote) = person.remote.as_deref().and_then(|remote| remote.parse().ok())
        && let Some(partner) = fetched(session, &known, remote)?
    {
        complete(session, &known, &partner, person, remote)?;
        return Ok(remote.to_string());
    }
    let partner = match found(session, &known, person)? {
        Some(partner) => partner,
        None => made(session, &known, person)?,
    };
    // That we know this partner lets an agent begin a conversation; without a mark in Odoo this is the only place.
    if !known.partner_has(MARK)
        && let Err(error) = store::set(&format!("partner-{partner}"), person.id.as_bytes())
    {
        log::debug(&format!("who a partner is is not kept: {error}"));
    }
    Ok(partner.to_string())
}

/// The technical user's own partner: what the host has to say is said by whoever is there for it, and is nobody's contact.
fn ourselves(session: &Session<'_>) -> Result<String, Failure> {
    let me = session.first(Ask::read("res.users", &[session.uid()], &["partner_id"]))?;
    let partner = me.as_ref().and_then(|me| me.pointer("/partner_id/0")).and_then(Value::as_i64);
    partner
        .map(|partner| partner.to_string())
        .ok_or_else(|| Failure::rejected("Odoo does not say which partner the technical user has"))
}

/// The phone in E.164, wherever it stands.
pub(crate) fn phone(person: &Person) -> Option<String> {
    let tel = person.identifiers.iter().find_map(|uri| uri.strip_prefix("tel:"));
    let digits = digits(person.phone.as_deref().or(tel)?);
    // E.164: 15 digits at most; what is shorter than 7 is no subscriber's number.
    (7..=15).contains(&digits.len()).then(|| format!("+{digits}"))
}

fn email(person: &Person) -> Option<String> {
    let mailto = person.identifiers.iter().find_map(|uri| uri.strip_prefix("mailto:"));
    let email = person.email.as_deref().or(mailto)?.trim().to_lowercase();
    (email.contains('@') && !email.contains(char::is_whitespace)).then_some(email)
}

/// The partner of this number, if it is there and in use.
fn fetched(session: &Session<'_>, known: &Known, partner: i64) -> Result<Option<Value>, Failure> {
    let ask = Ask::search_read(PARTNER, json!([["id", "=", partner]]), &fields(known), 1);
    Ok(session.first(ask)?)
}

fn found(session: &Session<'_>, known: &Known, person: &Person) -> Result<Option<i64>, Failure> {
    if known.partner_has(MARK) {
        let marked =
            session.ask(Ask::search_read(PARTNER, json!([[MARK, "=", person.id]]), &fields(known), 2))?;
        if let Some(partner) = rows(marked).first().and_then(id) {
            return Ok(Some(partner));
        }
    }
    for (domain, fits) in [by_phone(known, person), by_email(known, person)].into_iter().flatten() {
        let all = rows(session.ask(Ask::search_read(PARTNER, domain, &fields(known), CANDIDATES))?);
        let full = all.len() >= CANDIDATES as usize;
        let mut fitting = all.iter().filter(|row| fits(row));
        match (fitting.next(), fitting.next()) {
            (Some(row), None) if !full && (person.party == Party::Agent || !is_colleague(row)) => {
                let Some(partner) = id(row) else { continue };
                complete(session, known, row, person, partner)?;
                return Ok(Some(partner));
            }
            (None, _) if !full => {}
            _ => return Ok(None),
        }
    }
    Ok(None)
}

type Fits = Box<dyn Fn(&Value) -> bool>;

/// Odoo keeps a phone as it was typed; where the phone module is installed, in E.164 beside it. Elsewhere the last digits are
/// looked for in their order, whatever stands between them, and the whole number is compared here.
fn by_phone(known: &Known, person: &Person) -> Option<(Value, Fits)> {
    let phone = phone(person)?;
    if known.partner_has("phone_sanitized") {
        return Some((json!([["phone_sanitized", "=", phone]]), Box::new(|_| true)));
    }
    let all = digits(&phone);
    let last: Vec<String> = all.chars().skip(all.len().saturating_sub(7)).map(String::from).collect();
    let last = last.join("%");
    let mut domain = vec![json!(["phone", "like", last])];
    if known.partner_has("mobile") {
        domain.splice(0..0, [json!("|"), json!(["mobile", "like", last])]);
    }
    let fits = move |row: &Value| {
        ["phone", "mobile"].iter().filter_map(|field| text(row, field)).any(|there| {
            let digits = digits(there);
            digits == all || digits.strip_prefix("00") == Some(&all)
        })
    };
    Some((Value::Array(domain), Box::new(fits)))
}

fn by_email(known: &Known, person: &Person) -> Option<(Value, Fits)> {
    let email = email(person)?;
    if known.partner_has("email_normalized") {
        return Some((json!([["email_normalized", "=", email]]), Box::new(|_| true)));
    }
    let fits = {
        let email = email.clone();
        move |row: &Value| text(row, "email").is_some_and(|there| there.trim().to_lowercase() == email)
    };
    Some((json!([["email", "=ilike", email]]), Box::new(fits)))
}

/// A customer who gives an agent's address must not speak as the agent; whom the tenant calls an agent may.
fn is_colleague(row: &Value) -> bool {
    row.get("user_ids").and_then(Value::as_array).is_some_and(|users| !users.is_empty())
}

/// Makes the partner under an external ID that follows from the person: however many ask at once, there is one.
fn made(session: &Session<'_>, known: &Known, person: &Person) -> Result<i64, Failure> {
    let mut name = format!("person_{}", digest(&person.id));
    // An archived partner has the external ID for ever: whoever archived it wants it no more.
    for _ in 0..3 {
        let mut row = Row::named(&name);
        row.set("name", cut(person.name(), 120));
        if let Some(phone) = phone(person) {
            row.set("phone", phone);
        }
        if let Some(email) = email(person) {
            row.set("email", email);
        }
        if known.partner_has(MARK) {
            row.set(MARK, person.id.as_str());
        }
        let partner =
            row.load(session, PARTNER, &format!("contact-{name}")).map_err(|rowed| rowed.failure(""))?;
        if fetched(session, known, partner)?.is_some() {
            return Ok(partner);
        }
        name = format!("{name}_{partner}");
    }
    Err(Failure::rejected("this person's contacts in Odoo are archived, one after another"))
}

/// Fills in what the partner lacks; what stands there may have been put right by a person.
fn complete(
    session: &Session<'_>,
    known: &Known,
    row: &Value,
    person: &Person,
    partner: i64,
) -> Result<(), Failure> {
    let mut vals = serde_json::Map::new();
    let lacks = |field: &str| known.partner_has(field) && text(row, field).is_none();
    if let Some(phone) = phone(person).filter(|_| lacks("phone") && text(row, "mobile").is_none()) {
        vals.insert("phone".to_owned(), phone.into());
    }
    if let Some(email) = email(person).filter(|_| lacks("email")) {
        vals.insert("email".to_owned(), email.into());
    }
    if lacks(MARK) {
        vals.insert(MARK.to_owned(), person.id.as_str().into());
    }
    if vals.is_empty() {
        return Ok(());
    }
    let write = Ask::write(PARTNER, &[partner], Value::Object(vals)).step("contact-complete");
    match session.ask(write) {
        Ok(_) => Ok(()),
        // Whoever may not change a contact can still write in its name.
        Err(Fault::Forbidden(said) | Fault::Refused(said)) => {
            log::warn(&format!("a contact is not completed: {said}"));
            Ok(())
        }
        Err(fault) => Err(fault.failure()),
    }
}

fn fields(known: &Known) -> Vec<&'static str> {
    ["name", "email", "phone", "mobile", "user_ids", MARK]
        .into_iter()
        .filter(|field| known.partner_has(field))
        .collect()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// At most so many characters, on one line.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let line = text
        .split(|c: char| c.is_control())
        .filter(|part| !part.trim().is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let line = line.trim();
    if line.chars().count() <= most {
        return line.to_owned();
    }
    let mut short: String = line.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}
