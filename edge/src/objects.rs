//! The objects of a class, where the deployer wants them to be: both settings decide it for an object that is asked for the
//! first time, and for ever.

use std::cell::OnceCell;

use interactions::deployment::{JURISDICTIONS, LOCATIONS};
use js_sys::Reflect;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::{Env, EnvBinding, ObjectNamespace, Stub};

use crate::answer::Problem;

const LOCATION: &str = "OBJECT_LOCATION";
const JURISDICTION: &str = "OBJECT_JURISDICTION";

#[wasm_bindgen]
extern "C" {
    /// A namespace's part that the SDK does not wrap.
    type Bounded;

    #[wasm_bindgen(method, catch)]
    fn jurisdiction(this: &Bounded, name: &str) -> Result<JsValue, JsValue>;
}

/// The objects of a class.
pub struct Objects {
    namespace: ObjectNamespace,
    location: Option<String>,
}

impl Objects {
    /// The objects behind this binding.
    pub fn bound(env: &Env, binding: &str) -> Result<Self, Problem> {
        let Placement { location, jurisdiction } = Placement::chosen(env)?;
        let Some(jurisdiction) = jurisdiction else {
            return Ok(Self { namespace: env.durable_object(binding)?, location });
        };
        let all: Bounded = Reflect::get(env.as_ref(), &binding.into()).map_err(worker::Error::from)?.into();
        let within = all.jurisdiction(&jurisdiction).map_err(|error| {
            let why = worker::Error::from(error);
            Problem::bad_setting(JURISDICTION, format_args!("the runtime offers none: {why}"))
        })?;
        Ok(Self { namespace: ObjectNamespace::get(within)?, location })
    }

    /// The object of this name.
    pub fn named(&self, name: &str) -> worker::Result<Stub> {
        match &self.location {
            Some(location) => self.namespace.get_by_name_with_location_hint(name, location),
            None => self.namespace.get_by_name(name),
        }
    }
}

/// Where objects are to be.
#[derive(Clone)]
struct Placement {
    location: Option<String>,
    jurisdiction: Option<String>,
}

impl Placement {
    fn chosen(env: &Env) -> Result<Self, Problem> {
        thread_local! {
            /// Read once, as settings do not change while the Worker runs.
            static CHOSEN: OnceCell<Placement> = const { OnceCell::new() };
        }
        if let Some(chosen) = CHOSEN.with(|chosen| chosen.get().cloned()) {
            return Ok(chosen);
        }
        let place = Self {
            location: one_of(env, LOCATION, &LOCATIONS)?,
            jurisdiction: one_of(env, JURISDICTION, &JURISDICTIONS)?,
        };
        Ok(CHOSEN.with(|chosen| chosen.get_or_init(|| place).clone()))
    }
}

/// A setting that is one of these words, if it is set.
fn one_of(env: &Env, name: &str, words: &[&str]) -> Result<Option<String>, Problem> {
    let Some(word) = env.var(name).ok().map(|value| value.to_string()).filter(|word| !word.is_empty()) else {
        return Ok(None);
    };
    if words.contains(&word.as_str()) {
        Ok(Some(word))
    } else {
        Err(Problem::bad_setting(name, format_args!("expected one of {}", words.join(", "))))
    }
}
