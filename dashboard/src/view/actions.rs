//! What somebody who may act does from the page: one dialog asks for what is needed and for the reason, and says what
//! came of it.

use std::{cell::RefCell, rc::Rc};

use js_sys::{JSON, Object, Reflect};
use protocol::GuildId;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlDialogElement;

use super::{refill, server};
use crate::{
    browser,
    dom::{El, el, one},
    fetch,
    json::Json,
    shell::Shell,
    words,
};

/// Something that is asked for.
#[derive(Clone, Copy)]
pub struct Field {
    /// Its name in the action.
    pub name: &'static str,
    /// What the reader reads.
    pub label: &'static str,
    /// Whether it travels as a number.
    pub is_number: bool,
    /// Whether it may be left empty; then it is left out.
    pub is_optional: bool,
}

impl Field {
    /// A text that has to be there.
    pub const fn text(name: &'static str, label: &'static str) -> Self {
        Self { name, label, is_number: false, is_optional: false }
    }

    /// A text that may be left out.
    pub const fn maybe(name: &'static str, label: &'static str) -> Self {
        Self { is_optional: true, ..Self::text(name, label) }
    }

    /// A number that may be left out.
    pub const fn number(name: &'static str, label: &'static str) -> Self {
        Self { is_number: true, ..Self::maybe(name, label) }
    }
}

/// One action, before its reason is given.
#[derive(Clone)]
pub struct Act {
    /// On which server; on everything when it is none.
    pub server: Option<GuildId>,
    /// Its word in the protocol.
    pub action: &'static str,
    /// The heading of the dialog, and what its button does.
    pub title: String,
    /// What the reader has to know before.
    pub about: &'static str,
    /// What is sent as it is.
    pub fixed: Vec<(&'static str, JsValue)>,
    /// What is asked for, and what stands there at first.
    pub fields: Vec<(Field, String)>,
    /// Whether it is marked as dangerous.
    pub is_dangerous: bool,
}

/// A button that opens an action's dialog.
pub fn button(shell: Shell, name: &str, act: Act) -> El {
    let button = el("button");
    button.class("button small").attr("type", "button").text(name);
    button.on("click", move |_| open(shell, &act));
    button
}

/// A dialog that is open.
#[derive(Clone)]
struct Asking {
    shell: Shell,
    act: Act,
    dialog: El,
    inputs: Vec<(Field, El)>,
    trouble: El,
    yes: El,
    /// What was sent last, and under which key.
    last: Rc<RefCell<(String, String)>>,
}

fn open(shell: Shell, act: &Act) {
    let (dialog, form) = (el("dialog"), el("form"));
    dialog.attr("aria-label", &act.title).class("acting").put("h2", "", &act.title);
    if !act.about.is_empty() {
        dialog.put("p", "", act.about);
    }
    let mut inputs: Vec<(Field, El)> =
        act.fields.iter().map(|(field, value)| (*field, input(&form, *field, value, "100"))).collect();
    inputs.push((REASON, input(&form, REASON, "", "200")));
    let (trouble, choices, no, yes) = (el("p"), el("div"), el("button"), el("button"));
    trouble.class("trouble-line").attr("role", "status");
    no.class("button").attr("type", "button").text("Cancel");
    yes.class(if act.is_dangerous { "button danger" } else { "button primary" }).text(&act.title);
    choices.class("choices").add(&no).add(&yes);
    dialog.add(form.add(&trouble).add(&choices));
    one("body").add(&dialog);
    one("[data-said]").empty();
    let (gone, cancelled) = (dialog.clone(), dialog.clone());
    dialog.on("close", move |_| gone.0.remove());
    no.on("click", move |_| close(&cancelled));
    let asking = Asking { shell, act: act.clone(), dialog, inputs, trouble, yes, last: Rc::default() };
    let shown = asking.dialog.clone();
    form.on("submit", move |event| {
        event.prevent_default();
        spawn_local(asking.clone().send());
    });
    let _ = shown.0.unchecked_ref::<HtmlDialogElement>().show_modal();
}

impl Asking {
    async fn send(self) {
        let Some(body) = self.body() else { return };
        let path =
            self.act.server.map_or_else(|| "/api/actions".to_owned(), |id| server::path(id, "actions"));
        self.yes.flag("disabled", true);
        let (status, answer) = fetch::act(&path, &body).await.unwrap_or_default();
        self.yes.flag("disabled", false);
        if (200..500).contains(&status) {
            self.last.take(); // It is decided: the next press is another action.
        }
        let answer = Json::parse(&answer);
        match answer {
            Some(done) if status == 200 => {
                close(&self.dialog);
                refill(self.shell);
                one("[data-said]").text(&done.text("message"));
                one("main").focus();
            }
            refused => {
                let line = refused.map(|body| body.get("error").text("message")).unwrap_or_default();
                self.trouble.text(if line.is_empty() { words::refusal(status) } else { &line });
            }
        }
    }

    /// The action as JSON. What is sent again because no answer came has the same key, and happens once.
    fn body(&self) -> Option<String> {
        let body = Object::new();
        let put = |name: &str, value: &JsValue| _ = Reflect::set(&body, &name.into(), value);
        put("action", &self.act.action.into());
        for (name, value) in &self.act.fixed {
            put(name, value);
        }
        for (field, input) in &self.inputs {
            let value = input.value();
            if field.is_number {
                if let Ok(number) = value.parse::<i32>() {
                    put(field.name, &number.into());
                }
            } else if !(field.is_optional && value.is_empty()) {
                put(field.name, &value.into());
            }
        }
        let content = String::from(JSON::stringify(&body).ok()?);
        let mut last = self.last.borrow_mut();
        if last.0 != content {
            *last = (content, [&browser::now().to_string(), "-", &browser::entropy().to_string()].concat());
        }
        put("key", &last.1.as_str().into());
        JSON::stringify(&body).ok().map(String::from)
    }
}

const REASON: Field = Field::text("reason", "Reason");

fn close(dialog: &El) {
    dialog.0.unchecked_ref::<HtmlDialogElement>().close();
}

fn input(form: &El, field: Field, value: &str, most: &str) -> El {
    let (label, input) = (el("label"), el("input"));
    label.put("span", "", field.label);
    input.attr("name", field.name).attr("maxlength", most).attr("autocomplete", "off");
    input.flag("required", !field.is_optional);
    input.set_value(value);
    label.add(&input);
    form.add(&label);
    input
}
