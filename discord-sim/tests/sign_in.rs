//! Signing in through the stand-in, as an application does it.

use discord_sim::{Config, Server, Signer};
use reqwest::{Client, redirect::Policy};
use serde_json::Value;

const BACK: &str = "http://127.0.0.1:1/login/callback";

fn client() -> Client {
    Client::builder().user_agent("DiscordBot (https://discord.com/developers, 0) test").build().unwrap()
}

/// Asks for the sign-in; gives the address that the browser is sent back to.
async fn authorize(discord: &Server, more: &str) -> reqwest::Url {
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let id = discord.state().application;
    let query = format!("client_id={id}&redirect_uri={BACK}&response_type=code&scope=identify&state=s%26t");
    let answer =
        client.get(format!("{}/oauth2/authorize?{query}{more}", discord.url())).send().await.unwrap();
    answer.headers()["location"].to_str().unwrap().parse().unwrap()
}

fn parameter(url: &reqwest::Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn a_code_is_a_token_once_and_a_token_is_a_person() {
    let discord = Server::start(Config::quiet(Signer::from_seed([7; 32]))).await.unwrap();
    let person = &discord.state().players[1];
    let back = authorize(&discord, &format!("&user={}", person.id)).await;
    assert_eq!(parameter(&back, "state").as_deref(), Some("s&t"));
    let code = parameter(&back, "code").unwrap();
    let exchange = async || {
        let id = discord.state().application;
        let form = format!(
            "grant_type=authorization_code&code={code}&redirect_uri={BACK}&client_id={id}&client_secret=any"
        );
        let request = client().post(format!("{}/api/v10/oauth2/token", discord.url()));
        let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form);
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };
    let token = exchange().await["access_token"].as_str().unwrap().to_owned();
    assert_eq!(exchange().await["error"], "invalid_grant");

    let ask = async |path: &str, token: &str| {
        let request = client().get(format!("{}/api/v10/users/@me{path}", discord.url()));
        request.bearer_auth(token).send().await.unwrap()
    };
    let identity: Value = ask("", &token).await.json().await.unwrap();
    assert_eq!(identity["id"], person.id.to_string());
    let guilds: Value = ask("/guilds", &token).await.json().await.unwrap();
    assert_eq!((&guilds[0]["owner"], &guilds[1]["owner"]), (&true.into(), &false.into()));
    assert_eq!(ask("", "nobody").await.status(), 401);
    assert_eq!(ask("/../../applications/@me", &token).await.status(), 401);
}

#[tokio::test]
async fn a_revoked_token_is_good_no_more_until_somebody_says_yes_again() {
    let discord = Server::start(Config::quiet(Signer::from_seed([7; 32]))).await.unwrap();
    let (id, person) = (discord.state().application, discord.state().players[1].id);
    let post = async |path: &str, form: String| {
        let request = client().post(format!("{}/api/v10/oauth2/token{path}", discord.url()));
        let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form);
        request.send().await.unwrap().status().as_u16()
    };
    let asks = async || {
        let request = client().get(format!("{}/api/v10/users/@me", discord.url()));
        request.bearer_auth(format!("user-{person}")).send().await.unwrap().status().as_u16()
    };
    let application = format!("client_id={id}&client_secret=any");
    let revoke = format!("{application}&token=refresh-{person}&token_type_hint=refresh_token");
    assert_eq!(
        post("/revoke", format!("client_id={id}&client_secret=wrong&token=refresh-{person}")).await,
        401
    );
    assert_eq!((asks().await, discord.state().tally.counts().revocations), (200, 0));
    assert_eq!(post("/revoke", revoke).await, 200);
    assert_eq!((asks().await, discord.state().tally.counts().revocations), (401, 1));
    assert_eq!(post("/revoke", format!("{application}&token=unknown")).await, 200, "no error (RFC 7009)");
    let refresh = format!("{application}&grant_type=refresh_token&refresh_token=refresh-{person}");
    assert_eq!(post("", refresh).await, 400);
    let code = parameter(&authorize(&discord, &format!("&user={person}")).await, "code").unwrap();
    let exchange = format!("{application}&grant_type=authorization_code&code={code}&redirect_uri={BACK}");
    assert_eq!((post("", exchange).await, asks().await), (200, 200));
}

#[tokio::test]
async fn somebody_may_say_no() {
    let discord = Server::start(Config::quiet(Signer::from_seed([7; 32]))).await.unwrap();
    let back = authorize(&discord, "&user=1&deny=true").await;
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&back, "code"), None);
}

#[tokio::test]
async fn a_person_can_be_given_servers_and_take_back_what_they_allowed() {
    let discord =
        Server::start(Config { guilds: 2, ..Config::quiet(Signer::from_seed([7; 32])) }).await.unwrap();
    let (client, person, guild) = (client(), discord.state().players[1].id, discord.state().guilds[1].id);
    let stand = async |standing: Value| {
        let url = format!("{}/control/people/{person}", discord.url());
        client.put(url).json(&standing).send().await.unwrap().status()
    };
    let guilds = async || {
        let url = format!("{}/api/v10/users/@me/guilds", discord.url());
        client.get(url).bearer_auth(format!("user-{person}")).send().await.unwrap()
    };
    assert_eq!(stand(serde_json::json!({"servers": {guild.to_string(): "32"}})).await, 204);
    let shown: Value = guilds().await.json().await.unwrap();
    assert_eq!(shown.as_array().unwrap().len(), 1);
    assert_eq!((&shown[0]["id"], &shown[0]["permissions"]), (&guild.to_string().into(), &"32".into()));
    assert_eq!(stand(serde_json::json!({"servers": {guild.to_string(): "all"}})).await, 400);
    assert_eq!(stand(serde_json::json!({"revoked": true})).await, 204);
    assert_eq!(guilds().await.status(), 401);
}
