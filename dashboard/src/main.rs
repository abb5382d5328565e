//! The page that administrators keep open: `protocol::feed` shown, `protocol::link` driven.

mod browser;
mod dom;
mod fetch;
mod format;
mod json;
mod page;
mod shell;
mod socket;
mod view;

use leptos::{mount::mount_to, prelude::document};
use wasm_bindgen::JsCast;

/// The element of `index.html` that the program keeps true.
const PLACE: &str = "page";

fn main() {
    let Some(place) = document().get_element_by_id(PLACE) else { return };
    // Nothing is put into it: the page stands already. The mounted view owns all that listens.
    mount_to(place.unchecked_into(), || view::take_over(shell::Shell::start())).forget();
}
