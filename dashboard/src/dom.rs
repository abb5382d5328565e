//! A thin hold on the document. `index.html` is the page; the program finds its parts here and keeps them true.
//!
//! Leptos' signals drive plain elements. Its typed views would cost a function a view, and with all that the page shows
//! they do not fit into the page's limit of bytes; see ARCHITECTURE.md.

use leptos::{
    prelude::{StoredValue, document},
    reactive::effect::RenderEffect,
};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Element, Event, HtmlElement, HtmlInputElement};

const SVG: &str = "http://www.w3.org/2000/svg";

/// An element of the document. Methods that change it return it, so that calls chain.
#[derive(Clone, Debug)]
pub struct El(pub Element);

/// A new element of HTML.
pub fn el(tag: &str) -> El {
    // A name that is no name of an element is a slip in this crate, and shows at the first look at the page.
    El(document()
        .create_element(tag)
        .unwrap_or_else(|_| JsCast::unchecked_into(document().create_comment(tag))))
}

/// A new element of SVG.
pub fn svg(tag: &str) -> El {
    document().create_element_ns(Some(SVG), tag).map_or_else(|_| el("i"), El)
}

/// A link within the page.
pub fn link(href: &str, text: &str) -> El {
    let link = el("a");
    link.attr("href", href).text(text);
    link
}

/// The element of `index.html` that this selector names; one of no effect when there is none.
pub fn query(selector: &str) -> El {
    document().query_selector(selector).ok().flatten().map_or_else(|| el("i"), El)
}

/// All elements that this selector names.
pub fn query_all(selector: &str) -> Vec<El> {
    let Ok(list) = document().query_selector_all(selector) else { return Vec::new() };
    (0..list.length()).filter_map(|index| Some(El(list.get(index)?.unchecked_into()))).collect()
}

/// Runs now, and again whenever a signal it has read changes, as long as what it belongs to is there.
pub fn effect(run: impl FnMut() + 'static) {
    effect_boxed(Box::new(run));
}

fn effect_boxed(mut run: Box<dyn FnMut()>) {
    StoredValue::new_local(RenderEffect::new(move |_: Option<()>| run()));
}

/// A length to the hundredth of a pixel: rows are seldom whole pixels high, and thousands of them add up.
pub fn px(length: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a list of some thousand rows"
    )]
    let hundredths = (length.max(0.0) * 100.0).round() as u64;
    let rest = hundredths % 100;
    let zero = if rest < 10 { "0" } else { "" };
    [&(hundredths / 100).to_string(), ".", zero, &rest.to_string(), "px"].concat()
}

impl El {
    /// The first element within that this selector names.
    pub fn query(&self, selector: &str) -> El {
        self.0.query_selector(selector).ok().flatten().map_or_else(|| el("i"), El)
    }

    /// Sets the text; never markup.
    pub fn text(&self, text: &str) -> &Self {
        self.0.set_text_content(Some(text));
        self
    }

    /// Sets an attribute.
    pub fn attr(&self, name: &str, value: &str) -> &Self {
        let _ = self.0.set_attribute(name, value);
        self
    }

    /// Sets or takes away an attribute without a value.
    pub fn flag(&self, name: &str, on: bool) -> &Self {
        let _ = self.0.toggle_attribute_with_force(name, on);
        self
    }

    /// Hides it, or not.
    pub fn hide(&self, hidden: bool) -> &Self {
        self.flag("hidden", hidden)
    }

    /// Sets the classes.
    pub fn class(&self, class: &str) -> &Self {
        self.attr("class", class)
    }

    /// Sets one property of the style.
    pub fn style(&self, name: &str, value: &str) -> &Self {
        let _ = self.html().style().set_property(name, value);
        self
    }

    /// Puts an element at the end of this one.
    pub fn add(&self, child: &El) -> &Self {
        let _ = self.0.append_child(&child.0);
        self
    }

    /// Puts a new element with a text at the end of this one.
    pub fn put(&self, tag: &str, class: &str, text: &str) -> &Self {
        let child = el(tag);
        if !class.is_empty() {
            child.class(class);
        }
        self.add(child.text(text))
    }

    /// Takes out all that is in it.
    pub fn empty(&self) -> &Self {
        self.text("")
    }

    /// An attribute's value; empty when it has none.
    pub fn get(&self, name: &str) -> String {
        self.0.get_attribute(name).unwrap_or_default()
    }

    /// The text of a field, or the chosen option of a list.
    pub fn value(&self) -> String {
        self.0.unchecked_ref::<HtmlInputElement>().value()
    }

    /// Writes into a field, or chooses.
    pub fn set_value(&self, value: &str) {
        self.0.unchecked_ref::<HtmlInputElement>().set_value(value);
    }

    /// Whether a box is ticked.
    pub fn is_checked(&self) -> bool {
        self.0.unchecked_ref::<HtmlInputElement>().checked()
    }

    /// Ticks a box, or not.
    pub fn set_checked(&self, checked: bool) {
        self.0.unchecked_ref::<HtmlInputElement>().set_checked(checked);
    }

    /// Gives it the keyboard.
    pub fn focus(&self) {
        let _ = self.html().focus();
    }

    /// The rendered height, in pixels; fractions included.
    pub fn height(&self) -> f64 {
        self.0.get_bounding_client_rect().height()
    }

    /// Listens to what happens to it, as long as what listens is there.
    pub fn on(&self, kind: &str, heard: impl FnMut(Event) + 'static) -> &Self {
        self.on_boxed(kind, Box::new(heard))
    }

    fn on_boxed(&self, kind: &str, heard: Box<dyn FnMut(Event)>) -> &Self {
        let closure = Closure::wrap(heard);
        let _ = self.0.add_event_listener_with_callback(kind, closure.as_ref().unchecked_ref());
        StoredValue::new_local(closure);
        self
    }

    /// As an element of HTML.
    pub fn html(&self) -> &HtmlElement {
        self.0.unchecked_ref()
    }
}
