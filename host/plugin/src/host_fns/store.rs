//! `store`: small state behind the call's key-value port. Without a port it is empty and keeps nothing.

use crate::{state::State, wit::patchbay::plugin::store::Host};

impl Host for State {
    async fn get(&mut self, key: String) -> wasmtime::Result<Option<Vec<u8>>> {
        self.port_call()?;
        let value = match &mut self.ports.store {
            Some(store) => store.get(&key).await,
            None => None,
        };
        self.ports.note("store.get", &(&key,), &value);
        Ok(value)
    }

    fn set(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<(), String>> {
        self.port_call()?;
        let kept = match &mut self.ports.store {
            Some(store) => store.set(&key, value),
            None => Err("not granted".to_owned()),
        };
        self.ports.note("store.set", &(&key,), &kept);
        Ok(kept)
    }

    fn delete(&mut self, key: String) -> wasmtime::Result<()> {
        self.port_call()?;
        if let Some(store) = &mut self.ports.store {
            store.delete(&key);
        }
        Ok(())
    }
}
