//! The actions from the page: one dialog asks for the fields and the reason, and says what came of it.

use std::{cell::RefCell, rc::Rc};

use js_sys::{JSON, Object, Reflect};
use leptos::prelude::Update;
use protocol::GuildId;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlDialogElement;

use view_model::{
    field::{self, Kind},
    words,
};

use crate::{
    browser,
    dom::{El, el, query},
    fetch,
    json::Json,
    shell::Shell,
};

/// The text of a limit that is not set.
const NO_LIMIT: &str = "no limit";

/// Something that is asked for.
#[derive(Clone, Copy)]
pub struct Field {
    /// Its name in the action, and in what it is filled in from.
    pub name: &'static str,
    /// The label beside the field.
    pub label: &'static str,
    /// The values that the field takes.
    pub kind: Kind,
}

/// One action, before its reason is given.
pub struct Act {
    /// The server of the action; everything when it is none.
    pub server: Option<GuildId>,
    /// Its word in the protocol.
    pub action: &'static str,
    /// The heading of the dialog, and what its button does.
    pub title: String,
    /// A warning above the fields; empty when there is nothing to know before.
    pub about: &'static str,
    /// The action's target: a field of the action, and its value as it is sent.
    pub to: (&'static str, JsValue),
    /// The fields that the dialog asks for.
    pub fields: Vec<Field>,
    /// The values that the fields begin with, by their names.
    pub values: Json,
    /// Whether a field that is left as it stands says nothing, and is not sent.
    pub is_change: bool,
    /// Whether it is marked as dangerous.
    pub is_dangerous: bool,
}

/// The open dialog's action, the JSON that it sent last, and the idempotency key of that.
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
pub fn mount(shell: Shell) {
    query("#act-form").on("submit", move |event| {
        event.prevent_default();
        fetch::spawn(send(shell));
    });
}

fn open(act: &Rc<Act>) {
    query("#act-title").text(&act.title);
    query("#act-about").text(act.about);
    query("#act-trouble").empty();
    query("#act-do")
        .class(if act.is_dangerous { "button danger" } else { "button primary" })
        .text(&act.title);
    let fields = query("#act-fields");
    fields.empty();
    for field in &act.fields {
        let input = input_of(field.kind);
        let trouble = [field.name, "-trouble"].concat();
        input.attr("name", field.name).attr("aria-describedby", &trouble);
        input.set_value(&first(act, field));
        fields.add(el("label").text(field.label).add(&input));
        fields.add(el("p").class("field-trouble").attr("id", &trouble));
    }
    query("#act-reason").set_value("");
    query("[data-said]").empty();
    ASKED.with(|asked| *asked.borrow_mut() = (Some(act.clone()), String::new(), String::new()));
    let _ = dialog().show_modal();
}

fn input_of(kind: Kind) -> El {
    if kind != Kind::Switch {
        let input = el("input");
        input.attr("maxlength", "100").attr("autocomplete", "off");
        if kind == Kind::Limit {
            input.attr("placeholder", NO_LIMIT);
        }
        return input;
    }
    let choices = el("select");
    for (value, text) in [("1", "On"), ("0", "Off")] {
        choices.add(el("option").attr("value", value).text(text));
    }
    choices
}

/// The text that a field begins with.
fn first(act: &Act, field: &Field) -> String {
    let known = act.values.text(field.name);
    if known.is_empty() && field.kind == Kind::Limit { NO_LIMIT.to_owned() } else { known }
}

fn dialog() -> HtmlDialogElement {
    query("#act").0.unchecked_into()
}

async fn send(shell: Shell) {
    let asked = ASKED.with(Rc::clone);
    let Some((path, body)) = body(&asked) else { return };
    let yes = query("#act-do");
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
        // The parts that show it read their figures again in place: nothing moves under the reader's eyes.
        shell.page.acted.update(|acted| *acted += 1);
        query("[data-said]").text(&answer.map(said).unwrap_or_default());
    } else {
        let line = answer.map(|answer| said(answer.get("error"))).unwrap_or_default();
        query("#act-trouble").text(if line.is_empty() { words::refusal(status) } else { &line });
    }
}

/// Reads the fields that are to be sent. `None` when one of them is refused; each refused field then says why.
fn typed(act: &Act) -> Option<Vec<(&'static str, String)>> {
    let mut sent = Some(Vec::new());
    for field in &act.fields {
        let input = query(&["#act-fields [name=", field.name, "]"].concat());
        let value = input.value();
        let was = act.is_change.then(|| first(act, field));
        let read = field::read(field.kind, &value, was.as_deref());
        complain(&input, read.as_ref().err().map_or("", String::as_str), sent.is_some());
        match read {
            Ok(true) => drop(sent.as_mut().map(|sent| sent.push((field.name, value)))),
            Ok(false) => {}
            Err(_) => sent = None,
        }
    }
    sent
}

/// Says beside a field what is wrong with it, or that nothing is. The first that is wrong gets the keyboard.
pub fn complain(input: &El, trouble: &str, is_first: bool) {
    query(&["#", &input.get("aria-describedby")].concat()).text(trouble);
    input.attr("aria-invalid", if trouble.is_empty() { "false" } else { "true" });
    if !trouble.is_empty() && is_first {
        input.focus();
    }
}

/// The action's path, and its body as JSON. The same content again, after no answer came, has the same key, and happens
/// once.
fn body(asked: &Asked) -> Option<(String, String)> {
    let mut asked = asked.borrow_mut();
    let act = asked.0.clone()?;
    let fields = typed(&act)?;
    let body = Object::new();
    let put = |name: &str, value: &JsValue| _ = Reflect::set(&body, &name.into(), value);
    put("action", &act.action.into());
    put(act.to.0, &act.to.1);
    put("reason", &query("#act-reason").value().into());
    for (name, value) in fields {
        put(name, &value.into());
    }
    let content = String::from(JSON::stringify(&body).ok()?);
    if asked.1 != content {
        asked.1 = content;
        asked.2 = [&browser::now().to_string(), "-", &browser::entropy().to_string()].concat();
    }
    put("key", &asked.2.as_str().into());
    let path = act.server.map_or_else(|| "/api/actions".to_owned(), |id| fetch::guild_path(id, "actions"));
    Some((path, JSON::stringify(&body).ok()?.into()))
}
