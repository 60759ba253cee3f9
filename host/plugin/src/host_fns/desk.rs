//! `desk`: the embedded desk behind the call's port. Only a plugin that was granted the desk can import it; a call made
//! without a port is the host's own mistake, and ends there.

use crate::{
    call::FaultKind,
    ports::Desk,
    state::{State, Wall},
    wit::patchbay::plugin::{
        desk::{Host, Line, Unknown},
        types::{Change, Person, Text},
    },
};

impl State {
    fn desk(&mut self) -> wasmtime::Result<&mut dyn Desk> {
        self.port_call()?;
        match &mut self.ports.desk {
            Some(desk) => Ok(desk.as_mut()),
            None => {
                Err(Wall { kind: FaultKind::Trap, detail: "there is no desk in this call".to_owned() }.into())
            }
        }
    }
}

impl Host for State {
    fn create(&mut self, conversation: String, customer: Person) -> wasmtime::Result<String> {
        let ticket = self.desk()?.create(conversation, customer);
        self.ports.note("desk.create", &(), &ticket);
        Ok(ticket)
    }

    fn write(&mut self, ticket: String, line: Line) -> wasmtime::Result<Result<String, Unknown>> {
        let written = self.desk()?.write(ticket, line);
        self.ports.note("desk.write", &(), &written);
        Ok(written)
    }

    fn rewrite(&mut self, ticket: String, line: String, text: Text) -> wasmtime::Result<Result<(), Unknown>> {
        let done = self.desk()?.rewrite(ticket, line, text);
        self.ports.note("desk.rewrite", &(), &done);
        Ok(done)
    }

    fn remove(&mut self, ticket: String, line: String) -> wasmtime::Result<Result<(), Unknown>> {
        let done = self.desk()?.remove(ticket, line);
        self.ports.note("desk.remove", &(), &done);
        Ok(done)
    }

    fn react(
        &mut self,
        ticket: String,
        line: String,
        key: String,
        by: Person,
        on: bool,
    ) -> wasmtime::Result<Result<(), Unknown>> {
        let done = self.desk()?.react(ticket, line, key, by, on);
        self.ports.note("desk.react", &(), &done);
        Ok(done)
    }

    fn alter(&mut self, ticket: String, change: Change) -> wasmtime::Result<Result<(), Unknown>> {
        let done = self.desk()?.alter(ticket, change);
        self.ports.note("desk.alter", &(), &done);
        Ok(done)
    }
}
