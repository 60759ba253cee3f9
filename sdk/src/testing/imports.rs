//! What a component would import, with the same names and parameters, answered by the host of this thread.

/// `log`.
pub(crate) mod log {
    use crate::{log::Level, testing::state};

    pub(crate) fn write(level: Level, message: &str) {
        state::log(level, message);
    }
}

/// `clock`.
pub(crate) mod clock {
    use crate::{testing::state::asked, types::Timestamp};

    pub(crate) fn now() -> Timestamp {
        asked("clock.now", |state| state.now)
    }
}

/// `http`.
pub(crate) mod http {
    use crate::{
        http::contract::{Failure, Request, Response},
        testing::{
            http,
            state::{asked, fail},
        },
    };

    pub(crate) fn send(request: &Request) -> Result<Response, Failure> {
        asked("http.send", |state| http::send(state, request)).unwrap_or_else(|why| fail(&why))
    }

    pub(crate) fn forget(step: &str) {
        asked("http.forget", |state| http::forget(state, step));
    }
}

/// `secrets`.
pub(crate) mod secrets {
    use crate::{
        secrets::Algorithm,
        testing::{secrets, state::asked},
    };

    pub(crate) fn verify(algorithm: Algorithm, secret: &str, data: &[u8], signature: &[u8]) -> bool {
        asked("secrets.verify", |state| secrets::verify(state, algorithm, secret, data, signature))
    }

    pub(crate) fn sign(algorithm: Algorithm, secret: &str, data: &[u8]) -> Result<Vec<u8>, String> {
        asked("secrets.sign", |state| secrets::sign(state, algorithm, secret, data))
    }
}

/// `store`.
pub(crate) mod store {
    use crate::testing::state::asked;

    pub(crate) fn get(key: &str) -> Option<Vec<u8>> {
        asked("store.get", |state| state.store.get(key).cloned())
    }

    pub(crate) fn set(key: &str, value: &[u8]) -> Result<(), String> {
        asked("store.set", |state| state.store.insert(key.to_owned(), value.to_vec()));
        Ok(())
    }

    pub(crate) fn delete(key: &str) {
        asked("store.delete", |state| state.store.remove(key));
    }
}

/// `desk`.
pub(crate) mod desk {
    use crate::{
        desk::{Line, Unknown},
        testing::{desk, state::asked},
        types::{Change, Person, Text},
    };

    pub(crate) fn create(conversation: &str, customer: &Person) -> String {
        asked("desk.create", |state| desk::create(&mut state.tickets, conversation, customer))
    }

    pub(crate) fn write(ticket: &str, line: &Line) -> Result<String, Unknown> {
        asked("desk.write", |state| desk::ticket(&mut state.tickets, ticket)?.write(line))
    }

    pub(crate) fn rewrite(ticket: &str, line: &str, text: &Text) -> Result<(), Unknown> {
        asked("desk.rewrite", |state| desk::ticket(&mut state.tickets, ticket)?.rewrite(line, text))
    }

    pub(crate) fn remove(ticket: &str, line: &str) -> Result<(), Unknown> {
        asked("desk.remove", |state| desk::ticket(&mut state.tickets, ticket)?.remove(line))
    }

    pub(crate) fn react(ticket: &str, line: &str, key: &str, by: &Person, on: bool) -> Result<(), Unknown> {
        asked("desk.react", |state| desk::ticket(&mut state.tickets, ticket)?.react(line, key, by, on))
    }

    pub(crate) fn alter(ticket: &str, change: &Change) -> Result<(), Unknown> {
        asked("desk.alter", |state| {
            desk::ticket(&mut state.tickets, ticket)?.changes.push(change.clone());
            Ok(())
        })
    }
}
