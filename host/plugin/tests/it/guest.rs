//! Guests without a compiler: a core module in WAT, of a world of the contract, with every function that the world
//! wants. A function of which nothing is said answers zeros: an empty value of its type, and never an error.

use std::{fmt::Write as _, path::Path};

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{
    Function, Resolve, Type, WorldId, WorldItem, WorldKey,
    abi::{AbiVariant, WasmType},
};

/// Where zeros lie in a guest's memory, to answer with.
const ZEROS: u32 = 1024;

/// A guest to be written.
pub(crate) struct Guest {
    world: &'static str,
    manifest: String,
    fields: String,
    bodies: Vec<(String, String)>,
}

impl Guest {
    /// One that does nothing, of this world: `mapper`, `router`, `crm-adapter-base`, `crm-adapter-base`, `crm-adapter`, `desk-adapter`.
    pub(crate) fn of(world: &'static str) -> Self {
        Self { world, manifest: String::new(), fields: String::new(), bodies: Vec::new() }
    }

    /// Further lines of the manifest, before its tables.
    pub(crate) fn manifest(mut self, toml: &str) -> Self {
        self.manifest.push_str(toml);
        self
    }

    /// Module fields in WAT: imports come first.
    pub(crate) fn fields(mut self, wat: &str) -> Self {
        self.fields.push_str(wat);
        self
    }

    /// The body of a function, by its name in WIT (`prepare`, `from-matrix`, `open`), in WAT. What it leaves on the
    /// stack is its answer.
    pub(crate) fn body(mut self, function: &str, wat: &str) -> Self {
        self.bodies.push((function.to_owned(), wat.to_owned()));
        self
    }

    /// The component, with a manifest.
    pub(crate) fn build(&self) -> Vec<u8> {
        let world = self.world.trim_end_matches("-base");
        let manifest = format!(
            "name = 'guest'\nversion = '1.0.0'\ncontract = '0.1.0'\nworld = '{world}'\n{}",
            self.manifest
        );
        let wants = match world {
            "desk-adapter" => "[wants]\ndesk = true\nstore = true\n",
            "crm-adapter" => "[wants]\nstore = true\n",
            _ => "",
        };
        patchbay_package::componentize(&self.core(&Contract::ours()), &(manifest + wants)).unwrap()
    }

    /// The component with further imports, of a world that is written here in WIT; without a manifest.
    pub(crate) fn build_with(&self, wit: &str) -> Vec<u8> {
        let mut contract = Contract::ours();
        contract.resolve.push_str("further.wit", wit).unwrap();
        encode(&self.core(&contract))
    }

    /// The component with another parameter in one of its functions: a text; without a manifest.
    pub(crate) fn build_unlike(&self, interface: &str, function: &str) -> Vec<u8> {
        let mut contract = Contract::ours();
        let mut interfaces = contract.resolve.interfaces.iter_mut().map(|(_, one)| one);
        let found = interfaces.find(|one| one.name.as_deref() == Some(interface)).unwrap();
        found.functions[function].params[0].ty = Type::String;
        encode(&self.core(&contract))
    }

    /// The component as it would be for another version of the contract, without a manifest.
    pub(crate) fn build_for(&self, version: &str) -> Vec<u8> {
        encode(&self.core(&Contract::of_version(version)))
    }

    fn core(&self, contract: &Contract) -> Vec<u8> {
        let (world, functions) = contract.world(self.world);
        let mut wat = format!(
            "(module\n{}\n(memory (export \"memory\") 2)\n(global $heap (mut i32) (i32.const 65536))\n{REALLOC}\n",
            self.fields
        );
        for (name, function) in functions {
            let signature = contract.resolve.wasm_signature(AbiVariant::GuestExport, function);
            let list = |types: &[WasmType]| {
                types.iter().map(|ty| format!(" {}", core_type(*ty))).collect::<String>()
            };
            let (params, results) = (list(&signature.params), list(&signature.results));
            let default = if results.is_empty() { String::new() } else { format!("(i32.const {ZEROS})") };
            let body = self.bodies.iter().find(|(of, _)| *of == function.name).map(|(_, body)| body);
            let body = body.unwrap_or(&default);
            writeln!(wat, "(func (export \"{name}\") (param{params}) (result{results}) {body})").unwrap();
        }
        wat.push(')');
        let mut core = wat::parse_str(&wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
        embed_component_metadata(&mut core, &contract.resolve, world, StringEncoding::UTF8).unwrap();
        core
    }
}

fn encode(core: &[u8]) -> Vec<u8> {
    ComponentEncoder::default().validate(true).module(core).unwrap().encode().unwrap()
}

/// Hands out memory and never takes it back.
const REALLOC: &str = r#"
(func $realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
  (local.set $at
    (i32.and (i32.add (global.get $heap) (i32.sub (local.get 2) (i32.const 1))) (i32.sub (i32.const 0) (local.get 2))))
  (global.set $heap (i32.add (local.get $at) (local.get 3)))
  (block $enough
    (loop $more
      (br_if $enough (i32.le_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
      (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))
      unreachable))
  (local.get $at))"#;

fn core_type(ty: WasmType) -> &'static str {
    match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
    }
}

struct Contract {
    resolve: Resolve,
}

impl Contract {
    fn ours() -> Self {
        let mut resolve = Resolve::default();
        resolve.push_dir(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit"))).unwrap();
        Self { resolve }
    }

    fn of_version(version: &str) -> Self {
        let mut contract = Self::ours();
        for (_, package) in contract.resolve.packages.iter_mut() {
            package.name.version = Some(version.parse().unwrap());
        }
        contract
    }

    fn world(&self, name: &str) -> (WorldId, Vec<(String, &Function)>) {
        let (id, world) = self.resolve.worlds.iter().find(|(_, world)| world.name == name).unwrap();
        let mut functions = Vec::new();
        for (key, item) in &world.exports {
            let (WorldKey::Interface(_), WorldItem::Interface { id, .. }) = (key, item) else { continue };
            let interface = self.resolve.id_of(*id).unwrap();
            for function in self.resolve.interfaces[*id].functions.values() {
                functions.push((format!("{interface}#{}", function.name), function));
            }
        }
        (id, functions)
    }
}
