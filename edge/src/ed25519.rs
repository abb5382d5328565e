//! Signatures by the runtime's own Ed25519, which takes a third of the time that ours takes in wasm.

use std::cell::RefCell;

use interactions::{
    PublicKey, Verified,
    signature::{Claim, Forged},
};
use js_sys::{Array, Promise};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

use crate::log;

const ALGORITHM: &str = "Ed25519";

#[wasm_bindgen]
extern "C" {
    type Subtle;
    #[derive(Clone)]
    type CryptoKey;

    #[wasm_bindgen(thread_local_v2, js_namespace = crypto, js_name = subtle)]
    static SUBTLE: Subtle;

    #[wasm_bindgen(method, catch, js_name = importKey)]
    fn import_key(
        this: &Subtle,
        format: &str,
        key: &[u8],
        algorithm: &str,
        extractable: bool,
        usages: &Array,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn verify(
        this: &Subtle,
        algorithm: &str,
        key: &CryptoKey,
        signature: &[u8],
        message: &[u8],
    ) -> Result<Promise, JsValue>;
}

thread_local! {
    /// The key as the runtime has it. Importing it costs as much as a signature.
    static IMPORTED: RefCell<Option<(PublicKey, CryptoKey)>> = const { RefCell::new(None) };
}

/// Checks a claim; here, should the runtime fail at it.
pub async fn check<'a>(claim: Claim<'a>, key: &PublicKey) -> Result<Verified<'a>, Forged> {
    match ask(&claim, key).await {
        Ok(holds) => claim.checked(holds),
        Err(error) => {
            log::error(&format_args!("the runtime checks no signatures: {error:?}"));
            claim.check(key)
        }
    }
}

async fn ask(claim: &Claim<'_>, key: &PublicKey) -> Result<bool, JsValue> {
    let key = imported(key).await?;
    let asked = SUBTLE.with(|subtle| subtle.verify(ALGORITHM, &key, claim.signature(), claim.message()))?;
    Ok(JsFuture::from(asked).await?.is_truthy())
}

async fn imported(key: &PublicKey) -> Result<CryptoKey, JsValue> {
    let known = IMPORTED.with_borrow(|imported| {
        imported.as_ref().filter(|(known, _)| known == key).map(|(_, imported)| imported.clone())
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let usages = Array::of1(&JsValue::from_str("verify"));
    let asked = SUBTLE.with(|subtle| subtle.import_key("raw", key.as_bytes(), ALGORITHM, false, &usages))?;
    let imported = CryptoKey::from(JsFuture::from(asked).await?);
    IMPORTED.replace(Some((key.clone(), imported.clone())));
    Ok(imported)
}
