//! Images: components as they are instantiated, made once and kept in the cache. An image is named by everything that
//! went into it, so that equal wishes share one, and a changed one never meets a stale one.

use std::{path::PathBuf, sync::Arc};

use patchbay_types::{Digest, tenant::InstancePolicy};
use wasmtime::component::Component;

use crate::{
    artefact,
    cache::Cache,
    compiler::{Compiler, Lost},
    engine::Engine,
    flight::Flights,
    host_fns::log::printable,
    prepare::{self, Ingredients},
    runtime::LoadError,
};

/// A component, compiled; prepared unless its instances are kept warm.
pub(crate) struct Image {
    pub(crate) component: Component,
}

/// Where images are made.
pub(crate) struct Images {
    cache: Arc<Cache>,
    compiler: Compiler,
    flights: Flights<Image>,
}

// === impl Images ===

impl Images {
    /// # Errors
    /// When the cache directory cannot be made, or no thread started.
    pub(crate) fn open(cache: PathBuf, key: [u8; 32]) -> std::io::Result<Self> {
        let cache = Arc::new(Cache::open(cache, key)?);
        Ok(Self { cache, compiler: Compiler::start()?, flights: Flights::default() })
    }

    /// Something serves now: no image is worth disturbing that.
    pub(crate) fn step_aside(&self) {
        self.compiler.step_aside();
    }

    /// The image of these ingredients: held by someone, or in the cache, or made now on the compiler's thread.
    ///
    /// # Errors
    /// When the component does not compile or cannot be prepared.
    pub(crate) fn get(
        &self,
        engine: &Engine,
        policy: InstancePolicy,
        ingredients: &Ingredients,
    ) -> Result<Arc<Image>, LoadError> {
        let prepared = policy == InstancePolicy::Fresh;
        let name = match prepared {
            true => {
                let settings = Digest::of(ingredients.settings.as_bytes());
                name("prepared", engine, &[ingredients.digest, settings])
            }
            false => name("plain", engine, &[ingredients.digest]),
        };
        self.flights.join(name, || {
            if let Some(component) = cached(&self.cache, engine, name) {
                return Ok(Image { component });
            }
            let (cache, engine, ingredients) = (Arc::clone(&self.cache), engine.clone(), ingredients.clone());
            let component = self.compiler.run(move || match prepared {
                true => {
                    let wasm = prepare::prepare(&engine, &ingredients, |instrumented| {
                        let name = self::name("instrumented", &engine, &[ingredients.digest]);
                        compiled(&cache, &engine, name, instrumented)
                    })?;
                    compiled(&cache, &engine, name, &wasm)
                }
                false => compiled(&cache, &engine, name, &ingredients.bytes),
            });
            Ok(Image { component: component.map_err(lost)?? })
        })
    }
}

/// From the cache, or compiled and put there.
fn compiled(cache: &Cache, engine: &Engine, name: Digest, wasm: &[u8]) -> Result<Component, LoadError> {
    if let Some(component) = cached(cache, engine, name) {
        return Ok(component);
    }
    let component = Component::from_binary(&engine.wasmtime, wasm).map_err(invalid)?;
    let written = component.serialize().map_err(invalid).map(|bytes| cache.put(name, &bytes))?;
    if let Err(error) = written {
        tracing::warn!(%error, "a compiled artefact was not cached: it will be compiled again at the next start");
        return Ok(component);
    }
    // What is mapped from a file is shared, and can be dropped and read again; what was just compiled is private.
    Ok(cached(cache, engine, name).unwrap_or(component))
}

fn cached(cache: &Cache, engine: &Engine, name: Digest) -> Option<Component> {
    let file = cache.get(name)?;
    match artefact::load(&engine.wasmtime, &file) {
        Ok(component) => Some(component),
        Err(error) => {
            tracing::warn!(%name, error = format!("{error:#}"), "a cached artefact does not load: it is made anew");
            None
        }
    }
}

fn name(purpose: &str, engine: &Engine, made_of: &[Digest]) -> Digest {
    let fixed: [&[u8]; 2] = [purpose.as_bytes(), engine.compatibility.as_bytes()];
    Digest::of_parts(fixed.into_iter().chain(made_of.iter().map(|digest| digest.as_bytes().as_slice())))
}

fn invalid(error: wasmtime::Error) -> LoadError {
    LoadError::Refused(format!("it does not compile: {}", printable(&format!("{error:#}"), 500)))
}

fn lost(lost: Lost) -> LoadError {
    LoadError::Refused(printable(&lost.to_string(), 500))
}
