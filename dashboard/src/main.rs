//! The page that administrators keep open: views over `protocol::feed`, driven by `protocol::link`.

mod format;
mod page;
mod shell;
mod snapshot;
mod socket;
mod sparkline;
mod view;
mod words;

use leptos::{mount::mount_to, prelude::document};
use wasm_bindgen::JsCast;

/// The element of `index.html` that holds the skeleton until the page stands.
const PLACE: &str = "page";

fn main() {
    let Some(place) = document().get_element_by_id(PLACE) else { return };
    place.set_inner_html("");
    mount_to(place.unchecked_into(), || {
        let shell = shell::Shell::start();
        view::page(shell)
    })
    .forget();
}
