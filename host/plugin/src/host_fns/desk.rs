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
        Ok(self.desk()?.create(conversation, customer))
    }

    fn write(&mut self, ticket: String, line: Line) -> wasmtime::Result<Result<String, Unknown>> {
        Ok(self.desk()?.write(ticket, line))
    }

    fn rewrite(&mut self, ticket: String, line: String, text: Text) -> wasmtime::Result<Result<(), Unknown>> {
        Ok(self.desk()?.rewrite(ticket, line, text))
    }

    fn remove(&mut self, ticket: String, line: String) -> wasmtime::Result<Result<(), Unknown>> {
        Ok(self.desk()?.remove(ticket, line))
    }

    fn react(
        &mut self,
        ticket: String,
        line: String,
        key: String,
        by: Person,
        on: bool,
    ) -> wasmtime::Result<Result<(), Unknown>> {
        Ok(self.desk()?.react(ticket, line, key, by, on))
    }

    fn alter(&mut self, ticket: String, change: Change) -> wasmtime::Result<Result<(), Unknown>> {
        Ok(self.desk()?.alter(ticket, change))
    }
}
