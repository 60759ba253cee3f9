//! Requests against the script, and the journal of steps.

use serde_json::Value;

use super::{Sent, state::State};
use crate::http::contract::{Destination, Failure, Request, Response, Take};

/// # Errors
/// With what the author of the plugin or of the test has to know: nothing like it was expected.
pub(super) fn send(state: &mut State, request: &Request) -> Result<Result<Response, Failure>, String> {
    let entry = request.step.clone().map(|step| (state.call.clone(), step));
    if let Some((call, step)) = &entry
        && !state.steps.insert(step.clone())
        && state.journal.contains_key(&(call.clone(), step.clone()))
    {
        return Err(format!(
            "the step `{step}` was done in this attempt already: another effect needs another name"
        ));
    }
    if let Some(answer) = entry.as_ref().and_then(|entry| state.journal.get(entry)) {
        return Ok(Ok(answer.clone()));
    }
    let sent = Sent::of(request);
    let fits = |(expected, times): &&mut (super::Expect, usize)| {
        (expected.repeatedly || *times == 0) && expected.fits(&sent)
    };
    let Some((expected, times)) = state.expected.iter_mut().find(fits) else {
        return Err(unexpected(state, &sent));
    };
    *times += 1;
    let mut answer = expected.answer.clone();
    state.sent.push(sent);
    if let Ok(response) = &mut answer
        && response.is_success()
    {
        for take in &request.take {
            taken(state, response, take);
        }
        if let Some(entry) = entry {
            state.journal.insert(entry, response.clone());
        }
    }
    Ok(answer)
}

pub(super) fn forget(state: &mut State, step: &str) {
    state.journal.remove(&(state.call.clone(), step.to_owned()));
}

fn taken(state: &mut State, response: &mut Response, take: &Take) {
    let handle = format!("file-{}", state.files.len() + 1);
    let stands = match &take.into {
        Destination::File | Destination::Base64File => handle.clone(),
        Destination::Secret(_) => String::new(),
    };
    let bytes = if take.at.is_empty() {
        std::mem::replace(&mut response.body, stands.into_bytes())
    } else {
        let mut body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let Some(part) = body.pointer_mut(&take.at) else { return };
        let part = std::mem::replace(part, stands.into());
        response.body = body.to_string().into_bytes();
        part.as_str().map_or_else(|| part.to_string(), str::to_owned).into_bytes()
    };
    match &take.into {
        Destination::File | Destination::Base64File => drop(state.files.insert(handle, bytes)),
        Destination::Secret(name) => {
            state.secrets.insert(name.clone(), vec![String::from_utf8_lossy(&bytes).into_owned()]);
        }
    }
}

fn unexpected(state: &State, sent: &Sent) -> String {
    let left: Vec<_> = state
        .expected
        .iter()
        .filter(|(expected, times)| expected.repeatedly || *times == 0)
        .map(|(expected, _)| format!("\n  {expected}"))
        .collect();
    let left = if left.is_empty() { "\n  nothing more".to_owned() } else { left.concat() };
    let step = sent.step.as_deref().map(|step| format!(" as step {step}")).unwrap_or_default();
    format!(
        "nobody expected {} {}{step}, with {:?} and {:?}\nexpected:{left}",
        sent.method,
        sent.url,
        sent.headers,
        sent.text()
    )
}
