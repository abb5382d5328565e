//! The stand-in against an application that defers: webhooks exist when Discord's would, and faults strike them.

use axum::{Json, Router, routing::post};
use discord_sim::{
    Config, Server, Signer,
    faults::{Effect, Fault},
    original_responses::Standing,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// An application that answers every interaction with `{"type":5}`; gives its origin.
async fn deferring_application() -> String {
    let router = Router::new().route("/interactions", post(async || Json(json!({ "type": 5 }))));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn discord() -> Server {
    let edge_url = Some(deferring_application().await);
    Server::start(Config { edge_url, ..Config::quiet(Signer::from_seed([7; 32])) }).await.unwrap()
}

async fn interact(discord: &Server, wanted: Value) -> Value {
    let url = format!("{}/control/interactions", discord.url());
    reqwest::Client::new().post(url).json(&wanted).send().await.unwrap().json().await.unwrap()
}

async fn edit(discord: &Server, token: &str, message: Value) -> reqwest::Response {
    let application = discord.state().application;
    let url = format!("{}/api/v10/webhooks/{application}/{token}/messages/@original", discord.url());
    let named = reqwest::Client::builder().user_agent("DiscordBot (https://discord.com/developers, 0) test");
    named.build().unwrap().patch(url).json(&message).send().await.unwrap()
}

#[tokio::test]
async fn a_deferred_answer_is_edited_once_faults_let_it_through() {
    let discord = discord().await;
    let typed = json!({ "name": "config", "permissions": "32", "options": [
        { "name": "tax", "type": 1, "options": [{ "name": "percent", "type": 4, "value": 5 }] },
    ]});
    let answer = interact(&discord, typed).await;
    assert_eq!(answer["body"], json!({ "type": 5 }));
    let token = answer["token"].as_str().unwrap();
    assert_eq!(discord.state().originals.get(token).unwrap().state, Standing::Deferred);

    discord.state().faults.add(Fault::new("/webhooks/", Effect::status(404)).times(1));
    discord.state().faults.add(Fault::new("/webhooks/", Effect::limited(1.5)).times(1));
    let late = || edit(&discord, token, json!({ "content": "done" }));
    assert_eq!(late().await.status(), 404);
    let limited = late().await;
    assert_eq!((limited.status().as_u16(), &limited.headers()["retry-after"]), (429, &"2".parse().unwrap()));
    assert_eq!(limited.json::<Value>().await.unwrap()["retry_after"], 1.5);
    let edited = late().await;
    assert_eq!(edited.status(), 200);
    assert_eq!(edited.json::<Value>().await.unwrap()["content"], "done");

    let url = format!("{}/control/originals/{token}", discord.url());
    let original: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    assert_eq!(original["edits"], json!([{ "content": "done" }]));
    assert_eq!((&original["attempts"], &original["state"]), (&json!(3), &json!("answered")));
}

#[tokio::test]
async fn a_button_is_on_the_message_of_an_earlier_answer() {
    let discord = discord().await;
    let first = interact(&discord, json!({ "name": "daily" })).await;
    edit(&discord, first["token"].as_str().unwrap(), json!({ "content": "200 coins" })).await;
    let clicked = interact(&discord, json!({ "customId": "remind", "messageOf": first["token"] })).await;
    assert_eq!(clicked["status"], 200);
    let original = discord.state().originals.get(clicked["token"].as_str().unwrap()).unwrap();
    assert_eq!(original.state, Standing::Deferred);
}
