//! Answers as Discord may come to write them, over HTTP.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    routing::{get, post},
};
use clap::Parser;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::{
    config::{Arguments, Task},
    register,
};

/// The commands that have been registered.
type Taken = Arc<Mutex<Vec<Value>>>;

/// Serves answers in which everything that is not used is of a form that nobody knows.
async fn discord(commands: Value) -> (Discord, Taken) {
    let registered = Taken::default();
    let noted = registered.clone();
    let application = json!({
        "id": "7", "verify_key": "ab", "owner_user_id": null, "flags": "1180591620717411303424", "icon": {"hash": 1},
        "approximate_guild_count": null, "interactions_endpoint_url": null, "team": [],
    });
    let me = json!({"id": "7", "username": "pulse", "avatar": "v2_0aZ", "flags": "many", "public_flags": {}});
    let channel = json!({"id": "9", "type": 99, "recipients": null});
    let routes = Router::new()
        .route("/api/v10/applications/@me", get(async || Json(application)))
        .route("/api/v10/users/@me", get(async || Json(me)))
        .route("/api/v10/users/@me/channels", post(async || Json(channel)))
        .route(
            "/api/v10/applications/7/commands",
            get(async || Json(commands)).put(async move |Json(given): Json<Value>| {
                noted.lock().unwrap().push(given);
                Json(json!([{"options": [{"type": 12}]}]))
            }),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api/v10", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, routes).await });
    let typed = ["bot-worker", "register", "--discord-token", "a.b.c", "--discord-api", &url];
    let Ok(Task::Register(settings, _)) = Arguments::parse_from(typed).task() else { panic!("no settings") };
    (Discord::new(&settings).unwrap(), registered)
}

#[tokio::test]
async fn nothing_that_is_not_used_keeps_the_bot_from_starting() {
    let odd = json!([
        {"id": "1", "application_id": "7", "version": "1", "type": 1, "name": "daily", "description": "x",
            "default_member_permissions": null, "options": [{"type": 12, "name": "a", "description": "x"}]},
        {"id": "2", "application_id": "7", "version": "1", "type": 1, "name": "pay", "description": "x",
            "default_member_permissions": "1180591620717411303424"},
    ]);
    for commands in [odd, json!({"page": 1}), json!([null, 5])] {
        let (discord, registered) = discord(commands.clone()).await;
        let application = discord.application().await.unwrap();
        assert_eq!((application.id.get(), application.guilds), (7, None));
        assert_eq!(
            discord.bot().await.unwrap().avatar_url.as_deref(),
            Some("https://cdn.discordapp.com/avatars/7/v2_0aZ.png")
        );
        assert_eq!(discord.direct_channel(UserId(5)).await.unwrap().get(), 9);
        let everywhere = Scope { application: application.id, guild: None };
        register::where_different(&discord, everywhere).await.unwrap();
        let registered = registered.lock().unwrap();
        let names = registered.iter().flat_map(|list| list.as_array().unwrap());
        assert_eq!(names.count(), interactions::command::definitions().len(), "{commands}");
    }
}

#[test]
fn a_wait_may_be_a_date() {
    let in_a_minute = SystemTime::now() + Duration::from_mins(1);
    for (value, seconds) in [
        (httpdate::fmt_http_date(in_a_minute), 58..=60),
        (httpdate::fmt_http_date(SystemTime::UNIX_EPOCH), 0..=0),
        ("7".to_owned(), 7..=7),
    ] {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
        let told: u64 = told(&headers, "retry-after").unwrap().parse().unwrap();
        assert!(seconds.contains(&told), "{value}: {told}");
    }
}
