//! The page that administrators keep open: `protocol::feed` shown, `protocol::link` driven.

#![cfg_attr(
    not(target_family = "wasm"),
    allow(clippy::large_types_passed_by_value, reason = "what is passed is half as large in a browser")
)]

mod browser;
mod dom;
mod fetch;
mod format;
mod json;
mod lens;
mod page;
mod shell;
mod socket;
mod view;
mod words;

use leptos::{mount::mount_to, prelude::document};
use wasm_bindgen::JsCast;

/// The element of `index.html` that the program keeps true.
const PLACE: &str = "page";

fn main() {
    let Some(place) = document().get_element_by_id(PLACE) else { return };
    // Nothing is put into it: the page stands already. What is mounted owns all that listens.
    mount_to(place.unchecked_into(), || view::take_over(shell::Shell::start())).forget();
}
