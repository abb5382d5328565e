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
    /// Its name in the action, and in what it is filled in from.
    pub name: &'static str,
    /// What the reader reads.
    pub label: &'static str,
    /// How it is sent.
    pub kind: Kind,
}

/// How a field is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As a text that has to be there.
    Text,
    /// As a text that is left out when it is empty.
    Maybe,
    /// As a number that is left out when it is none.
    Number,
}

/// One action, before its reason is given.
pub struct Act {
    /// On which server; on everything when it is none.
    pub server: Option<GuildId>,
    /// Its word in the protocol.
    pub action: &'static str,
    /// The heading of the dialog, and what its button does.
    pub title: String,
    /// What the reader has to know before.
    pub about: &'static str,
    /// What it is done to: a field of the action that is sent as it is.
    pub to: (&'static str, JsValue),
    /// What is asked for.
    pub fields: &'static [Field],
    /// What stands in the fields at first.
    pub values: Json,
    /// Whether it is marked as dangerous.
    pub is_dangerous: bool,
}

/// What the dialog asks for, and what was sent last from it, under which key.
type Asked = Rc<RefCell<(Option<Rc<Act>>, String, String)>>;

thread_local! {
    static ASKED: Asked = Asked::default();
}

/// A button that opens an action's dialog.
pub fn button(name: &str, act: Act) -> El {
    let (button, act) = (el("button"), Rc::new(act));
    button.class("button small").attr("type", "button").attr("aria-label", &act.title).text(name);
    button.on("click", move |_| open(&act));
    button
}

/// Listens to the dialog.
pub fn keep(shell: Shell) {
    one("#act-form").on("submit", move |event| {
        event.prevent_default();
        spawn_local(send(shell));
    });
}

fn open(act: &Rc<Act>) {
    one("#act-title").text(&act.title);
    one("#act-about").text(act.about);
    one("#act-trouble").empty();
    one("#act-do").class(if act.is_dangerous { "button danger" } else { "button primary" }).text(&act.title);
    let fields = one("#act-fields");
    fields.empty();
    for field in act.fields {
        let (label, input) = (el("label"), el("input"));
        input.attr("name", field.name).attr("maxlength", "100").attr("autocomplete", "off");
        input.flag("required", field.kind == Kind::Text);
        input.set_value(&act.values.text(field.name));
        fields.add(label.text(field.label).add(&input));
    }
    one("#act-reason").set_value("");
    one("[data-said]").empty();
    ASKED.with(|asked| *asked.borrow_mut() = (Some(act.clone()), String::new(), String::new()));
    let _ = dialog().show_modal();
}

fn dialog() -> HtmlDialogElement {
    one("#act").0.unchecked_into()
}

async fn send(shell: Shell) {
    let asked = ASKED.with(Rc::clone);
    let Some((path, body)) = body(&asked) else { return };
    let yes = one("#act-do");
    yes.flag("disabled", true);
    let (status, answer) = fetch::act(&path, &body).await.unwrap_or_default();
    yes.flag("disabled", false);
    if (200..500).contains(&status) {
        asked.borrow_mut().1.clear(); // It is decided: the next press is another action.
    }
    let answer = Json::parse(&answer);
    let said = |answer: Json| answer.text("message");
    if status == 200 {
        dialog().close();
        refill(shell);
        one("[data-said]").text(&answer.map(said).unwrap_or_default());
        one("main").focus();
    } else {
        let line = answer.map(|answer| said(answer.get("error"))).unwrap_or_default();
        one("#act-trouble").text(if line.is_empty() { words::refusal(status) } else { &line });
    }
}

/// Where the action is sent, and the action as JSON. What is sent again because no answer came has the same key, and
/// happens once.
fn body(asked: &Asked) -> Option<(String, String)> {
    let mut asked = asked.borrow_mut();
    let act = asked.0.clone()?;
    let body = Object::new();
    let put = |name: &str, value: &JsValue| _ = Reflect::set(&body, &name.into(), value);
    put("action", &act.action.into());
    put(act.to.0, &act.to.1);
    put("reason", &one("#act-reason").value().into());
    for field in act.fields {
        let value = one(&["#act-fields [name=", field.name, "]"].concat()).value();
        match field.kind {
            Kind::Number => {
                if let Some(number) = Json::parse(&value) {
                    put(field.name, &number.0);
                }
            }
            Kind::Maybe if value.is_empty() => {}
            _ => put(field.name, &value.into()),
        }
    }
    let content = String::from(JSON::stringify(&body).ok()?);
    if asked.1 != content {
        asked.1 = content;
        asked.2 = [&browser::now().to_string(), "-", &browser::entropy().to_string()].concat();
    }
    put("key", &asked.2.as_str().into());
    let path = act.server.map_or_else(|| "/api/actions".to_owned(), |id| server::path(id, "actions"));
    Some((path, JSON::stringify(&body).ok()?.into()))
}
